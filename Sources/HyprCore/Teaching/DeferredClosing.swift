/// A window that is closed while the next one is filled, or by the host in its idle time: what is left of it, and how much of that
/// each step does.
struct DeferredClosing {
  /// nil: nothing is left.
  var closing: Closing?
  /// Steps until all must be done.
  private(set) var stepsLeft = 0
  /// Multiply-adds that each of them does, and that are owed until now; negative: as many were done ahead.
  private var (share, owed) = (0, 0)

  init() {}

  /// Lays one out, with nothing to do. (Not inlined, as it is large: what is laid out after it has its stack then.)
  @inline(never) static func place(_ arena: inout Arena) -> UnsafeMutablePointer<DeferredClosing> { arena.place(DeferredClosing()) }

  init(_ closing: Closing, work: Int, steps: Int) {
    self.closing = closing
    stepsLeft = steps
    share = work / steps + 1
  }

  /// So few are left for a later step: beginning to work takes as long.
  private static var least: Int { 1000 }

  /// Another step was made: how many multiply-adds are due.
  @_optimize(speed) mutating func due() -> Int {
    stepsLeft -= 1
    owed += share
    return stepsLeft == 0 ? .max : owed < DeferredClosing.least ? 0 : owed
  }

  mutating func count(_ work: Int) { owed -= work }
}

extension Session {
  /// Whether the end of a window waits for its work to be done.
  @inline(__always) var isClosing: Bool { deferred.map { $0.pointee.closing != nil } ?? false }

  /// The first open window, which is full, is closed from now on. What was pending before takes effect.
  @_optimize(speed) @inline(never) mutating func deferClosing(_ learner: UnsafeMutablePointer<Learner>) {
    guard let deferred else { return }
    let hasTurned = settle()
    let closing = beginClosing(learner, learner.pointee.leaveFirst(), updating: true, afterTurn: hasTurned)
    let work = closing.workLeft(learner.pointee, network, rehearsal)
    deferred.pointee = DeferredClosing(closing, work: work, steps: settings.window)
  }

  /// Does what is due after a step that was made.
  @_optimize(speed) @inline(never) mutating func workAfterStep() {
    guard let deferred else { return }
    var due = deferred.pointee.due()
    while due > 0 && isClosing { due -= advanceClosing(deferred, work: due) }
  }

  /// Does about `work` multiply-adds more of what is pending, at least a piece; returns how many they were.
  @_optimize(speed) @inline(never) private mutating func advanceClosing(_ deferred: UnsafeMutablePointer<DeferredClosing>, work: Int) -> Int {
    guard let learner, let before = deferred.pointee.closing?.done else { return 0 }
    let goesOn = deferred.pointee.closing?.advance(learner, network, rehearsal, work: work) ?? false
    let done = (deferred.pointee.closing?.done ?? before) - before
    deferred.pointee.count(done)
    if !goesOn { deferred.pointee.closing = nil }
    return done
  }

  /// Does all that is pending. What steps read stays as it is.
  @_optimize(speed) mutating func finishClosing() {
    guard let deferred else { return }
    while isClosing { _ = advanceClosing(deferred, work: .max) }
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
    var left = Int(clamping: budget)
    while left > 0 && isClosing { left -= min(advanceClosing(deferred, work: left), left) }
    return UInt64(deferred.pointee.closing?.workLeft(learner.pointee, network, rehearsal) ?? 0)
  }
}
