public import CHypr
internal import CSystem
internal import HyprCore

// The way into the library. Every function of hypr.h that computes, or is given a session, options or a builder, is one call of a
// function here: a handle cannot be opened anywhere else.

typealias SessionPointer = UnsafeMutablePointer<Session>
typealias OptionsPointer = UnsafeMutablePointer<OptionsObject>

/// Runs `call` with the library's floating-point control; then the host's is as it was, with the exceptions that it had noted.
@inline(__always) func answer<Answer>(_ call: () -> Answer) -> Answer { answer { _ in call() } }

@inline(__always) private func answer<Answer>(_ call: (_ host: UnsafeMutablePointer<system_float_control>) -> Answer) -> Answer {
  var host = system_float_enter()
  return withUnsafeMutablePointer(to: &host) { host in
    defer { system_float_set(host.pointee) }
    return call(host)
  }
}

/// Runs a call that may fail and gives its status.
@inline(__always) func status(_ call: () throws(Failure) -> Void) -> hypr_status {
  status { (_: UnsafeMutablePointer<system_float_control>) throws(Failure) in try call() }
}

@inline(__always) private func status(
  _ call: (_ host: UnsafeMutablePointer<system_float_control>) throws(Failure) -> Void
) -> hypr_status {
  answer { host in
    do throws(Failure) {
      try call(host)
      return ok
    } catch {
      return error.status
    }
  }
}

/// A call on a session, which must not be NULL, and not in the middle of another call.
@inline(__always) func with(
  session: OpaquePointer?, _ call: (SessionPointer) throws(Failure) -> Void
) -> hypr_status {
  guard let session = session.map(SessionPointer.init) else { return invalidArgument }
  return status { host throws(Failure) in
    try session.pointee.begin(host)
    try call(session)
  }
}

/// The same with another session, which must be neither NULL nor the same.
@inline(__always) func with(
  session: OpaquePointer?, and other: OpaquePointer?, _ name: StaticString,
  _ call: (SessionPointer, SessionPointer) throws(Failure) -> Void
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let other = other.map(SessionPointer.init) else { throw session.pointee.message.isNull(name) }
    guard other != session else {
      throw session.pointee.refuse(.invalidArgument, "\(name) is the session itself, expected another one")
    }
    if other.pointee.isAsking {
      throw session.pointee.refuse(
        .wrongState, "\(name) is in the middle of the call that the progress callback was called from")
    }
    try call(session, other)
  }
}

/// What a session knows; `none` if it is NULL.
@inline(__always) func ask<Answer>(
  session: OpaquePointer?, else none: Answer, _ question: (SessionPointer) -> Answer
) -> Answer {
  guard let session else { return none }
  return answer { question(SessionPointer(session)) }
}

/// A call on options, which must not be NULL.
@inline(__always) func with(
  options: OpaquePointer?, _ call: (OptionsPointer) throws(Failure) -> Void
) -> hypr_status {
  guard let options else { return invalidArgument }
  return status { () throws(Failure) in try call(OptionsPointer(options)) }
}

/// What options know; `none` if they are NULL.
@inline(__always) func ask<Answer>(
  options: OpaquePointer?, else none: Answer, _ question: (OptionsPointer) -> Answer
) -> Answer {
  guard let options else { return none }
  return answer { question(OptionsPointer(options)) }
}

/// The values of options that a session is made with; nil: the defaults.
func values(of options: OpaquePointer?) -> Options? {
  ask(options: options, else: nil) { $0.pointee.options }
}

/// Makes an object; *out is NULL if it fails, and the message says why.
@inline(__always) func create<Object: ~Copyable>(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ text: UnsafeMutablePointer<CChar>?, _ size: Int,
  _ make: (MessageBuffer) throws(Failure) -> UnsafeMutablePointer<Object>
) -> hypr_status {
  let message = MessageBuffer(text, size: size)
  out?.pointee = nil
  return status { () throws(Failure) in
    guard let out else { throw message.isNull("out") }
    out.pointee = OpaquePointer(try make(message))
  }
}

/// Memory of the caller, to make an object in.
func block(
  _ memory: UnsafeMutableRawPointer?, _ bytes: Int, _ message: MessageBuffer
) throws(Failure) -> UnsafeMutableRawBufferPointer {
  guard let memory else { throw message.isNull("memory") }
  guard bytes >= 0 else { throw message.failure(.invalidArgument, "bytes is too large") }
  return UnsafeMutableRawBufferPointer(start: memory, count: bytes)
}

extension MessageBuffer {
  /// An argument that must not be NULL.
  @inline(never) func isNull(_ name: StaticString) -> Failure { failure(.invalidArgument, "\(name) is NULL") }
}
