import Glibc

extension String {
  /// A text with numbers in it, as C's `printf` writes them. `String(format:)` would link all of Foundation, with ICU's tables.
  init(printf format: String, _ arguments: any CVarArg...) {
    let length = withVaList(arguments) { Int(vsnprintf(nil, 0, format, $0)) }
    var text = [CChar](repeating: 0, count: length + 1)
    _ = withVaList(arguments) { vsnprintf(&text, text.count, format, $0) }
    self.init(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension String {
  /// How many letters are to be changed, added, left out, or swapped with their neighbour (optimal string alignment).
  package func spellingDistance(to other: String) -> Int {
    let (first, second) = (Array(lowercased()), Array(other.lowercased()))
    var before: [Int] = []
    var row = Array(0...second.count)
    for i in first.indices {
      var next = [i + 1]
      for j in second.indices {
        var best = Swift.min(row[j] + (first[i] == second[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] { best = Swift.min(best, before[j - 1] + 1) }
        next.append(best)
      }
      (before, row) = (row, next)
    }
    return row[second.count]
  }
}

extension StringProtocol {
  /// Without spaces around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[first...last])
  }
}
