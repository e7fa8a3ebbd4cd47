import CHypr
import CSystem
import Foundation
import HyprModelWriter
import Testing

@testable import HyprCore

/// Recurrent weights of which a file stores only some: nothing but cost may differ from a net whose other weights are zero.
@Suite struct SparseTests {
  static let credits = [HYPR_CREDIT_SPATIAL, HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT, HYPR_CREDIT_FILTERED]
  static let manual = [HYPR_OPTION_LEARNING: 1.0, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL)]

  /// A net of two layers and the same with recurrent weights stored sparsely, each with the same weights that are not zero.
  struct Pair {
    let dense: ModelDescription
    let sparse: ModelDescription
    let inputs: [[Float]]
    let labels: [Int]

    /// Of each recurrent weight about the given part is stored; all of its first and none of its last row.
    init(_ neurons: [String], density: Double = 0.3, seed: UInt64 = 5, steps: Int = 53) {
      var random = RandomNet(seed: seed)
      var dense = random.model(neurons, sizes: [4, 21, 11, 3])
      var sparse = dense
      for layer in 0..<2 {
        let size = dense.layers[layer].recurrentWeight!.shape[1]
        let count = dense.layers[layer].recurrentWeight!.values.count
        let stored = (0..<count).map { index in
          let chosen = Double.random(in: 0..<1, using: &random.generator) < density
          return density == 1 || index < size || (chosen && index < count - size)
        }
        for index in 0..<count where !stored[index] { dense.layers[layer].recurrentWeight!.values[index] = 0 }
        sparse.layers[layer].recurrentWeight = dense.layers[layer].recurrentWeight!.sparse { stored[$0] }
      }
      (self.dense, self.sparse) = (dense, sparse)
      (inputs, labels) = (random.inputs(steps, 4), random.labels(steps, 3))
    }

    /// The elements that the sparse net has of a flat vector of the dense one.
    func stored(_ flat: [Float]) throws -> [Float] {
      let session = try TestSession(TestModel(dense))
      var result: [Float] = []
      for tensor in try session.tensors {
        let values = Array(flat[tensor.range])
        let layer = Int(tensor.name.dropFirst("layer".count).prefix(1)) ?? 0
        guard tensor.name.hasSuffix("recurrent_weight"), let rows = sparse.layers[layer].recurrentWeight!.rows else {
          result += values
          continue
        }
        for row in 0..<rows.offsets.count - 1 {
          for element in Int(rows.offsets[row])..<Int(rows.offsets[row + 1]) {
            result.append(values[row * tensor.shape[1] + Int(rows.columns[element])])
          }
        }
      }
      return result
    }
  }

  struct Case: CustomTestStringConvertible {
    let neurons: [String]
    let credit: Int
    var testDescription: String { "\(neurons.joined(separator: "+")), credit \(credit)" }
  }

  static let cases = credits.flatMap { credit in
    [
      ["BRF", "SEAdLIF"], ["SEAdLIF", "LIF"], ["ALIF", "BRF"], ["LI", "CubaLIF"], ["GRU", "LSTM"], ["LSTM", "GRU"],
    ].map {
      Case(neurons: $0, credit: credit)
    }
  }

  private func expectEqual(_ sparse: [Float], _ dense: [Float], _ tensors: [TensorInfo], _ context: String) {
    #expect(sparse.count == dense.count)
    for tensor in tensors {
      let error = relativeError(Array(sparse[tensor.range]), dense[tensor.range].map(Double.init))
      #expect(error < 2e-4, "\(tensor.name), \(context): \(error)")
    }
  }

  /// Outputs, spikes, state and the gradients of all that is stored, over several windows.
  @Test(arguments: cases) func isTheNetWhoseOtherWeightsAreZero(net: Case) throws {
    let pair = Pair(net.neurons)
    for window in [1, 7, 16, 53] {
      let options = SparseTests.manual.merging(
        [HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_CREDIT: Double(net.credit)]) { $1 }
      let dense = try TestSession(TestModel(pair.dense), options)
      let sparse = try TestSession(TestModel(pair.sparse), options)
      #expect(try sparse.parameters == pair.stored(dense.parameters))
      for (input, label) in zip(pair.inputs, pair.labels) {
        let (found, expected) = (try sparse.step(input), try dense.step(input))
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        for layer in 0..<2 {
          #expect(zip(try sparse.spikes(layer), try dense.spikes(layer)).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        guard label >= 0 else { continue }
        try dense.teach(label)
        try sparse.teach(label)
      }
      try dense.flush()
      try sparse.flush()
      let tensors = try sparse.tensors
      let gradients = try sparse.gradients
      expectEqual(gradients, try pair.stored(dense.gradients), tensors, "λ = \(window)")
      for tensor in tensors where tensor.name.hasSuffix("recurrent_weight") {
        #expect(gradients[tensor.range].contains { $0 != 0 })
      }
    }
  }

  /// All weights stored: then training is that of the dense net, whatever the optimizer.
  @Test(arguments: [
    [HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD)],
    [HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_MOMENTUM), HYPR_OPTION_GRADIENT_CLIP: 0.5],
    [HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_ADAM), HYPR_OPTION_ANCHOR_STRENGTH: 0.1],
    [HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_ADAMW), HYPR_OPTION_WEIGHT_DECAY: 0.1],
  ]) func trainsAsTheDenseNet(options: [Int: Double]) throws {
    let pair = Pair(["SEAdLIF", "BRF"], density: 1)
    let all = options.merging(
      [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 16, HYPR_OPTION_LEARNING_RATE: 0.001]) { $1 }
    let dense = try TestSession(TestModel(pair.dense), all)
    let sparse = try TestSession(TestModel(pair.sparse), all)
    let before = try sparse.parameters
    try dense.learn(pair.inputs, pair.labels)
    try sparse.learn(pair.inputs, pair.labels)
    let (found, expected) = (try sparse.parameters, try dense.parameters)
    for tensor in try sparse.tensors {
      let moves = tensor.range.map { Double(expected[$0] - before[$0]) }
      let error = relativeError(tensor.range.map { found[$0] - before[$0] }, moves)
      #expect(error < 1e-2, "\(tensor.name): \(error)")
    }
    #expect(try sparse.statistics.updates == 4)
  }

  /// What is stored is trained, and what is frozen stays.
  @Test func sparseWeightsAreFrozenAsATensor() throws {
    var pair = Pair(["BRF", "SEAdLIF"]).sparse
    pair.layers[1].recurrentWeight!.trainable = false
    let random = Pair(["BRF", "SEAdLIF"])
    let session = try TestSession(
      TestModel(pair), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 10, HYPR_OPTION_LEARNING_RATE: 0.01])
    let tensors = try session.tensors
    let (first, second) = (tensors[1], tensors.last { $0.name == "layer1.recurrent_weight" }!)
    #expect(first.name == "layer0.recurrent_weight" && first.trainable && !second.trainable)
    #expect(first.shape == [pair.layers[0].recurrentWeight!.values.count])
    var before = try session.parameters
    try session.learn(random.inputs, random.labels)
    var after = try session.parameters
    #expect(before[first.range] != after[first.range] && before[second.range] == after[second.range])
    try session.check(hypr_session_set_trainable(session.handle, 1, 0))
    before = after
    try session.learn(random.inputs, random.labels)
    after = try session.parameters
    #expect(before[first.range] == after[first.range])
    #expect(before != after)
  }

  @Test func parametersGoThroughTheFlatVector() throws {
    let session = try TestSession(TestModel(Pair(["LIF", "GRU"]).sparse))
    var random = RandomNet(seed: 2)
    let values = try session.parameters.map { $0 * Float.random(in: 0.9...1, using: &random.generator) }
    try session.setParameters(values)
    #expect(try session.parameters == values)
    var wrong = values
    wrong[try session.tensors[1].range.lowerBound + 3] = .infinity
    let failure = try #require(throws: CallFailure.self) { try session.setParameters(wrong) }
    #expect(failure.message.contains("layer0.recurrent_weight[3] is inf"))
    #expect(try session.parameters == values)
  }

  @Test(arguments: credits, [0, 20, 37]) func savedStateContinuesBitForBit(credit: Int, place: Int) throws {
    let pair = Pair(["BRF", "SEAdLIF"])
    let options = SavedStateTests.options(HYPR_OPTIMIZER_ADAM, credit)
    func run(_ session: TestSession, _ range: Range<Int>) throws -> [UInt32] {
      var bits: [UInt32] = []
      for step in range {
        bits += try session.step(pair.inputs[step]).map(\.bitPattern)
        if pair.labels[step] >= 0 { try session.teach(pair.labels[step]) }
      }
      return try bits + session.parameters.map(\.bitPattern)
    }
    let original = try TestSession(TestModel(pair.sparse), options)
    _ = try run(original, 0..<place)
    var size = 0
    try original.check(hypr_session_state_size(original.handle, &size))
    var bytes = [UInt8](repeating: 0, count: size)
    try original.check(hypr_session_save_state(original.handle, &bytes, size))
    let restored = try TestSession(TestModel(pair.sparse), options)
    _ = try run(restored, 11..<48)
    try restored.check(hypr_session_load_state(restored.handle, bytes, size))
    #expect(try run(restored, place..<53) == run(original, place..<53))
    try original.reset()
    try restored.reset()
    #expect(try run(restored, 0..<53) == run(original, 0..<53))
  }

  /// The file that a session saves has its weights in the places of the old ones, and all else as it was.
  @Test func savedModelKeepsItsWeights() throws {
    let pair = Pair(["BRF", "GRU"])
    let session = try TestSession(TestModel(pair.sparse), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 10])
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("sparse-\(getpid()).hypr").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    func saved() throws -> [UInt8] {
      try session.check(hypr_session_save_model(session.handle, path))
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    #expect(try saved() == pair.sparse.serialized())
    try session.learn(pair.inputs, pair.labels)
    let bytes = try saved()
    #expect(try bytes != pair.sparse.serialized() && bytes.count == pair.sparse.serialized().count)
    let again = try TestSession(TestModel(bytes: bytes))
    #expect(try again.parameters == session.parameters)
    let input = [Float](repeating: 0.5, count: 4)
    try session.reset()
    for _ in 0..<9 { #expect(try again.step(input) == session.step(input)) }
  }

  /// Memory of parameters, optimizer and traces grows by the same for every stored weight, and by nothing else.
  @Test func memoryIsThatOfWhatIsStored() throws {
    func report(_ density: Double) throws -> (stored: Int, memory: hypr_memory_report) {
      var random = RandomNet(seed: 3)
      var model = random.model(["BRF"], sizes: [4, 200, 3])
      model.layers[0].recurrentWeight = model.layers[0].recurrentWeight!.sparse {
        Double($0 % 1000) < 1000 * density
      }
      let stored = model.layers[0].recurrentWeight!.values.count
      let session = try TestSession(
        TestModel(model), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_CREDIT: Double(HYPR_CREDIT_RECURRENT)])
      var memory = hypr_memory_report()
      memory.struct_size = MemoryLayout<hypr_memory_report>.size
      try session.check(hypr_session_memory_report(session.handle, &memory))
      return (stored, memory)
    }
    let (few, more, most) = (try report(0.01), try report(0.1), try report(0.5))
    for (one, other) in [(few, more), (more, most)] {
      let added = other.stored - one.stored
      // A weight; gradient and two moments; three states and the output.
      #expect(other.memory.parameters - one.memory.parameters == added * 4)
      #expect(other.memory.optimizer - one.memory.optimizer == added * 12)
      #expect(other.memory.traces - one.memory.traces == added * 16)
      #expect(other.memory.total - one.memory.total == added * 32)
    }
  }

  @Test(arguments: [["BRF", "SEAdLIF"], ["GRU", "LSTM"]]) func levelsAgree(neurons: [String]) throws {
    let pair = Pair(neurons)
    func gradients(_ level: Int) throws -> ([Float], [TensorInfo]) {
      let model = try TestModel(pair.sparse, level: level)
      let session = try TestSession(
        model,
        SparseTests.manual.merging([HYPR_OPTION_WINDOW: 9, HYPR_OPTION_CREDIT: Double(HYPR_CREDIT_RECURRENT)]) { $1 })
      try session.learn(pair.inputs, pair.labels)
      return (try session.gradients, try session.tensors)
    }
    let (reference, tensors) = try gradients(1)
    for level in LevelTests.levels { expectEqual(try gradients(level).0, reference, tensors, "level \(level)") }
  }

  /// A layer whose windows are split over threads: the bits are those of one thread.
  @Test(arguments: [HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT]) func threadsKeepTheBits(credit: Int) throws {
    var random = RandomNet(seed: 3)
    var model = random.model(["BRF"], sizes: [9, 300, 4])
    model.layers[0].recurrentWeight = model.layers[0].recurrentWeight!.sparse { $0 % 7 < 2 }
    let (inputs, labels) = (random.inputs(25, 9), random.labels(25, 4))
    let results = try [1, 3].map { threads in
      let session = try TestSession(
        TestModel(model),
        [
          HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 8, HYPR_OPTION_CREDIT: Double(credit),
          HYPR_OPTION_THREADS: Double(threads),
        ])
      try session.learn(inputs, labels)
      return try session.parameters
    }
    #expect(results[0] == results[1])
  }

  /// Sequences in threads of their own, with an update between two batches: workers take the weights over and add to them.
  @Test func batchesAreSplit() throws {
    let pair = Pair(["BRF", "SEAdLIF"])
    let sequences = (0..<6).map { Array(pair.inputs[$0 * 8..<$0 * 8 + 8]) }
    let sessions = try [1, 2].map {
      try TestSession(
        TestModel(pair.sparse),
        SparseTests.manual.merging([HYPR_OPTION_THREADS: Double($0), HYPR_OPTION_WINDOW: 5]) { $1 })
    }
    for _ in 0..<2 {
      for session in sessions { try session.learn(sequences, [0, 1, 2, 2, 1, 0]) }
      let tensors = try sessions[0].tensors
      expectEqual(try sessions[1].gradients, try sessions[0].gradients, tensors, "2 threads")
      for session in sessions { try session.apply() }
    }
  }

  static let place = "layers[0].recurrent_weight"
  static let faults = [
    ModelFault(message: "\(place).shape is [7, 8] of rank 2, expected [8, 8]") { weight(&$0) { $0.shape = [7, 8] } },
    ModelFault(message: "\(place).shape is [64, 0] of rank 1, expected [8, 8]") { weight(&$0) { $0.shape = [64] } },
    ModelFault(message: "\(place).row_offsets has 8 entries, expected 9") { weight(&$0) { $0.rows!.offsets.removeLast() } },
    ModelFault(message: "\(place).row_offsets has 0 entries, expected 9") { weight(&$0) { $0.rows!.offsets = [] } },
    ModelFault(message: "\(place).row_offsets[0] is 1, expected 0") { weight(&$0) { $0.rows!.offsets[0] = 1 } },
    ModelFault(message: "\(place).row_offsets[3] is 7, expected 8 to 32") { weight(&$0) { $0.rows!.offsets[3] = 7 } },
    ModelFault(message: "\(place).row_offsets[8] is 33, expected 28 to 32") { weight(&$0) { $0.rows!.offsets[8] = 33 } },
    ModelFault(message: "\(place).row_offsets[4] is 4294967295, expected 12 to 32") {
      weight(&$0) { $0.rows!.offsets[4] = .max }
    },
    ModelFault(message: "\(place).column_indices has 32 entries, expected 31, the last of row_offsets") {
      weight(&$0) { $0.rows!.offsets[8] = 31 }
    },
    ModelFault(message: "\(place).column_indices[31] is 8, expected 5 to 7") { weight(&$0) { $0.rows!.columns[31] = 8 } },
    ModelFault(message: "\(place).column_indices[5] is 4294967295, expected 1 to 7") {
      weight(&$0) { $0.rows!.columns[5] = .max }
    },
    ModelFault(message: "\(place).column_indices[6] is 2, expected 3 to 7, ascending in a row") {
      weight(&$0) { $0.rows!.columns[6] = 2 }
    },
    ModelFault(message: "\(place).data has 124 bytes, expected 128") { weight(&$0) { $0.values.removeLast() } },
    ModelFault(message: "\(place).data has 132 bytes, expected 128") { weight(&$0) { $0.values.append(1) } },
    ModelFault(message: "\(place) has no stored elements, expected at least one") {
      weight(&$0) {
        $0 = HyprModelWriter.TensorDescription(shape: [8, 8], values: [Float](repeating: 0, count: 64)).sparse { _ in
          false
        }
      }
    },
    ModelFault(message: "\(place)[9] is nan, expected a finite number") { weight(&$0) { $0.values[9] = .nan } },
    ModelFault(message: "\(place).column_indices has 4000 entries, expected 32, the last of row_offsets") {
      weight(&$0) { $0.rows!.columns = [UInt32](repeating: 0, count: 4000) }
    },
  ]

  /// Changes a recurrent weight of 8 neurons that stores every second element.
  private static func weight(
    _ model: inout ModelDescription, _ change: (inout HyprModelWriter.TensorDescription) -> Void
  ) {
    model.layers[0].recurrentWeight = model.layers[0].recurrentWeight!.sparse { $0 % 2 == 0 }
    change(&model.layers[0].recurrentWeight!)
  }

  @Test(arguments: faults) func faultIsNamed(fault: ModelFault) throws { try fault.expectIsNamed() }

  /// A file of a few kilobytes may have many inputs, whose events a long window could not count.
  @Test func `A window that could hold more events than can be counted is refused`() throws {
    var random = RandomNet(seed: 3)
    var description = random.model(["LIF"], sizes: [1, 2, 3])
    description.layers[0].inputWeight = TensorDescription(shape: [2, 40_000], values: [1])
    description.layers[0].inputWeight.rows = SparseRows(offsets: [0, 1, 1], columns: [39_999])
    let model = try TestModel(description)
    let most = Int(Int32.max) / 40_000
    for (window, learning) in [(most, 1), (most + 1, 0), (most + 1, 1)] {
      var (options, bytes, message) = (OpaquePointer?.none, 0, [CChar](repeating: 1, count: 512))
      #expect(hypr_options_create(&options, nil, 0) == HYPR_OK)
      defer { hypr_options_free(options) }
      #expect(hypr_options_set(options, hypr_option(HYPR_OPTION_LEARNING), Double(learning)) == HYPR_OK)
      #expect(hypr_options_set(options, hypr_option(HYPR_OPTION_WINDOW), Double(window)) == HYPR_OK)
      let status = hypr_session_memory_size(model.handle, options, &bytes, nil, &message, message.count)
      if window == most || learning == 0 {
        #expect(status == HYPR_OK)
        continue
      }
      #expect(CallFailure(status, message).description
        == "HYPR_ERROR_INVALID_ARGUMENT: option window is 53688, expected at most 53687: a layer of this model has 40000 inputs")
      var session: OpaquePointer?
      #expect(hypr_session_create(model.handle, options, &session, nil, 0) == HYPR_ERROR_INVALID_ARGUMENT)
      #expect(session == nil)
    }
  }
}
