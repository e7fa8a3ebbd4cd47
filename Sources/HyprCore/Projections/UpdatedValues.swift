/// Numbers that a network reads, and where an update writes those that come after them: in their place, or beside them, for `turn` to
/// bring them into use all at once.
struct UpdatedValues {
  private(set) var current, next: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, _ count: Int, rows: Int = 1, apart: Bool) {
    current = arena.allocate(Float.self, count, rows: rows, .parameters)
    next = apart ? arena.allocate(Float.self, count, rows: rows, .parameters) : current
  }

  /// Where there are none, or their place is not known while memory is only measured.
  static var none: UpdatedValues { UpdatedValues(UnsafeMutablePointer(bitPattern: Arena.alignment)!) }
  private init(_ place: UnsafeMutablePointer<Float>) { (current, next) = (place, place) }

  private init(_ whole: UpdatedValues, from first: Int) {
    (current, next) = (whole.current + first, whole.next + first)
  }

  /// Those from one on.
  func dropFirst(_ count: Int) -> UpdatedValues { UpdatedValues(self, from: count) }

  var areApart: Bool { current != next }
  /// The next ones are those in use from now on. What was in use stays as it is until the next update.
  mutating func turn() { (current, next) = (next, current) }
}
