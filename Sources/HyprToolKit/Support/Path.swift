import FoundationEssentials
import Glibc

/// Facts about names in the file system, and the system's words for what goes wrong with them.
enum Path {
  static func exists(_ path: String) -> Bool { facts(path) != nil }

  static func isFolder(_ path: String) -> Bool { facts(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

  /// Why reading or writing a file failed, such as "Permission denied".
  static func reason(_ error: any Error) -> String {
    guard let error = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
    return reason(error.code.rawValue)
  }

  /// The same for a number of errno.
  static func reason(_ number: Int32) -> String {
    number == ENOENT ? "there is no such file" : String(cString: strerror(number))
  }

  private static func facts(_ path: String) -> stat? {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts : nil
  }
}
