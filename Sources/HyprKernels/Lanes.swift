internal import CSystem

/// The vector that every hot loop works on: one neuron per lane.
typealias Lanes = lanes
typealias LaneBits = lane_bits

typealias Row = UnsafePointer<Float>
typealias MutableRow = UnsafeMutablePointer<Float>

extension UnsafePointer<Float> {
  /// The lanes that start at element `index`; rows are padded and aligned so that whole vectors can be read.
  @inline(__always) func lanes(_ index: Int) -> Lanes {
    UnsafeRawPointer(self + index).load(as: Lanes.self)
  }
}

extension UnsafeMutablePointer<Float> {
  @inline(__always) func lanes(_ index: Int) -> Lanes {
    UnsafeRawPointer(self + index).load(as: Lanes.self)
  }

  @inline(__always) func store(_ value: Lanes, _ index: Int) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: Lanes.self)
  }
}

/// A fixed number of lane vectors: the states, parameters or derived values of one block of neurons.
protocol LaneArray {
  static var size: Int { get }
  init(repeating value: Lanes)
  init(each lanes: (Int) -> Lanes)
  subscript(row index: Int) -> Lanes { get set }
}

extension InlineArray: LaneArray where Element == Lanes {
  @inline(__always) static var size: Int { count }

  @inline(__always) init(each lanes: (Int) -> Lanes) { self.init(lanes) }

  @inline(__always) subscript(row index: Int) -> Lanes {
    get { self[index] }
    set { self[index] = newValue }
  }
}

extension LaneArray {
  /// Reads one vector per row, `stride` floats apart.
  @inline(__always) init(_ base: Row, stride: Int) {
    self.init(each: { base.lanes($0 &* stride) })
  }

  @inline(__always) func store(_ base: MutableRow, stride: Int) {
    for index in 0..<Self.size { base.store(self[row: index], index &* stride) }
  }

  /// Zero unless a value is infinite or not a number.
  @inline(__always) var poison: Lanes {
    var sum = Lanes.zero
    for index in 0..<Self.size { sum += self[row: index] - self[row: index] }
    return sum
  }
}

// Products and sums that may be fused, and that need no specialisation: preferred to those of the standard library.
extension Lanes {
  @inline(__always) static func + (one: Lanes, other: Lanes) -> Lanes { lanes_add(one, other) }
  @inline(__always) static func - (one: Lanes, other: Lanes) -> Lanes { lanes_subtract(one, other) }
  @inline(__always) static func * (one: Lanes, other: Lanes) -> Lanes { lanes_multiply(one, other) }
  @inline(__always) static func / (one: Lanes, other: Lanes) -> Lanes { lanes_divide(one, other) }
  @inline(__always) static func + (one: Lanes, other: Float) -> Lanes { one + Lanes(repeating: other) }
  @inline(__always) static func - (one: Lanes, other: Float) -> Lanes { one - Lanes(repeating: other) }
  @inline(__always) static func * (one: Lanes, other: Float) -> Lanes { one * Lanes(repeating: other) }
  @inline(__always) static func / (one: Lanes, other: Float) -> Lanes { one / Lanes(repeating: other) }
  @inline(__always) static func + (one: Float, other: Lanes) -> Lanes { Lanes(repeating: one) + other }
  @inline(__always) static func - (one: Float, other: Lanes) -> Lanes { Lanes(repeating: one) - other }
  @inline(__always) static func * (one: Float, other: Lanes) -> Lanes { Lanes(repeating: one) * other }
  @inline(__always) static func / (one: Float, other: Lanes) -> Lanes { Lanes(repeating: one) / other }
  @inline(__always) static prefix func - (one: Lanes) -> Lanes { Lanes.zero - one }
  @inline(__always) static func += (one: inout Lanes, other: Lanes) { one = one + other }
  @inline(__always) static func -= (one: inout Lanes, other: Lanes) { one = one - other }
  @inline(__always) static func *= (one: inout Lanes, other: Lanes) { one = one * other }
}

extension Lanes {
  @inline(__always) var magnitude: Lanes {
    unsafeBitCast(unsafeBitCast(self, to: LaneBits.self) & LaneBits(repeating: 0x7fff_ffff), to: Lanes.self)
  }

  /// -1 where the value is below 0, 1 elsewhere.
  @inline(__always) var sign: Lanes {
    Lanes(repeating: 1).replacing(with: Lanes(repeating: -1), where: self .< Lanes.zero)
  }

  /// A function of each lane, for what is not in a hot loop.
  @inline(__always) func each(_ function: (Float) -> Float) -> Lanes {
    var result = self
    for lane in 0..<Lanes.scalarCount { result[lane] = function(self[lane]) }
    return result
  }

  /// 1 where the value is strictly positive, 0 elsewhere (NaN too).
  @inline(__always) var heaviside: Lanes {
    Lanes.zero.replacing(with: Lanes(repeating: 1), where: self .> Lanes.zero)
  }

  @inline(__always) func limited(from lower: Float, to upper: Float) -> Lanes {
    // In this order a value that is not a number stays one.
    lanes_smaller(Lanes(repeating: upper), lanes_larger(Lanes(repeating: lower), self))
  }
}

/// e^x for x <= 0, relative error below 2e-7; values under -87 give e^-87 (1.6e-38).
///
/// Splits x = n ln 2 + r with |r| <= ln 2 / 2, evaluates e^r as its Taylor polynomial of degree 7 and puts n into the exponent.
@inline(__always) func exponential(_ x: Lanes) -> Lanes {
  let argument = x.limited(from: -87, to: 0)
  // Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
  let rounder = Lanes(repeating: 12_582_912)
  let shifted = argument * 1.442_695_04 + rounder
  let n = shifted - rounder
  // ln 2 in two parts, so that n * ln 2 is subtracted without rounding.
  let r = (argument - n * 0.693_359_375) - n * (-2.121_944_4e-4)
  var p = r * (1 / 5040) + (1 / 720)
  p = p * r + (1 / 120)
  p = p * r + (1 / 24)
  p = p * r + (1 / 6)
  p = p * r + 0.5
  p = p * r + 1
  p = p * r + 1
  let exponent = unsafeBitCast(shifted, to: LaneBits.self) &<< LaneBits(repeating: 23)
  return unsafeBitCast(unsafeBitCast(p, to: LaneBits.self) &+ exponent, to: Lanes.self)
}

/// ln x for x >= 1, error below 2e-7 of it or of 1.
///
/// Splits x = m 2^n with sqrt(1/2) <= m < sqrt(2), and takes ln m = 2 artanh((m - 1)/(m + 1)) as its Taylor polynomial of degree 9.
@inline(__always) func logarithm(_ x: Lanes) -> Lanes {
  // The bits of sqrt(1/2), so that the exponent changes there.
  let bits = unsafeBitCast(x, to: LaneBits.self) &- LaneBits(repeating: 0x3f35_04f3)
  let n = bits &>> LaneBits(repeating: 23)
  let mantissa = (bits & LaneBits(repeating: 0x7f_ffff)) &+ LaneBits(repeating: 0x3f35_04f3)
  let m = unsafeBitCast(mantissa, to: Lanes.self)
  let s = (m - 1) / (m + 1)
  let square = s * s
  var p = square * (1 / 9) + (1 / 7)
  p = p * square + (1 / 5)
  p = p * square + (1 / 3)
  p = p * square + 1
  return lanes_of_integers(n) * 0.693_147_18 + s * p * 2
}

/// The logistic function 1/(1 + e^-x), relative error below 4e-7 for x > -87.
@inline(__always) func sigmoid(_ x: Lanes) -> Lanes {
  let power = exponential(-x.magnitude)
  let small = power / (power + 1)
  return small.replacing(with: 1 - small, where: x .> Lanes.zero)
}

/// tanh x, relative error below 4e-7.
@inline(__always) func hyperbolicTangent(_ x: Lanes) -> Lanes {
  let size = x.magnitude
  let power = exponential(size * -2)
  let large = (1 - power) / (1 + power)
  // The difference above loses digits near 0, where the Taylor polynomial of degree 9 has them all.
  let square = x * x
  var small = square * (62 / 2835) - (17 / 315)
  small = small * square + (2 / 15)
  small = small * square - (1 / 3)
  small = (small * square + 1) * size
  let result = large.replacing(with: small, where: size .< Lanes(repeating: 0.25))
  let negative = unsafeBitCast(x, to: LaneBits.self) & LaneBits(repeating: 0x8000_0000)
  return unsafeBitCast(unsafeBitCast(result, to: LaneBits.self) | negative, to: Lanes.self)
}
