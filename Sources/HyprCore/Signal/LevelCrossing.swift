internal import CModelFormat
internal import CSystem

/// Level crossing (send on delta): a spike whenever a channel has moved by a threshold since its last spike; the schema's table of
/// that name.
///
/// Each channel keeps a reference r, which the first sample of a sequence sets. In each step: x >= r + threshold: rising,
/// r += threshold; otherwise x <= r - threshold: falling, r -= threshold; otherwise nothing.
struct LevelCrossing {
  private let thresholds: UnsafePointer<Float>?
  /// 0: one for all channels; 1: one each.
  private let stride: Int
  private let channels: Int
  /// r [channels], NaN before the first sample; and what it will be after the step that is being made.
  private let references, nextReferences: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, _ encoding: format_encoding, channels: Int) {
    thresholds = encoding.thresholds
    stride = encoding.threshold_count == 1 ? 0 : 1
    self.channels = channels
    references = arena.allocate(Float.self, channels, .state)
    nextReferences = arena.allocate(Float.self, channels, .scratch)
  }

  /// The spike of a channel: -1, 0 or 1. Only `commit` makes it count, unless the step is of a sequence apart (see `ChannelState`).
  @_optimize(speed) func spike(_ value: Float, _ channel: Int, apart: Bool) -> Float {
    guard let thresholds else { return 0 }
    let reference = (apart ? nextReferences : references)[channel]
    let threshold = thresholds[channel * stride]
    var next = reference.isNaN ? value : reference
    var spike: Float = 0
    if value >= reference + threshold {
      (next, spike) = (reference + threshold, 1)
    } else if value <= reference - threshold {
      (next, spike) = (reference - threshold, -1)
    }
    nextReferences[channel] = next
    return spike
  }

  /// The step was made.
  @_optimize(speed) func commit() { references.copy(from: nextReferences, count: channels) }

  /// The next sample is the first of a sequence.
  func clear(apart: Bool) { (apart ? nextReferences : references).update(repeating: .nan, count: channels) }

  /// Goes on where another one is, with as many channels at most.
  func take(_ other: LevelCrossing) {
    clear(apart: false)
    references.copy(from: other.references, count: other.channels)
  }

  func walkState(_ stream: inout StateStream) {
    stream.rows(references, 1, size: channels, width: channels) { _, value in value.isFinite || value.isNaN }
  }
}
