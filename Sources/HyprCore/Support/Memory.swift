extension UnsafeMutablePointer where Pointee: BitwiseCopyable {
  /// Makes zeros of the first `count` elements. The standard library's `update(repeating:count:)` goes element by element in Embedded
  /// Swift.
  @inline(__always) func clear(_ count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
  }
}
