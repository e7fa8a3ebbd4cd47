package import CModelFormat

/// A stretch of a stream with what it teaches, as the model's file has it: read in place, valid as long as the model.
public struct Exemplar {
  private let stored: format_exemplar
  /// c, of a sample.
  public let channelCount: Int
  /// C, of the model.
  public let outputCount: Int
  /// T, at least 1.
  public let stepCount: Int
  /// Whether it begins from a fresh state; otherwise its first steps can only warm up.
  public let startsSequence: Bool

  /// The loader has checked it, or will.
  package init(_ stored: format_exemplar, channelCount: Int, outputCount: Int) {
    self.stored = stored
    self.channelCount = channelCount
    self.outputCount = outputCount
    stepCount = stored.spike_count_count > 0 ? stored.spike_count_count : stored.value_count / channelCount
    startsSequence = stored.starts_sequence
  }

  /// Whether samples are 1 at some channels and 0 elsewhere, and only those are stored.
  public var isSparse: Bool { stored.spike_counts != nil }

  /// Whether its targets are values, [C] for each step that has one; otherwise they are classes.
  public var hasValues: Bool { stored.targets != nil }

  /// At most so many bytes of the file: the numbers, and 64 for where they begin and end.
  public var byteCount: Int {
    let perChannel = MemoryLayout<Float>.size * (stored.value_scale_count + stored.value_offset_count)
    let samples = stored.value_count + MemoryLayout<UInt16>.size * (stored.spike_count_count + stored.spike_channel_count)
    let targets = MemoryLayout<format_label_run>.size * stored.label_count + MemoryLayout<Float>.size * stored.target_count
    return 64 + perChannel + samples + targets
  }

  /// Runs of steps with the same label, which together are all steps.
  public var runCount: Int { stored.label_count }

  /// The steps of a run, and its label: -1, none; a class, or with values 0, one for each step.
  public func run(_ index: Int) -> (stepCount: Int, label: Int) {
    guard let labels = stored.labels, index >= 0 && index < stored.label_count else { return (0, -1) }
    return (Int(clamping: labels[index].steps), Int(labels[index].label))
  }

  /// Steps that have a target; of a class if it is given.
  public func taughtStepCount(_ label: Int? = nil) -> Int {
    var count = 0
    for index in 0..<runCount {
      let run = run(index)
      if run.label >= 0 && (label == nil || label == run.label) { count += run.stepCount }
    }
    return count
  }

  /// The class that it teaches last; nil: targets are values.
  public var lastLabel: Int? {
    if hasValues { return nil }
    var index = runCount - 1
    while index > 0 && run(index).label < 0 { index -= 1 }
    return run(index).label
  }

  /// Of a dense one: the sample [c] of a step, in the unit that a host hands over.
  @_optimize(speed) fileprivate func read(step: Int, into sample: UnsafeMutablePointer<Float>) {
    guard let values = stored.values, let scale = stored.value_scale, let offset = stored.value_offset else { return }
    let row = values + step * channelCount
    for channel in 0..<channelCount { sample[channel] = offset[channel] + scale[channel] * Float(row[channel]) }
  }

  /// Of a sparse one.
  fileprivate func spikeCount(_ step: Int) -> Int { stored.spike_counts.map { Int($0[step]) } ?? 0 }
  fileprivate var spikes: UnsafePointer<UInt16>? { stored.spike_channels }
  fileprivate func targets(row: Int) -> UnsafePointer<Float>? { stored.targets.map { $0 + row * outputCount } }
}

/// Goes through an exemplar, step by step.
public struct ExemplarCursor {
  public let exemplar: Exemplar
  /// From 0; the number of steps at the end.
  public private(set) var step = 0
  /// Spikes of the steps before.
  private var spikesBefore = 0
  private var run = 0
  /// Steps of the run that come after this one.
  private var stepsLeft = 0
  /// Steps before this one that have a target.
  private var taughtBefore = 0
  /// Of this step: -1, no target; a class, or with values 0.
  public private(set) var label = -1

  public init(_ exemplar: Exemplar) {
    self.exemplar = exemplar
    begin(run: 0)
  }

  public var isAtEnd: Bool { step >= exemplar.stepCount }

  /// The values [C] that this step shall give; nil: it has no target, or its target is a class.
  public var target: UnsafePointer<Float>? { label < 0 ? nil : exemplar.targets(row: taughtBefore) }

  /// The sample [c] of this step, in the unit that a host hands over.
  @_optimize(speed) public func read(sample: UnsafeMutablePointer<Float>) {
    guard exemplar.isSparse else { return exemplar.read(step: step, into: sample) }
    for channel in 0..<exemplar.channelCount { sample[channel] = 0 }
    for index in 0..<spikeCount { sample[spike(index)] = 1 }
  }

  /// Of a sparse exemplar: how many channels are 1 in this step, and which, ascending.
  public var spikeCount: Int { exemplar.spikeCount(step) }
  public func spike(_ index: Int) -> Int { exemplar.spikes.map { Int($0[spikesBefore + index]) } ?? 0 }

  /// To the next step; not from the end.
  @_optimize(speed) public mutating func advance() {
    spikesBefore += spikeCount
    if label >= 0 { taughtBefore += 1 }
    step += 1
    if stepsLeft > 0 { stepsLeft -= 1 } else { begin(run: run + 1) }
  }

  private mutating func begin(run: Int) {
    self.run = run
    let next = exemplar.run(run)
    stepsLeft = next.stepCount - 1
    label = next.label
  }
}

extension Model {
  package static let mostExemplars = 1 << 16
  package static let mostExemplarSteps = 1 << 16
  /// Channels of a sparse exemplar have 16 bits.
  package static let mostSparseChannels = 1 << 16

  /// Stretches that the file brings for rehearsal.
  public var exemplarCount: Int { format_exemplar_count(root) }

  /// One of them, from 0 to below the count.
  public func exemplar(_ index: Int) -> Exemplar {
    var stored = format_exemplar()
    _ = format_get_exemplar(root, index, &stored)
    return Exemplar(stored, channelCount: inputSize, outputCount: outputSize)
  }
}
