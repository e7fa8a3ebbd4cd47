public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_teach_class(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  hypr_session_teach_class_at(session, 0, label)
}

@c @implementation public func hypr_session_teach_class_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ label: UInt32
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.teach(label: label, stepsAgo: steps_ago) }
}

@c @implementation public func hypr_session_teach_values(
  _ session: OpaquePointer?, _ target: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let target else { return session.pointee.nullProblem("target") }
  if let problem = session.pointee.sizeProblem("target", size, session.pointee.model.pointee.outputSize) {
    return problem
  }
  return status { () throws(Failure) in try session.pointee.teach(values: target) }
}

@c @implementation public func hypr_session_teach_error(
  _ session: OpaquePointer?, _ dloss_doutput: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let dloss_doutput else { return session.pointee.nullProblem("dloss_doutput") }
  let outputSize = session.pointee.model.pointee.outputSize
  if let problem = session.pointee.sizeProblem("dloss_doutput", size, outputSize) { return problem }
  return status { () throws(Failure) in try session.pointee.teach(error: dloss_doutput) }
}

@c @implementation public func hypr_session_teach_sequence(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.teachSequence(label: label) }
}

@c @implementation public func hypr_session_set_class_weights(
  _ session: OpaquePointer?, _ weights: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let weights else { return session.pointee.nullProblem("weights") }
  if let problem = session.pointee.sizeProblem("weights", size, session.pointee.model.pointee.outputSize) {
    return problem
  }
  return status { () throws(Failure) in try session.pointee.setClassWeights(weights) }
}

@c @implementation public func hypr_session_flush(_ session: OpaquePointer?) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.flush() }
}

@c @implementation public func hypr_session_apply(_ session: OpaquePointer?) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.apply() }
}
