internal import CSystem

/// Numbers that learning keeps from update to update or from window to window, as the option `learning_memory_type` says.
struct KeptNumbers {
  let start: UnsafeMutableRawPointer
  let type: LearningMemoryType

  @inline(never) init(
    _ arena: inout Arena, _ type: LearningMemoryType, _ count: Int, rows: Int = 1, planes: Int = 1, _ section: MemorySection
  ) {
    self.type = type
    switch type {
    case .float32: start = UnsafeMutableRawPointer(arena.allocate(Float.self, count, rows: rows, planes: planes, section))
    case .bfloat16: start = UnsafeMutableRawPointer(arena.allocate(UInt16.self, count, rows: rows, planes: planes, section))
    }
  }

  private init(_ start: UnsafeMutableRawPointer, _ type: LearningMemoryType) { (self.start, self.type) = (start, type) }

  /// Those of others that are float32.
  init(_ numbers: UnsafeMutablePointer<Float>) { self.init(UnsafeMutableRawPointer(numbers), .float32) }

  /// What is put here is rounded to the nearest.
  subscript(_ index: Int) -> Float {
    @inline(never) get {
      switch type {
      case .float32: start.assumingMemoryBound(to: Float.self)[index]
      case .bfloat16: bfloat16_value(start.assumingMemoryBound(to: UInt16.self)[index])
      }
    }
    @inline(never) nonmutating set {
      switch type {
      case .float32: start.assumingMemoryBound(to: Float.self)[index] = newValue
      case .bfloat16: start.assumingMemoryBound(to: UInt16.self)[index] = bfloat16_nearest(newValue)
      }
    }
  }

  /// Those from one on.
  @_optimize(speed) static func + (numbers: KeptNumbers, count: Int) -> KeptNumbers {
    KeptNumbers(numbers.start + count * numbers.type.size, numbers.type)
  }

  @inline(never) func clear(_ count: Int) { start.initializeMemory(as: UInt8.self, repeating: 0, count: count * type.size) }

  @inline(never) func isFinite(_ count: Int, _ kernels: UnsafePointer<kernel_table>) -> Bool {
    if type == .float32 { return kernels.pointee.finite(start.assumingMemoryBound(to: Float.self), count) }
    for index in 0..<count where !self[index].isFinite { return false }
    return true
  }
}

extension StateStream {
  mutating func numbers(_ numbers: KeptNumbers, _ count: Int) { bytes(numbers.start, count * numbers.type.size) }

  /// `count` rows of `size` numbers, `width` apart; every one must be allowed.
  mutating func rows(_ memory: KeptNumbers, _ count: Int, size: Int, width: Int, check isAllowed: (Float) -> Bool) {
    for row in 0..<count {
      if mode == .check, has(size * memory.type.size) {
        for index in 0..<size where !isAllowed(stored(memory.type, index)) { refuse() }
      }
      numbers(memory + row * width, size)
    }
  }

  /// A number of those that come next.
  private func stored(_ type: LearningMemoryType, _ index: Int) -> Float {
    guard let next else { return 0 }
    switch type {
    case .float32: return next.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    case .bfloat16: return bfloat16_value(next.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
  }
}
