import Glibc

/// One line on a terminal that shows how far a job is; nothing at all where standard error is not a terminal.
struct ProgressBar {
  private let title: String
  private let total: Int
  private let isVisible = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?

  init(_ title: String, total: Int) {
    self.title = title
    self.total = total
  }

  /// Draws, but at most ten times a second.
  mutating func show(_ done: Int) {
    guard isVisible else { return }
    let now = ContinuousClock.now
    if let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
    lastDrawn = now
    let fraction = Double(done) / Double(max(total, 1))
    let filled = Int(fraction * 30)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
    var line = "\(title) [\(bar)] \(done)/\(total)"
    if done > 0 {
      let left = (now - start).seconds * (1 - fraction) / fraction
      line += String(printf: "  %d:%02d left", Int(left) / 60, Int(left) % 60)
    }
    write("\r\u{1B}[K" + line)
  }

  /// Takes the line away.
  func finish() {
    if isVisible && lastDrawn != nil { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { StandardError.write(text) }
}

extension Duration {
  /// As a number of seconds.
  var seconds: Double { self / .seconds(1) }
}
