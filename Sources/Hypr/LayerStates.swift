public import CHypr
internal import HyprCore

/// The session of a call on one number per neuron, or per neuron and state variable, after its arguments were checked.
private func checked<Numbers>(
  _ session: OpaquePointer?, _ layer: Int, _ numbers: Numbers?, _ name: StaticString, _ size: Int,
  expected: (inout Session) -> Int, _ call: (SessionPointer, Numbers) throws(Failure) -> Void
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    try session.pointee.checkLayer(layer)
    guard let numbers else { throw session.pointee.message.isNull(name) }
    try session.pointee.checkSize(name, size, expected(&session.pointee))
    try call(session, numbers)
  }
}

@c @implementation public func hypr_session_get_spikes(
  _ session: OpaquePointer?, _ layer: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  checked(session, layer, out, "out", size, expected: { $0.layerSize(layer) }) { session, out throws(Failure) in
    session.pointee.readOutputs(layer, into: out)
  }
}

@c @implementation public func hypr_session_set_spikes(
  _ session: OpaquePointer?, _ layer: Int, _ spikes: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  checked(session, layer, spikes, "spikes", size, expected: { $0.layerSize(layer) }) {
    session, spikes throws(Failure) in
    try session.pointee.writeOutputs(layer, from: spikes)
  }
}

@c @implementation public func hypr_session_get_layer_state(
  _ session: OpaquePointer?, _ layer: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  checked(session, layer, out, "out", size, expected: { $0.layerStateSize(layer) }) { session, out throws(Failure) in
    session.pointee.readState(layer, into: out)
  }
}

@c @implementation public func hypr_session_set_layer_state(
  _ session: OpaquePointer?, _ layer: Int, _ state: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  checked(session, layer, state, "state", size, expected: { $0.layerStateSize(layer) }) {
    session, state throws(Failure) in
    try session.pointee.writeState(layer, from: state)
  }
}

@c @implementation public func hypr_session_layer_state_size(_ session: OpaquePointer?, _ layer: Int) -> Int {
  ask(session: session, else: 0) { $0.pointee.layerStateSize(layer) }
}
