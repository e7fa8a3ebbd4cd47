import FoundationEssentials
import Glibc

/// Writes a line per output, as CSV or JSON: the line of its sample, the class of the largest score, and the scores, which are the
/// outputs of the network.
package struct OutputWriter {
  /// Whether nobody reads any more.
  package private(set) var isBroken = false

  private let descriptor: Int32
  private let format: StreamFormat
  /// As they stand in a line.
  private let names: [String]
  private var buffer: [UInt8] = []

  package init(descriptor: Int32, _ format: StreamFormat, classes: [String]) {
    self.descriptor = descriptor
    self.format = format
    names = classes.map { format == .csv ? OutputWriter.csvField($0) : OutputWriter.jsonText($0) }
    // Of a single output there is no largest.
    if format == .csv { append(["line"] + (names.count > 1 ? ["class"] : []) + names) }
  }

  /// Adds a line; it goes out with the next ``flush()``, or when there are many.
  package mutating func write(line: Int, _ output: [Float], largest: Int) {
    if format == .csv {
      append(["\(line)"] + (names.count > 1 ? [names[largest]] : []) + output.map { "\($0)" })
    } else {
      let scores = zip(names, output).map { "\($0):\($1)" }.joined(separator: ",")
      let best = names.count > 1 ? "\"class\":\(names[largest])," : ""
      append(["{\"line\":\(line),\(best)\"scores\":{\(scores)}}"])
    }
    if buffer.count > 1 << 16 { flush() }
  }

  /// Writes what there is.
  package mutating func flush() {
    var done = 0
    while done < buffer.count && !isBroken {
      let count = buffer.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Glibc.write(descriptor, $0 + done, bytes.count - done) } ?? 0
      }
      if count > 0 { done += count } else if count == 0 || errno != EINTR { isBroken = true }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func append(_ fields: [String]) { buffer += (fields.joined(separator: ",") + "\n").utf8 }

  private static func csvField(_ text: String) -> String {
    text.contains { ",\"\n\r;\t".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  private static func jsonText(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
