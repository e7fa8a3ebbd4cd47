internal import CHypr

/// A struct of hypr.h that can grow: its first field says how large the caller's is.
protocol SizedStruct {
  var struct_size: Int { get set }
  /// Up to the end of the last field of its first version.
  static var smallestSize: Int { get }
}

extension UnsafeMutablePointer where Pointee: SizedStruct {
  /// Whether `struct_size` is set, to the size of the first version at least.
  var hasSize: Bool { callerSize >= Pointee.smallestSize }

  /// Writes as much of the value as the caller's struct has room for, and leaves `struct_size` and what is behind alone.
  func fill(with value: Pointee) {
    var value = value
    value.struct_size = callerSize
    withUnsafeBytes(of: value) { bytes in
      guard let start = bytes.baseAddress else { return }
      UnsafeMutableRawPointer(self).copyMemory(from: start, byteCount: min(callerSize, bytes.count))
    }
  }

  /// Read by itself: the rest need not be there.
  private var callerSize: Int { UnsafeRawPointer(self).load(as: Int.self) }
}
