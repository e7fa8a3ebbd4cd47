/// What memory is used for.
public enum MemorySection: Int {
  case parameters, state, traces, history, optimizer, scratch
  static let count = 6
}

/// Hands out one block of memory piece by piece, each 64-byte aligned and zeroed (plain data only). Without a block it only measures:
/// laying out an object twice with the same code, first measuring, gives its exact size.
struct Arena {
  static let alignment = 64

  private let base: UnsafeMutableRawPointer?
  private(set) var used = 0
  private(set) var overflowed = false
  private var sections = InlineArray<6, Int>(repeating: 0)

  init(measuring: Void) { base = nil }
  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  mutating func allocate<Element>(
    _ type: Element.Type, _ count: Int, _ section: MemorySection
  ) -> UnsafeMutablePointer<Element> {
    let (bytes, tooMany) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let (padded, tooLarge) = bytes.addingReportingOverflow(Arena.alignment - 1)
    let size = padded & ~(Arena.alignment - 1)
    let (end, tooFar) = used.addingReportingOverflow(size)
    if tooMany || tooLarge || tooFar {
      overflowed = true
      return UnsafeMutablePointer(bitPattern: Arena.alignment)!
    }
    let start = used
    used = end
    sections[section.rawValue] += size
    guard let base else { return UnsafeMutablePointer(bitPattern: Arena.alignment)! }
    let raw = base + start
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return raw.bindMemory(to: Element.self, capacity: count)
  }

  var isMeasuring: Bool { base == nil }

  func bytes(_ section: MemorySection) -> Int { sections[section.rawValue] }
}
