/// What memory is used for.
public enum MemorySection: Int {
  case parameters, state, traces, history, optimizer, rehearsal, reference, scratch

  /// Bytes of each.
  typealias Sizes = InlineArray<8, Int>
}

internal import CSystem

/// Hands out one block of memory piece by piece, each aligned and zeroed (plain data only). Without a block it only measures:
/// laying out an object twice with the same code, first measuring, gives its exact size.
struct Arena {
  static var alignment: Int { Int(SYSTEM_ALIGNMENT) }

  private let base: UnsafeMutableRawPointer?
  /// Whose memory it is: the library that ships knows its own alone.
  #if hasFeature(Embedded)
    private var platform: Platform { .own }
  #else
    private let platform: Platform
  #endif
  private(set) var used = 0
  private(set) var overflowed = false
  private var sections = MemorySection.Sizes(repeating: 0)
  /// Set while something is laid out whose parts have sections of their own, but which is reported as one: every byte counts for it.
  private var reportedSection: MemorySection?

  #if hasFeature(Embedded)
    init(measuring: Void) { base = nil }
    init(_ base: UnsafeMutableRawPointer) { self.base = base }
  #else
    init(measuring: Void, for platform: Platform = .own) { (base, self.platform) = (nil, platform) }
    init(_ base: UnsafeMutableRawPointer) { (self.base, platform) = (base, .own) }
  #endif

  /// Room for `count` * `rows` * `planes` elements.
  mutating func allocate<Element: ~Copyable>(
    _ type: Element.Type, _ count: Int, rows: Int = 1, planes: Int = 1, _ section: MemorySection
  ) -> UnsafeMutablePointer<Element> {
    reserve(platform.stride(type), count, rows, planes, section).assumingMemoryBound(to: Element.self)
  }

  /// Room for one value, which is put there.
  mutating func place<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let place = allocate(Value.self, 1, .scratch)
    if !isMeasuring { place.initialize(to: value) }
    return place
  }

  @inline(never) private mutating func reserve(
    _ stride: Int, _ count: Int, _ rows: Int, _ planes: Int, _ section: MemorySection
  ) -> UnsafeMutableRawPointer {
    let (plane, tooWide) = count.multipliedReportingOverflow(by: rows)
    let (elements, tooDeep) = plane.multipliedReportingOverflow(by: planes)
    let (bytes, tooMany) = elements.multipliedReportingOverflow(by: stride)
    let (padded, tooLarge) = bytes.addingReportingOverflow(platform.alignment - 1)
    let size = padded & ~(platform.alignment - 1)
    let (end, tooFar) = used.addingReportingOverflow(size)
    let start = used
    if tooWide || tooDeep || tooMany || tooLarge || tooFar {
      overflowed = true
    } else {
      used = end
      sections[(reportedSection ?? section).rawValue] += size
    }
    // While measuring nothing is read or written through the pointers: any address will do.
    guard let base, !overflowed else { return UnsafeMutableRawPointer(bitPattern: Arena.alignment)! }
    (base + start).initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return base + start
  }

  var isMeasuring: Bool { base == nil }

  /// Where the caller's memory begins, if it is aligned.
  static func check(
    _ memory: UnsafeMutableRawBufferPointer, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutableRawPointer {
    let remainder = UInt(bitPattern: memory.baseAddress) % UInt(alignment)
    guard let start = memory.baseAddress, remainder == 0 else {
      throw message.failure(
        .invalidArgument, "memory is \(Int(remainder)) bytes past a multiple of \(alignment), expected an address that it divides")
    }
    return start
  }

  /// From here to `end`, everything counts for one section, whatever `allocate` is told. (Not to be nested.)
  mutating func begin(_ section: MemorySection) { reportedSection = section }
  mutating func end() { reportedSection = nil }

  func bytes(_ section: MemorySection) -> Int { sections[section.rawValue] }
}
