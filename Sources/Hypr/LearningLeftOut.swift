public import CHypr
internal import HyprCore

// In a build without learning (HYPR_LEARNING=0) this file stands for the folder Teaching: every function there has its answer here.

private func leftOut(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in
    throw session.pointee.refuse(.modelUnsupported, "\(Session.learningLeftOut)")
  }
}

@c @implementation public func hypr_session_teach_class(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_class_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ label: UInt32
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_values(
  _ session: OpaquePointer?, _ target: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_error(
  _ session: OpaquePointer?, _ dloss_doutput: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_values_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ target: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_error_at(
  _ session: OpaquePointer?, _ steps_ago: Int, _ dloss_doutput: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_teach_sequence(_ session: OpaquePointer?, _ label: UInt32) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_set_class_weights(
  _ session: OpaquePointer?, _ weights: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_flush(_ session: OpaquePointer?) -> hypr_status { leftOut(session) }

@c @implementation public func hypr_session_apply(_ session: OpaquePointer?) -> hypr_status { leftOut(session) }

@c @implementation public func hypr_session_work(
  _ session: OpaquePointer?, _ budget: UInt64, _ left: UnsafeMutablePointer<UInt64>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_learn(
  _ session: OpaquePointer?, _ batch: UnsafePointer<hypr_batch>?, _ outputs: UnsafeMutablePointer<Float>?,
  _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_learn_sequence(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_learn_batch(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int,
  _ labels: UnsafePointer<Int32>?, _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_learn_labelled(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int,
  _ labels: UnsafePointer<Int32>?, _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_set_trainable(
  _ session: OpaquePointer?, _ index: Int, _ trainable: Int32
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_get_gradients(
  _ session: OpaquePointer?, _ flat: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_get_eligibility(
  _ session: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

/// There is none.
@c @implementation public func hypr_adaptation_profile(_ index: Int) -> UnsafePointer<CChar>? { nil }

/// There is none.
@c @implementation public func hypr_session_eligibility_size(_ session: OpaquePointer?, _ index: Int) -> Int { 0 }

@c @implementation public func hypr_session_rehearsal(
  _ session: OpaquePointer?, _ label: Int32, _ rehearsal: UnsafeMutablePointer<hypr_rehearsal>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_rehearsal_count(_ session: OpaquePointer?, _ label: Int32) -> Int { 0 }

@c @implementation public func hypr_session_rehearse(_ session: OpaquePointer?, _ windows: Int) -> hypr_status { leftOut(session) }

@c @implementation public func hypr_session_rehearsal_clear(_ session: OpaquePointer?) -> hypr_status { leftOut(session) }

@c @implementation public func hypr_session_rehearsal_add(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Float>?, _ starts_sequence: Int32
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_guard(
  _ session: OpaquePointer?, _ guarded: UnsafeMutablePointer<hypr_guard>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_accept(_ session: OpaquePointer?) -> hypr_status { leftOut(session) }

@c @implementation public func hypr_session_update_size(
  _ session: OpaquePointer?, _ settings: UnsafePointer<hypr_update_settings>?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_get_update(
  _ session: OpaquePointer?, _ settings: UnsafePointer<hypr_update_settings>?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  leftOut(session)
}

@c @implementation public func hypr_session_apply_update(
  _ session: OpaquePointer?, _ buffer: UnsafeRawPointer?, _ size: Int
) -> hypr_status {
  leftOut(session)
}
