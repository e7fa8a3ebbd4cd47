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

/// What of its parameters a session gives away, and how.
public struct FleetUpdateSettings {
  let element: ElementType
  /// Of each tensor's elements, those that changed most; 1: all.
  let share: Double
  /// One for each tensor: 0: it is not in it; nil: all are.
  let tensors: UnsafePointer<UInt8>?
  /// [parameter count]: what updates have lost until now; nil: that is forgotten.
  let residual: UnsafeMutablePointer<Float>?

  public init(
    element: ElementType, share: Double, tensors: UnsafePointer<UInt8>?, residual: UnsafeMutablePointer<Float>?
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

extension ElementType {
  /// Bytes of a tensor's scale in an update.
  var scaleSize: Int { self == .int8 ? 4 : 0 }
}

/// Bytes of so many bits.
func bitBytes(_ bits: Int) -> Int { (bits + 7) / 8 }
