internal import CSystem

/// A number per channel that a step leaves to the next one: what it is, and what it will be after the step that is being made.
///
/// A sequence apart from that of the session goes on from the second of the two alone, so that the first stays as it is.
struct ChannelState {
  private let current, next: UnsafeMutablePointer<Double>
  private let channels: Int

  init(_ arena: inout Arena, channels: Int) {
    self.channels = channels
    current = arena.allocate(Double.self, channels, .state)
    next = arena.allocate(Double.self, channels, .scratch)
  }

  @inline(__always) func value(_ channel: Int, apart: Bool) -> Double { (apart ? next : current)[channel] }

  /// Only `commit` makes it count.
  @inline(__always) func set(_ channel: Int, _ value: Double) { next[channel] = value }

  /// The step was made.
  @_optimize(speed) func commit() { current.copy(from: next, count: channels) }

  /// The next sample of the session, or of a sequence apart from it, is the first one.
  func clear(_ channel: Int, to value: Double = 0, apart: Bool) { (apart ? next : current)[channel] = value }

  /// Goes on where another one is, with as many channels at most.
  func take(_ other: ChannelState) { current.copy(from: other.current, count: other.channels) }

  func walkState(_ stream: inout StateStream, in range: ClosedRange<Double>, orNaN: Bool = false) {
    stream.doubles(current, channels, in: range, orNaN: orNaN)
  }
}
