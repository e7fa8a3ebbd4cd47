// The open windows of a learning session.

extension Session {
  /// Closes the open windows: gathers their gradients, carries the eligibility over, rehearses beside what was taught and, if that is
  /// when, updates the parameters.
  /// With `updating` false the parameters stay, whenever updates are due.
  @_optimize(speed) mutating func closeWindows(updating: Bool = true) {
    guard let learner else { return }
    var hasTurned = settle()
    while learner.pointee.progress.steps > 0 {
      closeFirst(learner, updating: updating, afterTurn: hasTurned)
      hasTurned = false
    }
  }

  @_optimize(speed) @inline(never) private mutating func closeFirst(
    _ learner: UnsafeMutablePointer<Learner>, updating: Bool, afterTurn hasTurned: Bool
  ) {
    var closing = beginClosing(learner, learner.pointee.firstOpen, updating: updating, afterTurn: hasTurned)
    while closing.advance(learner, network, rehearsal, work: .max) {}
    learner.pointee.endFirst(network)
    if learner.pointee.progress.steps == 0 { slot = 0 }
    publish()
  }

  /// Of a window that is open no longer, or will not be. `hasTurned`: other parameters than those of its last step are in use since just
  /// now; its end is computed with those of the step, which still stand beside them.
  @_optimize(speed) @inline(never) mutating func beginClosing(
    _ learner: UnsafeMutablePointer<Learner>, _ window: WindowPlace, updating: Bool, afterTurn hasTurned: Bool
  ) -> Closing {
    if network.parameters.areApart {
      network.readParametersOfWindow(next: hasTurned)
      rehearsal?.pointee.network.readParameters(next: hasTurned)
    }
    return Closing(window, updates: updating, learner.pointee, network, rehearses: rehearsal != nil)
  }

  /// Before a step whose input events lie in slot `to`: closes a window if one is due, or begins to, and goes on to the next page if the
  /// last one is full. The events then follow.
  @_optimize(speed) @inline(never) mutating func makeRoom(_ learner: UnsafeMutablePointer<Learner>, _ to: inout Int) {
    let isDue = learner.pointee.progress.steps == settings.window + learner.pointee.labelDelay
    if isDue && learner.pointee.defers {
      deferClosing(learner)
    } else if isDue {
      closeFirst(learner, updating: true, afterTurn: false)
    }
    if slot == learner.pointee.progress.page + settings.window { slot = learner.pointee.turnPage(network, slot: slot) }
    guard to != slot + 1 else { return }
    network.input.events.copy(from: to, to: slot + 1)
    to = slot + 1
  }

  /// One optimizer step on the gradient gathered since the last one, unless nothing was taught; `rate` in place of what the schedule says.
  @_optimize(speed) @inline(never) mutating func update(rate: Double? = nil) {
    guard let learner else { return }
    var job = UpdateJob(rate: rate)
    while job.advance(&learner.pointee, network, work: .max) {}
    if job.isSkipped { rehearsal?.pointee.dropOverflownTraces() }
    publish()
  }

  /// The end of a sequence: nothing that was taught is lost.
  mutating func finishSequence() {
    closeWindows()
    if settings.update == .sequence { update() }
  }

  /// Closes the open windows now.
  public mutating func flush() throws(Failure) {
    try requireLearning()
    closeWindows()
  }

  /// One optimizer step on the gradient gathered, when updates are manual.
  public mutating func apply() throws(Failure) {
    try requireLearning()
    guard settings.update == .manual else {
      throw message.failure(.wrongState, "the option update is \(settings.update.rawValue), expected 2 (manual)")
    }
    closeWindows()
    update()
  }

  @discardableResult mutating func requireLearning() throws(Failure) -> UnsafeMutablePointer<Learner> {
    guard let learner else {
      throw message.failure(.wrongState, "the session was created without learning: set the option learning to 1 before")
    }
    return learner
  }
}
