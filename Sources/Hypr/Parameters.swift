public import CHypr
internal import HyprCore

extension hypr_tensor_info {
  init(_ tensor: TensorFacts) {
    self.init(
      struct_size: 0, name: tensor.name, rank: tensor.columns == nil ? 1 : 2,
      shape: (tensor.rows, tensor.columns ?? 1, 1, 1), offset: tensor.offset, size: tensor.count,
      trainable: tensor.trainable ? 1 : 0)
  }
}

@c @implementation public func hypr_session_tensor_count(_ session: OpaquePointer?) -> Int {
  session?.session.pointee.model.pointee.tensorCount ?? 0
}

@c @implementation public func hypr_session_tensor_info(
  _ session: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_tensor_info>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let info else { return session.pointee.nullProblem("info") }
  if let problem = session.pointee.structProblem("info", info) { return problem }
  guard let tensor = session.pointee.tensor(index) else {
    let count = session.pointee.model.pointee.tensorCount
    return session.pointee.refuse(.notFound, "index is \(index), expected below the tensor count \(count)")
  }
  fill(info, with: hypr_tensor_info(tensor))
  return ok
}

@c @implementation public func hypr_session_find_tensor(
  _ session: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let name else { return session.pointee.nullProblem("name") }
  guard let index else { return session.pointee.nullProblem("index") }
  guard let found = session.pointee.model.pointee.findTensor(name) else {
    return session.pointee.refuse(.notFound, "there is no tensor \(name)")
  }
  index.pointee = found
  return ok
}

/// The session of a call on the flat vector of all parameters, after its arguments were checked.
func withParameters<Element>(
  _ session: OpaquePointer?, _ flat: Element?, _ size: Int, _ call: (SessionPointer, Element) -> hypr_status
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let flat else { return session.pointee.nullProblem("flat") }
  if let problem = session.pointee.sizeProblem("flat", size, session.pointee.model.pointee.parameterCount) {
    return problem
  }
  return call(session, flat)
}

@c @implementation public func hypr_session_get_parameters(
  _ session: OpaquePointer?, _ flat: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat in
    session.pointee.readParameters(into: flat)
    return ok
  }
}

@c @implementation public func hypr_session_set_parameters(
  _ session: OpaquePointer?, _ flat: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat in
    status { () throws(Failure) in try session.pointee.writeParameters(from: flat) }
  }
}

@c @implementation public func hypr_session_save_model(_ session: OpaquePointer?, _ path: UnsafePointer<CChar>?)
  -> hypr_status
{
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let path else { return session.pointee.nullProblem("path") }
  return status { () throws(Failure) in try session.pointee.saveModel(to: path) }
}

@c @implementation public func hypr_session_model_size(
  _ session: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let bytes else { return session.pointee.nullProblem("bytes") }
  bytes.pointee = session.pointee.modelSize
  return ok
}

@c @implementation public func hypr_session_save_model_buffer(
  _ session: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let buffer else { return session.pointee.nullProblem("buffer") }
  return status { () throws(Failure) in
    try session.pointee.saveModel(UnsafeMutableRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_state_size(
  _ session: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let bytes else { return session.pointee.nullProblem("bytes") }
  bytes.pointee = session.pointee.stateSize()
  return ok
}

@c @implementation public func hypr_session_save_state(
  _ session: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let buffer else { return session.pointee.nullProblem("buffer") }
  return status { () throws(Failure) in
    try session.pointee.saveState(UnsafeMutableRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_load_state(
  _ session: OpaquePointer?, _ buffer: UnsafeRawPointer?, _ size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let buffer else { return session.pointee.nullProblem("buffer") }
  return status { () throws(Failure) in
    try session.pointee.loadState(UnsafeRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}
