internal import CSystem

/// Cross-entropy of softmax(scores) with a class, for all steps that have one: see `kernel_table.cross_entropy`.
func crossEntropy(_ pass: kernel_cross_entropy) {
  let share = pass.smoothing / Float(pass.count)
  for step in 0..<pass.steps where pass.labels[step] >= 0 {
    let label = Int(pass.labels[step])
    let row = step &* pass.width
    let (scores, gradient) = (pass.scores + row, pass.gradient + row)
    let found = softmax(scores, pass.count, gradient)
    if share != 0 {
      for index in 0..<pass.count { gradient[index] -= share }
    }
    gradient[label] -= 1 - pass.smoothing
    pass.sums[step] = found.sum
    // What the logarithm of the sum is to be added to.
    var loss = (1 - pass.smoothing) * (found.largest - scores[label])
    if share != 0 {
      for index in 0..<pass.count { loss += share * (found.largest - scores[index]) }
    }
    pass.losses[step] = loss
    // The first one of equal scores is the answer.
    var first = 0
    while first &+ 1 < pass.count && scores[first] != found.largest { first &+= 1 }
    pass.correct[step] = first == label
  }
  var step = 0
  while step < pass.steps {
    // Scores may be further apart than a number can say.
    let loss = pass.losses.lanes(step) + logarithm(pass.sums.lanes(step))
    pass.losses.store(lanes_smaller(loss, Lanes(repeating: .greatestFiniteMagnitude)), step)
    step &+= Lanes.scalarCount
  }
}

/// probabilities = softmax(scores); gives the largest score, and the sum of exp(score - largest). Rows of whole vectors.
@inline(never) func softmax(
  _ scores: Row, _ count: Int, _ probabilities: MutableRow
) -> (largest: Float, sum: Float) {
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
  return (top, total)
}
