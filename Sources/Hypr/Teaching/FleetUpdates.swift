public import CHypr
internal import HyprCore

/// Settings of an update, after they were checked.
private func checked(
  _ session: SessionPointer, _ settings: UnsafePointer<hypr_update_settings>?
) throws(Failure) -> FleetUpdateSettings {
  guard let settings else { return FleetUpdateSettings(element: .float32, share: 1, tensors: nil, residual: nil) }
  try session.pointee.checkStruct("settings", settings)
  if hasUnknownFields(settings) {
    throw session.pointee.refuse(
      .invalidArgument,
      "settings.struct_size is \(structSize(settings)), and the struct is not zero behind what this version knows")
  }
  let given = contents(of: settings)
  guard let element = UInt8(exactly: given.element_type).flatMap(ElementType.init) else {
    throw session.pointee.refuse(.invalidArgument, "settings.element_type is \(Int(given.element_type)), expected 0 to 2")
  }
  guard given.share > 0 && given.share <= 1 else {
    throw session.pointee.refuse(.invalidArgument, "settings.share is \(given.share), expected above 0 to 1")
  }
  if let tensors = given.tensors {
    var sent = 0
    for index in 0..<session.pointee.model.pointee.tensorCount where tensors[index] != 0 { sent += 1 }
    guard sent > 0 else {
      throw session.pointee.refuse(.invalidArgument, "settings.tensors is 0 for every tensor, expected one that is sent")
    }
  }
  return FleetUpdateSettings(element: element, share: given.share, tensors: given.tensors, residual: given.residual)
}

@c @implementation public func hypr_session_update_size(
  _ session: OpaquePointer?, _ settings: UnsafePointer<hypr_update_settings>?, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let bytes else { throw session.pointee.message.isNull("bytes") }
    bytes.pointee = session.pointee.fleetUpdateSize(try checked(session, settings))
  }
}

@c @implementation public func hypr_session_get_update(
  _ session: OpaquePointer?, _ settings: UnsafePointer<hypr_update_settings>?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let buffer else { throw session.pointee.message.isNull("buffer") }
    let settings = try checked(session, settings)
    try session.pointee.writeFleetUpdate(settings, UnsafeMutableRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}

@c @implementation public func hypr_session_apply_update(
  _ session: OpaquePointer?, _ buffer: UnsafeRawPointer?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let buffer else { throw session.pointee.message.isNull("buffer") }
    try session.pointee.applyFleetUpdate(UnsafeRawBufferPointer(start: buffer, count: max(size, 0)))
  }
}
