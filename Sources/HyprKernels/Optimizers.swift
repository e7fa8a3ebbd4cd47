internal import CSystem

/// Sum of squares of whole vectors, of values of any size.
func squareSum(_ values: Row, _ count: Int) -> Double {
  let piece = 512
  var total = 0.0
  var start = 0
  while start < count {
    let end = min(start &+ piece, count)
    let sum = squareSumOfPiece(values, start, end)
    // Single precision loses small squares and overflows with large ones: these are brought to where it does not. A piece of
    // zeros, as silence leaves them, is as fast as any other.
    if sum > 1e-20 && sum < 1e30 {
      total += Double(sum)
    } else {
      let scale: Float = sum <= 1e-20 ? 0x1p64 : 0x1p-70
      total += Double(squareSumOfPiece(values, start, end, scale)) / (Double(scale) * Double(scale))
    }
    start = end
  }
  return total
}

@inline(__always) private func squareSumOfPiece(_ values: Row, _ start: Int, _ end: Int, _ scale: Float = 1) -> Float {
  // Independent sums hide the latency of addition.
  var (one, other) = (Lanes.zero, Lanes.zero)
  var index = start
  while index &+ 2 &* Lanes.scalarCount <= end {
    let (first, second) = (values.lanes(index) * scale, values.lanes(index &+ Lanes.scalarCount) * scale)
    one += first * first
    other += second * second
    index &+= 2 &* Lanes.scalarCount
  }
  if index < end {
    let last = values.lanes(index) * scale
    one += last * last
  }
  return lanes_sum(one + other)
}

/// One optimizer step on a run of parameters, then the bounds, into the same place or another; the gathered gradient is zero
/// afterwards. Whether a parameter is another number than before.
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
func optimize(_ update: kernel_update) -> Bool {
  switch Int(update.rule) {
  case KERNEL_RULE_ADAM:
    guard let moment1 = update.moment1, let moment2 = update.moment2 else { return false }
    // Nearly all parameters of nearly all sessions: what they do not need is not in their loop.
    if update.isPlain && update.moment_size == 4 {
      return move(update, Adam(update, Float32Moments(moment1), Float32Moments(moment2)), isPlain: true)
    }
    let moments1 = TypedMoments(moment1, update, key: update.rounding1)
    return move(update, Adam(update, moments1, TypedMoments(moment2, update, key: update.rounding2)), isPlain: false)
  case KERNEL_RULE_MOMENTUM:
    guard let moment1 = update.moment1 else { return false }
    let moments = TypedMoments(moment1, update, key: update.rounding1)
    return move(update, Momentum(moment1: moments, beta1: update.beta1), isPlain: false)
  default:
    return move(update, GradientDescent(), isPlain: false)
  }
}

/// How a rule turns the gradient at `index` into a direction.
private protocol OptimizerRule {
  func direction(_ gradient: Lanes, _ index: Int) -> Lanes
  func prefetch(_ index: Int)
}

private struct GradientDescent: OptimizerRule {
  @inline(__always) func direction(_ gradient: Lanes, _ index: Int) -> Lanes { gradient }
  @inline(__always) func prefetch(_ index: Int) {}
}

/// How moments are kept. What a rule computes with is not rounded yet.
private protocol Moments {
  func lanes(_ index: Int) -> Lanes
  func store(_ value: Lanes, _ index: Int)
  func prefetch(_ index: Int)
}

private struct Float32Moments: Moments {
  private let place: MutableRow

  @inline(__always) init(_ place: UnsafeMutableRawPointer) { self.place = place.assumingMemoryBound(to: Float.self) }
  @inline(__always) func lanes(_ index: Int) -> Lanes { place.lanes(index) }
  @inline(__always) func store(_ value: Lanes, _ index: Int) { place.store(value, index) }
  @inline(__always) func prefetch(_ index: Int) { lanes_prefetch(place + index) }
}

/// As float32, or as bfloat16.
private struct TypedMoments: Moments {
  private let place: UnsafeMutableRawPointer
  private let isBFloat16: Bool
  private let key: UInt32

  @inline(__always) init(_ place: UnsafeMutableRawPointer, _ update: kernel_update, key: UInt32) {
    (self.place, isBFloat16, self.key) = (place, update.moment_size == 2, key)
  }

  @inline(__always) func lanes(_ index: Int) -> Lanes {
    isBFloat16
      ? lanes_of_bfloat16(place.assumingMemoryBound(to: UInt16.self) + index)
      : place.assumingMemoryBound(to: Float.self).lanes(index)
  }

  @inline(__always) func store(_ value: Lanes, _ index: Int) {
    guard isBFloat16 else { return place.assumingMemoryBound(to: Float.self).store(value, index) }
    // What is finite stays so: not above the largest bfloat16.
    let largest = Float(bitPattern: 0x7f7f_0000)
    lanes_store_bfloat16(
      place.assumingMemoryBound(to: UInt16.self) + index, value.limited(from: -largest, to: largest), key)
  }

  @inline(__always) func prefetch(_ index: Int) {
    lanes_prefetch(
      place.advanced(by: isBFloat16 ? 2 &* index : 4 &* index).assumingMemoryBound(to: Float.self))
  }
}

private struct Momentum<Kept: Moments>: OptimizerRule {
  let moment1: Kept
  let beta1: Float

  @inline(__always) func direction(_ gradient: Lanes, _ index: Int) -> Lanes {
    let velocity = moment1.lanes(index) * beta1 + gradient
    moment1.store(velocity, index)
    return velocity
  }

  @inline(__always) func prefetch(_ index: Int) { moment1.prefetch(index) }
}

private struct Adam<Kept: Moments>: OptimizerRule {
  let moment1, moment2: Kept
  let beta1, beta2, complement1, complement2, correction1, correction2, epsilon: Float

  init(_ update: kernel_update, _ moment1: Kept, _ moment2: Kept) {
    (self.moment1, self.moment2) = (moment1, moment2)
    (beta1, beta2, epsilon) = (update.beta1, update.beta2, update.epsilon)
    (complement1, complement2) = (update.complement1, update.complement2)
    (correction1, correction2) = (update.correction1, update.correction2)
  }

  @inline(__always) func direction(_ gradient: Lanes, _ index: Int) -> Lanes {
    let mean = moment1.lanes(index) * beta1 + gradient * complement1
    let square = moment2.lanes(index) * beta2 + gradient * gradient * complement2
    moment1.store(mean, index)
    moment2.store(square, index)
    return (mean * correction1) / (lanes_square_root(square * correction2) + epsilon)
  }

  @inline(__always) func prefetch(_ index: Int) {
    moment1.prefetch(index)
    moment2.prefetch(index)
  }
}

extension kernel_update {
  /// No limit on the gradient that could matter, no decay, no anchor, no bounds that keep signs.
  fileprivate var isPlain: Bool {
    value_limit == .greatestFiniteMagnitude && gradient_scale <= 1 && coupled_decay == 0 && anchor == nil && !absolute
  }
}

/// Moves every parameter by -rate * direction(gradient) and keeps it within its bounds.
@inline(__always) private func move<Rule: OptimizerRule>(_ update: kernel_update, _ rule: Rule, isPlain: Bool) -> Bool {
  let keep = 1 - update.learning_rate * update.decoupled_decay
  let (limit, rate, scale) = (update.value_limit, update.learning_rate, update.gradient_scale)
  let (lower, upper, absolute) = (update.lower, update.upper, update.absolute)
  guard let values = update.values, let nextValues = update.next_values, let gradients = update.gradients else { return false }
  var changes = LaneBits.zero

  @inline(__always) func moveVector(_ index: Int) {
    let old = values.lanes(index)
    var gradient = gradients.lanes(index) * scale
    if !isPlain {
      gradient = gradient.limited(from: -limit, to: limit)
      gradient += old * update.coupled_decay
      if let anchor = update.anchor { gradient += (old - anchor.lanes(index)) * update.anchor_strength }
    }
    let new = old * keep - rule.direction(gradient, index) * rate
    gradients.store(.zero, index)
    let isAbsolute = !isPlain && absolute
    let limited = isAbsolute ? limitedMagnitude(new, lower, upper) : new.limited(from: lower, to: upper)
    changes = changes | (unsafeBitCast(limited, to: LaneBits.self) ^ unsafeBitCast(old, to: LaneBits.self))
    nextValues.store(limited, index)
  }

  let count = update.count
  var index = 0
  while index < count {
    // Two vectors, as plain loops take them, are a line of the cache.
    rule.prefetch(index &+ 64)
    lanes_prefetch(values + (index &+ 64))
    lanes_prefetch(gradients + (index &+ 64))
    moveVector(index)
    index &+= Lanes.scalarCount
    guard isPlain && index < count else { continue }
    moveVector(index)
    index &+= Lanes.scalarCount
  }
  var change: UInt32 = 0
  for lane in 0..<Lanes.scalarCount { change |= changes[lane] }
  return change != 0
}

/// Absolute bounds hold for the magnitude and keep the sign.
@inline(__always) private func limitedMagnitude(_ value: Lanes, _ lower: Float, _ upper: Float) -> Lanes {
  let size = value.magnitude.limited(from: lower, to: upper)
  let negative = unsafeBitCast(value, to: LaneBits.self) & LaneBits(repeating: 0x8000_0000)
  return unsafeBitCast(unsafeBitCast(size, to: LaneBits.self) | negative, to: Lanes.self)
}
