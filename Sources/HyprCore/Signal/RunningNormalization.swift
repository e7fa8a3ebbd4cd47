internal import CModelFormat
internal import CSystem

/// y = (x - mean) / deviation, both of the recent past; the schema's table of that name.
struct RunningNormalization {
  private let mean: RunningMean
  private let variance: ChannelState
  /// [channels]
  private let deviations: UnsafeMutablePointer<Double>
  private let largestGain, limit: Double

  init(_ arena: inout Arena, _ stage: format_conditioning, channels: Int, timeStep: Float) {
    mean = RunningMean(&arena, stage, channels: channels, timeStep: timeStep)
    variance = ChannelState(&arena, channels: channels)
    deviations = arena.allocate(Double.self, channels, .parameters)
    (largestGain, limit) = (Double(stage.largest_gain), Double(stage.limit))
    guard !arena.isMeasuring, let values = stage.deviations else { return }
    for channel in 0..<channels { deviations[channel] = Double(values[stage.deviation_count == 1 ? 0 : channel]) }
  }

  @_optimize(speed) @inline(__always) func value(_ value: Double, _ channel: Int, step: Double, apart: Bool) -> Double {
    let (before, after) = mean.update(value, channel, step: step, apart: apart)
    let old = variance.value(channel, apart: apart)
    // Rounding must not make it negative.
    let square = max(old + mean.rates[channel] * ((value - before) * (value - after) - old), 0)
    variance.set(channel, square)
    let deviation = max(square.squareRoot(), deviations[channel] / largestGain)
    return min(max((value - after) / deviation, -limit), limit)
  }

  @_optimize(speed) func commit() {
    mean.commit()
    variance.commit()
  }

  func clear(_ channel: Int, apart: Bool) {
    mean.clear(channel, apart: apart)
    variance.clear(channel, to: deviations[channel] * deviations[channel], apart: apart)
  }

  func take(_ other: RunningNormalization) {
    mean.take(other.mean)
    variance.take(other.variance)
  }

  func walkState(_ stream: inout StateStream) {
    mean.walkState(&stream)
    variance.walkState(&stream, in: 0...1e80)
  }
}
