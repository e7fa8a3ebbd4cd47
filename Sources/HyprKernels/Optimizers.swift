internal import CSystem

/// Sum of squares, in double precision so that it neither overflows nor loses small entries.
func squareSum(_ values: Row, _ count: Int) -> Double {
  var sum = 0.0
  for index in 0..<count { sum += Double(values[index]) * Double(values[index]) }
  return sum
}

/// θ -= learning rate * gradient, then the bounds.
func gradientDescent(_ update: kernel_update) {
  let rate = update.learning_rate * update.gradient_scale
  var index = 0
  while index < update.count {
    let old = update.parameters.lanes(index)
    update.parameters.store(bounded(old - update.gradients.lanes(index) * rate, update), index)
    index &+= Lanes.scalarCount
  }
}

/// Adam with bias correction (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1), then the bounds.
func adam(_ update: kernel_update) {
  guard let moment1 = update.moment1, let moment2 = update.moment2 else { return }
  let epsilon = Lanes(repeating: update.epsilon)
  var index = 0
  while index < update.count {
    let gradient = update.gradients.lanes(index) * update.gradient_scale
    let mean = moment1.lanes(index) * update.beta1 + gradient * (1 - update.beta1)
    let square = moment2.lanes(index) * update.beta2 + gradient * gradient * (1 - update.beta2)
    moment1.store(mean, index)
    moment2.store(square, index)
    let step = (mean * update.correction1) / ((square * update.correction2).squareRoot() + epsilon)
    let old = update.parameters.lanes(index)
    update.parameters.store(bounded(old - step * update.learning_rate, update), index)
    index &+= Lanes.scalarCount
  }
}

/// The value within its bounds; absolute bounds hold for the magnitude and keep the sign.
@inline(__always) private func bounded(_ value: Lanes, _ update: kernel_update) -> Lanes {
  if update.absolute {
    let size = value.magnitude.limited(from: update.lower, to: update.upper)
    let negative = unsafeBitCast(value, to: LaneBits.self) & LaneBits(repeating: 0x8000_0000)
    return unsafeBitCast(unsafeBitCast(size, to: LaneBits.self) | negative, to: Lanes.self)
  }
  return value.limited(from: update.lower, to: update.upper)
}
