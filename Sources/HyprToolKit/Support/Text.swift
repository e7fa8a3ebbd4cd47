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

extension StringProtocol {
  /// Without spaces around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[first...last])
  }
}
