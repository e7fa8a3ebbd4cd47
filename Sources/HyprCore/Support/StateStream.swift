/// Walks over everything that makes up a session's state, and measures, writes, checks or reads it: one description of the
/// format for all four, so that they cannot disagree.
///
/// Rows are stored without their padding, so the bytes do not depend on the vector width of the machine. (Nothing is inlined, as many
/// call it and none often.)
struct StateStream {
  enum Mode { case measure, write, check, read }

  let mode: Mode
  /// Whether what it walks over takes the stream's values: the counters when checking, everything when reading.
  var isInput: Bool { mode == .check || mode == .read }
  private let buffer: UnsafeMutableRawPointer?
  private let capacity: Int
  private(set) var position = 0
  /// Checking: false as soon as something cannot be right.
  private(set) var isValid = true

  init(measuring: Void) {
    mode = .measure
    buffer = nil
    capacity = .max
  }

  init(_ mode: Mode, _ buffer: UnsafeMutableRawPointer, _ capacity: Int) {
    self.mode = mode
    self.buffer = buffer
    self.capacity = capacity
  }

  /// Where the bytes are that come next; nil when measuring.
  var next: UnsafeMutableRawPointer? { buffer.map { $0 + position } }
  func has(_ count: Int) -> Bool { capacity - position >= count }
  /// What it walks over cannot be right.
  mutating func refuse() { isValid = false }

  /// 64 bits of any value.
  mutating func word(_ value: UInt64) -> UInt64 {
    guard let place = advance(8) else { return value }
    if mode == .write { place.storeBytes(of: value, as: UInt64.self) }
    return mode == .read ? place.loadUnaligned(as: UInt64.self) : value
  }

  /// A piece of plain memory.
  @inline(never) mutating func bytes(_ memory: UnsafeMutableRawPointer, _ count: Int) {
    guard let place = advance(count) else { return }
    switch mode {
    case .write: place.copyMemory(from: memory, byteCount: count)
    case .read: memory.copyMemory(from: place, byteCount: count)
    case .measure, .check: break
    }
  }

  /// `count` rows of `size` floats, `width` apart; nil: there are none in this session.
  mutating func rows(_ memory: UnsafeMutablePointer<Float>?, _ count: Int, size: Int, width: Int) {
    guard let memory else { return }
    for row in 0..<count { bytes(memory + row * width, size * 4) }
  }

  /// The same, and every value must be allowed. (Not an optional argument of the above: closures that are allocate.)
  mutating func rows(
    _ memory: UnsafeMutablePointer<Float>, _ count: Int, size: Int, width: Int,
    check isAllowed: (_ row: Int, _ value: Float) -> Bool
  ) {
    for row in 0..<count {
      if mode == .check, let buffer, capacity - position >= size * 4 {
        for index in 0..<size {
          let value = (buffer + position).loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          if !isAllowed(row, value) { isValid = false }
        }
      }
      bytes(memory + row * width, size * 4)
    }
  }

  /// The same, and every value must be finite.
  @inline(never) mutating func finite(_ memory: UnsafeMutablePointer<Float>, _ count: Int) {
    rows(memory, 1, size: count, width: count) { _, value in value.isFinite }
  }

  /// Doubles, each of which must be in a range, or perhaps not a number.
  @inline(never) mutating func doubles(
    _ memory: UnsafeMutablePointer<Double>, _ count: Int, in range: ClosedRange<Double>, orNaN: Bool
  ) {
    if mode == .check, let buffer, capacity - position >= count * 8 {
      for index in 0..<count {
        let value = (buffer + position).loadUnaligned(fromByteOffset: index * 8, as: Double.self)
        if !range.contains(value) && !(orNaN && value.isNaN) { isValid = false }
      }
    }
    bytes(memory, count * 8)
  }

  /// An integer and the range that it must be in; returns the one in effect: the stream's when reading.
  @inline(never) mutating func integer(_ value: Int, in range: ClosedRange<Int>) -> Int {
    guard let place = advance(8) else { return value }
    if mode == .write { place.storeBytes(of: Int64(value), as: Int64.self) }
    guard isInput else { return value }
    let stored = Int(clamping: place.loadUnaligned(as: Int64.self))
    if !range.contains(stored) { isValid = false }
    return range.contains(stored) ? stored : value
  }

  /// A sum that is 0 or at least `least`, and so far from infinity that it can go on growing.
  @inline(never) mutating func sum(_ value: Double, of least: Double = 0) -> Double {
    guard let place = advance(8) else { return value }
    if mode == .write { place.storeBytes(of: value, as: Double.self) }
    guard isInput else { return value }
    let stored = place.loadUnaligned(as: Double.self)
    if !(stored == 0 || stored >= least && stored <= 1e200) { isValid = false }
    return mode == .read ? stored : value
  }

  /// A counter, so far from its end that it can go on counting.
  @inline(never) mutating func count(_ value: UInt64) -> UInt64 {
    guard let place = advance(8) else { return value }
    if mode == .write { place.storeBytes(of: value, as: UInt64.self) }
    guard isInput else { return value }
    let stored = place.loadUnaligned(as: UInt64.self)
    if stored > 1 << 62 { isValid = false }
    return mode == .read ? stored : value
  }

  /// Indices below `limit`.
  @inline(never) mutating func indices(_ memory: UnsafeMutablePointer<Int32>, _ count: Int, below limit: Int) {
    if mode == .check, let buffer, capacity - position >= count * 4 {
      for index in 0..<count {
        let stored = (buffer + position).loadUnaligned(fromByteOffset: index * 4, as: Int32.self)
        if stored < 0 || Int(stored) >= limit { isValid = false }
      }
    }
    bytes(memory, count * 4)
  }

  /// Flags, one byte each.
  @inline(never) mutating func flags(_ memory: UnsafeMutablePointer<Bool>, _ count: Int) {
    if mode == .check, let buffer, capacity - position >= count {
      for index in 0..<count where (buffer + position).load(fromByteOffset: index, as: UInt8.self) > 1 {
        isValid = false
      }
    }
    bytes(memory, count)
  }

  /// A flag; returns the one in effect: the stream's when reading or checking.
  @inline(never) mutating func flag(_ value: Bool) -> Bool {
    guard let place = advance(1) else { return value }
    if mode == .write { place.storeBytes(of: value ? 1 : 0, as: UInt8.self) }
    guard isInput else { return value }
    let stored = place.load(as: UInt8.self)
    if stored > 1 { isValid = false }
    return stored == 1
  }

  /// Where the next `count` bytes are; nil when measuring, and when a stream that is checked ends too early.
  private mutating func advance(_ count: Int) -> UnsafeMutableRawPointer? {
    guard capacity - position >= count else {
      isValid = false
      return nil
    }
    let place = buffer.map { $0 + position }
    position += count
    return place
  }
}

/// Like FNV-1a (Fowler, Noll & Vo), but of eight bytes at a time: finds damage, not forgery.
struct Checksum {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  @inline(__always) mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x100_0000_01b3
    // Products carry upwards only: brings the upper half down.
    value ^= value >> 32
  }
}

func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var sum = Checksum()
  let whole = bytes.count & ~7
  for offset in stride(from: 0, to: whole, by: 8) {
    sum.add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
  }
  for offset in whole..<bytes.count { sum.add(UInt64(bytes[offset])) }
  return sum.value
}
