public import CHypr
internal import HyprCore

extension hypr_tensor_info {
  init(_ tensor: TensorFacts) {
    self.init(
      struct_size: 0, name: tensor.name, rank: tensor.columns == nil ? 1 : 2,
      shape: (tensor.rows, tensor.columns ?? 1, 1, 1), offset: tensor.offset, size: tensor.count,
      trainable: tensor.trainable ? 1 : 0, element_type: Int32(tensor.elementType.rawValue))
  }
}

@c @implementation public func hypr_session_tensor_count(_ session: OpaquePointer?) -> Int {
  ask(session: session, else: 0) { $0.pointee.model.pointee.tensorCount }
}

@c @implementation public func hypr_session_tensor_info(
  _ session: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_tensor_info>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let info else { throw session.pointee.message.isNull("info") }
    try session.pointee.checkStruct("info", info)
    guard let tensor = session.pointee.tensor(index) else {
      let count = session.pointee.model.pointee.tensorCount
      throw session.pointee.refuse(.notFound, "index is \(size: index), expected below the tensor count \(count)")
    }
    fill(info, with: hypr_tensor_info(tensor))
  }
}

@c @implementation public func hypr_session_find_tensor(
  _ session: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let name else { throw session.pointee.message.isNull("name") }
    guard let index else { throw session.pointee.message.isNull("index") }
    guard let found = session.pointee.model.pointee.findTensor(name) else {
      throw session.pointee.refuse(.notFound, "there is no tensor \(name)")
    }
    index.pointee = found
  }
}

/// The session of a call on the flat vector of all parameters, after its arguments were checked.
func withParameters<Element>(
  _ session: OpaquePointer?, _ flat: Element?, _ size: Int, _ call: (SessionPointer, Element) throws(Failure) -> Void
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let flat else { throw session.pointee.message.isNull("flat") }
    try session.pointee.checkSize("flat", size, session.pointee.model.pointee.parameterCount)
    try call(session, flat)
  }
}

@c @implementation public func hypr_session_get_parameters(
  _ session: OpaquePointer?, _ flat: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat throws(Failure) in
    session.pointee.readParameters(into: flat)
  }
}

@c @implementation public func hypr_session_set_parameters(
  _ session: OpaquePointer?, _ flat: UnsafePointer<Float>?, _ size: Int
) -> hypr_status {
  withParameters(session, flat, size) { session, flat throws(Failure) in
    try session.pointee.writeParameters(from: flat)
  }
}

@c @implementation public func hypr_session_copy_parameters(_ session: OpaquePointer?, _ from: OpaquePointer?) -> hypr_status {
  with(session: session, and: from, "from") { session, from throws(Failure) in try session.pointee.copyParameters(of: from) }
}

@c @implementation public func hypr_session_save_model(_ session: OpaquePointer?, _ path: UnsafePointer<CChar>?)
  -> hypr_status
{
  with(session: session) { session throws(Failure) in
    guard let path else { throw session.pointee.message.isNull("path") }
    try session.pointee.saveModel(to: path)
  }
}

@c @implementation public func hypr_session_model_size(
  _ session: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let bytes else { throw session.pointee.message.isNull("bytes") }
    bytes.pointee = session.pointee.modelSize
  }
}

@c @implementation public func hypr_session_save_model_buffer(
  _ session: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let buffer else { throw session.pointee.message.isNull("buffer") }
    try session.pointee.saveModel(UnsafeMutableRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_state_size(
  _ session: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let bytes else { throw session.pointee.message.isNull("bytes") }
    bytes.pointee = session.pointee.stateSize()
  }
}

@c @implementation public func hypr_session_save_state(
  _ session: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let buffer else { throw session.pointee.message.isNull("buffer") }
    try session.pointee.saveState(UnsafeMutableRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_load_state(
  _ session: OpaquePointer?, _ buffer: UnsafeRawPointer?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let buffer else { throw session.pointee.message.isNull("buffer") }
    try session.pointee.loadState(UnsafeRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_transfer(_ session: OpaquePointer?, _ from: OpaquePointer?) -> hypr_status {
  with(session: session, and: from, "from") { session, from throws(Failure) in try session.pointee.transfer(from: from) }
}
