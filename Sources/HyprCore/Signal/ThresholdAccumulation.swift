internal import CModelFormat

/// Spikes as many as the value is large (rate coding); the schema's table of that name.
struct ThresholdAccumulation {
  private let thresholds: UnsafePointer<Float>?
  /// 0: one for all channels; 1: one each.
  private let stride: Int
  private let channels: Int
  private let sums: ChannelState

  init(_ arena: inout Arena, _ encoding: format_encoding, channels: Int) {
    thresholds = encoding.thresholds
    stride = encoding.threshold_count == 1 ? 0 : 1
    self.channels = channels
    sums = ChannelState(&arena, channels: channels)
  }

  /// The spike of a channel: -1, 0 or 1. Only `commit` makes it count.
  @_optimize(speed) func spike(_ value: Float, _ channel: Int, apart: Bool) -> Float {
    guard let thresholds else { return 0 }
    let threshold = Double(thresholds[channel * stride])
    var sum = sums.value(channel, apart: apart) + Double(value)
    let spike = sum >= threshold ? 1.0 : sum <= -threshold ? -1 : 0
    sum -= spike * threshold
    sums.set(channel, min(max(sum, -threshold), threshold))
    return Float(spike)
  }

  @_optimize(speed) func commit() { sums.commit() }

  func clear(apart: Bool) {
    for channel in 0..<channels { sums.clear(channel, apart: apart) }
  }

  func take(_ other: ThresholdAccumulation) {
    clear(apart: false)
    sums.take(other.sums)
  }

  func walkState(_ stream: inout StateStream) {
    sums.walkState(&stream, in: -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude))
  }
}
