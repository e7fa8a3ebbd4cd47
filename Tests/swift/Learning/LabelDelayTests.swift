import CHypr
import HyprModelWriter
import Testing

/// The option label_delay: every step can be taught until so many steps after it, and what is learned is what targets in time teach.
@Suite struct LabelDelayTests {
  static let credits = WindowJobTests.credits
  static let window = 7
  /// Less than a window, one, between one and two, and many.
  static let delays = [1, 3, 7, 10, 40]

  enum Target: CaseIterable { case label, values, error }

  struct Stream {
    let model: TestModel
    let inputs: [[Float]]
    let labels: [Int]
    let targets: [[Float]]

    init(_ neurons: [String], steps: Int = 61, sparse: Bool = false, sizes: [Int] = [5, 20, 11, 9]) throws {
      var random = RandomNet(seed: 41)
      model = try TestModel(
        WindowJobTests.model(neurons, sizes: Array(sizes.prefix(neurons.count + 1)) + [3], sparse: sparse, &random))
      inputs = random.inputs(steps, 5)
      labels = random.labels(steps, 3)
      targets = (0..<steps).map { _ in random.uniform(3, -1...1) }
    }

    func teach(_ session: TestSession, _ kind: Target, _ step: Int, ago: Int) throws {
      guard labels[step] >= 0 else { return }
      switch kind {
      case .label: try session.teach(labels[step], stepsAgo: ago)
      case .values: try session.teach(values: targets[step], stepsAgo: ago)
      case .error: try session.teach(error: targets[step], stepsAgo: ago)
      }
    }

    /// Steps through a part of the stream; what each step is taught comes `late` steps after it. Returns the bits of the outputs.
    @discardableResult func run(
      _ session: TestSession, _ kind: Target, late: Int, _ steps: Range<Int>, from first: Int = 0
    ) throws -> [UInt32] {
      var bits: [UInt32] = []
      for step in steps {
        bits += try session.step(inputs[step]).map(\.bitPattern)
        if step - late >= first { try teach(session, kind, step - late, ago: late) }
      }
      return bits
    }

    /// Whatever has not come yet.
    func finish(_ session: TestSession, _ kind: Target, late: Int) throws {
      for ago in (0..<late).reversed() { try teach(session, kind, inputs.count - 1 - ago, ago: ago) }
      try session.flush()
    }
  }

  static func options(_ delay: Int, _ credit: Int = HYPR_CREDIT_WINDOW, _ others: [Int: Double] = [:]) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_LABEL_DELAY: Double(delay),
      HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
      HYPR_OPTION_SPIKE_RATE_PENALTY: 1, HYPR_OPTION_SPIKE_RATE_UPPER: 0.1,
    ].merging(others) { $1 }
  }

  /// Where nothing is updated meanwhile, late targets give the gradients of targets in time, bit for bit.
  @Test(arguments: credits, [false, true])
  func gradientsAreThoseOfTargetsInTime(credit: Int, sparse: Bool) throws {
    for neurons in WindowJobTests.mixed + WindowJobTests.single {
      let stream = try Stream(neurons, sparse: sparse)
      for kind in neurons.count > 1 ? Target.allCases : [.label] {
        let inTime = try TestSession(stream.model, LabelDelayTests.options(0, credit))
        try stream.run(inTime, kind, late: 0, 0..<61)
        try inTime.flush()
        let expected = try inTime.gradients
        #expect(expected.contains { $0 != 0 })
        for delay in neurons.count > 1 ? LabelDelayTests.delays : [10] {
          let late = try TestSession(stream.model, LabelDelayTests.options(delay, credit))
          try stream.run(late, kind, late: delay, 0..<61)
          try stream.finish(late, kind, late: delay)
          #expect(try late.gradients == expected, "\(neurons), \(kind), delay \(delay)")
          #expect(try late.statistics.taught_steps == inTime.statistics.taught_steps)
          #expect(try late.statistics.mean_loss == inTime.statistics.mean_loss)
          #expect(try late.eligibility == inTime.eligibility)
        }
      }
    }
  }

  /// With spatial credit the gradient does not depend on λ, nor on how late the targets come.
  @Test(arguments: [1, 2, 5, 16, 100]) func gradientsDoNotDependOnWindow(window: Int) throws {
    let stream = try Stream(["BRF", "SEAdLIF"])
    func gradients(_ window: Int, _ delay: Int) throws -> [Float] {
      let options = LabelDelayTests.options(
        delay, HYPR_CREDIT_SPATIAL, [HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_SPIKE_RATE_PENALTY: 0])
      let session = try TestSession(stream.model, options)
      try stream.run(session, .label, late: delay, 0..<61)
      try stream.finish(session, .label, late: delay)
      return try session.gradients
    }
    let (expected, found) = (try gradients(61, 0), try gradients(window, 9))
    for tensor in try TestSession(stream.model).tensors {
      let error = relativeError(Array(found[tensor.range]), expected[tensor.range].map(Double.init))
      #expect(error < 1e-4, "\(tensor.name): \(error)")
    }
  }

  /// A step can be taught exactly as long as its window is open: at least d steps, for all the ways in which a target comes.
  @Test(arguments: [0] + delays) func everyStepCanBeTaughtUntilTheDelay(delay: Int) throws {
    let stream = try Stream(["LIF"], steps: 100)
    let session = try TestSession(stream.model, LabelDelayTests.options(delay))
    for step in 0..<100 {
      try session.step(stream.inputs[step])
      // A window is closed by the step that is made d steps after its last one and one more.
      let closed = max(0, step - delay) / LabelDelayTests.window
      let open = step + 1 - closed * LabelDelayTests.window
      #expect(open > min(delay, step) && open <= LabelDelayTests.window + delay)
      for ago in 0..<open {
        try session.teach(1, stepsAgo: ago)
        try session.teach(values: [0, 1, 2], stepsAgo: ago)
        try session.teach(error: [0, 1, 2], stepsAgo: ago)
      }
      let refused: [() throws -> Void] = [
        { try session.teach(1, stepsAgo: open) }, { try session.teach(values: [0, 1, 2], stepsAgo: open) },
        { try session.teach(error: [0, 1, 2], stepsAgo: open) }, { try session.teach(1, stepsAgo: -1) },
      ]
      for call in refused {
        let failure = try #require(throws: CallFailure.self) { try call() }
        #expect(failure.status == HYPR_ERROR_WRONG_STATE)
        #expect(failure.message.contains("label_delay, here \(delay)"), "\(failure.message)")
      }
    }
  }

  /// With updates a window is closed, and the parameters change, d steps later than without a delay.
  @Test(arguments: delays) func updatesComeAfterTheDelay(delay: Int) throws {
    let stream = try Stream(["SEAdLIF"], steps: 100)
    let session = try TestSession(
      stream.model, LabelDelayTests.options(delay, HYPR_CREDIT_WINDOW, [HYPR_OPTION_UPDATE: 0]))
    for step in 0..<100 {
      let before = try session.parameters
      try session.step(stream.inputs[step])
      let isDue = step - delay > 0 && (step - delay) % LabelDelayTests.window == 0
      #expect(try (session.parameters != before) == isDue, "step \(step)")
      try session.teach(1)
    }
  }

  /// Closed by hand, the windows are those without a delay; so are a reset, and what is set.
  @Test(arguments: credits) func closingByHandClosesAll(credit: Int) throws {
    let stream = try Stream(["BRF", "LIF"], steps: 90)
    let calls: [(TestSession) throws -> Void] = [
      { try $0.flush() }, { try $0.reset() }, { try $0.setParameters($0.parameters) }, { try $0.setState(0, $0.state(0)) },
      { try $0.check(hypr_session_reset_parts($0.handle, UInt32(HYPR_RESET_TRACES))) },
      { try $0.check(hypr_session_reset_parts($0.handle, UInt32(HYPR_RESET_STATE))) },
      { try $0.check(hypr_session_reset_layer($0.handle, 1)) }, { try $0.learn(stream.inputs, stream.labels) },
    ]
    for (number, call) in calls.enumerated() {
      for place in [1, 6, 7, 8, 13, 14, 15, 17, 20, 21, 24] {
        let sessions = try [0, 10].map { try TestSession(stream.model, LabelDelayTests.options($0, credit)) }
        for session in sessions {
          try stream.run(session, .label, late: 0, 0..<place)
          try call(session)
          let failure = try #require(throws: CallFailure.self) { try session.teach(0) }
          #expect(failure.status == HYPR_ERROR_WRONG_STATE)
          try stream.run(session, .label, late: 0, place..<90)
          try session.flush()
        }
        #expect(try sessions[0].gradients == sessions[1].gradients, "call \(number) before step \(place)")
        #expect(try sessions[0].parameters == sessions[1].parameters)
        #expect(try sessions[0].eligibility == sessions[1].eligibility)
      }
    }
  }

  /// Looking ahead, and a step that fails, leave the open windows as they are, whichever page the next step goes to.
  @Test(arguments: delays) func lookingAheadAndFailuresChangeNothing(delay: Int) throws {
    let stream = try Stream(["BRF", "LIF"])
    let options = LabelDelayTests.options(delay, HYPR_CREDIT_RECURRENT)
    let (plain, disturbed) = (try TestSession(stream.model, options), try TestSession(stream.model, options))
    for step in 0..<61 {
      var ahead = [Float](repeating: .nan, count: 3)
      let sample = stream.inputs[step]
      try disturbed.check(hypr_session_look_ahead(disturbed.handle, sample, sample.count, &ahead, ahead.count))
      #expect(throws: CallFailure.self) { try disturbed.step([.nan, 0, 0, 0, 0]) }
      #expect(throws: CallFailure.self) { try disturbed.step([3e38, -3e38, 3e38, 3e38, -3e38]) }
      let outputs = try stream.run(disturbed, .label, late: delay, step..<step + 1)
      #expect(try outputs == stream.run(plain, .label, late: delay, step..<step + 1))
      #expect(ahead.map(\.bitPattern) == outputs)
    }
    try stream.finish(plain, .label, late: delay)
    try stream.finish(disturbed, .label, late: delay)
    #expect(try plain.gradients == disturbed.gradients)
  }

  /// Saved while windows wait for their targets, a session continues bit for bit.
  @Test(arguments: [3, 7, 20], credits) func continuesBitForBit(delay: Int, credit: Int) throws {
    let stream = try Stream(["BRF", "GRU"], steps: 90)
    let options = LabelDelayTests.options(delay, credit, [HYPR_OPTION_UPDATE: 0])
    for place in [0, 5, 7, 9, 10, 11, 14, 17, 27, 28, 35, 36, 48] {
      let original = try TestSession(stream.model, options)
      try stream.run(original, .label, late: delay, 0..<place)
      let bytes = try original.savedState
      let restored = try TestSession(stream.model, options)
      try stream.run(restored, .values, late: delay, 20..<33, from: 20)
      try restored.load(bytes)
      #expect(try restored.savedState == bytes, "saved before step \(place)")
      let expected = try stream.run(original, .label, late: delay, place..<90)
      #expect(try stream.run(restored, .label, late: delay, place..<90) == expected, "saved before step \(place)")
      for session in [original, restored] { try stream.finish(session, .label, late: delay) }
      #expect(try restored.savedState == original.savedState)
    }
  }

  /// A state is of one delay; a saved one of another is refused, and says so.
  @Test func stateOfAnotherDelayIsRefused() throws {
    let stream = try Stream(["LIF"])
    let (one, other) = (
      try TestSession(stream.model, LabelDelayTests.options(3)), try TestSession(stream.model, LabelDelayTests.options(4))
    )
    let failure = try #require(throws: CallFailure.self) { try other.load(one.savedState) }
    #expect(failure.status == HYPR_ERROR_STATE_MISMATCH && failure.message.contains("label_delay"))
  }

  /// Targets of whole sequences reach all open windows; a sum of softmax those of one.
  @Test(arguments: [HYPR_LOSS_EVERY_STEP, HYPR_LOSS_LAST_STEPS, HYPR_LOSS_SUM_OF_SOFTMAX])
  func sequencesReachAllOpenWindows(loss: Int) throws {
    let stream = try Stream(["BRF"])
    let others: [Int: Double] = [HYPR_OPTION_LOSS: Double(loss), HYPR_OPTION_LOSS_STEPS: 9]
    let session = try TestSession(stream.model, LabelDelayTests.options(8, HYPR_CREDIT_WINDOW, others))
    let expected = try TestSession(stream.model, LabelDelayTests.options(0, HYPR_CREDIT_WINDOW, others))
    let steps = loss == HYPR_LOSS_SUM_OF_SOFTMAX ? LabelDelayTests.window : 14
    for step in 0..<steps {
      try session.step(stream.inputs[step])
      // What a step was taught before is replaced.
      try session.teach(0)
    }
    try session.teachSequence(2)
    if loss == HYPR_LOSS_SUM_OF_SOFTMAX {
      // Steps of the next window are none of it.
      for step in steps..<steps + 8 {
        try session.step(stream.inputs[step])
        try session.teach(1)
      }
      try expected.stream(Array(stream.inputs[..<steps]), .init(repeating: -1, count: steps - 1) + [2]) {
        #expect($0 == steps - 1)
        try expected.teachSequence(2)
      }
      for step in steps..<steps + 8 {
        try expected.step(stream.inputs[step])
        try expected.teach(1)
      }
      let failure = try #require(throws: CallFailure.self) { try session.teachSequence(2) }
      #expect(failure.status == HYPR_ERROR_WRONG_STATE)
    } else {
      for step in 0..<steps {
        try expected.step(stream.inputs[step])
        if loss == HYPR_LOSS_EVERY_STEP || step >= steps - 9 { try expected.teach(2) }
      }
    }
    for session in [session, expected] { try session.flush() }
    #expect(try session.gradients == expected.gradients)
    #expect(try session.statistics.taught_steps == expected.statistics.taught_steps)
  }

  /// A batch's labels are there with its steps: it is learnt as without a delay, updates and threads included.
  @Test(arguments: [HYPR_UPDATE_WINDOW, HYPR_UPDATE_SEQUENCE], [1, 3]) func batchesAreAsWithout(update: Int, threads: Int) throws {
    let stream = try Stream(["BRF", "LIF"])
    let others: [Int: Double] = [HYPR_OPTION_UPDATE: Double(update), HYPR_OPTION_THREADS: Double(threads)]
    let sessions = try [0, 10].map {
      try TestSession(stream.model, LabelDelayTests.options($0, HYPR_CREDIT_WINDOW, others))
    }
    for session in sessions {
      try stream.run(session, .label, late: 0, 0..<5)
      for _ in 0..<2 { try session.learn([stream.inputs, Array(stream.inputs[..<20]), []], [1, 2, 0]) }
    }
    #expect(try sessions[0].parameters == sessions[1].parameters)
    // Afterwards labels may be late again.
    try stream.run(sessions[1], .label, late: 10, 0..<61)
  }

  /// Where layers are large, several threads close the windows that wait.
  @Test func threadsKeepTheBits() throws {
    let stream = try Stream(["BRF", "LIF"], steps: 30, sizes: [5, 400, 380])
    let sessions = try [1, 3].map {
      try TestSession(
        stream.model,
        LabelDelayTests.options(4, HYPR_CREDIT_RECURRENT, [HYPR_OPTION_UPDATE: 0, HYPR_OPTION_THREADS: Double($0)]))
    }
    for session in sessions {
      try stream.run(session, .label, late: 4, 0..<30)
      try stream.finish(session, .label, late: 4)
    }
    #expect(try sessions[0].parameters == sessions[1].parameters)
  }

  /// Without a delay a session has one page, and no memory of it.
  @Test func memoryIsThatOfThePages() throws {
    let stream = try Stream(["BRF", "LIF"])
    func report(_ delay: Int) throws -> hypr_memory_report {
      let session = try TestSession(stream.model, LabelDelayTests.options(delay))
      var report = hypr_memory_report()
      report.struct_size = MemoryLayout<hypr_memory_report>.size
      try session.check(hypr_session_memory_report(session.handle, &report))
      return report
    }
    let (none, one, two) = (try report(0), try report(7), try report(8))
    for (less, more) in [(none, one), (one, two)] {
      // Whole lines of the cache for states and outputs of each of three layers: a page is as large as the first one but for what fills them.
      let page = Int(more.state) - Int(less.state)
      #expect(more.history > less.history && abs(page - Int(none.state)) < 6 * 64 && more.total > less.total)
      #expect(more.traces == less.traces && more.optimizer == less.optimizer && more.parameters == less.parameters)
    }
    #expect(try report(1).total == one.total)
  }
}
