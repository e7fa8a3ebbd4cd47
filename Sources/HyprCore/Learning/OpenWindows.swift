internal import CSystem

// The windows that are open: the one that is being filled, and where labels come late those before it that can still be taught. All
// but the last are full.

extension Learner {
  /// Whether the first of them has to be closed before the next step is made.
  @inline(__always) var mustClose: Bool { progress.steps == settings.window + labelDelay }

  @inline(__always) func isPageFull(_ slot: Int) -> Bool { slot == history.start(progress.page) + settings.window }

  /// At least one: the next step's.
  var openCount: Int { max(1, (progress.steps + settings.window - 1) / settings.window) }

  /// The slots of one of them: what it started from, and that of every step.
  func slots(ofOpen index: Int) -> ClosedRange<Int> {
    let start = history.start((progress.firstPage + index) % history.pageCount)
    return start...start + min(settings.window, progress.steps - index * settings.window)
  }

  /// Where the step is that was made `stepsAgo` steps before the one that went to `slot`, the last: the slot that it went from, and its page.
  @_optimize(speed) @inline(__always) func place(stepsAgo: Int, slot: Int) -> (step: Int, page: Int) {
    var (left, page, end) = (stepsAgo, progress.page, slot)
    while left >= end - history.start(page) {
      left -= end - history.start(page)
      page = history.page(before: page)
      end = history.start(page) + settings.window
    }
    return (end - 1 - left, page)
  }

  /// Begins the page after one that is full, whose last slot is `slot`. Returns the slot to go on from.
  @_optimize(speed) mutating func turnPage(_ network: borrowing Network, slot: Int) -> Int {
    progress.page = history.page(after: progress.page)
    let start = history.start(progress.page)
    network.copySlot(from: slot, to: start)
    return start
  }

  /// Counts the targets of the first of them, of `steps` steps, which everything was gathered from: it is open no more.
  @_optimize(speed) mutating func endFirst(_ network: borrowing Network, steps: Int) {
    let first = history.start(progress.firstPage)
    for step in first..<first + steps where targets.kinds[step] != .none {
      progress.count(
        Target(loss: targets.losses[step], weight: targets.weights[step], correct: targets.correct[step]))
    }
    progress.steps -= steps
    if progress.steps > 0 {
      progress.firstPage = history.page(after: progress.firstPage)
    } else {
      // The next one begins with the state after the last step.
      network.copySlot(from: first + steps, to: 0)
      (progress.firstPage, progress.page) = (0, 0)
    }
  }
}
