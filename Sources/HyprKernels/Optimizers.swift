internal import CSystem

/// Sum of squares, in double precision so that it neither overflows nor loses small entries.
func squareSum(_ values: Row, _ count: Int) -> Double {
  var sum = 0.0
  for index in 0..<count { sum += Double(values[index]) * Double(values[index]) }
  return sum
}

/// One optimizer step on a run of parameters, then the bounds.
///
/// The gradient that every rule works on is
///
///     g = limit(gathered gradient) + coupled decay θ + anchor strength (θ - anchor)
///
/// - gradient descent: θ -= rate g
/// - momentum: m = β1 m + g; θ -= rate m
/// - Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1): m = β1 m + (1 - β1) g; v = β2 v + (1 - β2) g²;
///   θ -= rate m̂ / (sqrt(v̂) + ε)
/// - AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101): Adam, and θ -= rate * decoupled decay * θ
func optimize(_ update: kernel_update) {
  switch Int(update.rule) {
  case KERNEL_RULE_ADAM:
    guard let moment1 = update.moment1, let moment2 = update.moment2 else { return }
    let epsilon = Lanes(repeating: update.epsilon)
    forEach(update) { gradient, index in
      let mean = moment1.lanes(index) * update.beta1 + gradient * update.complement1
      // Limited: an infinite square would keep its parameter where it is for ever.
      let square = (moment2.lanes(index) * update.beta2 + gradient * gradient * update.complement2)
        .limited(from: 0, to: .greatestFiniteMagnitude)
      moment1.store(mean, index)
      moment2.store(square, index)
      return (mean * update.correction1) / ((square * update.correction2).squareRoot() + epsilon)
    }
  case KERNEL_RULE_MOMENTUM:
    guard let moment1 = update.moment1 else { return }
    forEach(update) { gradient, index in
      let velocity = moment1.lanes(index) * update.beta1 + gradient
      moment1.store(velocity, index)
      return velocity
    }
  default:
    forEach(update) { gradient, _ in gradient }
  }
}

/// Moves every parameter by -rate * direction(gradient) and keeps it within its bounds.
@inline(__always) private func forEach(_ update: kernel_update, _ direction: (Lanes, Int) -> Lanes) {
  let keep = 1 - update.learning_rate * update.decoupled_decay
  var index = 0
  while index < update.count {
    let old = update.parameters.lanes(index)
    var gradient = update.gradients.lanes(index) * update.gradient_scale
    gradient = gradient.limited(from: -update.value_limit, to: update.value_limit) + old * update.coupled_decay
    if let anchor = update.anchor { gradient += (old - anchor.lanes(index)) * update.anchor_strength }
    let new = old * keep - direction(gradient, index) * update.learning_rate
    // Extreme rates and strengths can make inf - inf of finite numbers: such a parameter stays.
    update.parameters.store(bounded(new.replacing(with: old, where: new .!= new), update), index)
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
