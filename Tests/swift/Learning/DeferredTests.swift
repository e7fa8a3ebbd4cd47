import CHypr
import HyprModelWriter
import Testing

/// The option deferred: whoever does the end of a window, and in whatever pieces, steps give the same bits; and what is learned is what
/// a host would learn that sets parameters by itself one window later.
@Suite struct DeferredTests {
  static let credits = WindowJobTests.credits

  /// Who does the work: the steps, the host between them in pieces of any size, or all at once as soon as there is any.
  enum Way: CaseIterable { case steps, pieces, atOnce }

  struct Stream {
    let model: TestModel
    let inputs: [[Float]]
    let labels: [Int]
    let targets: [[Float]]

    init(_ neurons: [String], steps: Int = 43, sparse: Bool = false, sizes: [Int] = [70, 37, 20]) throws {
      var random = RandomNet(seed: 61)
      let sizes = [5] + sizes.prefix(neurons.count) + [3]
      model = try TestModel(WindowJobTests.model(neurons, sizes: sizes, sparse: sparse, &random))
      inputs = random.inputs(steps, 5)
      labels = random.labels(steps, 3)
      targets = (0..<steps).map { _ in random.uniform(3, -1...1) }
    }

    /// Steps through a part of the stream and teaches it. Returns the bits of the outputs.
    @discardableResult func run(_ session: TestSession, _ way: Way, _ steps: Range<Int>, late: Int = 0) throws -> [UInt32] {
      var (bits, generator) = ([UInt32](), SplitMix64(state: UInt64(steps.lowerBound)))
      for step in steps {
        bits += try session.step(inputs[step]).map(\.bitPattern)
        let taught = step - late
        if taught >= 0 && labels[taught] >= 0 {
          if taught % 5 == 4 {
            try session.teach(values: targets[taught], stepsAgo: late)
          } else {
            try session.teach(labels[taught], stepsAgo: late)
          }
        }
        switch way {
        case .steps: break
        case .pieces: try session.work(UInt64.random(in: 0...3000, using: &generator))
        case .atOnce: #expect(try session.work(.max) == 0)
        }
      }
      return bits
    }
  }

  static func options(_ window: Int, _ credit: Int = HYPR_CREDIT_WINDOW, _ others: [Int: Double] = [:]) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_DEFERRED: 1, HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_CREDIT: Double(credit),
      HYPR_OPTION_LEARNING_RATE: 0.01, HYPR_OPTION_SPIKE_RATE_PENALTY: 1, HYPR_OPTION_SPIKE_RATE_UPPER: 0.1,
    ].merging(others) { $1 }
  }

  /// Everything that a session has become, and what came out on the way.
  private func traces(_ stream: Stream, _ options: [Int: Double], _ way: Way, late: Int = 0) throws -> (bits: [UInt32], state: [UInt8]) {
    let session = try TestSession(stream.model, options)
    var bits = try stream.run(session, way, 0..<stream.inputs.count, late: late)
    bits += try session.gradients.map(\.bitPattern) + session.eligibility.map(\.bitPattern)
    return (bits + (try session.parameters).map(\.bitPattern), try session.savedState)
  }

  private func expectSameBits(_ stream: Stream, _ options: [Int: Double], late: Int = 0, moves: Bool = true) throws {
    let expected = try traces(stream, options, .steps, late: late)
    for way in [Way.pieces, .atOnce] {
      let found = try traces(stream, options, way, late: late)
      #expect(found.bits == expected.bits, "\(way)")
      #expect(found.state == expected.state, "\(way)")
    }
    let still = try traces(stream, options.merging([HYPR_OPTION_LEARNING_RATE: 0]) { $1 }, .steps, late: late)
    #expect((still.bits != expected.bits) == moves, "nothing was learned")
  }

  @Test(arguments: credits, [1, 2, 10])
  func `Steps give the same bits whoever does the work`(credit: Int, window: Int) throws {
    for neurons in WindowJobTests.mixed + WindowJobTests.single {
      let isMixed = neurons.count > 1
      for sparse in isMixed ? [false, true] : [false] {
        try expectSameBits(Stream(neurons, sparse: sparse), DeferredTests.options(window, credit))
      }
    }
  }

  @Test(arguments: [HYPR_UPDATE_WINDOW, HYPR_UPDATE_SEQUENCE, HYPR_UPDATE_MANUAL], [1, 2, 10])
  func `The same with every time of updates`(update: Int, window: Int) throws {
    let stream = try Stream(["BRF", "ALIF"])
    let options = DeferredTests.options(window, HYPR_CREDIT_RECURRENT, [HYPR_OPTION_UPDATE: Double(update)])
    let expected = try parts(stream, options, .steps, update)
    for way in [Way.pieces, .atOnce] { #expect(try parts(stream, options, way, update) == expected) }
  }

  /// Sequences, flushes, parameters set, a sequence learned at once and tensors frozen on the way.
  private func parts(_ stream: Stream, _ options: [Int: Double], _ way: Way, _ update: Int) throws -> [UInt32] {
    let session = try TestSession(stream.model, options)
    var bits = try stream.run(session, way, 0..<13)
    try session.flush()
    bits += try session.parameters.map(\.bitPattern)
    bits += try stream.run(session, way, 13..<20)
    try session.reset()
    bits += try session.parameters.map(\.bitPattern)
    bits += try stream.run(session, way, 20..<27)
    try session.setParameters(try session.parameters.map { $0 * 0.99 })
    bits += try stream.run(session, way, 27..<34)
    try session.learn(Array(stream.inputs[0..<9]), Array(stream.labels[0..<9]))
    bits += try session.parameters.map(\.bitPattern)
    bits += try stream.run(session, way, 34..<39)
    try session.check(hypr_session_set_trainable(session.handle, 0, 0))
    let frozen = try session.parameters
    bits += try stream.run(session, way, 39..<43)
    if update == HYPR_UPDATE_MANUAL { try session.apply() } else { try session.reset() }
    let parameters = try session.parameters
    let range = try session.tensors[0].range
    #expect(parameters[range] == frozen[range])
    #expect(parameters != frozen)
    return bits + parameters.map(\.bitPattern)
  }

  @Test(arguments: [1, 3, 10, 25], [2, 10])
  func `The same with late labels`(delay: Int, window: Int) throws {
    let options = DeferredTests.options(window, HYPR_CREDIT_RECURRENT, [HYPR_OPTION_LABEL_DELAY: Double(delay)])
    try expectSameBits(Stream(["BRF", "ALIF"], steps: 61), options, late: delay)
  }

  /// The guard's answers are those of its reference when the learning network, with a rate far too high, falls behind.
  @Test(arguments: [false, true], [1, 10])
  func `The same with rehearsal and guard`(guarded: Bool, window: Int) throws {
    var others: [Int: Double] = [
      HYPR_OPTION_REHEARSAL_BYTES: 4000, HYPR_OPTION_REHEARSAL_STEPS: 6, HYPR_OPTION_REHEARSAL_STRETCH: 7,
      HYPR_OPTION_REHEARSAL_LEAD_IN: 2, HYPR_OPTION_REHEARSAL_SHARE: 0.4,
    ]
    if guarded {
      others[HYPR_OPTION_GUARD] = 4
      others[HYPR_OPTION_GUARD_ANSWER] = 1
      others[HYPR_OPTION_GUARD_MARGIN] = 0
      others[HYPR_OPTION_LEARNING_RATE] = 0.3
    }
    let stream = try Stream(["BRF", "ALIF"], steps: 121)
    let options = DeferredTests.options(window, HYPR_CREDIT_RECURRENT, others)
    try expectSameBits(stream, options)
    let session = try TestSession(stream.model, options)
    try stream.run(session, .pieces, 0..<121)
    var rehearsal = hypr_rehearsal()
    rehearsal.struct_size = MemoryLayout<hypr_rehearsal>.size
    try session.check(hypr_session_rehearsal(session.handle, Int32(HYPR_REHEARSAL_ALL), &rehearsal))
    #expect(rehearsal.taught_steps > 0)
    guard guarded else { return }
    var found = hypr_guard()
    found.struct_size = MemoryLayout<hypr_guard>.size
    try session.check(hypr_session_guard(session.handle, &found))
    #expect(found.returns > 0)
  }

  @Test(arguments: credits) func `Threads give the bits of one`(credit: Int) throws {
    // So large that threads are worth waking.
    var random = RandomNet(seed: 62)
    let model = try TestModel(random.model(["BRF", "LIF"], sizes: [40, 300, 300, 3]))
    let (inputs, labels) = (random.inputs(15, 40), random.labels(15, 3))
    func run(_ threads: Double, _ budget: UInt64) throws -> [Float] {
      let session = try TestSession(model, DeferredTests.options(5, credit, [HYPR_OPTION_THREADS: threads]))
      for step in inputs.indices {
        try session.step(inputs[step])
        if labels[step] >= 0 { try session.teach(labels[step]) }
        try session.work(budget)
      }
      try session.flush()
      return try session.parameters
    }
    let expected = try run(1, 0)
    for budget in [0, 1 << 19, UInt64.max] { #expect(try run(2, budget) == expected) }
  }

  /// Saved before any step of a window, with some of the last one's work done: saving changes nothing, and the session goes on from there.
  @Test(arguments: credits, [false, true])
  func `A saved session continues bit for bit`(credit: Int, rehearses: Bool) throws {
    let stream = try Stream(["BRF", "ALIF"])
    var others: [Int: Double] = [HYPR_OPTION_LABEL_DELAY: 2]
    if rehearses {
      others.merge([
        HYPR_OPTION_REHEARSAL_BYTES: 4000, HYPR_OPTION_REHEARSAL_STEPS: 6, HYPR_OPTION_REHEARSAL_STRETCH: 7,
        HYPR_OPTION_REHEARSAL_LEAD_IN: 2, HYPR_OPTION_GUARD: 5, HYPR_OPTION_GUARD_ANSWER: 1,
      ]) { $1 }
    }
    let options = DeferredTests.options(7, credit, others)
    let whole = try TestSession(stream.model, options)
    let expected = try stream.run(whole, .steps, 0..<43)
    for place in 0..<26 {
      let original = try TestSession(stream.model, options)
      let before = try stream.run(original, place % 2 == 0 ? .steps : .pieces, 0..<place)
      let state = try original.savedState
      let restored = try TestSession(stream.model, options)
      try stream.run(restored, .steps, 3..<20)
      try restored.load(state)
      #expect(try restored.savedState == state, "saved before step \(place)")
      for session in [original, restored] {
        #expect(try before + stream.run(session, .steps, place..<43) == expected, "saved before step \(place)")
        #expect(try session.savedState == whole.savedState, "saved before step \(place)")
      }
    }
  }

  /// With the parameters as they are, a window has the gradient that it has without the option, whose numbers are the golden ones.
  @Test(arguments: credits, [false, true])
  func `Gradients are those of windows closed at once`(credit: Int, sparse: Bool) throws {
    for neurons in WindowJobTests.mixed + WindowJobTests.single {
      let stream = try Stream(neurons, sparse: sparse)
      for window in [1, 7] {
        let manual = DeferredTests.options(window, credit, [HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL)])
        let atOnce = try TestSession(stream.model, manual.merging([HYPR_OPTION_DEFERRED: 0]) { $1 })
        let deferred = try TestSession(stream.model, manual)
        #expect(try stream.run(atOnce, .steps, 0..<43) == stream.run(deferred, .steps, 0..<43))
        for session in [atOnce, deferred] { try session.flush() }
        #expect(try deferred.gradients == atOnce.gradients)
        #expect(try deferred.eligibility == atOnce.eligibility)
        #expect(try atOnce.gradients.contains { $0 != 0 })
      }
    }
  }

  /// An arbiter that knows nothing of pieces: a host that reads the gradient of every window from a session without the option, makes the
  /// step of gradient descent by itself, and sets the parameters a window later.
  @Test(arguments: credits, [1, 2, 10])
  func `Updates come a window later`(credit: Int, window: Int) throws {
    // Without spikes, and bounded, so that what is rounded otherwise stays small.
    let stream = try Stream(["GRU", "LSTM"], steps: 40)
    let rate: Float = 0.05
    let common = DeferredTests.options(
      window, credit,
      [
        HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD), HYPR_OPTION_LEARNING_RATE: Double(rate), HYPR_OPTION_GRADIENT_CLIP: 0,
        // Their bounds are the optimizer's.
        HYPR_OPTION_TRAIN_MASK: Double(HYPR_TRAIN_INPUT_WEIGHTS | HYPR_TRAIN_RECURRENT_WEIGHTS | HYPR_TRAIN_BIASES | HYPR_TRAIN_READOUT),
      ])
    let deferred = try TestSession(stream.model, common)
    let host = try TestSession(
      stream.model, common.merging([HYPR_OPTION_DEFERRED: 0, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL)]) { $1 })
    let first = try host.parameters
    // In use, and one window later.
    var (used, next) = (first, first)
    for start in stride(from: 0, to: 40, by: window) {
      try host.setParameters(used)
      let expected = try stream.run(host, .steps, start..<start + window)
      let found = try stream.run(deferred, .pieces, start..<start + window)
      for (one, other) in zip(found, expected) {
        let (one, other) = (Float(bitPattern: one), Float(bitPattern: other))
        #expect(abs(one - other) <= 1e-4 * max(1, abs(other)), "from step \(start)")
      }
      for (one, other) in zip(try deferred.parameters, used) { #expect(abs(one - other) <= 1e-5 * max(1, abs(other))) }
      try host.flush()
      let gradients = try host.gradients
      try host.check(hypr_session_reset_parts(host.handle, UInt32(HYPR_RESET_OPTIMIZER)))
      let updated = zip(next, gradients).map { $0 - rate * $1 }
      (used, next) = (next, updated)
    }
    #expect(zip(used, first).contains { abs($0 - $1) > 1e-4 })
  }

  /// Where nothing else is in use yet, a step that is refused takes no part in the work, and everything goes on as without it.
  @Test func `Refused steps change nothing while work is pending`() throws {
    let stream = try Stream(["BRF", "ALIF"])
    let (whole, disturbed) = (
      try TestSession(stream.model, DeferredTests.options(10)), try TestSession(stream.model, DeferredTests.options(10))
    )
    for step in 0..<43 {
      for value in [Float.nan, .infinity] {
        #expect(throws: CallFailure.self) { try disturbed.step([value, 0, 0, 0, 0]) }
      }
      #expect(try stream.run(whole, .steps, step..<step + 1) == stream.run(disturbed, .steps, step..<step + 1))
    }
    #expect(try whole.savedState == disturbed.savedState)
  }

  @Test func `Parameters change when the next window is full, and not before`() throws {
    let stream = try Stream(["BRF"])
    let session = try TestSession(stream.model, DeferredTests.options(5))
    var parameters = try session.parameters
    for step in 0..<43 {
      try stream.run(session, .steps, step..<step + 1)
      try session.work(.max)
      let now = try session.parameters
      // Steps are counted from 0: that of number 10 is the first one after the second window.
      #expect((now != parameters) == (step >= 10 && step % 5 == 0), "step \(step)")
      parameters = now
    }
    // One window waits for its update, the other is not yet closed.
    try session.flush()
    #expect(try session.statistics.updates == 9)
    #expect(try session.parameters != parameters)
  }

  @Test func `What is left becomes less`() throws {
    let stream = try Stream(["BRF"])
    let session = try TestSession(stream.model, DeferredTests.options(10))
    try stream.run(session, .steps, 0..<10)
    #expect(try session.work(0) == 0)
    try stream.run(session, .steps, 10..<11)
    var left = try session.work(0)
    #expect(left > 0)
    var calls = 0
    while left > 0 {
      let now = try session.work(1000)
      #expect(now < left)
      (left, calls) = (now, calls + 1)
    }
    #expect(calls > 5)
    let atOnce = try TestSession(stream.model, DeferredTests.options(10, HYPR_CREDIT_WINDOW, [HYPR_OPTION_DEFERRED: 0]))
    try stream.run(atOnce, .atOnce, 0..<20)
    #expect(throws: CallFailure.self) { try TestSession(stream.model).work(1) }
  }
}

extension TestSession {
  @discardableResult fileprivate func work(_ budget: UInt64) throws -> UInt64 {
    var left = UInt64.max
    try check(hypr_session_work(handle, budget, &left))
    return left
  }
}
