import CHypr
import HyprModelWriter
import Testing

/// A saved session continues bit for bit, and what is no saved state of this model is refused without any harm.
@Suite struct SavedStateTests {
  static let optimizers = [HYPR_OPTIMIZER_SGD, HYPR_OPTIMIZER_ADAM, HYPR_OPTIMIZER_MOMENTUM, HYPR_OPTIMIZER_ADAMW, HYPR_OPTIMIZER_NLMS]

  private struct Stream {
    let model: ModelDescription
    let inputs: [[Float]]
    let labels: [Int]

    init(_ neuron: String) {
      var random = RandomNet(seed: 31)
      model = random.model([neuron, "SEAdLIF"], sizes: [4, 11, 9, 3])
      inputs = random.inputs(120, 4)
      labels = random.labels(120, 3)
    }
  }

  static func options(_ optimizer: Int, _ credit: Int = HYPR_CREDIT_WINDOW) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 13, HYPR_OPTION_OPTIMIZER: Double(optimizer),
      HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_LEARNING_RATE: 0.01,
    ]
  }

  /// The outputs of the steps in `range`, taught on the way, and the parameters after them.
  private func run(_ session: TestSession, _ stream: Stream, _ range: Range<Int>, teaching: Bool) throws -> [UInt32] {
    var bits: [UInt32] = []
    for step in range {
      bits += try session.step(stream.inputs[step]).map(\.bitPattern)
      if teaching && stream.labels[step] >= 0 { try session.teach(stream.labels[step]) }
    }
    return try bits + session.parameters.map(\.bitPattern)
  }

  /// Saved in the middle of a window, at its start, and before the first step.
  @Test(arguments: NeuronTests.names, optimizers)
  func continuesBitForBit(neuron: String, optimizer: Int) throws {
    let stream = Stream(neuron)
    for place in [0, 26, 57] {
      let model = try TestModel(stream.model)
      let original = try TestSession(model, SavedStateTests.options(optimizer))
      _ = try run(original, stream, 0..<place, teaching: true)
      let bytes = try original.savedState
      let expected = try run(original, stream, place..<120, teaching: true)

      let restored = try TestSession(TestModel(stream.model), SavedStateTests.options(optimizer))
      _ = try run(restored, stream, 70..<101, teaching: true)
      try restored.load(bytes)
      #expect(try restored.savedState == bytes)
      #expect(try run(restored, stream, place..<120, teaching: true) == expected, "saved before step \(place)")
      #expect(try restored.savedState == original.savedState)
    }
  }

  @Test(arguments: [HYPR_CREDIT_SPATIAL, HYPR_CREDIT_RECURRENT, HYPR_CREDIT_FILTERED])
  func continuesWithEveryCredit(credit: Int) throws {
    let stream = Stream("BRF")
    let options = SavedStateTests.options(HYPR_OPTIMIZER_ADAM, credit)
    let original = try TestSession(TestModel(stream.model), options)
    _ = try run(original, stream, 0..<57, teaching: true)
    let bytes = try original.savedState
    let restored = try TestSession(TestModel(stream.model), options)
    try restored.load(bytes)
    let expected = try run(original, stream, 57..<120, teaching: true)
    #expect(try run(restored, stream, 57..<120, teaching: true) == expected)
  }

  /// What the gradient gathered until then is divided by is saved with it.
  @Test(arguments: [HYPR_REDUCTION_MEAN, HYPR_REDUCTION_MEAN_OVER_STEPS])
  func continuesWithGatheredGradient(reduction: Int) throws {
    let stream = Stream("BRF")
    let options = SavedStateTests.options(HYPR_OPTIMIZER_SGD).merging([
      HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_REDUCTION: Double(reduction),
    ]) { $1 }
    let (original, restored) = (
      try TestSession(TestModel(stream.model), options), try TestSession(TestModel(stream.model), options)
    )
    try original.setClassWeights([1, 4, 0.5])
    _ = try run(original, stream, 0..<57, teaching: true)
    try restored.load(original.savedState)
    #expect(try original.gradients.contains { $0 != 0 })
    #expect(try restored.gradients == original.gradients)
    for session in [original, restored] {
      _ = try run(session, stream, 57..<120, teaching: true)
      try session.apply()
    }
    #expect(try restored.parameters == original.parameters)
  }

  @Test func continuesWithoutLearning() throws {
    let stream = Stream("BRF")
    for place in [0, 56, 57] {
      let original = try TestSession(TestModel(stream.model))
      _ = try run(original, stream, 0..<place, teaching: false)
      let restored = try TestSession(TestModel(stream.model))
      try restored.load(original.savedState)
      let expected = try run(original, stream, place..<120, teaching: false)
      #expect(try run(restored, stream, place..<120, teaching: false) == expected)
    }
  }

  /// Cut or changed anywhere, a state is refused, and the session goes on as if nothing had happened.
  @Test func damageIsRefused() throws {
    let stream = Stream("SEAdLIF")
    let options = SavedStateTests.options(HYPR_OPTIMIZER_ADAM)
    let (session, twin) = (
      try TestSession(TestModel(stream.model), options), try TestSession(TestModel(stream.model), options)
    )
    _ = try run(session, stream, 0..<57, teaching: true)
    _ = try run(twin, stream, 0..<57, teaching: true)
    let bytes = try session.savedState
    var random = SplitMix64(state: 5)
    for _ in 0..<300 {
      var changed = bytes
      if Bool.random(using: &random) {
        changed[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
      } else {
        changed.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      }
      let failure = try #require(throws: CallFailure.self) { try session.load(changed) }
      #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT || failure.status == HYPR_ERROR_STATE_MISMATCH)
      #expect(!failure.message.isEmpty)
    }
    #expect(try run(session, stream, 57..<120, teaching: true) == run(twin, stream, 57..<120, teaching: true))
  }

  /// Numbers that no session can have, under a checksum that is right: counters at their end would trap when they count on.
  @Test func impossibleNumbersAreRefused() throws {
    let stream = Stream("BRF")
    let session = try TestSession(TestModel(stream.model), SavedStateTests.options(HYPR_OPTIMIZER_ADAM))
    _ = try run(session, stream, 0..<30, teaching: true)
    let bytes = try session.savedState
    // Behind the header of 5 and the layout of 4 numbers: 8 statistics and a spike count per layer; then a flag per tensor.
    for place in 0..<11 {
      var changed = bytes
      changed.replaceSubrange((9 + place) * 8..<(10 + place) * 8, with: [UInt8](repeating: 0xff, count: 7) + [0x7f])
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in changed[40...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      withUnsafeBytes(of: hash) { changed.replaceSubrange(32..<40, with: $0) }
      let failure = try #require(throws: CallFailure.self, "number \(place)") { try session.load(changed) }
      #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT && failure.message.contains("damaged"), "number \(place)")
    }
    try session.load(bytes)
  }

  @Test func otherModelOrOptionsAreRefused() throws {
    let stream = Stream("BRF")
    let session = try TestSession(TestModel(stream.model), SavedStateTests.options(HYPR_OPTIMIZER_ADAM))
    let bytes = try session.savedState
    var renamed = stream.model
    renamed.name = "another"
    let others = [
      try TestSession(TestModel(renamed), SavedStateTests.options(HYPR_OPTIMIZER_ADAM)),
      try TestSession(TestModel(stream.model), SavedStateTests.options(HYPR_OPTIMIZER_SGD)),
      try TestSession(TestModel(stream.model), SavedStateTests.options(HYPR_OPTIMIZER_ADAM, HYPR_CREDIT_RECURRENT)),
      try TestSession(TestModel(stream.model)),
    ]
    for other in others {
      let failure = try #require(throws: CallFailure.self) { try other.load(bytes) }
      #expect(failure.status == HYPR_ERROR_STATE_MISMATCH)
    }
    var small = [UInt8](repeating: 0, count: bytes.count - 1)
    #expect(hypr_session_save_state(session.handle, &small, small.count) == HYPR_ERROR_BUFFER_TOO_SMALL)
  }

  @Test func partsResetByThemselves() throws {
    let stream = Stream("BRF")
    let options = SavedStateTests.options(HYPR_OPTIMIZER_ADAM)
    func prepared() throws -> TestSession {
      let session = try TestSession(TestModel(stream.model), options)
      _ = try run(session, stream, 0..<57, teaching: true)
      return session
    }
    let state = try prepared()
    try state.check(hypr_session_reset_parts(state.handle, UInt32(HYPR_RESET_STATE)))
    #expect(try state.state(0).allSatisfy { $0 == 0 } && state.state(1).allSatisfy { $0 == 0 })
    let layer = try prepared()
    try layer.check(hypr_session_reset_layer(layer.handle, 0))
    #expect(try layer.state(0).allSatisfy { $0 == 0 } && !layer.state(1).allSatisfy { $0 == 0 })
    let optimizer = try prepared()
    try optimizer.check(hypr_session_reset_parts(optimizer.handle, UInt32(HYPR_RESET_OPTIMIZER)))
    #expect(try optimizer.statistics.updates == 0 && optimizer.gradients.allSatisfy { $0 == 0 })
    #expect(try !optimizer.state(0).allSatisfy { $0 == 0 })
    // State and traces together are a new sequence.
    let (both, sequence) = (try prepared(), try prepared())
    try both.check(hypr_session_reset_parts(both.handle, UInt32(HYPR_RESET_STATE | HYPR_RESET_TRACES)))
    try sequence.reset()
    #expect(try run(both, stream, 57..<120, teaching: true) == run(sequence, stream, 57..<120, teaching: true))
    // Without its traces a session learns differently but runs the same until the first update.
    let (traces, kept) = (try prepared(), try prepared())
    try traces.check(hypr_session_reset_parts(traces.handle, UInt32(HYPR_RESET_TRACES)))
    try kept.flush()
    #expect(try traces.step(stream.inputs[57]) == kept.step(stream.inputs[57]))
    #expect(try run(traces, stream, 58..<120, teaching: true) != run(kept, stream, 58..<120, teaching: true))
    #expect(hypr_session_reset_parts(traces.handle, 8) == HYPR_ERROR_INVALID_ARGUMENT)
    #expect(hypr_session_reset_layer(traces.handle, 3) == HYPR_ERROR_NOT_FOUND)
  }

  /// Equal sessions give equal bytes: nothing is left of the steps that a session made before everything was reset.
  @Test(arguments: [0, 1], [5, 6]) func `A session that was reset is saved as a fresh one`(learning: Int, steps: Int) throws {
    let stream = Stream("BRF")
    let model = try TestModel(stream.model)
    for loss in [HYPR_LOSS_EVERY_STEP, HYPR_LOSS_SUM_OF_SOFTMAX] {
      let options = [
        HYPR_OPTION_LEARNING: Double(learning), HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
        HYPR_OPTION_LOSS: Double(loss),
      ]
      let (fresh, used) = (try TestSession(model, options), try TestSession(model, options))
      for step in 0..<steps { try used.step(stream.inputs[step]) }
      if learning == 1 { try used.teachSequence(1) }
      let parts = HYPR_RESET_STATE | HYPR_RESET_TRACES | HYPR_RESET_OPTIMIZER
      try used.check(hypr_session_reset_parts(used.handle, UInt32(parts)))
      try used.check(hypr_session_clear_statistics(used.handle))
      #expect(try used.savedState == fresh.savedState)
    }
  }

  /// Outputs that are further apart than a float can say have a finite loss, and their session can be restored.
  @Test(arguments: [0, 0.5, 0.999_999]) func `Losses stay finite, whatever the outputs`(smoothing: Double) throws {
    var random = RandomNet(seed: 36)
    var description = random.model(["LIF"], sizes: [2, 4, 3])
    description.readout!.bias = TensorDescription([3e38, -3e38, 0])
    description.readout!.tau = TensorDescription([0.01, 0.01, 0.01])
    let model = try TestModel(description)
    let options = [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_LABEL_SMOOTHING: smoothing,
    ]
    let session = try TestSession(model, options)
    for label in 0..<3 {
      let outputs = try session.step([0, 1])
      #expect(outputs[0] > 2e38 && outputs[1] < -2e38)
      try session.teach(label)
    }
    try session.flush()
    #expect(try session.statistics.mean_loss.isFinite)
    try TestSession(model, options).load(session.savedState)
  }
}
