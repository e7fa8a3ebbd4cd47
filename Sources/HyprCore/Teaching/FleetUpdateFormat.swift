// The bytes of an update: how a device of a fleet says what it has learned since the model file that all have.
//
// In the order of the machine, low byte first:
//
//     32      `FleetUpdateHeader`
//     t / 8   which of the t tensors are in it, a bit each from the lowest, rounded up to bytes
//             of each of these
//     n / 8     which of its n elements are in it, likewise; only if not all are
//     4         its scale, float32; only of int8: a difference is number * scale
//             the numbers
//     8       checksum of everything before

struct FleetUpdateHeader {
  static let magic: UInt64 = 0x5444_5055_5250_5948  // "HYPRUPDT"
  static let version: UInt16 = 1
  static let size = 32
  static let checksumSize = 8

  var magic: UInt64
  var version: UInt16
  var element: UInt8
  /// 1: only some of each tensor's elements are in it.
  var isPart: UInt8
  /// Of the update, all that there are.
  var bytes: UInt32
  var structure, base: UInt64
}

/// How a difference is written.
public enum FleetElement: UInt8 {
  case float32 = 0
  case float16 = 1
  case int8 = 2

  var size: Int {
    switch self {
    case .float32: 4
    case .float16: 2
    case .int8: 1
    }
  }

  /// Bytes of a tensor's scale.
  var scaleSize: Int { self == .int8 ? 4 : 0 }

  /// So that the largest difference is 127; below the smallest number there is, all of them are 0.
  func scale(largest: Float) -> Float {
    guard self == .int8 else { return 1 }
    let scale = largest / 127
    return (127 * scale).isFinite ? scale : scale.nextDown
  }

  /// Writes a difference, and gives what reading it will.
  @inline(__always) func write(_ value: Float, _ scale: Float, at place: UnsafeMutableRawPointer) -> Float {
    switch self {
    case .float32:
      place.storeBytes(of: value, as: Float.self)
    case .float16:
      place.storeBytes(of: halfPrecision(value), as: UInt16.self)
    case .int8:
      // Adding 1.5 * 2^23 rounds to the nearest whole number.
      let number = scale > 0 ? (value / scale + 12_582_912) - 12_582_912 : 0
      place.storeBytes(of: Int8(min(max(number, -127), 127)), as: Int8.self)
    }
    return read(scale, at: place)
  }

  @inline(__always) func read(_ scale: Float, at place: UnsafeRawPointer) -> Float {
    switch self {
    case .float32: place.loadUnaligned(as: Float.self)
    case .float16: singlePrecision(place.loadUnaligned(as: UInt16.self))
    case .int8: Float(place.load(as: Int8.self)) * scale
    }
  }
}

/// What of its parameters a session gives away, and how.
public struct FleetUpdateSettings {
  let element: FleetElement
  /// Of each tensor's elements, those that changed most; 1: all.
  let share: Double
  /// One for each tensor: 0: it is not in it; nil: all are.
  let tensors: UnsafePointer<UInt8>?
  /// [parameter count]: what updates have lost until now; nil: that is forgotten.
  let residual: UnsafeMutablePointer<Float>?

  public init(
    element: FleetElement, share: Double, tensors: UnsafePointer<UInt8>?, residual: UnsafeMutablePointer<Float>?
  ) {
    self.element = element
    self.share = share
    self.tensors = tensors
    self.residual = residual
  }

  var isPart: Bool { share < 1 }

  func has(_ tensor: Int) -> Bool { tensors.map { $0[tensor] != 0 } ?? true }

  /// How many of `elements` are sent, rounded up.
  func sent(of elements: Int) -> Int { isPart ? min(Int((share * Double(elements)).rounded(.up)), elements) : elements }

  /// Bytes of a tensor.
  func size(of elements: Int) -> Int {
    (isPart ? bitBytes(elements) : 0) + element.scaleSize + sent(of: elements) * element.size
  }
}

/// Bytes of so many bits.
func bitBytes(_ bits: Int) -> Int { (bits + 7) / 8 }

/// IEEE binary16 of a number, to the nearest, the even one of two; beyond them the largest. In whole numbers: the smallest would be
/// zero to the library's floating-point control.
private func halfPrecision(_ value: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16 & 0x8000)
  let size = value.bitPattern & 0x7fff_ffff
  if size >= 0x477f_e000 { return sign | 0x7bff }
  if size >= 0x3880_0000 { return sign | UInt16(truncatingIfNeeded: (size + 0xfff + (size >> 13 & 1) - 0x3800_0000) >> 13) }
  let exponent = size >> 23
  if exponent < 102 { return sign }
  let (shift, digits) = (126 - exponent, size & 0x7f_ffff | 0x80_0000)
  let (whole, rest, half) = (digits >> shift, digits & (1 << shift - 1), UInt32(1) << (shift - 1))
  return sign | UInt16(truncatingIfNeeded: whole + (rest > half || rest == half && whole & 1 == 1 ? 1 : 0))
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
