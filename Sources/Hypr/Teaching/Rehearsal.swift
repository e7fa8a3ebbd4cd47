public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_rehearsal(
  _ session: OpaquePointer?, _ label: Int32, _ rehearsal: UnsafeMutablePointer<hypr_rehearsal>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let rehearsal else { throw session.pointee.message.isNull("rehearsal") }
    try session.pointee.checkStruct("rehearsal", rehearsal)
    let report = try session.pointee.rehearsalReport(place(of: label, session.pointee.model.pointee.outputSize))
    fill(
      rehearsal,
      with: hypr_rehearsal(
        struct_size: 0, stretches: report.stretches, offered_stretches: report.offeredStretches,
        taught_steps: report.taughtSteps, correct_steps: report.correctSteps, mean_loss: report.meanLoss))
  }
}

@c @implementation public func hypr_session_rehearsal_count(_ session: OpaquePointer?, _ label: Int32) -> Int {
  ask(session: session, else: 0) { session in
    session.pointee.rehearsalCount(place(of: label, session.pointee.model.pointee.outputSize))
  }
}

@c @implementation public func hypr_session_rehearse(_ session: OpaquePointer?, _ windows: Int) -> hypr_status {
  with(session: session) { session throws(Failure) in
    // More than can be counted is as long as the host lets it.
    try session.pointee.rehearse(windows: windows < 0 ? .max : windows)
  }
}

@c @implementation public func hypr_session_rehearsal_clear(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.clearRehearsal() }
}

@c @implementation public func hypr_session_rehearsal_add(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Float>?, _ starts_sequence: Int32
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let inputs else { throw session.pointee.message.isNull("inputs") }
    guard starts_sequence == 0 || starts_sequence == 1 else {
      throw session.pointee.refuse(.invalidArgument, "starts_sequence is \(Int(starts_sequence)), expected 0 or 1")
    }
    try session.pointee.addRehearsal(
      HostStretch(inputs: inputs, steps: steps, labels: labels, values: values, startsSequence: starts_sequence == 1))
  }
}

/// A class, nil for all; what has no class lies behind the classes, and what is no class at all behind that, or before them.
private func place(of label: Int32, _ outputs: Int) -> Int? {
  switch label {
  case Int32(HYPR_REHEARSAL_ALL): nil
  case Int32(HYPR_REHEARSAL_NO_CLASS): outputs
  default: Int(label) < outputs ? Int(label) : Int(label) + 1
  }
}
