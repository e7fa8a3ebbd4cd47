internal import CModelFormat
internal import CSystem
public import HyprCore

// Offset and scale from data.

extension ModelBuilder {
  /// Sets offset, scale and trained range from recorded sequences. The offset is the mean of a channel; the scale is such that the
  /// values have a standard deviation of 1 where they go into the first stage with a unit of its own (running normalization, clip), or
  /// where there is none, behind all stages. A channel whose values do not change there has the scale 1.
  public mutating func fitInput(_ recording: RecordedSequences) throws(Failure) {
    guard let memory: UnsafeMutablePointer<Float> = allocated(4 * inputCount) else { throw outOfMemory() }
    defer { system_free(memory) }
    let (offset, scale) = (memory, memory + inputCount)
    let (lower, upper) = (memory + 2 * inputCount, memory + 3 * inputCount)
    for channel in 0..<inputCount { (offset[channel], scale[channel]) = (Float(mean(recording, channel)), 1) }
    var unitless = 0
    while unitless < input.conditioning.count && !input.conditioning[unitless].hasUnit { unitless += 1 }
    try visit(recording, offset, scale, stages: unitless) { moments, channel in
      let deviation = moments.deviation
      // What rounding leaves of a constant is no deviation.
      let least = Double(offset[channel].magnitude) * 1e-6
      let factor = deviation > least ? Float(1 / deviation) : 1
      if factor.isFinite && factor > 0 { scale[channel] = factor }
    }
    try visit(recording, offset, scale, stages: input.conditioning.count) { moments, channel in
      (lower[channel], upper[channel]) = (moments.lower, moments.upper)
    }
    guard let offsets: UnsafeMutablePointer<Float> = copied(offset, inputCount) else { throw outOfMemory() }
    guard let scales: UnsafeMutablePointer<Float> = copied(scale, inputCount) else {
      system_free(offsets)
      throw outOfMemory()
    }
    do throws(Failure) {
      try setTrainedRange(lower, upper, inputCount)
    } catch {
      system_free(offsets)
      system_free(scales)
      throw error
    }
    system_free(input.offset)
    system_free(input.scale)
    (input.offset, input.scale) = (offsets, scales)
  }

  /// Widens the trained range by recorded sequences, as offset, scale and stages are now; if there is none yet, it becomes theirs.
  public mutating func widenTrainedRange(_ recording: RecordedSequences) throws(Failure) {
    guard let memory: UnsafeMutablePointer<Float> = allocated(4 * inputCount) else { throw outOfMemory() }
    defer { system_free(memory) }
    let (offset, scale) = (memory, memory + inputCount)
    let (lower, upper) = (memory + 2 * inputCount, memory + 3 * inputCount)
    for channel in 0..<inputCount { (offset[channel], scale[channel]) = (input.offset?[channel] ?? 0, input.scale?[channel] ?? 1) }
    let (formerLower, formerUpper) = (input.trainedLower, input.trainedUpper)
    try visit(recording, offset, scale, stages: input.conditioning.count) { moments, channel in
      lower[channel] = min(moments.lower, formerLower?[channel] ?? moments.lower)
      upper[channel] = max(moments.upper, formerUpper?[channel] ?? moments.upper)
    }
    try setTrainedRange(lower, upper, inputCount)
  }

  private func mean(_ recording: RecordedSequences, _ channel: Int) -> Double {
    var sum = 0.0
    for step in 0..<recording.total { sum += Double(recording.sample(step)[channel]) }
    return sum / Double(recording.total)
  }

  /// Sends the recording through offset, scale and the first stages, and tells what became of each channel.
  private func visit(
    _ recording: RecordedSequences, _ offset: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, stages count: Int,
    _ tell: (Moments, Int) -> Void
  ) throws(Failure) {
    guard let moments: UnsafeMutablePointer<Moments> = allocated(inputCount) else { throw outOfMemory() }
    defer { system_free(moments) }
    moments.initialize(repeating: Moments(), count: inputCount)
    try condition(recording, offset, scale, stages: count) { value, _, channel in moments[channel].add(value) }
    for channel in 0..<inputCount { tell(moments[channel], channel) }
  }

  /// Sends the recording through offset, scale (nil: 0 and 1) and the first stages, and tells what becomes of each number: the
  /// value, the step among those of all sequences, the channel.
  func condition(
    _ recording: RecordedSequences, _ offset: UnsafePointer<Float>?, _ scale: UnsafePointer<Float>?, stages count: Int,
    _ tell: (Float, Int, Int) -> Void
  ) throws(Failure) {
    let stages = input.conditioning
    guard let conditioning = Conditioning.create(channels: inputCount, timeStep: timeStep, count: count, { stages[$0] }) else {
      throw outOfMemory()
    }
    defer { Conditioning.free(conditioning) }
    var place = 0
    for sequence in 0..<recording.steps.count {
      conditioning.pointee.begin()
      for step in 0..<recording.steps[sequence] {
        for channel in 0..<inputCount {
          let sample = recording.sample(place)[channel]
          let scaled = (sample - (offset?[channel] ?? 0)) * (scale?[channel] ?? 1)
          guard let value = conditioning.pointee.next(scaled, channel) else {
            throw message.failure(
              .notFinite, "sequence \(sequence), step \(step): input[\(channel)] is \(sample), too large to be conditioned")
          }
          tell(value, place, channel)
        }
        place += 1
      }
    }
  }
}

/// Mean, deviation and range of numbers, by Welford's method.
private struct Moments {
  private var (count, mean, squares) = (0.0, 0.0, 0.0)
  private(set) var lower = Float.greatestFiniteMagnitude
  private(set) var upper = -Float.greatestFiniteMagnitude

  mutating func add(_ value: Float) {
    count += 1
    let distance = Double(value) - mean
    mean += distance / count
    squares += distance * (Double(value) - mean)
    (lower, upper) = (min(lower, value), max(upper, value))
  }

  var deviation: Double { (squares / count).squareRoot() }
}

extension format_conditioning {
  /// Whether what it does depends on the unit of its values.
  var hasUnit: Bool {
    kind != FORMAT_CONDITIONING_HIGH_PASS && kind != FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE
  }
}
