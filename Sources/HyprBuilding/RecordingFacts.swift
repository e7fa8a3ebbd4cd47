internal import CSystem
internal import HyprCore

/// What each step of a recording belongs to.
public enum RecordedClasses {
  case none
  /// [all steps]; negative: none.
  case steps(UnsafePointer<Int32>)
  /// [sequences]; negative: none.
  case sequences(UnsafePointer<Int32>)

  var areGiven: Bool {
    if case .none = self { false } else { true }
  }
}

/// What one channel of a recording is like.
struct ChannelFacts {
  var mean = 0.0
  var deviation = 0.0
  /// Correlation of neighbouring samples.
  var neighbours = 0.0
  /// Steps after which the autocorrelation has fallen to 1/e.
  var correlation = 0.0
  /// Share of the variance that lies between the means of the classes.
  var classShare = 0.0

  var varies: Bool { deviation > 1e-6 * mean.magnitude && deviation > 0 }
  /// Whether it stands off zero by more than it moves, as an axis does that gravity pulls at.
  var isOffset: Bool { varies && mean.magnitude > 2 * deviation }
}

/// What the choice of a network depends on.
struct RecordingFacts {
  let channels: UnsafeMutablePointer<ChannelFacts>
  let channelCount: Int
  /// Sequences that are not empty, and the mean of their steps.
  private(set) var sequences = 0
  private(set) var meanSteps = 0.0
  private(set) var longest = 0
  /// Labelled steps from one change of the class to the next, in the mean; nil: steps have no classes of their own.
  private(set) var run: Double?
  /// Means over the channels that vary.
  private(set) var neighbours = 0.0
  private(set) var correlation = 0.0
  private(set) var varying = 0

  /// Steps that correlations are computed from.
  private static var mostSteps: Int { 65536 }
  private static var largestLag: Int { 1024 }

  /// nil: no memory.
  init?(_ recording: RecordedSequences, _ classes: RecordedClasses, outputs: Int) {
    guard var pieces = recording.pieces(most: RecordingFacts.mostSteps) else { return nil }
    defer { pieces.free() }
    guard let sums: UnsafeMutablePointer<Double> = allocated(classes.areGiven ? 2 * outputs : 0) else { return nil }
    defer { system_free(sums) }
    guard let facts: UnsafeMutablePointer<ChannelFacts> = allocated(recording.channels) else { return nil }
    facts.initialize(repeating: ChannelFacts(), count: recording.channels)
    (channels, channelCount) = (facts, recording.channels)
    for index in 0..<recording.steps.count where recording.steps[index] > 0 {
      sequences += 1
      longest = max(longest, recording.steps[index])
    }
    meanSteps = Double(recording.total) / Double(sequences)
    run = RecordingFacts.meanRun(recording, classes)
    for channel in 0..<channelCount {
      let moments = RecordingFacts.moments(recording, channel)
      (facts[channel].mean, facts[channel].deviation) = moments
      guard facts[channel].varies else { continue }
      facts[channel].neighbours = RecordingFacts.correlation(recording, pieces, channel, moments.mean, lag: 1)
      facts[channel].correlation = RecordingFacts.correlationSteps(recording, pieces, channel, facts[channel], longest)
      facts[channel].classShare = RecordingFacts.classShare(recording, classes, channel, facts[channel], sums, outputs)
      varying += 1
      neighbours += facts[channel].neighbours
      correlation += facts[channel].correlation
    }
    neighbours /= Double(max(1, varying))
    correlation /= Double(max(1, varying))
  }

  func free() { system_free(channels) }

  private static func moments(_ recording: RecordedSequences, _ channel: Int) -> (mean: Double, deviation: Double) {
    var (mean, squares) = (0.0, 0.0)
    for step in 0..<recording.total {
      let value = Double(recording.sample(step)[channel])
      let distance = value - mean
      mean += distance / Double(step + 1)
      squares += distance * (value - mean)
    }
    return (mean, (squares / Double(recording.total)).squareRoot())
  }

  /// 0 where no sequence is long enough.
  private static func correlation(
    _ recording: RecordedSequences, _ pieces: List<RecordedSequences.Piece>, _ channel: Int, _ mean: Double, lag: Int
  ) -> Double {
    var (product, before, after) = (0.0, 0.0, 0.0)
    for index in 0..<pieces.count where pieces[index].count > lag {
      for step in pieces[index].start..<pieces[index].start + pieces[index].count - lag {
        let one = Double(recording.sample(step)[channel]) - mean
        let other = Double(recording.sample(step + lag)[channel]) - mean
        product += one * other
        before += one * one
        after += other * other
      }
    }
    let size = (before * after).squareRoot()
    return size > 0 ? product / size : 0
  }

  private static func correlationSteps(
    _ recording: RecordedSequences, _ pieces: List<RecordedSequences.Piece>, _ channel: Int, _ facts: ChannelFacts, _ longest: Int
  ) -> Double {
    let level = 1 / 2.718281828459045
    var (lag, last) = (1, (lag: 0.0, value: 1.0))
    let most = min(largestLag, longest / 2)
    while lag <= most {
      let value = lag == 1 ? facts.neighbours : correlation(recording, pieces, channel, facts.mean, lag: lag)
      if value <= level {
        return last.lag + (Double(lag) - last.lag) * (last.value - level) / (last.value - value)
      }
      last = (Double(lag), value)
      lag += max(1, lag / 4)
    }
    return Double(max(1, most))
  }

  /// The index of a step's class; nil: none.
  private static func label(_ classes: RecordedClasses, step: Int, sequence: Int) -> Int? {
    let label: Int32 =
      switch classes {
      case .none: -1
      case .steps(let labels): labels[step]
      case .sequences(let labels): labels[sequence]
      }
    return label < 0 ? nil : Int(label)
  }

  /// Labels are below `outputs`; `sums` has room for twice as many.
  private static func classShare(
    _ recording: RecordedSequences, _ classes: RecordedClasses, _ channel: Int, _ facts: ChannelFacts,
    _ sums: UnsafeMutablePointer<Double>, _ outputs: Int
  ) -> Double {
    guard classes.areGiven else { return 0 }
    sums.initialize(repeating: 0, count: 2 * outputs)
    var step = 0
    for sequence in 0..<recording.steps.count {
      for _ in 0..<recording.steps[sequence] {
        if let label = label(classes, step: step, sequence: sequence) {
          sums[2 * label] += 1
          sums[2 * label + 1] += Double(recording.sample(step)[channel]) - facts.mean
        }
        step += 1
      }
    }
    var (count, between) = (0.0, 0.0)
    for label in 0..<outputs where sums[2 * label] > 0 {
      count += sums[2 * label]
      between += sums[2 * label + 1] * sums[2 * label + 1] / sums[2 * label]
    }
    return count == 0 ? 0 : between / count / (facts.deviation * facts.deviation)
  }

  private static func meanRun(_ recording: RecordedSequences, _ classes: RecordedClasses) -> Double? {
    guard case .steps(let labels) = classes else { return nil }
    var (step, changes, taught, sequences) = (0, 0, 0, 0)
    for sequence in 0..<recording.steps.count {
      var before: Int32?
      for _ in 0..<recording.steps[sequence] {
        if labels[step] >= 0 {
          taught += 1
          if let before, labels[step] != before { changes += 1 }
          before = labels[step]
        }
        step += 1
      }
      if before != nil { sequences += 1 }
    }
    // Where a sequence is cut its class need not end: by changes alone it does not matter into how many pieces a recording is.
    return sequences == 0 ? nil : Double(taught) / Double(changes > 0 ? changes : sequences)
  }
}
