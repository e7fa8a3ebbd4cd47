/// Lines of text in memory of a caller, with '\n' between them and a NUL behind the last.
public struct TextLines {
  private let start: UnsafeMutablePointer<CChar>?
  private let size: Int
  private let cuts: Bool
  private var length = 0

  /// `cuts`: whether a line that has no room is cut; otherwise it is left out, and shorter ones may follow.
  public init(_ start: UnsafeMutablePointer<CChar>?, size: Int, cuts: Bool) {
    (self.start, self.size, self.cuts) = (start, start == nil ? 0 : size, cuts)
    if let start, size > 0 { start[0] = 0 }
  }

  @inline(never) package mutating func append(_ line: Text) {
    let newline = length == 0 ? 0 : 1
    guard let start, length + newline < size, cuts || length + newline + line.length < size else { return }
    if newline == 1 { start[length] = 0x0A }
    line.copy(to: start + length + newline, size: size - length - newline)
    length = min(length + newline + line.length, size - 1)
  }
}
