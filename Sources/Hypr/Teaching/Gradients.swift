public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_set_trainable(
  _ session: OpaquePointer?, _ index: Int, _ trainable: Int32
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.setTrained(index, trainable != 0) }
}

@c @implementation public func hypr_session_get_gradients(
  _ session: OpaquePointer?, _ flat: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat in
    status { () throws(Failure) in try session.pointee.readGradients(into: flat) }
  }
}

@c @implementation public func hypr_session_get_eligibility(
  _ session: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  let tensors = session.pointee.model.pointee.tensorCount
  guard index >= 0 && index < tensors else {
    return session.pointee.refuse(.notFound, "index is \(index), expected below the tensor count \(tensors)")
  }
  guard let out else { return session.pointee.nullProblem("out") }
  if let problem = session.pointee.sizeProblem("out", size, session.pointee.eligibilitySize(index)) { return problem }
  return status { () throws(Failure) in try session.pointee.readEligibility(index, into: out) }
}

@c @implementation public func hypr_session_eligibility_size(_ session: OpaquePointer?, _ index: Int) -> Int {
  session?.session.pointee.eligibilitySize(index) ?? 0
}
