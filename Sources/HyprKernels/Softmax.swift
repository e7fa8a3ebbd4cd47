internal import CSystem

/// probabilities = softmax(scores); gives the largest score, and the sum of exp(score - largest). Rows of whole vectors.
func softmax(
  _ scores: Row, _ count: Int, _ probabilities: MutableRow, _ largest: UnsafeMutablePointer<Float>,
  _ sum: UnsafeMutablePointer<Float>
) {
  var top = scores[0]
  for index in 1..<max(count, 1) where scores[index] > top { top = scores[index] }
  // Lanes past the last score count for nothing.
  let places = lanes_places()
  var sums = Lanes.zero
  var start = 0
  while start < count {
    let power = exponential(scores.lanes(start) - top)
    let kept = Lanes.zero.replacing(with: power, where: places .< Lanes(repeating: Float(count &- start)))
    probabilities.store(kept, start)
    sums += kept
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
