import Foundation

/// Where the tool says what is not its output.
enum StandardError {
  /// Writes a text, or nothing where nobody can read it: what is done does not depend on who looks on.
  static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
