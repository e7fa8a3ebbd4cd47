internal import CSystem

// The network as it was loaded, or as the host last accepted it, beside the one that learns.

/// Which of the two is ahead. Averages over what was compared within the horizon.
public struct GuardReport {
  public let comparedSteps, returns, lastReturn: UInt64
  public let loss, referenceLoss, accuracy, referenceAccuracy: Double
  public let prefersReference: Bool
}

extension Session {
  /// Refuses what a build without rehearsal and guard does not have.
  mutating func requireRehearsalPart() throws(Failure) {
    #if !HYPR_REHEARSAL
      throw message.failure(.modelUnsupported, "\(Session.rehearsalLeftOut)")
    #endif
  }

  /// The reference makes the step that was made to a slot; whether it has given the output in its place.
  @inline(never) mutating func follow(
    _ reference: UnsafeMutablePointer<ReferenceNetwork>, _ to: Int, into output: UnsafeMutablePointer<Float>?
  ) -> Bool {
    reference.pointee.step(network.input.events, to: to)
    guard answersByReference else { return false }
    if let output { reference.pointee.copyOutputs(ofNext: false, into: output) }
    return true
  }

  /// The same of a step that is only looked ahead to.
  mutating func lookAhead(
    _ reference: UnsafeMutablePointer<ReferenceNetwork>, _ to: Int, into output: UnsafeMutablePointer<Float>?
  ) -> Bool {
    guard answersByReference && reference.pointee.lookAhead(network.input.events, to) else { return false }
    if let output { reference.pointee.copyOutputs(ofNext: true, into: output) }
    return true
  }

  private var answersByReference: Bool {
    settings.guardAnswers && learner?.pointee.resources.comparison?.pointee.answersByReference ?? false
  }

  /// The reference becomes the network as it is now. The open windows are closed first.
  public mutating func accept() throws(Failure) {
    let learner = try requireLearning()
    try requireRehearsalPart()
    guard let reference = learner.pointee.reference else {
      throw message.failure(.wrongState, "the session has no reference: the option guard is 0, and no class is held")
    }
    closeWindows()
    reference.pointee.accept(network, slot: slot)
    rehearsal?.pointee.acceptState()
    learner.pointee.resources.comparison?.pointee.begin()
  }

  public mutating func guardReport() throws(Failure) -> GuardReport {
    try requireLearning()
    try requireRehearsalPart()
    finishClosing()
    guard let comparison = learner?.pointee.resources.comparison else {
      throw message.failure(.wrongState, "the session was created without a guard: the option guard is 0")
    }
    return comparison.pointee.report
  }
}

extension ReferenceComparison {
  fileprivate var report: GuardReport {
    let share = weight > 0 ? 1 / weight : 0
    return GuardReport(
      comparedSteps: comparedSteps, returns: returns, lastReturn: lastReturn, loss: learning.loss * share,
      referenceLoss: reference.loss * share, accuracy: learning.correct * share, referenceAccuracy: reference.correct * share,
      prefersReference: prefersReference)
  }
}
