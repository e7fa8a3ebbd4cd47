extension UnsafeMutablePointer where Pointee: BitwiseCopyable {
  /// Makes zeros of the first `count` elements. The standard library's `update(repeating:count:)` goes element by element in Embedded
  /// Swift.
  @inline(__always) func clear(_ count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
  }

  /// Copies `count` elements, which may overlap. The standard library's `update(from:count:)` goes element by element, too.
  @inline(__always) func copy(from source: UnsafePointer<Pointee>, count: Int) {
    UnsafeMutableRawPointer(self).copyMemory(from: source, byteCount: count * MemoryLayout<Pointee>.stride)
  }
}
