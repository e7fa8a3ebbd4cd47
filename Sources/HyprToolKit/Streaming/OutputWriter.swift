import FoundationEssentials

/// Writes a line per output, as CSV or JSON: the line of its sample, the class of the largest score, and the scores, which are the
/// outputs of the network.
package struct OutputWriter {
  private let format: StreamFormat
  /// As they stand in a line.
  private let names: [String]
  private var lines: LineWriter

  package init(descriptor: Int32, _ format: StreamFormat, classes: [String]) {
    self.format = format
    names = classes.map { format == .csv ? OutputWriter.csvField($0) : OutputWriter.jsonText($0) }
    lines = LineWriter(descriptor: descriptor)
    // Of a single output there is no largest.
    if format == .csv { lines.add(["line"] + (names.count > 1 ? ["class"] : []) + names) }
  }

  /// As that of ``LineWriter``.
  package var failure: Int32? { lines.failure }

  /// Adds a line; it goes out with the next ``flush()``, or when there are many.
  package mutating func write(line: Int, _ output: [Float], largest: Int) {
    if format == .csv {
      lines.add(["\(line)"] + (names.count > 1 ? [names[largest]] : []) + output.map { "\($0)" })
    } else {
      let scores = zip(names, output).map { "\($0):\($1)" }.joined(separator: ",")
      let best = names.count > 1 ? "\"class\":\(names[largest])," : ""
      lines.add(["{\"line\":\(line),\(best)\"scores\":{\(scores)}}"])
    }
  }

  /// Writes what there is.
  package mutating func flush() { lines.flush() }

  private static func csvField(_ text: String) -> String {
    text.contains { ",\"\n\r;\t".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  private static func jsonText(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
