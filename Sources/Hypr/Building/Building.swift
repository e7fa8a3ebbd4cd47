public import CHypr
internal import HyprBuilding
internal import HyprCore

// A builder from its making to its file.

@c @implementation public func hypr_builder_create(
  _ inputs: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?,
  _ message_size: Int
) -> hypr_status {
  createBuilder(out, message, message_size) { message throws(Failure) in try ModelBuilder.create(inputs: inputs, message) }
}

@c @implementation public func hypr_builder_create_from(
  _ model: OpaquePointer?, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?,
  _ message_size: Int
) -> hypr_status {
  createBuilder(out, message, message_size) { message throws(Failure) in
    guard let model else { throw message.isNull("model") }
    return try ModelBuilder.create(from: model.model, message)
  }
}

@c @implementation public func hypr_builder_free(_ builder: OpaquePointer?) {
  if hasBuilder, let builder { ModelBuilder.free(BuilderPointer(builder)) }
}

@c @implementation public func hypr_builder_message(_ builder: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard hasBuilder, let builder else { return ("" as StaticString).text }
  return UnsafePointer(BuilderPointer(builder).pointee.messageText)
}

@c @implementation public func hypr_builder_set_name(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setName(name)
  }
}

@c @implementation public func hypr_builder_set_time_step(_ builder: OpaquePointer?, _ seconds: Float) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in try builder.setTimeStep(seconds) }
}

@c @implementation public func hypr_builder_set_class_labels(
  _ builder: OpaquePointer?, _ labels: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    try builder.setTexts(labels, count, "labels") { builder, labels, count throws(Failure) in
      try builder.setClassLabels(labels, count)
    }
  }
}

@c @implementation public func hypr_builder_recommend(
  _ builder: OpaquePointer?, _ key: hypr_option, _ value: Double
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let option = Option(key: key) else {
      throw builder.message.failure(.invalidArgument, "there is no option \(Int(key))")
    }
    try builder.recommend(option, value)
  }
}

@c @implementation public func hypr_builder_set_metadata(
  _ builder: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let key else { throw builder.isNull("key") }
    guard let value else { throw builder.isNull("value") }
    try builder.setMetadata(key, value)
  }
}

@c @implementation public func hypr_builder_build(
  _ builder: OpaquePointer?, _ seed: UInt64, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let bytes else { throw builder.isNull("bytes") }
    bytes.pointee = try builder.build(seed: seed)
  }
}

@c @implementation public func hypr_builder_copy_file(
  _ builder: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let buffer else { throw builder.isNull("buffer") }
    try builder.copyFile(to: buffer, size: size)
  }
}

@c @implementation public func hypr_builder_save_file(
  _ builder: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let path else { throw builder.isNull("path") }
    try builder.saveFile(to: path)
  }
}
