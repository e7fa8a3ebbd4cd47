public import CHypr
internal import HyprCore

extension OptionsObject {
  /// The option of a key.
  fileprivate func option(_ key: hypr_option) throws(Failure) -> Option {
    guard let option = Option(key: key) else { throw message.failure(.invalidArgument, "there is no option \(Int(key))") }
    return option
  }
}

@c @implementation public func hypr_options_create(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in try OptionsObject.create(message) }
}

@c @implementation public func hypr_options_memory_size(
  _ bytes: UnsafeMutablePointer<Int>?, _ alignment: UnsafeMutablePointer<Int>?
) -> hypr_status {
  guard let bytes else { return invalidArgument }
  bytes.pointee = OptionsObject.memorySize
  alignment?.pointee = Session.memoryAlignment
  return ok
}

@c @implementation public func hypr_options_create_in(
  _ memory: UnsafeMutableRawPointer?, _ bytes: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    try OptionsObject.create(in: try block(memory, bytes, message), message)
  }
}

@c @implementation public func hypr_options_free(_ options: OpaquePointer?) {
  ask(options: options, else: ()) { OptionsObject.free($0) }
}

@c @implementation public func hypr_options_set(_ options: OpaquePointer?, _ key: hypr_option, _ value: Double)
  -> hypr_status
{
  with(options: options) { options throws(Failure) in
    try options.pointee.set(try options.pointee.option(key), value)
  }
}

@c @implementation public func hypr_options_get(
  _ options: OpaquePointer?, _ key: hypr_option, _ value: UnsafeMutablePointer<Double>?
) -> hypr_status {
  with(options: options) { options throws(Failure) in
    guard let value else { throw options.pointee.message.isNull("value") }
    value.pointee = options.pointee.options.value(try options.pointee.option(key))
  }
}

@c @implementation public func hypr_options_message(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  ask(options: options, else: ("" as StaticString).text) { UnsafePointer($0.pointee.messageText) }
}

@c @implementation public func hypr_option_bounds(
  _ key: hypr_option, _ lower: UnsafeMutablePointer<Double>?, _ upper: UnsafeMutablePointer<Double>?,
  _ default_value: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let facts = Option(key: key)?.facts else { return invalidArgument }
  lower?.pointee = facts.lower
  upper?.pointee = facts.upper
  default_value?.pointee = facts.standard
  return ok
}

@c @implementation public func hypr_option_name(_ key: hypr_option) -> UnsafePointer<CChar>? {
  Option(key: key)?.facts.name.text
}

@c @implementation public func hypr_option_find(
  _ name: UnsafePointer<CChar>?, _ key: UnsafeMutablePointer<hypr_option>?
) -> hypr_status {
  guard let name, let key else { return invalidArgument }
  guard let option = Option(name: name) else { return notFound }
  key.pointee = option.facts.key
  return ok
}

@c @implementation public func hypr_option_suggest(_ name: UnsafePointer<CChar>?) -> UnsafePointer<CChar>? {
  guard let name, let option = Option.meant(by: name) else { return nil }
  return option.facts.name.text
}
