public import CHypr
internal import HyprCore

typealias SessionPointer = UnsafeMutablePointer<Session>

extension OpaquePointer {
  var session: SessionPointer { SessionPointer(self) }
  /// nil while the progress callback runs: the session is in the middle of a call.
  var idleSession: SessionPointer? { session.pointee.isAsking ? nil : session }
}

/// The status of a call without an idle session.
func unavailable(_ session: OpaquePointer?) -> hypr_status {
  guard let session = session?.session else { return invalidArgument }
  return session.pointee.refuse(.wrongState, "the session is in the middle of the call that the progress callback was called from")
}

// Mutating, so that they get the session where it is: borrowing it, the callers would copy it first.
extension Session {
  /// A status with its reason, for arguments that are wrong before the core is asked.
  mutating func refuse(_ failure: Failure, _ text: Text) -> hypr_status { message.failure(failure, text).status }

  /// nil if an array has the size it should have.
  mutating func sizeProblem(_ name: StaticString, _ size: Int, _ expected: Int) -> hypr_status? {
    size == expected ? nil : refuse(.sizeMismatch, "\(name) has \(size) elements, expected \(expected)")
  }

  mutating func nullProblem(_ name: StaticString) -> hypr_status { message.nullProblem(name) }

  /// nil if a struct is at least as large as its first version was.
  mutating func structProblem<Struct: GrowingStruct>(_ name: StaticString, _ pointer: UnsafePointer<Struct>)
    -> hypr_status?
  {
    isComplete(pointer)
      ? nil
      : refuse(
        .invalidArgument,
        "\(name).struct_size is \(structSize(pointer)), expected the size of the struct, at least \(Struct.firstSize)")
  }

  /// nil if an output may be written: its size is right, or it is 0 and nothing is wanted.
  mutating func outputProblem(_ output: UnsafeMutablePointer<Float>?, _ size: Int) -> hypr_status? {
    if size == 0 { return nil }
    return output == nil ? nullProblem("output") : sizeProblem("output", size, model.pointee.outputSize)
  }
}

@c @implementation public func hypr_session_create(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: message_size)
  guard let out else { return message.nullProblem("out") }
  out.pointee = nil
  guard let model else { return message.nullProblem("model") }
  return status { () throws(Failure) in
    out.pointee = OpaquePointer(try Session.create(model.model, options?.options.pointee.options, message))
  }
}

@c @implementation public func hypr_session_create_in(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ memory: UnsafeMutableRawPointer?, _ bytes: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: message_size)
  guard let out else { return message.nullProblem("out") }
  out.pointee = nil
  guard let model else { return message.nullProblem("model") }
  guard let memory else { return message.nullProblem("memory") }
  guard bytes >= 0 else { return message.failure(.invalidArgument, "bytes is too large").status }
  return status { () throws(Failure) in
    let block = UnsafeMutableRawBufferPointer(start: memory, count: bytes)
    out.pointee = OpaquePointer(try Session.create(model.model, options?.options.pointee.options, in: block, message))
  }
}

@c @implementation public func hypr_session_memory_size(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?,
  _ alignment: UnsafeMutablePointer<Int>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: message_size)
  guard let model else { return message.nullProblem("model") }
  guard let bytes else { return message.nullProblem("bytes") }
  return status { () throws(Failure) in
    bytes.pointee = try Session.requireMemorySize(model.model, options?.options.pointee.options, message)
    alignment?.pointee = Session.memoryAlignment
  }
}

@c @implementation public func hypr_session_memory_report(
  _ session: OpaquePointer?, _ report: UnsafeMutablePointer<hypr_memory_report>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let report else { return session.pointee.nullProblem("report") }
  if let problem = session.pointee.structProblem("report", report) { return problem }
  let memory = session.pointee.memory
  fill(
    report,
    with: hypr_memory_report(
      struct_size: 0, parameters: memory.parameters, state: memory.state, traces: memory.traces,
      history: memory.history,
      optimizer: memory.optimizer, scratch: memory.scratch, total: memory.total))
  return ok
}

@c @implementation public func hypr_session_free(_ session: OpaquePointer?) {
  if let session = session?.idleSession { Session.free(session) }
}

@c @implementation public func hypr_session_message(_ session: OpaquePointer?) -> UnsafePointer<CChar>? {
  UnsafePointer(session?.session.pointee.messageText) ?? ("" as StaticString).text
}

@c @implementation public func hypr_session_get_option(
  _ session: OpaquePointer?, _ key: hypr_option, _ value: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let value else { return session.pointee.nullProblem("value") }
  guard let option = Option(key: key) else {
    return session.pointee.refuse(.invalidArgument, "there is no option \(Int(key))")
  }
  value.pointee = session.pointee.option(option)
  return ok
}

/// A call with a sample and room for outputs, after both were checked; the room is nil if no outputs are wanted.
@inline(__always) private func withSample(
  _ session: OpaquePointer?, _ input: UnsafePointer<Float>?, _ inputSize: Int, _ output: UnsafeMutablePointer<Float>?,
  _ outputSize: Int,
  _ call: (SessionPointer, UnsafePointer<Float>, UnsafeMutablePointer<Float>?) throws(Failure) -> Void
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let input else { return session.pointee.nullProblem("input") }
  if let problem = session.pointee.sizeProblem("input", inputSize, session.pointee.model.pointee.inputSize) {
    return problem
  }
  if let problem = session.pointee.outputProblem(output, outputSize) { return problem }
  return status { () throws(Failure) in try call(session, input, outputSize == 0 ? nil : output) }
}

@c @implementation public func hypr_session_step(
  _ session: OpaquePointer?, _ input: UnsafePointer<Float>?, _ input_size: Int, _ output: UnsafeMutablePointer<Float>?,
  _ output_size: Int
) -> hypr_status {
  withSample(session, input, input_size, output, output_size) { session, input, output throws(Failure) in
    try session.pointee.step(input, into: output)
  }
}

@c @implementation public func hypr_session_step_spikes(
  _ session: OpaquePointer?, _ indices: UnsafePointer<UInt32>?, _ count: Int, _ output: UnsafeMutablePointer<Float>?,
  _ output_size: Int
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard indices != nil || count == 0 else { return session.pointee.nullProblem("indices") }
  let inputSize = session.pointee.model.pointee.inputSize
  guard count >= 0 && count <= inputSize else {
    return session.pointee.refuse(.sizeMismatch, "count is \(count), expected at most the input size \(inputSize)")
  }
  if let problem = session.pointee.outputProblem(output, output_size) { return problem }
  return status { () throws(Failure) in
    let spikes = UnsafeBufferPointer(start: indices, count: count)
    try session.pointee.step(spikes: spikes, into: output_size == 0 ? nil : output)
  }
}

@c @implementation public func hypr_session_look_ahead(
  _ session: OpaquePointer?, _ input: UnsafePointer<Float>?, _ input_size: Int, _ output: UnsafeMutablePointer<Float>?,
  _ output_size: Int
) -> hypr_status {
  withSample(session, input, input_size, output, output_size) { session, input, output throws(Failure) in
    try session.pointee.lookAhead(input, into: output)
  }
}

@c @implementation public func hypr_session_run(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ outputs: UnsafeMutablePointer<Float>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  if steps == 0 { return ok }
  guard let inputs else { return session.pointee.nullProblem("inputs") }
  guard steps > 0 else { return session.pointee.refuse(.invalidArgument, "steps is too large") }
  return status { () throws(Failure) in try session.pointee.run(inputs, steps: steps, into: outputs) }
}

@c @implementation public func hypr_session_set_progress(
  _ session: OpaquePointer?, _ callback: hypr_progress?, _ context: UnsafeMutableRawPointer?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  session.pointee.setProgress(callback, context)
  return ok
}

@c @implementation public func hypr_session_reset(_ session: OpaquePointer?) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  session.pointee.reset()
  return ok
}

@c @implementation public func hypr_session_reset_parts(_ session: OpaquePointer?, _ parts: UInt32) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.reset(parts: parts) }
}

@c @implementation public func hypr_session_reset_layer(_ session: OpaquePointer?, _ layer: Int) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  return status { () throws(Failure) in try session.pointee.reset(layer: layer) }
}
