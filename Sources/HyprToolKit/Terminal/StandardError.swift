import Glibc

/// Where the tool says what is not its output.
enum StandardError {
  /// Writes a text, or nothing where nobody can read it: what is done does not depend on who looks on.
  static func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count > 0 { bytes = bytes.dropFirst(count) } else if count == 0 || errno != EINTR { return }
    }
  }
}
