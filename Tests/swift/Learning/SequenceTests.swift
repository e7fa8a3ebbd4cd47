import CHypr
import HyprModelWriter
import Testing

/// One label for a whole sequence, class weights, spike rates, and tensors frozen one by one.
@Suite struct SequenceTests {
  private struct Data {
    let model: TestModel
    let inputs: [[Float]]
    let labels: [Int]

    init(_ neurons: [String] = ["BRF", "SEAdLIF"], steps: Int = 30) throws {
      var random = RandomNet(seed: 61)
      model = try TestModel(random.model(neurons, sizes: [4] + [11, 9].prefix(neurons.count) + [3]))
      inputs = random.inputs(steps, 4)
      labels = random.labels(steps, 3)
    }

    func session(_ options: [Int: Double] = [:]) throws -> TestSession {
      try TestSession(model, PropertyTests.manual.merging(options) { $1 })
    }
  }

  static let losses = [HYPR_LOSS_EVERY_STEP, HYPR_LOSS_LAST_STEPS, HYPR_LOSS_SUM_OF_SOFTMAX]

  /// A stream that is taught when it is over learns what `hypr_session_learn_labelled` learns.
  @Test(arguments: losses)
  func streamEqualsBatch(loss: Int) throws {
    let data = try Data()
    let options: [Int: Double] = [HYPR_OPTION_LOSS: Double(loss), HYPR_OPTION_LOSS_STEPS: 7, HYPR_OPTION_WINDOW: 30]
    let (stream, batch) = (try data.session(options), try data.session(options))
    for input in data.inputs { try stream.step(input) }
    try stream.teachSequence(1)
    try stream.flush()
    let mean = try batch.learn([data.inputs], [1])
    #expect(try stream.gradients == batch.gradients)
    #expect(try batch.gradients.contains { $0 != 0 })
    #expect(try stream.statistics.mean_loss == mean)
    // The class that the sum of softmax favours is the one taught: right once, wrong for the other two.
    if loss == HYPR_LOSS_SUM_OF_SOFTMAX {
      let correct = try (0..<3).map { label in
        let session = try data.session(options)
        try session.learn([data.inputs], [label])
        return try session.statistics.correct_steps
      }
      #expect(correct.sorted() == [0, 0, 1])
    }
    let expected = [30, 7, 1][loss]
    #expect(try stream.statistics.taught_steps == UInt64(expected))
  }

  /// A second target replaces the first, whether one step's or that of all steps together.
  @Test(arguments: losses)
  func lastTargetCounts(loss: Int) throws {
    let data = try Data()
    let options: [Int: Double] = [HYPR_OPTION_LOSS: Double(loss), HYPR_OPTION_LOSS_STEPS: 7, HYPR_OPTION_WINDOW: 30]
    func gradient(_ teach: (TestSession) throws -> Void) throws -> [Float] {
      let session = try data.session(options)
      for input in data.inputs { try session.step(input) }
      try teach(session)
      try session.flush()
      return try session.gradients
    }
    let sequence = try gradient { try $0.teachSequence(1) }
    #expect(
      try gradient {
        try $0.teach(0, stepsAgo: 20)
        try $0.teachSequence(2)
        try $0.teachSequence(1)
      } == sequence)
    guard loss == HYPR_LOSS_SUM_OF_SOFTMAX else { return }
    let step = try gradient { try $0.teach(2, stepsAgo: 3) }
    #expect(
      try gradient {
        try $0.teachSequence(1)
        try $0.teach(2, stepsAgo: 3)
      } == step)
  }

  /// With filtered credit the layer below the readout is no longer credited for what the readout has forgotten.
  @Test func resettingTheReadoutEndsItsMemory() throws {
    let data = try Data(["LI"], steps: 40)
    func gradient(_ credit: Int) throws -> [Float] {
      let session = try data.session([HYPR_OPTION_WINDOW: 100, HYPR_OPTION_CREDIT: Double(credit)])
      for input in data.inputs[..<35] { try session.step(input) }
      try session.check(hypr_session_reset_layer(session.handle, 1))
      for input in data.inputs[35...] { try session.step(input) }
      try session.teach(1)
      try session.flush()
      return try session.gradients
    }
    #expect(try gradient(HYPR_CREDIT_FILTERED) == gradient(HYPR_CREDIT_WINDOW))
  }

  /// Losses that are causal need not have the sequence in one window.
  @Test func causalLossesCrossWindows() throws {
    let data = try Data()
    let options: [Int: Double] = [
      HYPR_OPTION_LOSS: Double(HYPR_LOSS_LAST_STEPS), HYPR_OPTION_LOSS_STEPS: 7, HYPR_OPTION_WINDOW: 4,
    ]
    let (whole, steps) = (try data.session(options), try data.session(options))
    try whole.learn([data.inputs], [2])
    try steps.learn(data.inputs, (0..<30).map { $0 < 23 ? -1 : 2 })
    #expect(try whole.gradients == steps.gradients)
  }

  /// Sequences with and without a label, and the mean over all targets.
  @Test func batchOfLabelledSequences() throws {
    let data = try Data()
    let sequences = [Array(data.inputs[..<12]), Array(data.inputs[12..<13]), Array(data.inputs[13...])]
    let (batch, byHand) = (try data.session(), try data.session())
    let loss = try batch.learn(sequences, [2, -1, 0])
    let labels = [[Int](repeating: 2, count: 12), [-1], [Int](repeating: 0, count: 17)]
    for (inputs, labels) in zip(sequences, labels) { try byHand.learn(inputs, labels) }
    #expect(try batch.gradients == byHand.gradients)
    #expect(try batch.statistics.mean_loss == byHand.statistics.mean_loss && loss == byHand.statistics.mean_loss)
  }

  @Test func whatIsNoLongerOpenIsRefused() throws {
    let data = try Data()
    let session = try data.session([HYPR_OPTION_WINDOW: 20])
    let early = try #require(throws: CallFailure.self) { try session.teachSequence(1) }
    #expect(early.status == HYPR_ERROR_WRONG_STATE && early.message == "there is no step to teach: make a step first")
    for input in data.inputs { try session.step(input) }
    let late = try #require(throws: CallFailure.self) { try session.teachSequence(1) }
    #expect(late.status == HYPR_ERROR_WRONG_STATE)
    #expect(
      late.message
        == "the loss needs steps that are no longer in an open window: only the last 10 of the sequence are; the option "
        + "label_delay, here 0, keeps more of them")
    let label = try #require(throws: CallFailure.self) { try session.teachSequence(3) }
    #expect(label.message == "label is 3, expected 0 to 2, as classes count from 0")
    let sum = try data.session([HYPR_OPTION_WINDOW: 20, HYPR_OPTION_LOSS: Double(HYPR_LOSS_SUM_OF_SOFTMAX)])
    let long = try #require(throws: CallFailure.self) { try sum.learn([data.inputs], [1]) }
    #expect(
      long.message
        == "steps[0] is 30, but the loss sum_of_softmax needs the whole sequence in one window of 20 steps")
    #expect(try sum.statistics.steps == 0)
    let many = try #require(throws: CallFailure.self) { try session.learn([data.inputs, data.inputs], [1, 3]) }
    #expect(many.message == "sequence_labels[1] is 3, expected 0 to 2, as classes count from 0; negative: no label")
  }

  /// A class that weighs twice as much counts as if it were taught twice; one without weight as if it were not taught.
  @Test func classWeightsScaleTargets() throws {
    let data = try Data()
    let sum: [Int: Double] = [HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_SUM)]
    func gradient(_ weights: [Float], _ labels: [Int]) throws -> [Float] {
      let session = try data.session(sum)
      try session.setClassWeights(weights)
      try session.learn(data.inputs, labels)
      return try session.gradients
    }
    func only(_ label: Int) -> [Int] { data.labels.map { $0 == label ? label : -1 } }
    let whole = try gradient([1, 2, 0], data.labels)
    let (first, second) = (try gradient([1, 1, 1], only(0)), try gradient([1, 1, 1], only(1)))
    for tensor in try data.session().tensors {
      let expected = tensor.range.map { Double(first[$0]) + 2 * Double(second[$0]) }
      #expect(relativeError(Array(whole[tensor.range]), expected) < 1e-4, "\(tensor.name)")
    }
    let session = try data.session()
    #expect(throws: CallFailure.self) { try session.setClassWeights([1, 1]) }
    let tiny = try #require(throws: CallFailure.self) { try session.setClassWeights([1, 1e-30, 1]) }
    #expect(tiny.message.hasSuffix("expected 0, or 1e-6 to 1e6"))
    #expect(throws: CallFailure.self) { try session.setClassWeights([1, -1, 1]) }
    #expect(throws: CallFailure.self) { try session.setClassWeights([1, .nan, 1]) }
  }

  /// If only classes without weight are taught, there is nothing to update.
  @Test func noWeightMeansNoUpdate() throws {
    let data = try Data()
    let session = try data.session()
    try session.setClassWeights([0, 1, 0])
    let before = try session.parameters
    try session.learn(data.inputs, data.labels.map { $0 == 1 ? -1 : $0 })
    try session.apply()
    #expect(try session.parameters == before && session.statistics.updates == 0)
  }

  /// The penalty is only in the gradient, and only outside of its bounds.
  @Test func spikeRatePenaltyActsOutsideOfItsBounds() throws {
    let data = try Data()
    func gradient(_ options: [Int: Double]) throws -> [Float] {
      let session = try data.session(options)
      try session.learn(data.inputs, data.labels)
      return try session.gradients
    }
    let none = try gradient([:])
    #expect(try gradient([HYPR_OPTION_SPIKE_RATE_PENALTY: 10]) == none)
    #expect(try gradient([HYPR_OPTION_SPIKE_RATE_PENALTY: 10, HYPR_OPTION_SPIKE_RATE_UPPER: 0.01]) != none)
    #expect(try gradient([HYPR_OPTION_SPIKE_RATE_PENALTY: 10, HYPR_OPTION_SPIKE_RATE_LOWER: 0.9]) != none)
  }

  /// Learning with a penalty brings the rates back within their bounds.
  @Test(arguments: [(HYPR_OPTION_SPIKE_RATE_UPPER, 0.02), (HYPR_OPTION_SPIKE_RATE_LOWER, 0.2)])
  func spikeRatesFollowThePenalty(bound: Int, rate: Double) throws {
    let data = try Data(["BRF", "LIFHard"], steps: 200)
    func rates(_ penalty: Double) throws -> [Float] {
      let session = try TestSession(
        data.model,
        [
          HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 50, HYPR_OPTION_LEARNING_RATE: 0.02,
          HYPR_OPTION_SPIKE_RATE_PENALTY: penalty, bound: rate,
        ])
      for _ in 0..<60 { try session.learn(data.inputs, data.labels) }
      try session.check(hypr_session_clear_statistics(session.handle))
      try session.learn(data.inputs, data.labels)
      return try session.spikeRates
    }
    let (free, penalised) = (try rates(0), try rates(100))
    for (layer, (before, after)) in zip(free, penalised).enumerated() {
      func violation(_ found: Float) -> Double {
        bound == HYPR_OPTION_SPIKE_RATE_UPPER ? max(0, Double(found) - rate) : max(0, rate - Double(found))
      }
      #expect(violation(before) > 0.02, "layer \(layer): \(before)")
      #expect(
        violation(after) < violation(before) / 2, "layer \(layer): \(before) without, \(after) with the penalty")
    }
  }

  /// A frozen tensor keeps its values and has no gradient; thawed, it moves again. The state remembers it.
  @Test func tensorsFreezeOneByOne() throws {
    let data = try Data()
    let session = try data.session()
    func setTrainable(_ session: TestSession, _ name: String, _ trainable: Int32) throws {
      let index = try #require(try session.tensors.firstIndex { $0.name == name })
      try session.check(hypr_session_set_trainable(session.handle, index, trainable))
    }
    func moved() throws -> [String] {
      let before = try session.parameters
      try session.learn(data.inputs, data.labels)
      try session.apply()
      let after = try session.parameters
      return try session.tensors.filter { before[$0.range] != after[$0.range] }.map(\.name)
    }
    let all = try moved()
    for name in ["layer1.p_w", "readout.weight"] { try setTrainable(session, name, 0) }
    #expect(try moved() == all.filter { !["layer1.p_w", "readout.weight"].contains($0) })
    #expect(try session.tensors.first { $0.name == "layer1.p_w" }?.trainable == false)
    var size = 0
    try session.check(hypr_session_state_size(session.handle, &size))
    var state = [UInt8](repeating: 0, count: size)
    try session.check(hypr_session_save_state(session.handle, &state, state.count))
    let other = try data.session()
    try other.check(hypr_session_load_state(other.handle, state, state.count))
    #expect(try other.tensors.first { $0.name == "layer1.p_w" }?.trainable == false)
    // What it gathered while frozen is dropped when it thaws.
    try session.learn(data.inputs, data.labels)
    try setTrainable(session, "layer1.p_w", 1)
    let range = try #require(try session.tensors.first { $0.name == "layer1.p_w" }).range
    #expect(try session.gradients[range].allSatisfy { $0 == 0 })
    #expect(try session.gradients.contains { $0 != 0 })
    #expect(try moved().contains("layer1.p_w"))
    let masked = try data.session([HYPR_OPTION_TRAIN_MASK: Double(HYPR_TRAIN_READOUT)])
    let failure = try #require(throws: CallFailure.self) { try setTrainable(masked, "layer1.p_w", 1) }
    #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT)
    #expect(hypr_session_set_trainable(session.handle, 99, 1) == HYPR_ERROR_NOT_FOUND)
  }

  /// What a step was taught in an earlier window is not left where a target of the steps before it is one of all.
  @Test func `Steps after a target of all steps before them have none`() throws {
    var random = RandomNet(seed: 35)
    let model = try TestModel(random.model(["BRF", "LIF"], sizes: [4, 9, 6, 3]))
    let (inputs, earlier) = (random.inputs(8, 4), random.inputs(8, 4))
    let options = [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 8, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
      HYPR_OPTION_LOSS: Double(HYPR_LOSS_SUM_OF_SOFTMAX),
    ]
    let (fresh, used) = (try TestSession(model, options), try TestSession(model, options))
    for input in earlier {
      try used.step(input)
      try used.teach(values: [3, -3, 1])
    }
    let parts = HYPR_RESET_STATE | HYPR_RESET_TRACES | HYPR_RESET_OPTIMIZER
    try used.check(hypr_session_reset_parts(used.handle, UInt32(parts)))
    for session in [fresh, used] {
      for (step, input) in inputs.enumerated() {
        try session.step(input)
        if step == 4 { try session.teachSequence(1) }
      }
      try session.flush()
    }
    #expect(try used.gradients == fresh.gradients)
    #expect(try fresh.gradients.contains { $0 != 0 })
  }
}
