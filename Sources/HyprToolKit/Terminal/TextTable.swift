/// Columns of text.
enum TextTable {
  /// Rows as lines, every column as wide as its widest cell; columns are aligned to the left but for those in `rightAligned`.
  static func text(_ rows: [[String]], indent: Int = 0, rightAligned: Set<Int> = []) -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      var line = String(repeating: " ", count: indent)
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += (rightAligned.contains(column) ? padding + cell : cell + padding) + "  "
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
