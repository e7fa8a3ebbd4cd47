internal import CSystem

/// probabilities = softmax(scores); gives the largest score, and the sum of exp(score - largest). Rows of whole vectors.
func softmax(
  _ scores: Row, _ count: Int, _ probabilities: MutableRow, _ largest: UnsafeMutablePointer<Float>,
  _ sum: UnsafeMutablePointer<Float>
) {
  // Lanes past the last score count for nothing.
  let places = lanes_places()
  @inline(__always) func kept(_ start: Int) -> SIMDMask<Lanes.MaskStorage> {
    places .< Lanes(repeating: Float(count &- start))
  }
  let least = Lanes(repeating: -.greatestFiniteMagnitude)
  var tops = least
  var start = 0
  while start < count {
    tops = lanes_larger(tops, least.replacing(with: scores.lanes(start), where: kept(start)))
    start &+= Lanes.scalarCount
  }
  let top = lanes_largest(tops)
  var sums = Lanes.zero
  start = 0
  while start < count {
    let power = Lanes.zero.replacing(with: exponential(scores.lanes(start) - top), where: kept(start))
    probabilities.store(power, start)
    sums += power
    start &+= Lanes.scalarCount
  }
  let total = lanes_sum(sums)
  let share = Lanes(repeating: 1 / total)
  while start > 0 {
    start &-= Lanes.scalarCount
    probabilities.store(probabilities.lanes(start) * share, start)
  }
  largest.pointee = top
  sum.pointee = total
}
