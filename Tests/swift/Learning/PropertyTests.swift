import CHypr
import HyprModelWriter
import Testing

/// What must hold for any network, checked on random ones.
@Suite struct PropertyTests {
  static let manual = [HYPR_OPTION_LEARNING: 1.0, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL)]

  struct Case: CustomTestStringConvertible {
    let neurons: [String]
    let sizes: [Int]
    let seed: UInt64
    var testDescription: String { "\(neurons.joined(separator: "+")) \(sizes) seed \(seed)" }
  }

  static let single = NeuronTests.names.flatMap { neuron in
    (1...2).map { Case(neurons: [neuron], sizes: [4, 21, 5], seed: UInt64($0)) }
  }
  static let deep = [
    Case(neurons: ["BRF", "SEAdLIF"], sizes: [4, 13, 9, 3], seed: 4),
    Case(neurons: ["SEAdLIF", "BRF", "BRF"], sizes: [4, 9, 17, 8, 3], seed: 5),
  ]

  private func gradients(_ net: Case, window: Int, credit: Int, steps: Int = 53) throws -> ([Float], [TensorInfo]) {
    var random = RandomNet(seed: net.seed)
    let model = try TestModel(random.model(net.neurons, sizes: net.sizes))
    let (inputs, labels) = (random.inputs(steps, net.sizes[0]), random.labels(steps, net.sizes.last!))
    let options = PropertyTests.manual.merging(
      [HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_CREDIT: Double(credit)]) { $1 }
    let session = try TestSession(model, options)
    try session.learn(inputs, labels)
    return (try session.gradients, try session.tensors)
  }

  /// With spatial credit and constant parameters no gradient depends on λ, in any layer; 53 is no multiple of any of them.
  @Test(arguments: single + deep)
  func spatialCreditDoesNotDependOnWindow(net: Case) throws {
    let (reference, tensors) = try gradients(net, window: 53, credit: HYPR_CREDIT_SPATIAL)
    for window in [1, 2, 5, 16, 100] {
      let (found, _) = try gradients(net, window: window, credit: HYPR_CREDIT_SPATIAL)
      for tensor in tensors {
        let expected = reference[tensor.range].map(Double.init)
        #expect(expected.contains { $0 != 0 }, "\(tensor.name) at seed \(net.seed)")
        let error = relativeError(Array(found[tensor.range]), expected)
        #expect(error < 1e-4, "\(tensor.name), λ = \(window): \(error)")
      }
    }
  }

  /// With window credit only the readout's own gradient is independent of λ; that of the layers must not be, or λ does nothing.
  @Test(arguments: single)
  func windowCreditChangesOnlyTheLayers(net: Case) throws {
    let (reference, tensors) = try gradients(net, window: 53, credit: HYPR_CREDIT_WINDOW)
    for window in [1, 5, 16] {
      let (found, _) = try gradients(net, window: window, credit: HYPR_CREDIT_WINDOW)
      for tensor in tensors {
        let error = relativeError(Array(found[tensor.range]), reference[tensor.range].map(Double.init))
        #expect(
          tensor.name.hasPrefix("readout") ? error < 1e-4 : error > 1e-3, "\(tensor.name), λ = \(window): \(error)")
      }
    }
  }

  /// With equal time constants in the readout, filtered credit makes a single layer's gradient independent of λ: that of one window.
  @Test(arguments: single)
  func filteredCreditDoesNotDependOnWindow(net: Case) throws {
    func gradients(_ window: Int, _ credit: Int) throws -> ([Float], [TensorInfo]) {
      var random = RandomNet(seed: net.seed)
      var description = random.model(net.neurons, sizes: net.sizes)
      description.readout!.tau!.values = [6, -6, 6, 6, 6]
      let (inputs, labels) = (random.inputs(53, net.sizes[0]), random.labels(53, net.sizes.last!))
      let session = try TestSession(
        TestModel(description),
        PropertyTests.manual.merging([HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_CREDIT: Double(credit)]) { $1 })
      try session.learn(inputs, labels)
      return (try session.gradients, try session.tensors)
    }
    let (reference, tensors) = try gradients(53, HYPR_CREDIT_WINDOW)
    for window in [1, 2, 5, 16, 53] {
      let (found, _) = try gradients(window, HYPR_CREDIT_FILTERED)
      for tensor in tensors {
        let error = relativeError(Array(found[tensor.range]), reference[tensor.range].map(Double.init))
        #expect(error < 1e-4, "\(tensor.name), λ = \(window): \(error)")
      }
    }
  }

  /// An arbiter that knows no derivative: the loss is smooth in the readout's parameters.
  @Test(arguments: single + deep)
  func readoutGradientIsThatOfFiniteDifferences(net: Case) throws {
    var random = RandomNet(seed: net.seed)
    let model = try TestModel(random.model(net.neurons, sizes: net.sizes))
    let (inputs, labels) = (random.inputs(40, net.sizes[0]), random.labels(40, net.sizes.last!))
    let session = try TestSession(model, PropertyTests.manual.merging([HYPR_OPTION_WINDOW: 7]) { $1 })
    try session.learn(inputs, labels)
    let gradient = try session.gradients
    for tensor in try session.tensors where tensor.name.hasPrefix("readout") {
      let differences = try session.finiteDifferences(tensor.range, share: 0.02) {
        try session.learn(inputs, labels)
      }
      let error = relativeError(Array(gradient[tensor.range]), differences)
      #expect(error < 5e-3, "\(tensor.name): \(error)")
    }
  }

  /// Padding neurons hold default parameters, which are unstable at this dt; they must not touch the gradient.
  @Test(arguments: [36, 40])
  func paddingDoesNotSpoilLearning(size: Int) throws {
    var random = RandomNet(seed: 14)
    var description = random.model(["RF"], sizes: [3, size, 2])
    description.layers[0].neuron.constants = [(name: "dt", value: 0.05)]
    description.layers[0].neuron.parameters[0].tensor = TensorDescription(random.uniform(size, 0.5...1))
    let session = try TestSession(TestModel(description), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 50])
    let inputs = random.inputs(1500, 3)
    for (step, input) in inputs.enumerated() {
      try session.step(input)
      try session.teach(step % 2)
    }
    try session.flush()
    #expect(try session.statistics.skipped_updates == 0 && session.statistics.updates == 30)
  }

  /// Same model, options and inputs: the same bits.
  @Test(arguments: single + deep)
  func learningIsDeterministic(net: Case) throws {
    var random = RandomNet(seed: net.seed)
    let model = try TestModel(random.model(net.neurons, sizes: net.sizes))
    let (inputs, labels) = (random.inputs(200, net.sizes[0]), random.labels(200, net.sizes.last!))
    let results = try (0..<2).map { _ in
      let session = try TestSession(
        model, [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 9, HYPR_OPTION_LEARNING_RATE: 0.01])
      for _ in 0..<3 { try session.learn(inputs, labels) }
      return try session.parameters.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
  }

  /// Tensors that the model marks as not trainable stay as they are and have a gradient of zero; the others move.
  @Test func frozenTensorsStay() throws {
    var random = RandomNet(seed: 7)
    var description = random.model(["BRF"], sizes: [4, 11, 3])
    description.layers[0].inputWeight.trainable = false
    description.readout!.tau!.trainable = false
    let model = try TestModel(description)
    let (inputs, labels) = (random.inputs(60, 4), random.labels(60, 3))
    let session = try TestSession(model, PropertyTests.manual)
    let before = try session.parameters
    try session.learn(inputs, labels)
    let gradient = try session.gradients
    try session.apply()
    let after = try session.parameters
    for tensor in try session.tensors {
      let moved = before[tensor.range] != after[tensor.range]
      #expect(moved == tensor.trainable, "\(tensor.name)")
      #expect(gradient[tensor.range].contains { $0 != 0 } == tensor.trainable, "\(tensor.name)")
    }
    #expect(try session.tensors.filter { !$0.trainable }.map(\.name) == ["layer0.input_weight", "readout.tau"])
  }

  /// The mask narrows training to groups of tensors.
  @Test(arguments: [
    (HYPR_TRAIN_INPUT_WEIGHTS, ["layer0.input_weight"]), (HYPR_TRAIN_RECURRENT_WEIGHTS, ["layer0.recurrent_weight"]),
    (HYPR_TRAIN_BIASES, ["layer0.bias"]), (HYPR_TRAIN_NEURON_PARAMETERS, ["layer0.omega", "layer0.b_offset"]),
    (HYPR_TRAIN_READOUT, ["readout.weight", "readout.bias"]), (HYPR_TRAIN_READOUT_TAU, ["readout.tau"]),
    (HYPR_TRAIN_READOUT | HYPR_TRAIN_BIASES, ["layer0.bias", "readout.weight", "readout.bias"]),
  ])
  func maskChoosesGroups(mask: Int, names: [String]) throws {
    var random = RandomNet(seed: 8)
    let model = try TestModel(random.model(["BRF"], sizes: [4, 11, 3]))
    let session = try TestSession(model, PropertyTests.manual.merging([HYPR_OPTION_TRAIN_MASK: Double(mask)]) { $1 })
    let before = try session.parameters
    try session.learn(random.inputs(60, 4), random.labels(60, 3))
    try session.apply()
    let after = try session.parameters
    #expect(try session.tensors.filter { before[$0.range] != after[$0.range] }.map(\.name) == names)
    #expect(try session.tensors.filter(\.trainable).map(\.name) == names)
  }
}
