import Glibc

/// Ctrl-C (SIGINT) and SIGTERM as a question that a long job asks between two pieces of work, so that it can save what it has.
/// The second signal ends the process at once.
enum Interruption {
  /// Written by the signal handler only.
  nonisolated(unsafe) private static var flag: sig_atomic_t = 0

  static var isRequested: Bool { flag != 0 }

  /// The exit status of a process that was interrupted.
  static let exitStatus: Int32 = 130

  static func watch() {
    flag = 0
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        Interruption.flag = 1
        signal(received, SIG_DFL)
      }
    }
  }
}
