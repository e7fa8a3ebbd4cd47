internal import CModelFormat
internal import CSystem

/// The mean of a channel: of all steps of the sequence at first, and later with a time constant. In float64: with a small rate a mean
/// in float32 would stop short of its value.
struct RunningMean {
  /// [channels]: 1 - exp(-T / tau).
  let rates: UnsafeMutablePointer<Double>
  private let state: ChannelState

  init(_ arena: inout Arena, _ stage: format_conditioning, channels: Int, timeStep: Float) {
    rates = arena.allocate(Double.self, channels, .parameters)
    state = ChannelState(&arena, channels: channels)
    guard !arena.isMeasuring, let constants = stage.time_constants else { return }
    for channel in 0..<channels {
      rates[channel] = -system_exp_minus_one_double(-Double(timeStep) / Double(constants[stage.time_constant_count == 1 ? 0 : channel]))
    }
  }

  /// Takes in the value of the sequence's step `step`, counted from 1; the mean before and after it.
  @_optimize(speed) @inline(__always) func update(
    _ value: Double, _ channel: Int, step: Double, apart: Bool
  ) -> (before: Double, after: Double) {
    let before = state.value(channel, apart: apart)
    let after = before + max(1 / step, rates[channel]) * (value - before)
    state.set(channel, after)
    return (before, after)
  }

  @_optimize(speed) func commit() { state.commit() }
  func clear(_ channel: Int, apart: Bool) { state.clear(channel, apart: apart) }
  func take(_ other: RunningMean) { state.take(other.state) }
  func walkState(_ stream: inout StateStream) { state.walkState(&stream, in: Conditioning.range) }
}
