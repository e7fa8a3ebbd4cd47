internal import CModelFormat

/// A spike whenever a channel moves by a threshold from one step to the next; the schema's table of that name.
struct Delta {
  private let thresholds: UnsafePointer<Float>?
  /// 0: one for all channels; 1: one each.
  private let stride: Int
  private let channels: Int
  /// x', NaN before the first sample of a sequence.
  private let previous: ChannelState

  init(_ arena: inout Arena, _ encoding: format_encoding, channels: Int) {
    thresholds = encoding.thresholds
    stride = encoding.threshold_count == 1 ? 0 : 1
    self.channels = channels
    previous = ChannelState(&arena, channels: channels)
  }

  /// The spike of a channel: -1, 0 or 1. Only `commit` makes it count.
  @_optimize(speed) func spike(_ value: Float, _ channel: Int, apart: Bool) -> Float {
    let before = Float(previous.value(channel, apart: apart))
    previous.set(channel, Double(value))
    guard let thresholds else { return 0 }
    let (difference, threshold) = (value - before, thresholds[channel * stride])
    return difference >= threshold ? 1 : difference <= -threshold ? -1 : 0
  }

  @_optimize(speed) func commit() { previous.commit() }

  func clear(apart: Bool) {
    for channel in 0..<channels { previous.clear(channel, to: .nan, apart: apart) }
  }

  func take(_ other: Delta) {
    clear(apart: false)
    previous.take(other.previous)
  }

  func walkState(_ stream: inout StateStream) {
    previous.walkState(&stream, in: -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude), orNaN: true)
  }
}
