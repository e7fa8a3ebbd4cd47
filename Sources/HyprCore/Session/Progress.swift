package import CSystem

// Calls that make many steps: between two of them the host is told how far the call is, and may stop it.

/// Given the host's context and the steps made so far; not 0 stops the call.
public typealias ProgressCallback = @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Int32

/// The host's callback, and the call that is at work. In memory of its own: the callback runs in the middle of a call on a session.
struct Progress {
  var callback: ProgressCallback?
  var context: UnsafeMutableRawPointer?
  /// Steps between two looks up from the work; without a callback there are none.
  var interval = Int.max
  var isAsking = false
  /// Of the call at work: the host's floating-point control, which the callback runs with, and may change.
  var hostControl: UnsafeMutablePointer<system_float_control>?
  let call: UnsafeMutablePointer<system_progress>

  init(_ arena: inout Arena) { call = arena.place(system_progress()) }
}

extension UnsafeMutablePointer<Progress> {
  /// Asks the host; only in the thread that it called from. Not a method of Progress: while the host runs, calls read what is set here.
  func ask() {
    guard let callback = pointee.callback, let host = pointee.hostControl else { return }
    pointee.isAsking = true
    system_float_set(host.pointee)
    let answer = callback(pointee.context, system_progress_add(pointee.call, 0))
    host.pointee = system_float_enter()
    if answer != 0 { system_progress_stop(pointee.call) }
    pointee.isAsking = false
  }
}

/// One thread's steps in such a call.
struct Pace {
  let progress: UnsafeMutablePointer<Progress>
  let interval: Int
  /// Whether the host called from this thread.
  let asks: Bool
  /// Steps since the last look up.
  var steps = 0

  init(_ progress: UnsafeMutablePointer<Progress>, asks: Bool) {
    self.progress = progress
    self.asks = asks
    interval = progress.pointee.interval
  }

  @inline(__always) var isDue: Bool { steps == interval }

  /// Counts the steps since the last look for all threads.
  mutating func report() {
    _ = system_progress_add(progress.pointee.call, UInt64(steps))
    steps = 0
  }

  /// Looks up from the work; false: no more steps.
  mutating func goesOn() -> Bool {
    report()
    if asks { progress.ask() }
    return !system_progress_stops(progress.pointee.call)
  }
}

extension Session {
  /// From now on; nil: the host is not asked.
  public mutating func setProgress(_ callback: ProgressCallback?, _ context: UnsafeMutableRawPointer?) {
    progress.pointee.callback = callback
    progress.pointee.context = context
    // A step is about as many multiply-adds as there are parameters, and a thousand.
    progress.pointee.interval = callback == nil ? .max : max((1 << 20) / (1000 + model.pointee.parameterCount), 1)
  }

  /// At the beginning of a host's call, which came with this floating-point control.
  @inline(__always) package mutating func begin(_ control: UnsafeMutablePointer<system_float_control>) throws(Failure) {
    if isAsking { throw isInCall() }
    progress.pointee.hostControl = control
  }

  @inline(never) private mutating func isInCall() -> Failure {
    message.failure(.wrongState, "the session is in the middle of the call that the progress callback was called from")
  }

  /// Whether the host is being asked, in the middle of a call.
  public var isAsking: Bool { progress.pointee.isAsking }

  /// At the beginning of a call.
  mutating func beginSteps() -> Pace {
    progress.pointee.call.pointee = system_progress()
    return Pace(progress, asks: true)
  }

  /// Looks up from the work; throws `stopped`.
  @inline(never) mutating func look(up pace: inout Pace) throws(Failure) {
    if !pace.goesOn() { throw stopped() }
  }

  mutating func stopped() -> Failure {
    message.failure(.stopped, "the progress callback stopped the call after \(system_progress_add(progress.pointee.call, 0)) steps")
  }
}
