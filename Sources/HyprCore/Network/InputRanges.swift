internal import CSystem

/// How far the values of each channel reached since the last clear, and how often they were outside of the range that they had in
/// training. The values are those that the first layer gets, or that are encoded as spikes.
///
/// Looked at are the first steps, and then so few that a step costs no more: one of 2n with n channels, rounded up to a power of two,
/// and at most one of 16. Which ones is drawn from their numbers, as what the stream repeats could have the period of a fixed interval.
struct InputRanges {
  private static var firstSteps: UInt64 { 64 }

  let channels: Int
  /// Samples that were looked at.
  private(set) var samples: UInt64 = 0
  /// [channels]; 0 before the first sample.
  private let lowest, highest: UnsafeMutablePointer<Float>
  /// Only if the model says what was in training.
  private let outside: UnsafeMutablePointer<UInt64>?
  /// In training; nil: the model does not say.
  private let trained: (lower: UnsafePointer<Float>, upper: UnsafePointer<Float>)?
  /// After the first steps one is looked at if its number, hashed, is 0 when shifted right by so many bits.
  private let shift: UInt64

  init(_ arena: inout Arena, _ model: Model) {
    channels = model.inputSize
    lowest = arena.allocate(Float.self, channels, .scratch)
    highest = arena.allocate(Float.self, channels, .scratch)
    trained = model.trainedRange
    outside = trained == nil ? nil : arena.allocate(UInt64.self, channels, .scratch)
    var interval: UInt64 = 16
    while interval / 2 < UInt64(channels) { interval *= 2 }
    shift = UInt64(64 - interval.trailingZeroBitCount)
  }

  @inline(__always) func isDue(_ step: UInt64) -> Bool {
    // Fibonacci hashing: multiples of the golden ratio are spread evenly, whatever the period.
    step < InputRanges.firstSteps || (step &* 0x9E37_79B9_7F4A_7C15) &>> shift == 0
  }

  // Few steps come here: small code.

  /// Counts a sample: its values that are not zero, in the order of their channels.
  @inline(never) mutating func count(_ events: EventSource, slot: Int) {
    let (indices, values, count) = (events.indices(slot), events.values(slot), events.count(slot))
    var next = 0
    for channel in 0..<channels {
      var value: Float = 0
      if next < count && Int(indices[next]) == channel {
        value = values[next]
        next += 1
      }
      add(value, channel)
    }
    samples += 1
  }

  /// Counts a sample [channels].
  @inline(never) mutating func count(_ values: UnsafePointer<Float>) {
    for channel in 0..<channels { add(values[channel], channel) }
    samples += 1
  }

  @inline(__always) private func add(_ value: Float, _ channel: Int) {
    lowest[channel] = samples == 0 ? value : min(lowest[channel], value)
    highest[channel] = samples == 0 ? value : max(highest[channel], value)
    if let trained, let outside, value < trained.lower[channel] || value > trained.upper[channel] { outside[channel] &+= 1 }
  }

  mutating func clear() {
    samples = 0
    lowest.update(repeating: 0, count: channels)
    highest.update(repeating: 0, count: channels)
    outside?.update(repeating: 0, count: channels)
  }

  mutating func add(_ other: InputRanges) {
    guard other.samples > 0 else { return }
    for channel in 0..<channels {
      lowest[channel] = samples == 0 ? other.lowest[channel] : min(lowest[channel], other.lowest[channel])
      highest[channel] = samples == 0 ? other.highest[channel] : max(highest[channel], other.highest[channel])
      if let outside, let others = other.outside { outside[channel] += others[channel] }
    }
    samples += other.samples
  }

  /// Becomes what another session counted, of as many channels at most. New ones count as 0 until then.
  mutating func take(_ other: InputRanges) {
    clear()
    // Of samples that were never compared with a range it is not known whether they were outside.
    guard outside == nil || other.outside != nil else { return }
    samples = other.samples
    lowest.update(from: other.lowest, count: other.channels)
    highest.update(from: other.highest, count: other.channels)
    if let outside, let others = other.outside { outside.update(from: others, count: other.channels) }
  }

  mutating func walkState(_ stream: inout StateStream) {
    samples = stream.count(samples)
    stream.finite(lowest, channels)
    stream.finite(highest, channels)
    guard let outside else { return }
    for channel in 0..<channels { outside[channel] = stream.count(outside[channel]) }
  }

  func range(_ channel: Int) -> InputRange {
    InputRange(
      samples: samples, outside: outside?[channel] ?? 0, lowest: lowest[channel], highest: highest[channel],
      trained: trained.map { ($0.lower[channel], $0.upper[channel]) })
  }
}

/// How far the values of a channel reached.
public struct InputRange {
  /// Samples that were looked at, and those of them that were outside of the range in training.
  public let samples, outside: UInt64
  public let lowest, highest: Float
  /// In training; nil: the model does not say.
  public let trained: (lower: Float, upper: Float)?

  var magnitude: Float { max(lowest.magnitude, highest.magnitude) }
  var trainedMagnitude: Float? { trained.map { max($0.lower.magnitude, $0.upper.magnitude) } }
  var trainedWidth: Float? { trained.map { $0.upper - $0.lower } }
  /// Whether the channel did not move in training, but for rounding.
  var stoodStill: Bool { trained.map { $0.upper - $0.lower <= 1e-5 * max($0.lower.magnitude, $0.upper.magnitude) } ?? false }
  /// How far it is from where it was in training.
  var distance: Float { trained.map { max($0.lower - lowest, highest - $0.upper, 0) } ?? 0 }
  /// Share of the samples.
  public var shareOutside: Double { samples == 0 ? 0 : Double(outside) / Double(samples) }
}
