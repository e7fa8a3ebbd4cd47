internal import CSystem

// The windows that are open: the one that is being filled, and where labels come late those before it that can still be taught. All
// but the last are full.

/// Where a window lies: the slot that it started from, and its steps.
struct WindowPlace {
  let start, steps: Int

  /// The slots that its steps went from.
  var range: Range<Int> { start..<start + steps }
}

extension Learner {
  /// The first one.
  var firstOpen: WindowPlace { WindowPlace(start: progress.firstPage, steps: min(progress.steps, settings.window)) }

  /// At least one: the next step's.
  var openCount: Int { max(1, (progress.steps + settings.window - 1) / settings.window) }

  /// The slots of one of them: what it started from, and that of every step.
  func slots(ofOpen index: Int) -> ClosedRange<Int> {
    let start = history.page(index, from: progress.firstPage)
    return start...start + min(settings.window, progress.steps - index * settings.window)
  }

  /// The slot that a step went from, which was made `stepsAgo` steps before the last one, which went to `slot`; and the slot that its
  /// window started from. (Mutating, so that it gets the learner where it is: borrowing it, the callers would copy it.)
  @_optimize(speed) @inline(__always) mutating func place(stepsAgo: Int, slot: Int) -> (step: Int, page: Int) {
    let step = slot - 1 - stepsAgo
    return step >= progress.page ? (step, progress.page) : placeInEarlierPage(stepsAgo - (slot - progress.page))
  }

  /// The same, counted back from the end of the page before the last one.
  @inline(never) private mutating func placeInEarlierPage(_ stepsAgo: Int) -> (step: Int, page: Int) {
    var (left, page) = (stepsAgo, history.page(before: progress.page))
    while left >= settings.window { (left, page) = (left - settings.window, history.page(before: page)) }
    return (page + settings.window - 1 - left, page)
  }

  /// A target of one step takes the place of one that all steps of its window share.
  @_optimize(speed) @inline(__always) mutating func replaceSharedTarget(page: Int, slot: Int) {
    guard targets.kinds[page].isShared else { return }
    targets.clear(page..<(page == progress.page ? slot : page + settings.window))
  }

  /// Begins the page after one that is full, whose last slot is `slot`. Returns the slot to go on from.
  @_optimize(speed) mutating func turnPage(_ network: borrowing Network, slot: Int) -> Int {
    progress.page = history.page(after: progress.page)
    network.copySlot(from: slot, to: progress.page)
    return progress.page
  }

  /// Counts the targets of a window that everything was gathered from.
  @_optimize(speed) mutating func count(_ window: WindowPlace, _ network: borrowing Network) {
    for step in window.range where targets.kinds[step].counts {
      progress.count(
        Target(loss: targets.losses[step], weight: targets.weights[step], correct: targets.correct[step]))
      if let label = targets.label(step) { classes.count(label, weight: targets.weights[step]) }
      if targets.kinds[step] == .values {
        values.count(outputs: network.readoutOutputs(step + 1), error: targets.error(step), weight: targets.weights[step])
      }
    }
  }

  /// The first of them, everything of which was gathered, is open no more.
  @_optimize(speed) mutating func endFirst(_ network: borrowing Network) {
    let first = firstOpen
    progress.steps -= first.steps
    if progress.steps > 0 {
      progress.firstPage = history.page(after: first.start)
    } else {
      // The next one begins with the state after the last step.
      network.copySlot(from: first.start + first.steps, to: 0)
      (progress.firstPage, progress.page) = (0, 0)
    }
  }

  /// The first of them, which is full, is open no more, but its page stays as it is while the next one is filled.
  @_optimize(speed) mutating func leaveFirst() -> WindowPlace {
    let first = firstOpen
    progress.steps -= first.steps
    progress.firstPage = history.page(after: first.start)
    return first
  }
}
