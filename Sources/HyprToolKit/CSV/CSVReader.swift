import Glibc

/// Records of comma-separated values as in RFC 4180, with a header: fields are divided by commas, semicolons or tabs, whichever the
/// header has most of; in quotes they may hold these and line ends. Spaces around a field do not count, empty lines are skipped.
package struct CSVReader {
  /// The fields of the header.
  package private(set) var header: [String] = []
  /// The line on which the record begins that was read last.
  package private(set) var line = 0

  private let lines: LineReader
  private var delimiter = UInt8(ascii: ",")
  /// The fields of a record, each with a zero behind it.
  private var bytes: [UInt8] = []
  private var fields: [Range<Int>] = []

  /// What errors call the file.
  package var name: String { lines.name }

  /// Reads the header.
  package init(_ lines: LineReader) throws {
    self.lines = lines
    repeat {
      guard try lines.advance() else { throw ToolError("\(lines.name) is empty, expected a line with the names of the columns") }
    } while lines.bytes.isEmpty
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let first = lines.bytes.starts(with: mark) ? lines.bytes.dropFirst(mark.count) : lines.bytes[...]
    delimiter = CSVReader.delimiter(of: first)
    try parse(first)
    header = try fields.indices.map { try text($0) }
    if fields.indices.allSatisfy({ number($0) != nil }) {
      throw ToolError("\(name), line \(line) holds numbers, expected a line with the names of the columns")
    }
  }

  /// Reads a record; `false` after the last one.
  package mutating func advance() throws -> Bool {
    repeat {
      guard try lines.advance() else { return false }
    } while lines.bytes.isEmpty
    try parse(lines.bytes[...])
    guard fields.count == header.count else {
      let hint = delimiter == UInt8(ascii: ",") && fields.count > header.count ? "; decimal commas are not read" : ""
      throw ToolError("\(name), line \(line) has \(fields.count) fields, the header has \(header.count)\(hint)")
    }
    return true
  }

  /// A field as text.
  package func text(_ field: Int) throws -> String {
    guard let text = String(validating: bytes[fields[field]], as: UTF8.self) else {
      throw ToolError("\(name), line \(line), field \(field + 1) is no text in UTF-8")
    }
    return text
  }

  package func isEmpty(_ field: Int) -> Bool { fields[field].isEmpty }

  /// The bytes of a field.
  package func bytes(_ field: Int) -> ArraySlice<UInt8> { bytes[fields[field]] }

  /// A field that is a decimal number; `nil` if it is none.
  package func number(_ field: Int) -> Double? {
    let range = fields[field]
    guard !range.isEmpty, bytes[range].allSatisfy({ CSVReader.isOfNumber($0) }) else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return nil }
      return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
        var end: UnsafeMutablePointer<CChar>?
        let value = strtod(start + range.lowerBound, &end)
        return end.map { UnsafePointer($0) == start + range.upperBound } == true ? value : nil
      }
    }
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Which of the three there are most of outside of quotes; the first of equals.
  private static func delimiter(of line: ArraySlice<UInt8>) -> UInt8 {
    var counts = [0, 0, 0]
    let candidates = [",", ";", "\t"].map { UInt8(ascii: $0) }
    var isQuoted = false
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = max(counts[0], counts[1], counts[2])
    return candidates[counts.firstIndex(of: most) ?? 0]
  }

  /// Takes a record apart; one whose quotes are open at the end of the line goes on in the next.
  private mutating func parse(_ first: ArraySlice<UInt8>) throws {
    enum Place { case start, plain, quoted, afterQuote }
    let quote = UInt8(ascii: "\"")
    bytes.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
    line = lines.number
    var place = Place.start
    var fieldStart = 0
    var text = first
    while true {
      for byte in text {
        switch (place, byte) {
        case (.quoted, quote): place = .afterQuote
        case (.quoted, _): bytes.append(byte)
        case (.afterQuote, quote):
          bytes.append(byte)
          place = .quoted
        case (_, delimiter):
          endField(&fieldStart)
          place = .start
        case (.start, UInt8(ascii: " ")): break
        case (.start, quote): place = .quoted
        case (.afterQuote, _): throw ToolError("\(name), line \(lines.number): there is text after a closing quote")
        case (_, UInt8(ascii: "\r")):
          throw ToolError("\(name), line \(lines.number) has a carriage return inside, expected lines that end in LF or CR LF")
        default:
          bytes.append(byte)
          place = .plain
        }
      }
      guard place == .quoted else { break }
      bytes.append(UInt8(ascii: "\n"))
      guard bytes.count <= LineReader.longest, try lines.advance() else {
        throw ToolError("\(name), line \(line): a quote is opened and not closed")
      }
      text = lines.bytes[...]
    }
    endField(&fieldStart)
  }

  private mutating func endField(_ start: inout Int) {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    var range = start..<bytes.count
    while let last = range.last, isSpace(bytes[last]) { range = range.dropLast() }
    while let first = range.first, isSpace(bytes[first]) { range = range.dropFirst() }
    // What strtod reads ends there.
    if range.upperBound < bytes.count { bytes[range.upperBound] = 0 }
    fields.append(range)
    bytes.append(0)
    start = bytes.count
  }
}
