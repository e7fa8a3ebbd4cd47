/// How a number is stored: the schema's ElementType, and hypr.h's HYPR_ELEMENT constants. In memory numbers are float32.
public enum ElementType: UInt8 {
  case float32 = 0
  case float16 = 1
  /// A number is a whole number from -128 to 127 times a scale.
  case int8 = 2

  /// Bytes of a number.
  package var size: Int {
    switch self {
    case .float32: 4
    case .float16: 2
    case .int8: 1
    }
  }

  /// What it stores at most, whatever the scale; above it is the nearest.
  package var largest: Float { self == .float16 ? 65_504 : .greatestFiniteMagnitude }

  /// The middle between that and what would be the next number: smaller ones are rounded to what it stores.
  package var limit: Float { self == .float16 ? 65_520 : .infinity }

  /// So that the largest number is 127; below the smallest number there is, all of them are 0.
  func scale(largest: Float) -> Float {
    guard self == .int8 else { return 1 }
    let scale = largest / 127
    return (127 * scale).isFinite ? scale : scale.nextDown
  }

  /// Reads a number, which perhaps is not aligned.
  @inline(__always) func read(_ scale: Float, at place: UnsafeRawPointer) -> Float {
    switch self {
    case .float32: place.loadUnaligned(as: Float.self)
    case .float16: singlePrecision(place.loadUnaligned(as: UInt16.self))
    case .int8: Float(place.load(as: Int8.self)) * scale
    }
  }

  /// Writes a number, and gives what reading it will. `random` nil: the nearest there is, the even one of two; otherwise one of the
  /// two beside it, so that the mean over all `random` is the number. What can be written as it is stays as it is.
  @inline(__always) func write(
    _ value: Float, _ scale: Float, random: UInt32? = nil, at place: UnsafeMutableRawPointer
  ) -> Float {
    switch self {
    case .float32:
      place.storeBytes(of: value, as: Float.self)
    case .float16:
      place.storeBytes(of: halfPrecision(value, random: random), as: UInt16.self)
    case .int8:
      var number = scale > 0 ? nearestWhole(value / scale) : 0
      if let random, number * scale != value {
        let exact = value / scale
        let below = number > exact ? number - 1 : number
        number = below + (exact - below > Float(random >> 8) * 0x1p-24 ? 1 : 0)
      }
      // In this order not a number is 127, instead of a trap.
      place.storeBytes(of: Int8(max(-128, min(127, number))), as: Int8.self)
    }
    return read(scale, at: place)
  }

  /// Writes some numbers of an array, to the nearest, where they belong among all of them.
  package func encode(_ values: UnsafePointer<Float>, _ elements: Range<Int>, _ scale: Float, at start: UnsafeMutableRawPointer) {
    for element in elements { _ = write(values[element], scale, at: start + element * size) }
  }

  /// The scale to store some numbers with, above 0: that which they had, where it still suits them, so that those that did not
  /// change are stored as they were; otherwise one that makes the largest 127. `before` 0: they had none.
  @inline(__always) package static func scale(
    of elements: Range<Int>, before: Float, _ value: (_ element: Int) -> Float
  ) -> Float {
    var largest: Float = 0
    var areStored = before > 0
    for element in elements {
      let value = value(element)
      largest = max(largest, value.magnitude)
      let number = nearestWhole(value / before)
      areStored = areStored && number * before == value && number >= -128 && number <= 127
    }
    let reached = largest / before
    if areStored || reached >= 64 && reached <= 127 { return before }
    return largest > 0 ? max(ElementType.int8.scale(largest: largest), .leastNormalMagnitude) : 1
  }
}

/// How numbers are rounded that lie between two that a type has.
package struct Rounding {
  /// 0: to the nearest.
  private let seed: UInt64

  package static var toNearest: Rounding { Rounding(seed: 0) }
  package init(seed: UInt64) { self.seed = seed }

  /// What an element is rounded with: another number whenever its value is another one, and so at each time that it is saved.
  @inline(__always) package func random(_ element: Int, _ value: Float) -> UInt32? {
    guard seed != 0 else { return nil }
    var numbers = SplitMix64(seed: seed ^ UInt64(truncatingIfNeeded: element) << 32 ^ UInt64(value.bitPattern))
    return UInt32(truncatingIfNeeded: numbers.next() >> 32)
  }
}

/// The nearest whole number, the even one of two, of one below 2^22: adding 1.5 * 2^23 rounds.
@inline(__always) private func nearestWhole(_ value: Float) -> Float { (value + 12_582_912) - 12_582_912 }

/// IEEE binary16 of a number; beyond them the largest. In whole numbers: the smallest would be zero to the library's floating-point
/// control. `random` nil: to the nearest, the even one of two; otherwise upwards if the digits that are lost are more than its.
private func halfPrecision(_ value: Float, random: UInt32?) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16 & 0x8000)
  let size = value.bitPattern & 0x7fff_ffff
  if size >= 0x477f_e000 { return sign | 0x7bff }
  if size >= 0x3880_0000 {
    let added = random.map { $0 & 0x1fff } ?? 0xfff + (size >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (size + added - 0x3800_0000) >> 13)
  }
  let exponent = size >> 23
  if exponent < 102 { return sign }
  let (shift, digits) = (126 - exponent, size & 0x7f_ffff | 0x80_0000)
  let (whole, rest, half) = (digits >> shift, digits & (1 << shift - 1), UInt32(1) << (shift - 1))
  let rises = random.map { rest > $0 & (1 << shift - 1) } ?? (rest > half || rest == half && whole & 1 == 1)
  return sign | UInt16(truncatingIfNeeded: whole + (rises ? 1 : 0))
}

private func singlePrecision(_ half: UInt16) -> Float {
  let (exponent, digits) = (UInt32(half >> 10 & 31), UInt32(half & 0x3ff))
  let size: Float
  switch exponent {
  case 0: size = Float(digits) * 0x1p-24
  case 31: size = Float(bitPattern: 0x7f80_0000 | digits << 13)
  default: size = Float(bitPattern: (exponent + 112) << 23 | digits << 13)
  }
  return half & 0x8000 == 0 ? size : -size
}
