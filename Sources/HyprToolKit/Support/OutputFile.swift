import FoundationEssentials
import Glibc

/// A file that a command will write. Asked for before the work starts, so that hours of training do not end in "no such folder".
struct OutputFile {
  let path: String

  /// - Throws: ``ToolError`` if there is such a file already and `force` is false, or if its folder cannot be written.
  init(_ path: String, force: Bool) throws {
    if Path.isFolder(path) { throw ToolError("\(path) is a folder, expected the name of a file") }
    if Path.exists(path) && !force { throw ToolError("\(path) exists already; --force replaces it") }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw ToolError("cannot write \(path): the folder \(folder) does not exist or is not writable")
    }
    self.path = path
  }

  /// Writes the whole file, or leaves what was there.
  func write(_ bytes: [UInt8]) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ToolError("cannot write \(path): \(Path.reason(error))")
    }
  }
}
