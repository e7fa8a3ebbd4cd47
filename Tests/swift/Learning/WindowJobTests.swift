import CHypr
import CSystem
import HyprModelWriter
import Testing

@testable import HyprCore

/// The end of a window in pieces: whatever their size, the session becomes the same, bit for bit.
@Suite struct WindowJobTests {
  static let credits = [HYPR_CREDIT_SPATIAL, HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT, HYPR_CREDIT_FILTERED]
  static let window = 7

  /// One state variable to three per neuron, without spikes, with gates; some of many blocks of neurons.
  static let mixed = [
    ["LIF", "BRF"], ["ALIF", "RF"], ["GRU", "LSTM"], ["CubaALIF", "LI"], ["SEAdLIF", "EFAdLIF", "IF"],
  ]
  /// Every model alone.
  static let single = NeuronTests.names.map { [$0] }

  /// A session whose window is closed by hand, and one that closes it by itself.
  struct Pair {
    let (whole, parts): (TestSession, TestSession)

    init(_ model: TestModel, _ options: [Int: Double]) throws {
      (whole, parts) = (try TestSession(model, options), try TestSession(model, options))
    }

    /// Streams windows, the last of them shorter; `work` gives the size of each piece. Returns the pieces of each window.
    func stream(_ inputs: [[Float]], _ labels: [Int], updates: Bool, _ work: () -> Int) throws -> [Int] {
      var pieces: [Int] = []
      for step in inputs.indices {
        for session in [whole, parts] {
          try session.step(inputs[step])
          if labels[step] >= 0 { try session.teach(labels[step]) }
        }
        guard (step + 1) % window == 0 || step == inputs.count - 1 else { continue }
        try whole.flush()
        pieces.append(close(parts, updates: updates, work))
        try #require(try whole.savedState == parts.savedState, "after step \(step)")
      }
      return pieces
    }

    private func close(_ session: TestSession, updates: Bool, _ work: () -> Int) -> Int {
      // As calls of the library do: what else computes here goes through hypr.h.
      let host = system_float_enter()
      defer { system_float_set(host) }
      let session = UnsafeMutablePointer<Session>(session.handle)
      let learner = session.pointee.learner!
      var job = WindowJob(learner.pointee.firstOpen, learner.pointee, session.pointee.network)
      var pieces = 1
      while job.advance(&learner.pointee, session.pointee.network, work: work()) { pieces += 1 }
      learner.pointee.endFirst(session.pointee.network)
      session.pointee.slot = 0
      guard updates else { return pieces }
      var update = UpdateJob()
      while update.advance(&learner.pointee, session.pointee.network, work: work()) { pieces += 1 }
      return pieces
    }
  }

  /// Input and recurrent weights stored sparsely in every second layer.
  static func model(_ neurons: [String], sizes: [Int], sparse: Bool, _ random: inout RandomNet) -> ModelDescription {
    var model = random.model(neurons, sizes: sizes)
    for layer in model.layers.indices where sparse && layer % 2 == 0 {
      let inputCount = model.layers[layer].inputWeight.values.count
      let kept = (0..<inputCount).map { _ in Bool.random(using: &random.generator) }
      model.layers[layer].inputWeight = model.layers[layer].inputWeight.sparse { kept[$0] || $0 == 0 }
      model.layers[layer].recurrentWeight = model.layers[layer].recurrentWeight!.sparse { $0 % 3 != 1 }
    }
    return model
  }

  static func options(_ credit: Int, updates: Bool, threads: Int = 1) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_CREDIT: Double(credit),
      HYPR_OPTION_UPDATE: Double(updates ? HYPR_UPDATE_WINDOW : HYPR_UPDATE_MANUAL), HYPR_OPTION_THREADS: Double(threads),
      HYPR_OPTION_SPIKE_RATE_PENALTY: 1, HYPR_OPTION_SPIKE_RATE_UPPER: 0.1,
    ]
  }

  @Test(arguments: credits, [false, true])
  func `Pieces of any size give the same bits`(credit: Int, sparse: Bool) throws {
    for neurons in WindowJobTests.mixed + WindowJobTests.single {
      // Of one layer the smallest and the largest pieces, to keep this short.
      let isMixed = neurons.count > 1
      var random = RandomNet(seed: 31)
      let sizes = [5] + [70, 37, 20].prefix(neurons.count) + [3]
      let model = try TestModel(WindowJobTests.model(neurons, sizes: sizes, sparse: sparse, &random))
      let (inputs, labels) = (random.inputs(4 * WindowJobTests.window - 3, 5), random.labels(60, 3))
      for updates in [false, true] {
        let options = WindowJobTests.options(credit, updates: updates)
        for work in isMixed ? [1, 1000, 100_000, Int.max] : [1, Int.max] {
          _ = try Pair(model, options).stream(inputs, labels, updates: updates) { work }
        }
        guard isMixed else { continue }
        var generator = SplitMix64(state: 7)
        _ = try Pair(model, options).stream(inputs, labels, updates: updates) {
          Int.random(in: 0...20_000, using: &generator)
        }
      }
    }
  }

  @Test(arguments: credits) func `Pieces of normalized errors give the same bits`(credit: Int) throws {
    for neurons in WindowJobTests.mixed {
      var random = RandomNet(seed: 34)
      let model = try TestModel(random.model(neurons, sizes: [5] + [21, 17, 9].prefix(neurons.count) + [37]))
      let (inputs, labels) = (random.inputs(4 * WindowJobTests.window - 3, 5), random.labels(60, 37))
      let options = WindowJobTests.options(credit, updates: true).merging([
        HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_NLMS), HYPR_OPTION_EPSILON: 1e-3, HYPR_OPTION_LEARNING_RATE: 0.3,
      ]) { $1 }
      for work in [1, 1000, Int.max] { _ = try Pair(model, options).stream(inputs, labels, updates: true) { work } }
    }
  }

  @Test(arguments: credits, [false, true])
  func `Pieces in threads give the bits of one thread`(credit: Int, sparse: Bool) throws {
    // So large that threads are worth waking.
    var random = RandomNet(seed: 32)
    let model = try TestModel(WindowJobTests.model(["BRF", "LIF"], sizes: [40, 300, 300, 3], sparse: sparse, &random))
    let inputs = random.inputs(2 * WindowJobTests.window, 40)
    let labels = random.labels(inputs.count, 3)
    for work in [1 << 19, Int.max] {
      let pair = try Pair(model, WindowJobTests.options(credit, updates: true, threads: 3))
      _ = try pair.stream(inputs, labels, updates: true) { work }
      let alone = try TestSession(model, WindowJobTests.options(credit, updates: true))
      try alone.stream(inputs, labels) { try alone.teach(labels[$0]) }
      #expect(try alone.parameters == pair.parts.parameters)
    }
  }

  @Test(arguments: credits) func `The least pieces are rows of a block of neurons, a step, and some parameters`(credit: Int) throws {
    var random = RandomNet(seed: 33)
    let sizes = [5, 70, 37, 3]
    let model = try TestModel(random.model(["BRF", "LIF"], sizes: sizes))
    let inputs = random.inputs(WindowJobTests.window, 5)
    let labels = [Int](repeating: 1, count: inputs.count)
    let kernels = UnsafePointer<Model>(model.handle).pointee.kernels
    let block = 2 * kernels.pointee.lanes
    func pieces(_ work: Int, updates: Bool) throws -> Int {
      let pair = try Pair(model, WindowJobTests.options(credit, updates: updates))
      return try pair.stream(inputs, labels, updates: updates) { work }[0]
    }
    let (least, most) = (try pieces(1, updates: false), try pieces(.max, updates: false))
    // One neuron (penalty), a vector of neurons (what is handed down, spatial sweep), a step (recurrent sweep).
    let (lanes, layers) = (kernels.pointee.lanes, sizes.dropFirst())
    let penalties = layers.dropLast().reduce(0) { $0 + $1 - 1 }
    let handedDown = layers.dropLast().reduce(0) { $0 + ($1 + lanes - 1) / lanes - 1 }
    let sweeps = layers.dropFirst().reduce(0) { $0 + ($1 + lanes - 1) / lanes - 1 }
    // Counting and filling of a step's events, of input, recurrent weights and bias, and of the readout's two.
    var others = penalties + handedDown + (3 + 3 + 2) * (2 * WindowJobTests.window - 1)
    if credit == HYPR_CREDIT_SPATIAL { others += sweeps }
    if credit == HYPR_CREDIT_RECURRENT { others += 2 * (WindowJobTests.window - 1) }
    // Of each block: its sweep, each presynaptic neuron that had an event, or none of a matrix, and the parameters; with outputs twice.
    var (fewest, mostOfBlocks) = (0, 0)
    for layer in 1..<sizes.count {
      let blocks = (sizes[layer] + block - 1) / block
      let presynaptic = sizes[layer - 1] + 1 + (layer == sizes.count - 1 ? 0 : sizes[layer])
      fewest += blocks * (1 + 2 + 1) - 1
      mostOfBlocks += 2 * blocks * (1 + presynaptic + 1) - 1
    }
    #expect(least - most >= others + fewest)
    #expect(least - most <= others + mostOfBlocks)
    // At most 16 parameters a piece.
    let updating = try pieces(1, updates: true) - least
    #expect(updating >= model.parameterCount / 16)
  }
}
