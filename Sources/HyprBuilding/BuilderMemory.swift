internal import CSystem

// Plain data in memory that may be missing: nil, or false, where there is none.

func allocated<Element>(_ count: Int) -> UnsafeMutablePointer<Element>? {
  let (bytes, tooMany) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
  guard !tooMany, count >= 0, let memory = system_allocate(bytes) else { return nil }
  return memory.bindMemory(to: Element.self, capacity: count)
}

/// A copy of `count` elements, which may lie unaligned.
func copied<Element>(_ source: UnsafeRawPointer, _ count: Int) -> UnsafeMutablePointer<Element>? {
  guard let copy: UnsafeMutablePointer<Element> = allocated(count) else { return nil }
  UnsafeMutableRawPointer(copy).copyMemory(from: source, byteCount: count * MemoryLayout<Element>.stride)
  return copy
}

/// A copy of a C string.
func copied(_ text: UnsafePointer<CChar>) -> UnsafeMutablePointer<CChar>? { copied(text, length(text) + 1) }

func length(_ text: UnsafePointer<CChar>) -> Int {
  var count = 0
  while text[count] != 0 { count += 1 }
  return count
}

/// Elements one after the other, in memory of their own.
struct List<Element> {
  private var start: UnsafeMutablePointer<Element>?
  private(set) var count = 0
  private var capacity = 0

  /// Sees to it that the next element has room.
  mutating func hasRoom() -> Bool {
    if count < capacity { return true }
    guard let larger: UnsafeMutablePointer<Element> = allocated(2 * capacity + 4) else { return false }
    if let start { larger.moveInitialize(from: start, count: count) }
    system_free(start)
    start = larger
    capacity = 2 * capacity + 4
    return true
  }

  /// There is room for it.
  mutating func append(_ element: Element) {
    guard let start, count < capacity else { return }
    (start + count).initialize(to: element)
    count += 1
  }

  mutating func removeLast() {
    if count > 0 { count -= 1 }
  }

  mutating func free() {
    system_free(start)
    self = List()
  }

  /// The index must be below the count.
  subscript(_ index: Int) -> Element {
    get { start.unsafelyUnwrapped[index] }
    nonmutating set { start.unsafelyUnwrapped[index] = newValue }
  }
}
