/// What decides how much memory an object takes.
public struct Platform: Sendable {
  /// Of pieces of memory, bytes; a power of 2.
  let alignment: Int
  /// Bytes of a pointer.
  let wordSize: Int

  public init(alignment: Int, wordSize: Int) { (self.alignment, self.wordSize) = (alignment, wordSize) }

  static var own: Platform { Platform(alignment: Arena.alignment, wordSize: MemoryLayout<Int>.size) }

  /// Bytes from one element to the next. Where words are shorter than here, so is what is made of them; the few elements that have
  /// doubles, too, are counted as if these were.
  @inline(__always) func stride<Element: ~Copyable>(_ type: Element.Type) -> Int {
    let hasWords = MemoryLayout<Element>.alignment == MemoryLayout<Int>.size
    return hasWords ? MemoryLayout<Element>.stride / MemoryLayout<Int>.size * wordSize : MemoryLayout<Element>.stride
  }
}
