import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// What one session has become goes on in another, which may have more; what does not fit is refused, and changes nothing.
@Suite struct TransferTests {
  static let credits = [HYPR_CREDIT_SPATIAL, HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT, HYPR_CREDIT_FILTERED]
  static let small = [4, 11, 9, 3]

  private struct Stream {
    let inputs: [[Float]]
    let labels: [Int]

    init() {
      var random = RandomNet(seed: 41)
      (inputs, labels) = (random.inputs(120, 4), random.labels(120, 3))
    }
  }

  private let stream = Stream()

  private static func description(_ neuron: String, _ sizes: [Int], seed: UInt64 = 31) -> ModelDescription {
    var random = RandomNet(seed: seed)
    return random.model([neuron, "SEAdLIF"], sizes: sizes)
  }

  private static func options(
    _ optimizer: Int = HYPR_OPTIMIZER_ADAM, _ credit: Int = HYPR_CREDIT_WINDOW, _ more: [Int: Double] = [:]
  ) -> [Int: Double] {
    SavedStateTests.options(optimizer, credit).merging(more) { $1 }
  }

  /// The outputs of the steps in `range`, taught on the way.
  @discardableResult private func run(
    _ session: TestSession, _ range: Range<Int>, channels: Int = 4, teaching: Bool = true
  ) throws -> [[Float]] {
    try range.map { step in
      let output = try session.step(stream.inputs[step] + [Float](repeating: 0, count: channels - 4))
      if teaching && stream.labels[step] >= 0 { try session.teach(stream.labels[step]) }
      return output
    }
  }

  private func transfer(_ from: TestSession, to session: TestSession) throws {
    try session.check(hypr_session_transfer(session.handle, from.handle))
  }

  /// A tensor's numbers, of all tensors one after the other, by name.
  private func numbers(_ session: TestSession, _ flat: [Float], _ name: String) throws -> (values: [Float], shape: [Int]) {
    let tensor = try #require(session.tensors.first { $0.name == name })
    return (Array(flat[tensor.range]), tensor.shape)
  }

  // ---- Equal sessions

  /// In the middle of a window, at its end, and before the first step; over whatever the other one did before.
  @Test(arguments: NeuronTests.names, SavedStateTests.optimizers)
  func `Equal sessions go on bit for bit`(neuron: String, optimizer: Int) throws {
    let model = try TestModel(TransferTests.description(neuron, TransferTests.small))
    for place in [0, 26, 57] {
      let (from, session) = (
        try TestSession(model, TransferTests.options(optimizer)), try TestSession(model, TransferTests.options(optimizer))
      )
      try run(from, 0..<place)
      try run(session, 70..<101)
      try transfer(from, to: session)
      #expect(try session.savedState == from.savedState)
      #expect(try run(session, place..<120) == run(from, place..<120))
      #expect(try session.savedState == from.savedState)
    }
  }

  @Test(arguments: credits, [0.0, 20])
  func `Equal sessions go on with every credit and label delay`(credit: Int, delay: Double) throws {
    let model = try TestModel(TransferTests.description("BRF", TransferTests.small))
    let options = TransferTests.options(HYPR_OPTIMIZER_ADAM, credit, [HYPR_OPTION_LABEL_DELAY: delay])
    let (from, session) = (try TestSession(model, options), try TestSession(model, options))
    try from.setClassWeights([1, 4, 0.5])
    try from.check(hypr_session_set_trainable(from.handle, 1, 0))
    try run(from, 0..<57)
    try run(session, 70..<101)
    try transfer(from, to: session)
    #expect(try session.savedState == from.savedState)
    #expect(try run(session, 57..<120) == run(from, 57..<120))
    #expect(try session.savedState == from.savedState)
  }

  /// With the gradient gathered until then, and threads that learn batches on sessions of their own.
  @Test(arguments: [1.0, 3]) func `A gathered gradient is transferred`(threads: Double) throws {
    let model = try TestModel(TransferTests.description("SEAdLIF", TransferTests.small))
    let options = TransferTests.options(
      HYPR_OPTIMIZER_MOMENTUM, HYPR_CREDIT_WINDOW,
      [HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_THREADS: threads])
    let (from, session) = (try TestSession(model, options), try TestSession(model, options))
    let sequences = [Array(stream.inputs[..<40]), Array(stream.inputs[40..<70]), Array(stream.inputs[70...])]
    try from.learn(sequences, [0, 2, 1])
    try transfer(from, to: session)
    #expect(try from.gradients.contains { $0 != 0 })
    #expect(try session.gradients == from.gradients)
    for each in [from, session] {
      try each.apply()
      try each.learn(sequences, [2, 0, 0])
      try each.apply()
    }
    #expect(try session.parameters == from.parameters)
  }

  /// A network that learns is followed by one that only runs, and the other way round.
  @Test(arguments: [false, true]) func `Sessions with and without learning`(learns: Bool) throws {
    let model = try TestModel(TransferTests.description("LIF", TransferTests.small))
    let (from, session) = (
      try TestSession(model, learns ? TransferTests.options() : [:]), try TestSession(model, learns ? [:] : TransferTests.options())
    )
    try run(from, 0..<58, teaching: learns)
    try run(session, 70..<101, teaching: !learns)
    try transfer(from, to: session)
    #expect(try session.parameters == from.parameters)
    #expect(try session.statistics.steps == 58)
    #expect(try session.statistics.updates == 0)
    if !learns { #expect(try session.eligibility.allSatisfy { $0 == 0 }) }
    #expect(try run(session, 58..<120, teaching: false) == run(from, 58..<120, teaching: false))
  }

  /// Vectors of another width lie elsewhere in memory.
  @Test(arguments: credits) func `From one CPU level to another`(credit: Int) throws {
    var random = RandomNet(seed: 37)
    let description = WindowJobTests.model(["BRF", "GRU"], sizes: [4, 37, 9, 3], sparse: true, &random)
    let options = TransferTests.options(HYPR_OPTIMIZER_ADAM, credit)
    for level in LevelTests.levels {
      let from = try TestSession(TestModel(description, level: level), options)
      try run(from, 0..<57)
      for otherLevel in LevelTests.levels {
        let session = try TestSession(TestModel(description, level: otherLevel), options)
        try transfer(from, to: session)
        #expect(try session.savedState == from.savedState, "from level \(level) to \(otherLevel)")
      }
    }
  }

  // ---- Larger ones

  /// Outputs of the old classes have the same bits; the new one is as its model has it.
  @Test(arguments: NeuronTests.names) func `One more output`(neuron: String) throws {
    let sizes = Array(TransferTests.small.dropLast()) + [4]
    let from = try TestSession(TestModel(TransferTests.description(neuron, TransferTests.small)), TransferTests.options())
    let session = try TestSession(TestModel(TransferTests.description(neuron, sizes, seed: 5)), TransferTests.options())
    let fresh = try session.parameters
    try session.setClassWeights([1, 1, 1, 3])
    try from.setClassWeights([1, 2, 1])
    try run(from, 0..<57)
    try transfer(from, to: session)
    for name in ["readout.weight", "readout.bias", "readout.tau"] {
      let (old, shape) = try numbers(from, from.parameters, name)
      let now = try numbers(session, session.parameters, name).values
      let new = try numbers(session, fresh, name).values.suffix(shape.count == 2 ? shape[1] : 1)
      #expect(now == old + new)
    }
    let (outputs, expected) = (try run(session, 57..<70, teaching: false), try run(from, 57..<70, teaching: false))
    #expect(outputs.map { Array($0.prefix(3)) } == expected)
    #expect(outputs.contains { $0[3] != 0 })
    // It learns on, the new class too.
    try session.teach(3)
    try session.flush()
    #expect(try session.statistics.updates == from.statistics.updates + 1)
  }

  /// Neurons that nobody hears change nothing; what is new of them is as the model has it, at rest.
  @Test(arguments: NeuronTests.names, credits) func `More neurons and channels`(neuron: String, credit: Int) throws {
    let large = [6, 19, 10, 3]
    var description = TransferTests.description(neuron, large, seed: 5)
    for index in 0..<2 {
      clearColumns(from: TransferTests.small[index + 1], of: &description.layers[index].recurrentWeight!)
    }
    clearColumns(from: TransferTests.small[1], of: &description.layers[1].inputWeight)
    clearColumns(from: TransferTests.small[2], of: &description.readout!.weight)
    let options = TransferTests.options(HYPR_OPTIMIZER_ADAM, credit)
    let from = try TestSession(TestModel(TransferTests.description(neuron, TransferTests.small)), options)
    let session = try TestSession(TestModel(description), options)
    let fresh = try session.parameters
    try run(from, 0..<57)
    try run(session, 70..<101, channels: 6, teaching: false)
    try transfer(from, to: session)
    try from.flush()
    for layer in 0..<2 {
      let (old, new) = (TransferTests.small[layer + 1], large[layer + 1])
      let (state, expected) = (try session.state(layer), try from.state(layer))
      #expect(state.count / new == expected.count / old)
      for variable in 0..<state.count / new {
        let row = Array(state[variable * new..<(variable + 1) * new])
        #expect(Array(row.prefix(old)) == Array(expected[variable * old..<(variable + 1) * old]))
        #expect(row.dropFirst(old).allSatisfy { $0 == 0 })
      }
    }
    let (parameters, eligibility) = (try session.parameters, try session.eligibility)
    let (oldParameters, oldEligibility) = (try from.parameters, try from.eligibility)
    var (start, oldStart) = (0, 0)
    for (index, (tensor, old)) in zip(try session.tensors, try from.tensors).enumerated() {
      let states = hypr_session_eligibility_size(session.handle, index) / tensor.range.count
      let places = TransferTests.places(of: old.shape, in: tensor.shape, gates: gates(tensor, neuron))
      for (element, place) in places.enumerated() {
        #expect(parameters[tensor.range.lowerBound + place] == oldParameters[old.range.lowerBound + element])
        for state in 0..<states {
          let found = eligibility[start + state * tensor.range.count + place]
          #expect(found == oldEligibility[oldStart + state * old.range.count + element], "\(tensor.name)[\(place)]")
        }
      }
      let new = Set(0..<tensor.range.count).subtracting(places)
      for place in new {
        #expect(parameters[tensor.range.lowerBound + place] == fresh[tensor.range.lowerBound + place])
        for state in 0..<states { #expect(eligibility[start + state * tensor.range.count + place] == 0) }
      }
      (start, oldStart) = (start + states * tensor.range.count, oldStart + states * old.range.count)
    }
    #expect(oldEligibility.contains { $0 != 0 })
    #expect(try run(session, 57..<120, channels: 6, teaching: false) == run(from, 57..<120, teaching: false))
  }

  private func clearColumns(from first: Int, of weight: inout HyprModelWriter.TensorDescription) {
    let columns = weight.shape[1]
    for index in weight.values.indices where index % columns >= first { weight.values[index] = 0 }
  }

  /// Rows of one tensor for each row of another.
  private func gates(_ tensor: TensorInfo, _ neuron: String) -> Int {
    let gated = ["input_weight", "recurrent_weight", "bias"].contains { tensor.name.hasSuffix("layer0.\($0)") }
    return gated ? NeuronTests.models.first { $0.name == neuron }!.gates : 1
  }

  /// Where the elements of a tensor lie in a larger one of the same kind.
  private static func places(of small: [Int], in large: [Int], gates: Int) -> [Int] {
    let (columns, newColumns) = (small.count == 2 ? small[1] : 1, large.count == 2 ? large[1] : 1)
    let (size, newSize) = (small[0] / gates, large[0] / gates)
    return (0..<gates).flatMap { gate in
      (0..<size).flatMap { row in (0..<columns).map { (gate * newSize + row) * newColumns + $0 } }
    }
  }

  /// Sparse weights go to all of a matrix, or to a larger sparse one that stores them.
  @Test(arguments: credits, [false, true]) func `More stored weights`(credit: Int, isDense: Bool) throws {
    let options = TransferTests.options(HYPR_OPTIMIZER_ADAM, credit)
    let pair = SparseTests.Pair(["BRF", "GRU"])
    var random = RandomNet(seed: 9)
    var larger = pair.sparse
    for weight in SparseTests.weights {
      var tensor = pair.dense[keyPath: weight.path]
      let rows = pair.sparse[keyPath: weight.path].rows!
      let columns = tensor.shape[1]
      var stored = (0..<tensor.values.count).map { _ in Float.random(in: 0..<1, using: &random.generator) < 0.3 }
      for row in 0..<tensor.shape[0] {
        for element in rows.offsets[row]..<rows.offsets[row + 1] {
          stored[row * columns + Int(rows.columns[Int(element)])] = true
        }
      }
      // What is new begins with zeros, so that both give the same.
      tensor.values = tensor.values.map { _ in 0 }
      larger[keyPath: weight.path] = isDense ? tensor : tensor.sparse { stored[$0] }
    }
    let (from, session) = (try TestSession(TestModel(pair.sparse), options), try TestSession(TestModel(larger), options))
    try run(from, 0..<50)
    try transfer(from, to: session)
    try from.flush()
    let (parameters, eligibility) = (try session.parameters, try session.eligibility)
    #expect(parameters.filter { $0 != 0 }.sorted() == (try from.parameters).filter { $0 != 0 }.sorted())
    let old = try from.eligibility
    #expect(eligibility.count > old.count)
    #expect(eligibility.filter { $0 != 0 }.sorted() == old.filter { $0 != 0 }.sorted())
    for step in 50..<53 {
      for (one, other) in zip(try session.step(stream.inputs[step]), try from.step(stream.inputs[step])) {
        #expect(abs(one - other) < 1e-4)
      }
    }
    // The way back has no place for them.
    let failure = try #require(throws: CallFailure.self) { try transfer(session, to: from) }
    #expect(failure.status == HYPR_ERROR_STATE_MISMATCH)
    #expect(failure.message.contains("layer0.input_weight does not store ["))
  }

  @Test func `Channels of an encoding`() throws {
    func encoded(_ channels: Int) throws -> TestSession {
      var description = TransferTests.description("BRF", [2 * channels, 11, 9, 3])
      description.input = InputDescription(size: channels)
      description.input!.encoding = .levelCrossing(thresholds: [0.2], output: .onOff)
      return try TestSession(TestModel(description))
    }
    let (from, session) = (try encoded(4), try encoded(5))
    try run(from, 0..<30, teaching: false)
    try transfer(from, to: session)
    // The new channel is as before its first sample.
    #expect(try run(session, 30..<60, channels: 5, teaching: false) == run(from, 30..<60, teaching: false))
  }

  // ---- Other options

  /// Traces are the same quantity with every window and credit; what is carried of outputs only with the same credit.
  @Test(arguments: credits, credits) func `Other credits`(credit: Int, other: Int) throws {
    let model = try TestModel(TransferTests.description("SEAdLIF", TransferTests.small))
    let from = try TestSession(model, TransferTests.options(HYPR_OPTIMIZER_ADAM, credit))
    let session = try TestSession(
      model, TransferTests.options(HYPR_OPTIMIZER_ADAM, other, [HYPR_OPTION_WINDOW: 5, HYPR_OPTION_LABEL_DELAY: 7]))
    try run(session, 70..<101)
    try run(from, 0..<57)
    try transfer(from, to: session)
    #expect(try session.eligibility == from.eligibility)
    let layers = try [session, from].map { try outputTraces($0) }
    let isSame = credit == other && (credit == HYPR_CREDIT_RECURRENT || credit == HYPR_CREDIT_FILTERED)
    #expect(layers[0] == (isSame ? layers[1] : layers[0].map { _ in 0 }))
    #expect(isSame == layers[0].contains { $0 != 0 })
    try run(session, 57..<120)
  }

  /// Of the weights from below to the second layer.
  private func outputTraces(_ session: TestSession) throws -> [Float] {
    let network = UnsafeMutablePointer<Session>(session.handle)
    guard let learning = network.pointee.network.layers[1].projections[0].learning,
      let outputs = learning.gate(0).outputs
    else { return [] }
    return (0..<learning.gate(0).states.rows * learning.gate(0).states.width).map { outputs[$0] }
  }

  /// The optimizer goes on where the other keeps the same moments, and begins anew where not.
  @Test(arguments: SavedStateTests.optimizers, SavedStateTests.optimizers)
  func `Other optimizers`(optimizer: Int, other: Int) throws {
    let model = try TestModel(TransferTests.description("BRF", TransferTests.small))
    let from = try TestSession(model, TransferTests.options(optimizer))
    let (session, fresh) = (
      try TestSession(model, TransferTests.options(other)), try TestSession(model, TransferTests.options(other))
    )
    try run(session, 70..<101)
    try run(from, 0..<57)
    try transfer(from, to: session)
    let adam = [HYPR_OPTIMIZER_ADAM, HYPR_OPTIMIZER_ADAMW]
    let goesOn = optimizer == other || adam.contains(optimizer) && adam.contains(other)
    #expect(try session.statistics.updates == (goesOn ? from.statistics.updates : 0))
    // The first update, on one gradient: as that of the old optimizer, or as that of a fresh one on the same network.
    for each in goesOn ? [session, from] : [session, fresh] {
      if each === fresh { try each.setParameters(from.parameters) }
      try each.reset()
      try run(each, 57..<69)
      try each.flush()
    }
    // Weight decay is 0: AdamW is Adam.
    #expect(try session.parameters == (goesOn ? from : fresh).parameters)
  }

  /// New parameters would move at several times the rate if their squares began with zero.
  @Test func `Squares of new parameters begin with the mean`() throws {
    let from = try TestSession(TestModel(TransferTests.description("BRF", TransferTests.small)), TransferTests.options())
    let session = try TestSession(TestModel(TransferTests.description("BRF", [4, 11, 9, 5])), TransferTests.options())
    try run(from, 0..<100)
    try transfer(from, to: session)
    func squares(_ session: TestSession) throws -> [Float] {
      let pointer = UnsafeMutablePointer<Session>(session.handle)
      let index = try #require(pointer.pointee.model.pointee.findTensor("readout.bias"))
      let found = try #require(pointer.pointee.network.parameters.arrays[index].moment2)
      return (0..<session.model.outputSize).map { found[$0] }
    }
    let old = try squares(from)
    let mean = Float(old.reduce(0) { $0 + Double($1) } / 3)
    #expect(mean > 0)
    #expect(try squares(session) == old + [mean, mean])
  }

  /// A learned model that was saved takes the state that belongs to it: the state is loaded into a session of the old model.
  @Test func `A saved model takes the state of the old one`() throws {
    let description = TransferTests.description("LSTM", TransferTests.small)
    let learned = try TestSession(TestModel(description), TransferTests.options())
    try run(learned, 0..<57)
    let state = try learned.savedState
    var size = 0
    try learned.check(hypr_session_model_size(learned.handle, &size))
    var file = [UInt8](repeating: 0, count: size)
    try learned.check(hypr_session_save_model_buffer(learned.handle, &file, size))

    let session = try TestSession(TestModel(bytes: file), TransferTests.options())
    #expect(throws: CallFailure.self) { try session.load(state) }
    let former = try TestSession(TestModel(description), TransferTests.options())
    try former.load(state)
    try transfer(former, to: session)
    try learned.flush()
    #expect(try run(session, 57..<120) == run(learned, 57..<120))
    #expect(try session.parameters == learned.parameters)
  }

  // ---- What is refused

  @Test func `What does not fit is refused and changes nothing`() throws {
    let original = TransferTests.description("CubaLIF", TransferTests.small)
    func changed(_ change: (inout ModelDescription) -> Void) -> ModelDescription {
      var description = original
      change(&description)
      return description
    }
    var encoded = InputDescription(size: 4)
    encoded.encoding = .levelCrossing(thresholds: [0.2], output: .signed)
    var conditioned = InputDescription(size: 4)
    conditioned.conditioning = [.rectifiedDifference]
    let cases: [(ModelDescription, message: String)] = [
      (TransferTests.description("CubaLIF", [4, 11, 9, 2]), "readout.weight is [2, 9], expected at least [3, 9] as in from"),
      (TransferTests.description("CubaLIF", [4, 10, 9, 3]), "layer0.input_weight is [10, 4], expected at least [11, 4] as in from"),
      (TransferTests.description("CubaLIF", [3, 11, 9, 3]), "layer0.input_weight is [11, 3], expected at least [11, 4] as in from"),
      (TransferTests.description("LIF", TransferTests.small), "layer 0 is LIF, expected CubaLIF as in from"),
      (changed { $0.layers.removeLast(); $0.readout!.weight = .init(shape: [3, 11], values: .init(repeating: 0, count: 33)) },
       "the model has 1 layers, expected 2 as in from"),
      (changed { $0.layers[1].bias = nil }, "layer1.bias is a tensor of from only, expected the same tensors"),
      (changed { $0.layers[0].recurrentWeight = nil },
       "layer0.recurrent_weight is a tensor of from only, expected the same tensors"),
      (changed { $0.input = conditioned; $0.formatVersion = 2 }, "the input's conditioning is not that of from: expected the same stages"),
      (changed { $0.input = encoded }, "the input's encoding is not that of from: its inputs mean something else"),
    ]
    let from = try TestSession(TestModel(original), TransferTests.options())
    try run(from, 0..<57)
    let before = try from.savedState
    for (description, message) in cases {
      let session = try TestSession(TestModel(description), TransferTests.options())
      for step in 0..<20 {
        try session.step(Array(stream.inputs[step].prefix(session.model.inputSize)))
        try session.teach(1)
      }
      let own = try session.savedState
      let failure = try #require(throws: CallFailure.self, "\(message)") { try transfer(from, to: session) }
      #expect(failure.status == HYPR_ERROR_STATE_MISMATCH)
      #expect(failure.message == message)
      #expect(try session.savedState == own)
      #expect(try from.savedState == before)
    }
    // Bounds that depend on a constant: the last update of the other session might leave them.
    var coarse = TransferTests.description("BRF", TransferTests.small)
    coarse.layers[0].neuron.constants = [("dt", 0.02)]
    let fine = try TestSession(TestModel(TransferTests.description("BRF", TransferTests.small)))
    let wide = try TestSession(TestModel(coarse))
    let narrow = try #require(throws: CallFailure.self) { try transfer(fine, to: wide) }
    #expect(narrow.status == HYPR_ERROR_STATE_MISMATCH)
    #expect(narrow.message.hasPrefix("layer0.omega may be 0 to 49.99"))
    try transfer(wide, to: fine)
    // The other way round, a tensor that only the session has.
    let bare = try TestSession(TestModel(cases[5].0), TransferTests.options())
    let failure = try #require(throws: CallFailure.self) { try transfer(bare, to: from) }
    #expect(failure.message == "layer1.bias is no tensor of from, expected the same tensors")
    #expect(hypr_session_transfer(from.handle, from.handle) == HYPR_ERROR_INVALID_ARGUMENT)
    #expect(try from.savedState == before)
  }
}
