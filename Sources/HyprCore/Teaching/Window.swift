// The open window of a learning session.

extension Session {
  /// Closes the open window: gathers its gradient, carries the eligibility over and, if that is when, updates the parameters.
  /// With `updating` false the parameters stay, whenever updates are due.
  @_optimize(speed) @inline(never) mutating func closeWindow(updating: Bool = true) {
    guard let learner, learner.pointee.progress.steps > 0 else { return }
    var job = WindowJob(learner.pointee, network, updates: updating && settings.update == .window)
    while job.advance(&learner.pointee, network, work: .max) {}
    slot = 0
  }

  /// One optimizer step on the gradient gathered since the last one, unless nothing was taught.
  @_optimize(speed) mutating func update() {
    guard let learner else { return }
    var job = UpdateJob()
    while job.advance(&learner.pointee, network, work: .max) {}
  }

  /// The end of a sequence: nothing that was taught is lost.
  mutating func finishSequence() {
    closeWindow()
    if settings.update == .sequence { update() }
  }

  /// Closes the open window now.
  public mutating func flush() throws(Failure) {
    try requireLearning()
    closeWindow()
  }

  /// One optimizer step on the gradient gathered, when updates are manual.
  public mutating func apply() throws(Failure) {
    try requireLearning()
    guard settings.update == .manual else {
      throw message.failure(.wrongState, "the option update is \(settings.update.rawValue), expected 2 (manual)")
    }
    closeWindow()
    update()
  }

  @discardableResult func requireLearning() throws(Failure) -> UnsafeMutablePointer<Learner> {
    guard let learner else { throw message.failure(.wrongState, "the session was created without learning") }
    return learner
  }
}
