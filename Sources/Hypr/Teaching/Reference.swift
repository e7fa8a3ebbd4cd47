public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_guard(
  _ session: OpaquePointer?, _ guarded: UnsafeMutablePointer<hypr_guard>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let guarded else { throw session.pointee.message.isNull("guard") }
    try session.pointee.checkStruct("guard", guarded)
    let report = try session.pointee.guardReport()
    fill(
      guarded,
      with: hypr_guard(
        struct_size: 0, reference_ahead: report.prefersReference ? 1 : 0, loss: report.loss,
        reference_loss: report.referenceLoss, accuracy: report.accuracy, reference_accuracy: report.referenceAccuracy,
        compared_steps: report.comparedSteps, returns: report.returns, last_return: report.lastReturn))
  }
}

@c @implementation public func hypr_session_accept(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.accept() }
}
