import FoundationEssentials
import Glibc

/// Writes a line per output, as CSV or JSON: the line of its sample, the class of the largest score, and the scores, which are the
/// outputs of the network.
package struct OutputWriter {
  /// Why nothing more is written, as `errno` numbers it; `nil`: it is. EPIPE: nobody reads any more.
  package private(set) var failure: Int32?

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
    while done < buffer.count && failure == nil {
      let count = buffer.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Glibc.write(descriptor, $0 + done, bytes.count - done) } ?? 0
      }
      let reason = errno
      if count > 0 {
        done += count
      } else if reason == EAGAIN || reason == EWOULDBLOCK {
        // Somebody made it non-blocking: there will be room.
        var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&output, 1, 200)
        if Interruption.isRequested { failure = EINTR }
      } else if reason != EINTR {
        failure = reason
      }
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
