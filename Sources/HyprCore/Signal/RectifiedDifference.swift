/// y = |x - x'|, 0 in the first step of a sequence; the schema's table of that name.
struct RectifiedDifference {
  private let previous: ChannelState

  init(_ arena: inout Arena, channels: Int) { previous = ChannelState(&arena, channels: channels) }

  @_optimize(speed) @inline(__always) func value(_ value: Double, _ channel: Int, step: Double, apart: Bool) -> Double {
    let before = step == 1 ? value : previous.value(channel, apart: apart)
    previous.set(channel, value)
    return (value - before).magnitude
  }

  @_optimize(speed) func commit() { previous.commit() }
  func clear(_ channel: Int, apart: Bool) { previous.clear(channel, apart: apart) }
  func take(_ other: RectifiedDifference) { previous.take(other.previous) }
  func walkState(_ stream: inout StateStream) { previous.walkState(&stream, in: Conditioning.range) }
}
