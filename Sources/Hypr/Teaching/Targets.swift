public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_teach_class(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  hypr_session_teach_class_at(session, 0, label)
}

@c @implementation public func hypr_session_teach_class_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ label: UInt32
) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.teach(label: label, stepsAgo: steps_ago) }
}

@c @implementation public func hypr_session_teach_values(
  _ session: OpaquePointer?, _ target: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  hypr_session_teach_values_at(session, 0, target, size)
}

@c @implementation public func hypr_session_teach_values_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ target: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let target else { throw session.pointee.message.isNull("target") }
    try session.pointee.checkSize("target", size, session.pointee.model.pointee.outputSize)
    try session.pointee.teach(values: target, stepsAgo: steps_ago)
  }
}

@c @implementation public func hypr_session_teach_error(
  _ session: OpaquePointer?, _ dloss_doutput: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  hypr_session_teach_error_at(session, 0, dloss_doutput, size)
}

@c @implementation public func hypr_session_teach_error_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ dloss_doutput: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let dloss_doutput else { throw session.pointee.message.isNull("dloss_doutput") }
    let outputSize = session.pointee.model.pointee.outputSize
    try session.pointee.checkSize("dloss_doutput", size, outputSize)
    try session.pointee.teach(error: dloss_doutput, stepsAgo: steps_ago)
  }
}

@c @implementation public func hypr_session_teach_sequence(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.teachSequence(label: label) }
}

@c @implementation public func hypr_session_set_class_weights(
  _ session: OpaquePointer?, _ weights: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let weights else { throw session.pointee.message.isNull("weights") }
    try session.pointee.checkSize("weights", size, session.pointee.model.pointee.outputSize)
    try session.pointee.setClassWeights(weights)
  }
}

@c @implementation public func hypr_session_flush(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.flush() }
}

@c @implementation public func hypr_session_apply(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.apply() }
}

@c @implementation public func hypr_session_work(
  _ session: OpaquePointer?, _ budget: UInt64, _ left: UnsafeMutablePointer<UInt64>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    let found = try session.pointee.work(budget: budget)
    left?.pointee = found
  }
}
