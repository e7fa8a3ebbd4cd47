public import CHypr
internal import HyprCore

// Mutating, so that they get the session where it is: borrowing it, the callers would copy it first.
extension Session {
  /// Notes why arguments are wrong before the core is asked; to be thrown.
  mutating func refuse(_ failure: Failure, _ text: Text) -> Failure { message.failure(failure, text) }

  /// Whether an array has the size it should have.
  @inline(__always) mutating func checkSize(_ name: StaticString, _ size: Int, _ expected: Int) throws(Failure) {
    guard size == expected else { throw hasWrongSize(name, size, expected) }
  }

  @inline(never) private mutating func hasWrongSize(_ name: StaticString, _ size: Int, _ expected: Int) -> Failure {
    refuse(.sizeMismatch, "\(name) has \(size: size) elements, expected \(expected)")
  }

  /// Whether a struct is at least as large as its first version was.
  mutating func checkStruct<Struct: GrowingStruct>(
    _ name: StaticString, _ pointer: UnsafePointer<Struct>
  ) throws(Failure) {
    guard isComplete(pointer) else {
      throw refuse(
        .invalidArgument,
        "\(name).struct_size is \(structSize(pointer)), expected the size of the struct, at least \(Struct.firstSize)")
    }
  }

  /// Where outputs are written; nil if none are wanted.
  @inline(__always) mutating func room(
    _ output: UnsafeMutablePointer<Float>?, _ size: Int
  ) throws(Failure) -> UnsafeMutablePointer<Float>? {
    if size == 0 { return nil }
    guard let output else { throw message.isNull("output") }
    try checkSize("output", size, model.pointee.outputSize)
    return output
  }
}

@c @implementation public func hypr_session_create(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    guard let model else { throw message.isNull("model") }
    return try Session.create(model.model, values(of: options), message)
  }
}

@c @implementation public func hypr_session_create_in(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ memory: UnsafeMutableRawPointer?, _ bytes: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    guard let model else { throw message.isNull("model") }
    return try Session.create(model.model, values(of: options), in: try block(memory, bytes, message), message)
  }
}

@c @implementation public func hypr_session_memory_size(
  _ model: OpaquePointer?, _ options: OpaquePointer?, _ bytes: UnsafeMutablePointer<Int>?,
  _ alignment: UnsafeMutablePointer<Int>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  status { () throws(Failure) in
    let message = MessageBuffer(message, size: message_size)
    guard let model else { throw message.isNull("model") }
    guard let bytes else { throw message.isNull("bytes") }
    bytes.pointee = try Session.requireMemorySize(model.model, values(of: options), message)
    alignment?.pointee = Session.memoryAlignment
  }
}

@c @implementation public func hypr_session_memory_report(
  _ session: OpaquePointer?, _ report: UnsafeMutablePointer<hypr_memory_report>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let report else { throw session.pointee.message.isNull("report") }
    try session.pointee.checkStruct("report", report)
    let memory = session.pointee.memory
    fill(
      report,
      with: hypr_memory_report(
        struct_size: 0, parameters: memory.parameters, state: memory.state, traces: memory.traces,
        history: memory.history,
        optimizer: memory.optimizer, scratch: memory.scratch, total: memory.total,
        rehearsal: memory.rehearsal, reference: memory.reference))
  }
}

@c @implementation public func hypr_session_free(_ session: OpaquePointer?) {
  ask(session: session, else: ()) { if !$0.pointee.isAsking { Session.free($0) } }
}

@c @implementation public func hypr_session_message(_ session: OpaquePointer?) -> UnsafePointer<CChar>? {
  ask(session: session, else: ("" as StaticString).text) { UnsafePointer($0.pointee.messageText) }
}

@c @implementation public func hypr_session_get_option(
  _ session: OpaquePointer?, _ key: hypr_option, _ value: UnsafeMutablePointer<Double>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let value else { throw session.pointee.message.isNull("value") }
    guard let option = Option(key: key) else {
      throw session.pointee.refuse(.invalidArgument, "there is no option \(Int(key))")
    }
    value.pointee = session.pointee.option(option)
  }
}

/// A call with a sample and room for outputs, after both were checked; the room is nil if no outputs are wanted.
@inline(__always) private func withSample(
  _ session: OpaquePointer?, _ input: UnsafePointer<Float>?, _ inputSize: Int, _ output: UnsafeMutablePointer<Float>?,
  _ outputSize: Int,
  _ call: (SessionPointer, UnsafePointer<Float>, UnsafeMutablePointer<Float>?) throws(Failure) -> Void
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let input else { throw session.pointee.message.isNull("input") }
    try session.pointee.checkSize("input", inputSize, session.pointee.model.pointee.inputSize)
    try call(session, input, try session.pointee.room(output, outputSize))
  }
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
  with(session: session) { session throws(Failure) in
    guard indices != nil || count == 0 else { throw session.pointee.message.isNull("indices") }
    let inputSize = session.pointee.model.pointee.inputSize
    guard count >= 0 && count <= inputSize else {
      throw session.pointee.refuse(.sizeMismatch, "count is \(size: count), expected at most the input size \(inputSize)")
    }
    let room = try session.pointee.room(output, output_size)
    try session.pointee.step(spikes: UnsafeBufferPointer(start: indices, count: count), into: room)
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

@c @implementation public func hypr_session_condition(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ values: UnsafeMutablePointer<Float>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let inputs else { throw session.pointee.message.isNull("inputs") }
    guard let values else { throw session.pointee.message.isNull("values") }
    guard steps >= 0 else { throw session.pointee.refuse(.invalidArgument, "steps is too large") }
    try session.pointee.condition(inputs, steps: steps, into: values)
  }
}

@c @implementation public func hypr_session_run(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ outputs: UnsafeMutablePointer<Float>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    if steps == 0 { return }
    guard let inputs else { throw session.pointee.message.isNull("inputs") }
    guard steps > 0 else { throw session.pointee.refuse(.invalidArgument, "steps is too large") }
    try session.pointee.run(inputs, steps: steps, into: outputs)
  }
}

@c @implementation public func hypr_session_set_progress(
  _ session: OpaquePointer?, _ callback: hypr_progress?, _ context: UnsafeMutableRawPointer?
) -> hypr_status {
  with(session: session) { session throws(Failure) in session.pointee.setProgress(callback, context) }
}

@c @implementation public func hypr_session_reset(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in session.pointee.reset() }
}

@c @implementation public func hypr_session_reset_parts(_ session: OpaquePointer?, _ parts: UInt32) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.reset(parts: parts) }
}

@c @implementation public func hypr_session_reset_layer(_ session: OpaquePointer?, _ layer: Int) -> hypr_status {
  with(session: session) { session throws(Failure) in try session.pointee.reset(layer: layer) }
}
