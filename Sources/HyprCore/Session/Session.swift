internal import CSystem

/// A network that runs one stream: state, traces and its own copy of the parameters, in one block of memory.
///
/// Everything is laid out once, when the session is created, and nothing is allocated afterwards. One thread at a time. Not
/// copyable: it is large, and a copy would share its memory.
public struct Session: ~Copyable {
  public let model: UnsafeMutablePointer<Model>
  private let settingsPlace: UnsafePointer<Settings>
  /// Read where they are: they are large.
  var settings: Settings { unsafeAddress { settingsPlace } }
  let network: Network
  let statistics: UnsafeMutablePointer<RunStatistics>
  /// Where the state after the last step is.
  var slot = 0
  #if HYPR_LEARNING
    /// Only in learning sessions.
    let learner: UnsafeMutablePointer<Learner>?
    #if HYPR_REHEARSAL
      /// Only if something is rehearsed.
      let rehearsal: UnsafeMutablePointer<Rehearsal>?
    #else
      var rehearsal: UnsafeMutablePointer<Rehearsal>? { nil }
    #endif
    /// Only if the end of a window is deferred.
    let deferred: UnsafeMutablePointer<DeferredClosing>?
    /// A session for each thread but this one's; only where updates wait for the end of a batch, without rehearsal and guard.
    let workers: BatchWorkers?
  #endif

  let progress: UnsafeMutablePointer<Progress>
  public let message: MessageBuffer
  public let messageText: UnsafeMutablePointer<CChar>
  public let memory: MemoryReport
  /// Whether the session's block is freed with it.
  private let ownsMemory: Bool

  #if !HYPR_REHEARSAL
    static var rehearsalLeftOut: StaticString { "this library was built without rehearsal and guard (HYPR_REHEARSAL=0)" }
  #endif
  #if !HYPR_LEARNING
    /// The folders Learning and Teaching are not compiled (Package.swift).
    public static var learningLeftOut: StaticString { "this library was built without learning (HYPR_LEARNING=0)" }
  #endif

  static var messageSize: Int { Text.capacity }

  init(_ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, ownsMemory: Bool) {
    self.model = model
    let settingsPlace = UnsafePointer(arena.place(settings))
    self.settingsPlace = settingsPlace
    self.ownsMemory = ownsMemory
    network = Network(&arena, model, settings)
    statistics = RunStatistics.place(&arena, model, network)
    #if HYPR_LEARNING
      if settings.learning {
        let resources = LearningResources(&arena, model.pointee, settings)
        var (reference, rehearsed): (UnsafeMutablePointer<ReferenceNetwork>?, UnsafeMutablePointer<ReferenceNetwork>?)
        if settings.needsReference(outputs: model.pointee.outputSize) {
          let first = ReferenceNetwork.place(&arena, model, settings, resources, sharing: nil)
          reference = first.place
          if settings.rehearses {
            rehearsed = ReferenceNetwork.place(&arena, model, settings.ofRehearsal, resources, sharing: first.parameters).place
          }
        }
        learner = Learner.place(&arena, model.pointee, settings, at: settingsPlace, resources, reference)
        #if HYPR_REHEARSAL
          rehearsal =
            settings.rehearses ? Rehearsal.place(&arena, model, settings, beside: network, resources, rehearsed) : nil
        #endif
      } else {
        learner = nil
        #if HYPR_REHEARSAL
          rehearsal = nil
        #endif
      }
      deferred = settings.defers ? DeferredClosing.place(&arena) : nil
      workers =
        settings.learning && settings.threads > 1 && settings.update != .window && !settings.rehearses && !settings.guards
        ? BatchWorkers(&arena, model, settings) : nil
    #endif
    let progress = Progress(&arena)
    self.progress = arena.place(progress)
    messageText = arena.allocate(CChar.self, Session.messageSize, .scratch)
    message = MessageBuffer(arena.isMeasuring ? nil : messageText, size: Session.messageSize)
    memory = MemoryReport(arena)
  }

  /// The options that a session of this model would have.
  @inline(never) static func settings(_ model: UnsafeMutablePointer<Model>, _ options: Options?) -> Settings {
    var options = options ?? Options()
    options.complete(by: model.pointee.recommended)
    if options.value(.window) == 0 { options.set(.window, Double(automaticWindow(model.pointee))) }
    return Settings(options)
  }

  /// Lays a session out without memory; returns its exact size, nil if that is more than can be addressed.
  public static func memorySize(_ model: UnsafeMutablePointer<Model>, _ options: Options?) -> Int? {
    var arena = Arena(measuring: ())
    _ = arena.allocate(Session.self, 1, .scratch)
    _ = Session(&arena, model, settings(model, options), ownsMemory: false)
    return arena.overflowed ? nil : arena.used
  }

  public static var memoryAlignment: Int { Arena.alignment }

  /// The exact size of a session, or that there is none.
  @inline(never) public static func requireMemorySize(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, _ message: MessageBuffer
  ) throws(Failure) -> Int {
    try check(Self.settings(model, options), model, message)
    guard let size = memorySize(model, options) else {
      throw message.failure(.outOfMemory, "a session of this model takes more bytes than can be addressed")
    }
    return size
  }

  /// Not inlined: options and settings are large.
  @inline(never) static func check(
    _ settings: Settings, _ model: UnsafeMutablePointer<Model>, _ message: MessageBuffer
  ) throws(Failure) {
    #if !HYPR_LEARNING
      guard settings.options.value(.learning) == 0 else {
        throw message.failure(.modelUnsupported, "option learning is 1, but \(learningLeftOut)")
      }
    #elseif !HYPR_REHEARSAL
      guard !settings.learning || settings.rehearsalBytes == 0 else {
        throw message.failure(
          .modelUnsupported, "option rehearsal_bytes is \(settings.rehearsalBytes), but \(rehearsalLeftOut)")
      }
      guard !settings.learning || settings.guardHorizon == 0 else {
        throw message.failure(.modelUnsupported, "option guard is \(settings.guardHorizon), but \(rehearsalLeftOut)")
      }
    #endif
    try settings.checkWindow(model.pointee, message)
    try settings.checkTrains(model.pointee, message)
  }

  /// A session in its own memory.
  public static func create(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Session> {
    let size = try requireMemorySize(model, options, message)
    guard let memory = system_allocate(size) else {
      throw message.failure(.outOfMemory, "no memory for a session of \(size) bytes")
    }
    return try build(model, options, memory, ownsMemory: true, message)
  }

  /// A session in the caller's memory.
  public static func create(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, in memory: UnsafeMutableRawBufferPointer,
    _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Session> {
    let start = try Arena.check(memory, message)
    let size = try requireMemorySize(model, options, message)
    guard memory.count >= size else {
      throw message.failure(.bufferTooSmall, "memory has \(memory.count) bytes, the session takes \(size)")
    }
    return try build(model, options, start, ownsMemory: false, message)
  }

  @inline(never) private static func build(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, _ memory: UnsafeMutableRawPointer, ownsMemory: Bool,
    _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Session> {
    var arena = Arena(memory)
    let session = arena.allocate(Session.self, 1, .scratch)
    session.initialize(to: Session(&arena, model, settings(model, options), ownsMemory: ownsMemory))
    #if HYPR_LEARNING
      if let pool = session.pointee.learner?.pointee.resources.pool, !pool.start() {
        if ownsMemory { system_free(memory) }
        throw message.failure(.outOfMemory, "the system has no \(pool.count - 1) more threads for the session")
      }
      session.pointee.workers?.begin()
    #endif
    model.retain()
    session.pointee.begin()
    return session
  }

  /// As the model file has it.
  mutating func begin() {
    network.parameters.load(model.pointee)
    network.derive()
    #if HYPR_LEARNING
      learner?.pointee.reference?.pointee.load(model.pointee)
    #endif
    // States and traces are zero, as the arena makes them.
    network.input.clear()
  }

  public static func free(_ session: UnsafeMutablePointer<Session>) {
    #if HYPR_LEARNING
      session.pointee.learner?.pointee.resources.pool?.stop()
    #endif
    session.pointee.model.release()
    if session.pointee.ownsMemory { system_free(session) }
  }

  public mutating func option(_ option: Option) -> Double { settings.options.value(option) }
}

/// Where the bytes of a session go.
public struct MemoryReport {
  public let parameters, state, traces, history, optimizer, scratch, total, rehearsal, reference: Int

  init(_ arena: Arena) {
    parameters = arena.bytes(.parameters)
    state = arena.bytes(.state)
    traces = arena.bytes(.traces)
    history = arena.bytes(.history)
    optimizer = arena.bytes(.optimizer)
    scratch = arena.bytes(.scratch)
    rehearsal = arena.bytes(.rehearsal)
    reference = arena.bytes(.reference)
    total = arena.used
  }
}

extension Settings {
  /// A session that could train nothing would count updates all the same. (A rate of 0 is asked for: by who only wants gradients.)
  fileprivate func checkTrains(_ model: Model, _ message: MessageBuffer) throws(Failure) {
    guard learning else { return }
    var moves = learningRate == 0
    var isFrozen = true
    for tensor in model.tensors where tensor.isTrainable(self) {
      isFrozen = false
      moves = moves || Float(learningRate * rateFactor(tensor.group)) > 0
    }
    guard !isFrozen else {
      throw message.failure(
        .invalidArgument,
        "option learning is 1, but no tensor is trained: the model file, train_mask (\(trainMask)) and the rate factors freeze all")
    }
    guard moves else {
      throw message.failure(
        .invalidArgument,
        "option learning_rate is \(learningRate), too small for any parameter to move: expected 0 or more than 1.2e-38")
    }
  }

  /// The events of a window are counted in 32 bits.
  fileprivate func checkWindow(_ model: Model, _ message: MessageBuffer) throws(Failure) {
    guard learning else { return }
    var largest = 1
    for layer in model.layers {
      for projection in layer.projections { largest = max(largest, projection.sourceSize) }
    }
    let most = Int(Int32.max) / largest
    if longestWindow > most {
      let (name, steps): (StaticString, Int) = window > most ? ("window", window) : ("rehearsal_steps", rehearsalSteps)
      throw message.failure(
        .invalidArgument, "option \(name) is \(steps), expected at most \(most): a layer of this model has \(largest) inputs")
    }
  }
}
