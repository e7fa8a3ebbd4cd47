internal import CSystem

// Losses of one step. Each writes ∂loss/∂output and returns the loss, in double precision so that its sum keeps its digits.

/// Softmax cross-entropy in nats with the target (1 - smoothing) onehot(label) + smoothing / count, for scores that are sums over a
/// sequence, in place: from scores to ∂loss/∂score. In double precision, and by sums that
/// do not cancel, because such scores are far apart.
func crossEntropyOfSums(
  _ scores: UnsafeMutablePointer<Double>, _ count: Int, label: Int, smoothing: Double
) -> Double {
  let best = largest(scores, count)
  let top = scores[best]
  var others = 0.0
  for index in 0..<count where index != best { others += system_exp_double(scores[index] - top) }
  let logSum = system_log_one_plus(others)
  let share = smoothing / Double(count)
  var loss = (1 - smoothing) * (logSum + (top - scores[label]))
  var elsewhere = 0.0
  for index in 0..<count {
    loss += share * (logSum + (top - scores[index]))
    let probability = system_exp_double(scores[index] - top) / (1 + others)
    scores[index] = probability - share
    if index != label { elsewhere += probability }
  }
  scores[label] = smoothing - share - elsewhere
  return loss
}

/// From probabilities p = softmax(y) and outer = ∂loss/∂p to ∂loss/∂y, in place: p (outer - Σ p outer).
func softmaxGradient(_ probabilities: UnsafeMutablePointer<Float>, _ count: Int, outer: UnsafePointer<Double>) {
  var mean = 0.0
  for index in 0..<count { mean += Double(probabilities[index]) * outer[index] }
  for index in 0..<count { probabilities[index] = Float(Double(probabilities[index]) * (outer[index] - mean)) }
}

/// The mean over the outputs of (output - target)².
func meanSquaredError(
  _ outputs: UnsafePointer<Float>, _ count: Int, target: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
) -> Double {
  var loss = 0.0
  for index in 0..<count {
    let difference = outputs[index] - target[index]
    loss += Double(difference) * Double(difference) / Double(count)
    gradient[index] = 2 * difference / Float(count)
  }
  return loss
}

/// The index of the largest value, the first of equals.
func largest<Value: Comparable>(_ values: UnsafePointer<Value>, _ count: Int) -> Int {
  var best = 0
  for index in 1..<max(count, 1) where values[index] > values[best] { best = index }
  return best
}
