import HyprCore

/// A session of the core, freed with this object. Failures become errors with the core's words.
final class RunningSession {
  private let session: UnsafeMutablePointer<Session>
  private let model: LoadedModel

  init(_ model: LoadedModel, _ settings: OptionSettings) throws {
    self.model = model
    var text = [CChar](repeating: 0, count: 512)
    let created = text.withUnsafeMutableBufferPointer { buffer -> UnsafeMutablePointer<Session>? in
      try? Session.create(model.pointer, settings.options, MessageBuffer(buffer.baseAddress, size: buffer.count))
    }
    guard let created else {
      throw ToolError(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    session = created
  }

  deinit { Session.free(session) }

  /// Bytes that a session would take, known without making it; `nil`: more than can be addressed.
  static func memorySize(_ model: LoadedModel, _ settings: OptionSettings) -> Int? {
    Session.memorySize(model.pointer, settings.options)
  }

  var memory: MemoryReport { session.pointee.memory }
  var statistics: StatisticsReport { session.pointee.statisticsReport() }
  /// Spikes per neuron and step of each hidden layer, since the last clear.
  var spikeRates: [Double] { (0..<model.layerCount).map { session.pointee.activity($0).spikeRate } }

  func activity(_ layer: Int) -> LayerActivity { session.pointee.activity(layer) }
  func inputRange(_ channel: Int) -> InputRange { session.pointee.inputRange(channel) }
  /// What stands in the way, by the statistics since the last clear.
  var diagnosis: Diagnosis { Diagnosis(session) }

  func option(_ option: HyprCore.Option) -> Double { session.pointee.option(option) }
  func clearStatistics() { session.pointee.clearStatistics() }

  /// A whole sequence, from a fresh state or going on from where the last one ended; returns the outputs `[steps][outputs]`.
  func run(_ inputs: [Float], fresh: Bool = true) throws -> [Float] {
    if fresh { session.pointee.reset() }
    let steps = inputs.count / model.inputSize
    var outputs = [Float](repeating: 0, count: steps * model.outputSize)
    try check { () throws(Failure) in try session.pointee.run(inputs, steps: steps, into: &outputs) }
    return outputs
  }

  /// Teaches a whole sequence from a fresh state; returns the outputs `[steps][outputs]`. `labels` are those of the steps, or as
  /// many times that of the sequence.
  func learn(_ inputs: [Float], labels: [Int32], _ labelling: SequenceSet.Labelling) throws -> [Float] {
    var outputs = [Float](repeating: 0, count: labels.count * model.outputSize)
    try check { () throws(Failure) in
      try inputs.withUnsafeBufferPointer { inputs throws(Failure) in
        try [labels.count].withUnsafeBufferPointer { steps throws(Failure) in
          try labels.withUnsafeBufferPointer { labels throws(Failure) in
            try outputs.withUnsafeMutableBufferPointer { outputs throws(Failure) in
              guard let samples = inputs.baseAddress, let first = labels.baseAddress else { return }
              let targets: Batch.Targets = labelling == .steps ? .labels(first) : .sequenceLabels(first)
              _ = try session.pointee.learn(
                Batch(samples: samples, steps: steps, targets: targets, weights: nil, outputs: outputs.baseAddress))
            }
          }
        }
      }
    }
    return outputs
  }

  /// One sample [channels]; returns the output.
  func step(_ sample: [Float]) throws -> [Float] {
    var output = [Float](repeating: 0, count: model.outputSize)
    try check { () throws(Failure) in try session.pointee.step(sample, into: &output) }
    return output
  }

  /// Teaches the class of the last step.
  func teach(_ label: Int32) throws {
    try check { () throws(Failure) in try session.pointee.teach(label: UInt32(clamping: label), stepsAgo: 0) }
  }

  /// Ends the sequence: learns from what was taught, and starts afresh.
  func reset() { session.pointee.reset() }

  /// One optimizer step on what was gathered, when updates are manual.
  func apply() throws { try check { () throws(Failure) in try session.pointee.apply() } }

  /// All parameters as a flat vector.
  var parameters: [Float] {
    [Float](unsafeUninitializedCapacity: model.pointer.pointee.parameterCount) { buffer, count in
      if let start = buffer.baseAddress { session.pointee.readParameters(into: start) }
      count = buffer.count
    }
  }

  func setParameters(_ values: [Float]) throws {
    try check { () throws(Failure) in try session.pointee.writeParameters(from: values) }
  }

  /// Writes the model with this session's parameters.
  func save(to path: String) throws { try check { () throws(Failure) in try session.pointee.saveModel(to: path) } }

  private func check(_ call: () throws(Failure) -> Void) throws {
    do {
      try call()
    } catch {
      throw ToolError(String(cString: session.pointee.messageText), isNotFinite: error == .notFinite)
    }
  }
}
