/// A window that is closed while the next one is filled, or by the host in its idle time: what is left of it, and how much of that
/// each step does.
struct DeferredClosing {
  /// Large, so that it is never copied: the one at work while `isOpen`.
  private let place: UnsafeMutablePointer<Closing>
  private(set) var isOpen = false
  /// Steps until all must be done.
  private(set) var stepsLeft = 0
  /// Multiply-adds that each of them does, and that are owed until now; negative: as many were done ahead.
  private var (share, owed) = (0, 0)

  private init(_ arena: inout Arena) { place = arena.allocate(Closing.self, 1, .scratch) }

  /// Lays one out, with nothing to do.
  static func place(_ arena: inout Arena) -> UnsafeMutablePointer<DeferredClosing> {
    let deferred = DeferredClosing(&arena)
    return arena.place(deferred)
  }

  /// nil: nothing is left.
  var closing: UnsafeMutablePointer<Closing>? { isOpen ? place : nil }

  @_optimize(speed) mutating func begin(_ closing: Closing, work: Int, steps: Int) {
    place.initialize(to: closing)
    (isOpen, stepsLeft, share, owed) = (true, steps, work / steps + 1, 0)
  }

  /// So few are left for a later step: beginning to work takes as long.
  private static var least: Int { 1000 }

  /// Another step was made: how many multiply-adds are due.
  @_optimize(speed) mutating func due() -> Int {
    stepsLeft -= 1
    owed += share
    return stepsLeft == 0 ? .max : owed < DeferredClosing.least ? 0 : owed
  }

  /// So many were done; `goesOn`: more are left.
  @_optimize(speed) mutating func count(_ work: Int, goesOn: Bool) {
    owed -= work
    isOpen = goesOn
  }
}

extension Session {
  /// Whether the end of a window waits for its work to be done.
  @inline(__always) var isClosing: Bool { deferred.map { $0.pointee.isOpen } ?? false }

  /// The first open window, which is full, is closed from now on. What was pending before takes effect.
  @_optimize(speed) @inline(never) mutating func deferClosing(_ learner: UnsafeMutablePointer<Learner>) {
    guard let deferred else { return }
    let hasTurned = settle()
    let closing = beginClosing(learner, learner.pointee.leaveFirst(), updating: true, afterTurn: hasTurned)
    let work = closing.workLeft(learner.pointee, network, rehearsal)
    deferred.pointee.begin(closing, work: work, steps: settings.window)
  }

  /// Does what is due after a step that was made.
  @_optimize(speed) @inline(never) mutating func workAfterStep() {
    guard let deferred else { return }
    let due = deferred.pointee.due()
    if due > 0 { advanceClosing(deferred, work: due) }
  }

  /// Does about `work` multiply-adds more of what is pending, at least a piece.
  @_optimize(speed) @inline(never) private mutating func advanceClosing(
    _ deferred: UnsafeMutablePointer<DeferredClosing>, work: Int
  ) {
    guard let learner, let closing = deferred.pointee.closing else { return }
    let before = closing.pointee.done
    let end = before + min(work, .max - before)
    var goesOn = true
    repeat {
      goesOn = closing.pointee.advance(learner, network, rehearsal, work: end - closing.pointee.done)
    } while goesOn && closing.pointee.done < end
    deferred.pointee.count(closing.pointee.done - before, goesOn: goesOn)
  }

  /// Does all that is pending. What steps read stays as it is.
  @_optimize(speed) mutating func finishClosing() {
    guard let deferred else { return }
    advanceClosing(deferred, work: .max)
  }

  /// Does all that is pending, and lets it take effect. Returns whether other parameters are in use than before.
  @discardableResult @_optimize(speed) mutating func settle() -> Bool {
    deferred == nil ? false : settleDeferred()
  }

  @inline(never) private mutating func settleDeferred() -> Bool {
    finishClosing()
    return publish()
  }

  /// What was found since the last time is what steps read from now on. Returns whether other parameters are in use than before.
  @discardableResult @_optimize(speed) mutating func publish() -> Bool {
    guard let learner else { return false }
    learner.pointee.resources.comparison?.pointee.publish()
    guard learner.pointee.progress.hasUpdate else { return false }
    learner.pointee.progress.hasUpdate = false
    network.parameters.turn()
    network.readParameters()
    return true
  }

  /// Does about `budget` multiply-adds of what is pending; returns about how many are left.
  public mutating func work(budget: UInt64) throws(Failure) -> UInt64 {
    let learner = try requireLearning()
    guard let deferred else { return 0 }
    if budget > 0 { advanceClosing(deferred, work: Int(clamping: budget)) }
    return UInt64(deferred.pointee.closing?.pointee.workLeft(learner.pointee, network, rehearsal) ?? 0)
  }
}
