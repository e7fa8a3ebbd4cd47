internal import CSystem

/// A network that runs one stream: state, traces and its own copy of the parameters, in one block of memory.
///
/// Everything is laid out once, when the session is created, and nothing is allocated afterwards. One thread at a time. Not
/// copyable: it is large, and a copy would share its memory.
public struct Session: ~Copyable {
  public let model: UnsafeMutablePointer<Model>
  let kernels: kernel_table
  let settings: Settings
  /// The hidden layers from the bottom up, then the readout.
  let layers: UnsafeMutableBufferPointer<Layer>
  let parameters: ParameterStore
  let input: InputStage
  /// Only in learning sessions.
  let learner: UnsafeMutablePointer<Learner>?
  /// One flag per tensor: whether the host keeps it as it is. Only in learning sessions.
  let frozen: UnsafeMutablePointer<Bool>?
  var statistics: Statistics
  /// Only with more than one thread: the threads, and where updates wait for the end of a batch, a session for each but this one's.
  let pool: UnsafeMutablePointer<system_pool>?
  let workers: UnsafeMutablePointer<Session>?
  let shares: UnsafeMutablePointer<BatchShare>?
  /// Where the state after the last step is.
  var slot = 0

  public let message: MessageBuffer
  public let messageText: UnsafeMutablePointer<CChar>
  public let memory: MemoryReport
  /// Whether the session's block is freed with it.
  private let ownsMemory: Bool

  static var messageSize: Int { Text.capacity }

  private init(_ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, ownsMemory: Bool) {
    let descriptions = model.pointee.layers
    let lanes = model.pointee.kernels.lanes
    self.model = model
    self.settings = settings
    self.ownsMemory = ownsMemory
    kernels = model.pointee.kernels
    input = InputStage(&arena, model.pointee)
    let blocks = arena.allocate(ParameterStore.Block.self, descriptions.count, .scratch)
    let layers = arena.allocate(Layer.self, descriptions.count, .scratch)
    for index in 0..<descriptions.count {
      let description = descriptions[index]
      let block = ParameterStore.Block(&arena, description, lanes: lanes, settings)
      let layer = Layer(
        &arena, description, block, settings, carriesOutput: settings.carriesOutput(of: index, among: descriptions))
      if !arena.isMeasuring {
        (blocks + index).initialize(to: block)
        (layers + index).initialize(to: layer)
      }
    }
    self.layers = UnsafeMutableBufferPointer(start: layers, count: descriptions.count)
    parameters = ParameterStore(blocks: UnsafeMutableBufferPointer(start: blocks, count: descriptions.count))
    learner = settings.learning ? arena.allocate(Learner.self, 1, .scratch) : nil
    if let learner {
      let content = Learner(&arena, model.pointee, settings)
      if !arena.isMeasuring { learner.initialize(to: content) }
    }
    frozen = settings.learning ? arena.allocate(Bool.self, model.pointee.tensors.count, .scratch) : nil
    statistics = Statistics(&arena, layers: descriptions.count - 1)
    let threaded = settings.learning && settings.threads > 1
    pool = threaded ? arena.allocate(system_pool.self, 1, .scratch) : nil
    workers =
      threaded && settings.update != .window ? arena.allocate(Session.self, settings.threads - 1, .scratch) : nil
    shares = workers == nil ? nil : arena.allocate(BatchShare.self, settings.threads, .scratch)
    if let workers {
      for index in 0..<settings.threads - 1 {
        let worker = Session(&arena, model, settings.ofWorker, ownsMemory: false)
        if !arena.isMeasuring { (workers + index).initialize(to: worker) }
      }
    }
    messageText = arena.allocate(CChar.self, Session.messageSize, .scratch)
    message = MessageBuffer(arena.isMeasuring ? nil : messageText, size: Session.messageSize)
    memory = MemoryReport(arena)
  }

  /// The options that a session of this model would have.
  private static func settings(_ model: UnsafeMutablePointer<Model>, _ options: Options?) -> Settings {
    let options = (options ?? Options()).completed(by: model.pointee.recommended)
    let window = options.value(.window) == 0 ? automaticWindow(model.pointee) : Int(options.value(.window))
    return Settings(options.with(.window, Double(window)))
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
  public static func requireMemorySize(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, _ message: MessageBuffer
  ) throws(Failure) -> Int {
    guard let size = memorySize(model, options) else {
      throw message.failure(.outOfMemory, "a session of this model takes more bytes than can be addressed")
    }
    return size
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
    guard let start = memory.baseAddress else { throw message.failure(.invalidArgument, "memory is NULL") }
    let remainder = UInt(bitPattern: start) % UInt(Arena.alignment)
    guard remainder == 0 else {
      throw message.failure(
        .invalidArgument,
        "memory is \(Int(remainder)) bytes past a multiple of \(Arena.alignment), expected an address that it divides")
    }
    let size = try requireMemorySize(model, options, message)
    guard memory.count >= size else {
      throw message.failure(.bufferTooSmall, "memory has \(memory.count) bytes, the session takes \(size)")
    }
    return try build(model, options, start, ownsMemory: false, message)
  }

  private static func build(
    _ model: UnsafeMutablePointer<Model>, _ options: Options?, _ memory: UnsafeMutableRawPointer, ownsMemory: Bool,
    _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Session> {
    var arena = Arena(memory)
    let session = arena.allocate(Session.self, 1, .scratch)
    session.initialize(to: Session(&arena, model, settings(model, options), ownsMemory: ownsMemory))
    let threads = session.pointee.settings.threads
    if let pool = session.pointee.pool, system_pool_start(pool, Int32(truncatingIfNeeded: threads)) != 0 {
      if ownsMemory { system_free(memory) }
      throw message.failure(.outOfMemory, "the system has no \(threads - 1) more threads for the session")
    }
    model.retain()
    session.pointee.begin()
    if let workers = session.pointee.workers {
      for index in 0..<threads - 1 { workers[index].begin() }
    }
    return session
  }

  /// As the model file has it.
  private mutating func begin() {
    parameters.load(model.pointee)
    deriveAll()
    clear(.state)  // traces are zero, as the arena makes them
    clearClassWeights()
  }

  public static func free(_ session: UnsafeMutablePointer<Session>) {
    if let pool = session.pointee.pool { system_pool_stop(pool) }
    session.pointee.model.release()
    if session.pointee.ownsMemory { system_free(session) }
  }

  public func option(_ option: Option) -> Double { settings.options.value(option) }

  var readout: Layer { layers[layers.count - 1] }

  /// Neurons of a block of the eligibility.
  var blockSize: Int { 2 * kernels.lanes }

  /// Brings everything that is computed from parameters up to date.
  func deriveAll() {
    for layer in layers { kernels.derive(layer.view) }
  }
}

/// Where the bytes of a session go.
public struct MemoryReport {
  public let parameters, state, traces, history, optimizer, scratch, total: Int

  init(_ arena: Arena) {
    parameters = arena.bytes(.parameters)
    state = arena.bytes(.state)
    traces = arena.bytes(.traces)
    history = arena.bytes(.history)
    optimizer = arena.bytes(.optimizer)
    scratch = arena.bytes(.scratch)
    total = arena.used
  }
}
