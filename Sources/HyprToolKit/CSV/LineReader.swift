import Glibc

/// Lines of a file or a pipe, one at a time: memory does not grow with the file.
package final class LineReader {
  /// What errors call it.
  package let name: String
  /// The line read last, without what ends it: LF or CR LF.
  package private(set) var bytes: [UInt8] = []
  /// Its number, from 1.
  package private(set) var number = 0

  private let descriptor: Int32
  private let isOwned: Bool
  /// Asked before bytes are waited for; `false` ends the file there.
  private let goesOn: () throws -> Bool
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var rest = 0..<0
  private var isAtEnd = false
  /// Whoever reads wants no more.
  private var isStopped = false
  private var isHeld = false

  /// The longest line, in bytes.
  static let longest = 1 << 20

  package init(path: String) throws {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ToolError("cannot read \(path): \(Path.reason(errno))") }
    name = path
    isOwned = true
    goesOn = { true }
  }

  /// Reads what somebody else has opened. `goesOn` is asked before each wait for more.
  package init(descriptor: Int32, name: String, goesOn: @escaping () throws -> Bool) {
    self.descriptor = descriptor
    self.name = name
    self.goesOn = goesOn
    isOwned = false
  }

  deinit {
    if isOwned { close(descriptor) }
  }

  /// Makes ``advance()`` give the same line once more.
  func hold() { isHeld = true }

  /// Reads a line; `false` after the last one.
  package func advance() throws -> Bool {
    if isHeld {
      isHeld = false
      return true
    }
    bytes.removeAll(keepingCapacity: true)
    while true {
      if rest.isEmpty {
        guard try fill() else {
          // Half a line is none; only the last one needs no end.
          guard !bytes.isEmpty && !isStopped else { return false }
          number += 1
          break
        }
      }
      let end = buffer[rest].firstIndex(of: UInt8(ascii: "\n"))
      bytes += buffer[rest.lowerBound..<(end ?? rest.upperBound)]
      rest = min((end ?? rest.upperBound) + 1, rest.upperBound)..<rest.upperBound
      guard bytes.count <= LineReader.longest else {
        throw ToolError("\(name), line \(number + 1) is longer than \(LineReader.longest) bytes: is it text?")
      }
      if end != nil {
        number += 1
        break
      }
    }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard !bytes.contains(0) else { throw ToolError("\(name), line \(number) has a zero byte, expected text in UTF-8") }
    return true
  }

  private func fill() throws -> Bool {
    while !isAtEnd {
      guard try goesOn() else {
        isStopped = true
        break
      }
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        rest = 0..<count
        return true
      }
      if count < 0 {
        if errno == EINTR { continue }
        isAtEnd = true
        throw ToolError("cannot read \(name): \(Path.reason(errno))")
      }
      isAtEnd = true
    }
    isAtEnd = true
    return false
  }
}
