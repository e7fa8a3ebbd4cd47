public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_set_trainable(
  _ session: OpaquePointer?, _ index: Int, _ trainable: Int32
) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.setTrained(index, trainable != 0) }
}

@c @implementation public func hypr_session_get_gradients(
  _ session: OpaquePointer?, _ flat: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat throws(Failure) in
    try session.pointee.readGradients(into: flat)
  }
}

@c @implementation public func hypr_session_get_eligibility(
  _ session: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    let tensors = session.pointee.model.pointee.tensorCount
    guard index >= 0 && index < tensors else {
      throw session.pointee.refuse(.notFound, "index is \(size: index), expected below the tensor count \(tensors)")
    }
    guard let out else { throw session.pointee.message.isNull("out") }
    try session.pointee.checkSize("out", size, session.pointee.eligibilitySize(index))
    try session.pointee.readEligibility(index, into: out)
  }
}

@c @implementation public func hypr_session_eligibility_size(_ session: OpaquePointer?, _ index: Int) -> Int {
  ask(session: session, else: 0) { $0.pointee.eligibilitySize(index) }
}
