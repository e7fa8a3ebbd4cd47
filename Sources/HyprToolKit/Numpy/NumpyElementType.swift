/// The types of numbers in an .npy file that this tool reads; raw values as in the file's `descr`, without the byte order.
package enum NumpyElementType: String, CaseIterable {
  case boolean = "b1"
  case int8 = "i1"
  case int16 = "i2"
  case int32 = "i4"
  case int64 = "i8"
  case uint8 = "u1"
  case uint16 = "u2"
  case uint32 = "u4"
  case uint64 = "u8"
  case float16 = "f2"
  case float32 = "f4"
  case float64 = "f8"

  /// Bytes of one element.
  package var size: Int {
    switch self {
    case .boolean, .int8, .uint8: 1
    case .int16, .uint16, .float16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Whether its values are whole numbers.
  package var isInteger: Bool {
    switch self {
    case .float16, .float32, .float64: false
    default: true
    }
  }

  /// The type's name in NumPy.
  package var name: String {
    switch self {
    case .boolean: "bool"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .float16: "float16"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}
