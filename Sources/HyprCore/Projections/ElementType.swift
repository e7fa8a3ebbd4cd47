internal import CModelFormat

/// How the numbers of a tensor are stored in a model file. In memory they are float32.
enum ElementType {
  case float32

  /// nil: this library does not compute with it.
  init?(_ type: format_element_type) {
    guard type == FORMAT_ELEMENT_FLOAT32 else { return nil }
    self = .float32
  }

  /// Bytes of a number.
  var size: Int { 4 }

  /// A number of a tensor, which perhaps is not aligned.
  @inline(__always) func load(_ data: UnsafeRawPointer, _ index: Int) -> Float {
    data.loadUnaligned(fromByteOffset: index * size, as: Float.self)
  }
}
