public import CHypr
internal import HyprCore

typealias OptionsPointer = UnsafeMutablePointer<OptionsObject>

extension OpaquePointer {
  var options: OptionsPointer { OptionsPointer(self) }
}

@c @implementation public func hypr_options_create(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: message_size)
  guard let out else { return message.nullProblem("out") }
  out.pointee = nil
  return status { () throws(Failure) in out.pointee = OpaquePointer(try OptionsObject.create(message)) }
}

@c @implementation public func hypr_options_free(_ options: OpaquePointer?) {
  if let options { OptionsObject.free(options.options) }
}

@c @implementation public func hypr_options_set(_ options: OpaquePointer?, _ key: hypr_option, _ value: Double)
  -> hypr_status
{
  guard let options = options?.options else { return invalidArgument }
  guard let option = Option(key: key) else {
    return options.pointee.message.failure(.invalidArgument, "there is no option \(Int(key))").status
  }
  return status { () throws(Failure) in try options.pointee.set(option, value) }
}

@c @implementation public func hypr_options_get(
  _ options: OpaquePointer?, _ key: hypr_option, _ value: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let options = options?.options else { return invalidArgument }
  guard let value else { return options.pointee.message.failure(.invalidArgument, "value is NULL").status }
  guard let option = Option(key: key) else {
    return options.pointee.message.failure(.invalidArgument, "there is no option \(Int(key))").status
  }
  value.pointee = options.pointee.options.value(option)
  return ok
}

@c @implementation public func hypr_options_message(_ options: OpaquePointer?) -> UnsafePointer<CChar>? {
  UnsafePointer(options?.options.pointee.messageText) ?? ("" as StaticString).text
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
