internal import CSystem

/// probabilities = softmax(scores); gives the largest score, and the sum of exp(score - largest). Rows of whole vectors.
func softmax(
  _ scores: Row, _ count: Int, _ probabilities: MutableRow, _ largest: UnsafeMutablePointer<Float>,
  _ sum: UnsafeMutablePointer<Float>
) {
  var top = scores[0]
  for index in 0..<count where scores[index] > top { top = scores[index] }
  var start = 0
  while start < count {
    probabilities.store(exponential(scores.lanes(start) - top), start)
    start &+= Lanes.scalarCount
  }
  var total: Float = 0
  for index in 0..<count { total += probabilities[index] }
  for index in 0..<start { probabilities[index] = index < count ? probabilities[index] / total : 0 }
  largest.pointee = top
  sum.pointee = total
}
