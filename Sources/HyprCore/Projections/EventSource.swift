internal import CSystem

/// What the input or a layer gave in every step that is kept, as events: the outputs that are not zero. Listed once, and read by every
/// projection from there; slots as those of the states (`Network`).
struct EventSource {
  let view: UnsafeMutablePointer<kernel_source>

  init(_ arena: inout Arena, size: Int, slots: Int) {
    view = arena.place(
      kernel_source(
        size: size, counts: arena.allocate(Int.self, slots, .history),
        indices: arena.allocate(Int32.self, size, rows: slots, .history),
        values: arena.allocate(Float.self, size, rows: slots, .history)))
  }

  /// One output that is 1 in every step.
  init(_ arena: inout Arena, constantOne slots: Int) {
    self.init(&arena, size: 1, slots: slots)
    if arena.isMeasuring { return }
    for slot in 0..<slots {
      values(slot).pointee = 1
      setCount(1, slot)
    }
  }

  var size: Int { view.pointee.size }
  func count(_ slot: Int) -> Int { view.pointee.counts[slot] }
  func setCount(_ count: Int, _ slot: Int) { view.pointee.counts[slot] = count }
  func indices(_ slot: Int) -> UnsafeMutablePointer<Int32> { view.pointee.indices + slot * size }
  func values(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.values + slot * size }

  /// Slot `from` becomes slot `to`.
  func copy(from: Int, to: Int) { copy(self, from: from, to: to) }

  /// Another one's slot `from` becomes slot `to`.
  @_optimize(speed) func copy(_ other: EventSource, from: Int, to: Int) {
    let count = other.count(from)
    indices(to).copy(from: other.indices(from), count: count)
    values(to).copy(from: other.values(from), count: count)
    setCount(count, to)
  }

  @inline(never) func walkState(_ stream: inout StateStream, slot: Int) {
    let count = stream.integer(count(slot), in: 0...size)
    if stream.mode == .read { setCount(count, slot) }
    stream.indices(indices(slot), count, below: size)
    stream.rows(values(slot), 1, size: count, width: count)
  }
}
