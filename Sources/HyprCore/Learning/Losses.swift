internal import CSystem

// Losses of one step. Each writes ∂loss/∂output and returns the loss, in double precision so that its sum keeps its digits.

/// Softmax cross-entropy in nats with the target (1 - smoothing) onehot(label) + smoothing / count.
func crossEntropy(
  _ outputs: UnsafePointer<Float>, _ count: Int, label: Int, smoothing: Float, gradient: UnsafeMutablePointer<Float>
) -> Double {
  let top = outputs[largest(outputs, count)]
  var sum: Float = 0
  for index in 0..<count { sum += system_exp(outputs[index] - top) }
  let logSum = Double(system_log(sum))
  let share = smoothing / Float(count)
  var loss = Double(1 - smoothing) * (logSum - (Double(outputs[label]) - Double(top)))
  // Outputs and gradient may be the same array.
  for index in 0..<count {
    loss += Double(share) * (logSum - (Double(outputs[index]) - Double(top)))
    gradient[index] = system_exp(outputs[index] - top) / sum - share
  }
  gradient[label] -= 1 - smoothing
  return loss
}

func softmax(_ outputs: UnsafePointer<Float>, _ count: Int, into probabilities: UnsafeMutablePointer<Float>) {
  let top = outputs[largest(outputs, count)]
  var sum: Float = 0
  for index in 0..<count {
    probabilities[index] = system_exp(outputs[index] - top)
    sum += probabilities[index]
  }
  for index in 0..<count { probabilities[index] /= sum }
}

/// From probabilities p = softmax(y) and outer = ∂loss/∂p to ∂loss/∂y, in place: p (outer - Σ p outer).
func softmaxGradient(_ probabilities: UnsafeMutablePointer<Float>, _ count: Int, outer: UnsafePointer<Float>) {
  var mean: Float = 0
  for index in 0..<count { mean += probabilities[index] * outer[index] }
  for index in 0..<count { probabilities[index] *= outer[index] - mean }
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
func largest(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
  var best = 0
  for index in 1..<max(count, 1) where values[index] > values[best] { best = index }
  return best
}
