import Glibc

/// How many outputs were right so far, and lately.
package struct RunningAccuracy {
  package private(set) var samples = 0
  package private(set) var labelled = 0
  private var correct = 0
  /// Whether each of the last labelled ones was right, in a ring.
  private var recent: [Bool] = []
  private var recentCorrect = 0
  /// How many these are.
  private static let recentCount = 1000

  /// Whether labels are taught after they were compared.
  private let learns: Bool

  package init(learns: Bool = false) { self.learns = learns }

  /// `isCorrect`: `nil` where there was no label.
  package mutating func add(_ isCorrect: Bool?) {
    samples += 1
    guard let isCorrect else { return }
    if recent.count < RunningAccuracy.recentCount {
      recent.append(isCorrect)
    } else {
      let place = labelled % RunningAccuracy.recentCount
      recentCorrect -= recent[place] ? 1 : 0
      recent[place] = isCorrect
    }
    recentCorrect += isCorrect ? 1 : 0
    correct += isCorrect ? 1 : 0
    labelled += 1
  }

  package var description: String {
    guard labelled > 0 else { return counted(samples, "sample") }
    func percent(_ part: Int, _ whole: Int) -> String { String(printf: "%.1f %%", 100 * Double(part) / Double(whole)) }
    // What comes later is not what came before: this may fall while what was learned counts for more on a test.
    let what = learns ? "accuracy while learning (before each label)" : "accuracy"
    let lately = labelled > recent.count ? ", \(percent(recentCorrect, recent.count)) of the last \(recent.count)" : ""
    return "\(counted(samples, "sample")), \(labelled) labelled, \(what) \(percent(correct, labelled))\(lately)"
  }
}

/// Shows a text on standard error now and then: on a terminal in a line that changes, else in a new line every ten seconds.
struct StatusLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var last = ContinuousClock.now

  /// Shows it if it is time to.
  mutating func show(_ text: @autoclosure () -> String) {
    let now = ContinuousClock.now
    guard now - last >= (isTerminal ? .milliseconds(200) : .seconds(10)) else { return }
    last = now
    write(isTerminal ? "\r\u{1B}[K" + text() : text() + "\n")
  }

  /// Shows it as a line that stays.
  func tell(_ text: String) { write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n") }

  private func write(_ text: String) { StandardError.write(text) }
}
