internal import CSystem

/// Working memory for the cross-entropies of a block of steps.
struct LossBlock {
  /// Steps.
  static var size: Int { 16 }

  /// [size][width]: scores, or what is of no interest.
  let rows: UnsafeMutablePointer<Float>
  /// [2][size]
  let losses: UnsafeMutablePointer<Float>
  /// [size]
  let sums: UnsafeMutablePointer<Float>
  let labels: UnsafeMutablePointer<Int32>
  /// [2][size]
  let correct: UnsafeMutablePointer<Bool>

  @inline(never) init(_ arena: inout Arena, width: Int) {
    rows = arena.allocate(Float.self, width + 3, rows: LossBlock.size, .scratch)
    losses = rows + width * LossBlock.size
    sums = losses + 2 * LossBlock.size
    labels = arena.allocate(Int32.self, LossBlock.size, .scratch)
    correct = arena.allocate(Bool.self, LossBlock.size, rows: 2, .scratch)
  }
}
