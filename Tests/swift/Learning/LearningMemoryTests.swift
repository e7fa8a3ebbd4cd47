import CHypr
import CSystem
import HyprModelWriter
import Testing

@testable import HyprCore

/// The option learning_memory_type: moments and eligibility as bfloat16.
@Suite struct LearningMemoryTests {
  static let bfloat16 = [HYPR_OPTION_LEARNING_MEMORY_TYPE: Double(HYPR_LEARNING_MEMORY_TYPE_BFLOAT16)]
  static let optimizers = [HYPR_OPTIMIZER_ADAM, HYPR_OPTIMIZER_MOMENTUM, HYPR_OPTIMIZER_ADAMW, HYPR_OPTIMIZER_NLMS]

  static func options(_ credit: Int, _ optimizer: Int = HYPR_OPTIMIZER_ADAM, _ others: [Int: Double] = [:]) -> [Int: Double] {
    WindowJobTests.options(credit, updates: true)
      .merging([HYPR_OPTION_OPTIMIZER: Double(optimizer), HYPR_OPTION_LEARNING_RATE: 0.01]) { $1 }
      .merging(bfloat16) { $1 }.merging(others) { $1 }
  }

  // ---- The same bits, whoever computes them

  @Test(arguments: WindowJobTests.credits, [false, true])
  func `Pieces of any size give the same bits`(credit: Int, sparse: Bool) throws {
    for (number, neurons) in WindowJobTests.mixed.enumerated() {
      var random = RandomNet(seed: 31)
      let sizes = [5] + [70, 37, 20].prefix(neurons.count) + [3]
      let model = try TestModel(WindowJobTests.model(neurons, sizes: sizes, sparse: sparse, &random))
      let (inputs, labels) = (random.inputs(4 * WindowJobTests.window - 3, 5), random.labels(60, 3))
      let options = LearningMemoryTests.options(credit, LearningMemoryTests.optimizers[number % 4])
      for work in [1, 1000, 100_000] {
        _ = try WindowJobTests.Pair(model, options).stream(inputs, labels, updates: true) { work }
      }
    }
  }

  @Test(arguments: WindowJobTests.credits, [false, true])
  func `Threads give the bits of one thread`(credit: Int, sparse: Bool) throws {
    // So large that threads are worth waking.
    var random = RandomNet(seed: 32)
    let model = try TestModel(WindowJobTests.model(["BRF", "LIF"], sizes: [40, 300, 300, 3], sparse: sparse, &random))
    let inputs = random.inputs(2 * WindowJobTests.window, 40)
    let labels = random.labels(inputs.count, 3)
    let threads = try TestSession(model, LearningMemoryTests.options(credit, HYPR_OPTIMIZER_ADAM, [HYPR_OPTION_THREADS: 3]))
    let alone = try TestSession(model, LearningMemoryTests.options(credit))
    for session in [threads, alone] { try session.stream(inputs, labels) { try session.teach(labels[$0]) } }
    #expect(try threads.savedState == alone.savedState)
  }

  @Test(arguments: WindowJobTests.credits) func `Deferred work gives the same bits, whoever does it`(credit: Int) throws {
    let stream = try DeferredTests.Stream(["BRF", "GRU"], sparse: true)
    let options = DeferredTests.options(4, credit, LearningMemoryTests.bfloat16)
    let states = try DeferredTests.Way.allCases.map { way in
      let session = try TestSession(stream.model, options)
      try stream.run(session, way, 0..<stream.inputs.count)
      return try session.savedState
    }
    #expect(states[1] == states[0] && states[2] == states[0])
  }

  // ---- Saved and handed on

  /// In the middle of a window, with rehearsal, whose network has an eligibility of its own.
  @Test(arguments: NeuronTests.names, WindowJobTests.credits)
  func `A saved session continues bit for bit`(neuron: String, credit: Int) throws {
    var random = RandomNet(seed: 41)
    let model = try TestModel(WindowJobTests.model([neuron], sizes: [5, 11, 3], sparse: credit % 2 == 0, &random))
    let (inputs, labels) = (random.inputs(80, 5), random.labels(80, 3))
    let options = LearningMemoryTests.options(
      credit, LearningMemoryTests.optimizers[credit % 3],
      [
        HYPR_OPTION_REHEARSAL_BYTES: 2000, HYPR_OPTION_REHEARSAL_STRETCH: 9, HYPR_OPTION_REHEARSAL_LEAD_IN: 2,
        HYPR_OPTION_REHEARSAL_STEPS: 4,
      ])
    func run(_ session: TestSession, _ steps: Range<Int>) throws {
      for step in steps {
        try session.step(inputs[step])
        if labels[step] >= 0 { try session.teach(labels[step]) }
      }
    }
    let (original, restored) = (try TestSession(model, options), try TestSession(model, options))
    try run(original, 0..<45)
    try run(restored, 60..<75)
    let bytes = try original.savedState
    try restored.load(bytes)
    #expect(try restored.savedState == bytes)
    for session in [original, restored] { try run(session, 45..<80) }
    #expect(try restored.savedState == original.savedState)
  }

  @Test func `A state of another type is refused, and changes nothing`() throws {
    var random = RandomNet(seed: 42)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [5, 11, 3]))
    let (inputs, labels) = (random.inputs(30, 5), random.labels(30, 3))
    let half = try TestSession(model, LearningMemoryTests.options(HYPR_CREDIT_WINDOW))
    let whole = try TestSession(
      model, LearningMemoryTests.options(HYPR_CREDIT_WINDOW).merging([HYPR_OPTION_LEARNING_MEMORY_TYPE: 0]) { $1 })
    for session in [half, whole] { try session.stream(inputs, labels) { try session.teach(labels[$0]) } }
    for (session, other) in [(half, whole), (whole, half)] {
      let before = try session.savedState
      let error = try #require(throws: CallFailure.self) { try session.load(other.savedState) }
      #expect(error.status == HYPR_ERROR_STATE_MISMATCH)
      #expect(error.message.contains("learning_memory_type"))
      #expect(try session.savedState == before)
    }
    #expect(try half.savedState.count < whole.savedState.count)
  }

  /// To the other type and back: what was bfloat16 comes back as it was.
  @Test(arguments: WindowJobTests.credits) func `Transfer converts`(credit: Int) throws {
    var random = RandomNet(seed: 43)
    let model = try TestModel(WindowJobTests.model(["BRF"], sizes: [5, 37, 3], sparse: true, &random))
    let (inputs, labels) = (random.inputs(40, 5), random.labels(40, 3))
    let options = LearningMemoryTests.options(credit)
    let (from, last) = (try TestSession(model, options), try TestSession(model, options))
    let whole = try TestSession(model, options.merging([HYPR_OPTION_LEARNING_MEMORY_TYPE: 0]) { $1 })
    try from.stream(inputs, labels) { try from.teach(labels[$0]) }
    for (from, to) in [(from, whole), (whole, last)] { try to.check(hypr_session_transfer(to.handle, from.handle)) }
    #expect(try from.eligibility.contains { $0 != 0 })
    #expect(try whole.eligibility == from.eligibility)
    #expect(try last.savedState == from.savedState)

    try whole.stream(inputs, labels) { try whole.teach(labels[$0]) }
    try last.check(hypr_session_transfer(last.handle, whole.handle))
    #expect(relativeError(try last.eligibility, try whole.eligibility.map(Double.init)) < 1 / 256)
  }

  // ---- What is lost

  /// Gradient and eligibility of some windows of a network that stays as it is, against those of float32.
  @Test(arguments: NeuronTests.names, WindowJobTests.credits)
  func `Gradients are those of float32 to its precision`(neuron: String, credit: Int) throws {
    for sparse in [false, true] {
      var random = RandomNet(seed: 44)
      let model = try TestModel(WindowJobTests.model([neuron], sizes: [5, 37, 3], sparse: sparse, &random))
      let (inputs, labels) = (random.inputs(6 * WindowJobTests.window, 5), random.labels(60, 3))
      let options = WindowJobTests.options(credit, updates: false)
      let (whole, half) = (
        try TestSession(model, options), try TestSession(model, options.merging(LearningMemoryTests.bfloat16) { $1 })
      )
      for session in [whole, half] { try session.stream(inputs, labels) { try session.teach(labels[$0]) } }
      let (expected, found) = (try whole.gradients, try half.gradients)
      #expect(found != expected)
      #expect(relativeError(found, expected.map(Double.init)) < 0.01, "sparse \(sparse)")
      #expect(relativeError(try half.eligibility, try whole.eligibility.map(Double.init)) < 0.01, "sparse \(sparse)")
    }
  }

  /// The mean square of Adam decays by a thousandth at a time, less than half of a bfloat16's last bit: the mean of many decays as it
  /// should, with the same bits at every CPU level.
  @Test(arguments: [KERNEL_RULE_ADAM, KERNEL_RULE_MOMENTUM]) func `Decay is not lost to rounding`(rule: Int) throws {
    // Equal numbers stay equal, so that it takes many streams to see a mean.
    let (count, trials) = (128, 64)
    let first = (0..<count).map { bfloat16_nearest(1 + Float($0) / Float(count)) }
    var results: [[Double]] = []
    for level in LevelTests.levels {
      var kernels = kernel_table()
      kernel_table_fill(&kernels, Int32(level))
      let (values, gradients) = (floats(count), floats(count))
      let moments = (0..<2).map { _ in UnsafeMutableRawPointer.allocate(byteCount: 2 * count, alignment: 64) }
      defer { ([UnsafeMutableRawPointer(values), UnsafeMutableRawPointer(gradients)] + moments).forEach { $0.deallocate() } }
      var sums = [0.0, 0.0]
      for update in 0..<1000 * trials {
        if update % 1000 == 0 { for place in moments { place.copyMemory(from: first, byteCount: 2 * count) } }
        var step = kernel_update()
        (step.rule, step.count) = (Int32(rule), count)
        (step.values, step.next_values, step.gradients) = (UnsafePointer(values), values, gradients)
        (step.moment1, step.moment2, step.moment_size) = (moments[0], moments[1], 2)
        (step.rounding1, step.rounding2) = RoundingKeys(UInt64(update)).keys
        (step.gradient_scale, step.value_limit, step.lower, step.upper) = (1, .greatestFiniteMagnitude, -1, 1)
        (step.beta1, step.beta2, step.epsilon, step.correction1, step.correction2) = (0.999, 0.999, 1e-8, 1, 1)
        _ = kernels.optimize(&step)
        guard update % 1000 == 999 else { continue }
        for moment in 0..<2 {
          let halves = moments[moment].assumingMemoryBound(to: UInt16.self)
          for index in 0..<count { sums[moment] += Double(bfloat16_value(halves[index])) }
        }
      }
      results.append(sums)
    }
    let start = Double(trials) * first.reduce(0) { $0 + Double(bfloat16_value($1)) }
    for moment in 0..<(rule == KERNEL_RULE_ADAM ? 2 : 1) {
      // 0.999 to the power of 1000.
      #expect(abs(results[0][moment] / start - 0.3677) < 0.05 * 0.3677, "moment \(moment + 1)")
    }
    for result in results { #expect(result == results[0]) }
  }

  private func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let place = UnsafeMutableRawPointer.allocate(byteCount: 4 * count, alignment: 64).bindMemory(to: Float.self, capacity: count)
    place.initialize(repeating: 0, count: count)
    return place
  }

  /// What is largest stays finite, and what is no number none.
  @Test func `Numbers at the ends`() {
    for key in [UInt32(0), 0xffff_ffff, 0x1234_5678] {
      for value in [Float(0), -0.0, 1, -2.5, .infinity, -.infinity, Float(bitPattern: 0x7f7f_0000)] {
        #expect(bfloat16_value(bfloat16_rounded(value, key)) == value)
      }
      #expect(bfloat16_value(bfloat16_rounded(.nan, key)).isNaN)
    }
    #expect(bfloat16_value(bfloat16_nearest(.greatestFiniteMagnitude)) == Float(bitPattern: 0x7f7f_0000))
    #expect(bfloat16_value(bfloat16_nearest(1 + 1 / 256)) == 1 && bfloat16_value(bfloat16_nearest(1 + 3 / 256)) == 1 + 4 / 256)
  }

  /// A quarter to two thirds of what was there before; nothing else becomes smaller.
  @Test func `The report says what is saved`() throws {
    var random = RandomNet(seed: 45)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [8, 128, 4]))
    func report(_ options: [Int: Double]) throws -> hypr_memory_report {
      var report = hypr_memory_report()
      report.struct_size = MemoryLayout<hypr_memory_report>.size
      let session = try TestSession(model, options)
      try session.check(hypr_session_memory_report(session.handle, &report))
      return report
    }
    let half = try report(LearningMemoryTests.options(HYPR_CREDIT_FILTERED))
    let whole = try report(LearningMemoryTests.options(HYPR_CREDIT_FILTERED).merging([HYPR_OPTION_LEARNING_MEMORY_TYPE: 0]) { $1 })
    #expect(abs(Double(half.optimizer) / Double(whole.optimizer) - 2 / 3) < 0.01)
    #expect(abs(Double(half.traces) / Double(whole.traces) - 1 / 2) < 0.01)
    #expect(half.parameters == whole.parameters && half.state == whole.state && half.history == whole.history)
  }
}
