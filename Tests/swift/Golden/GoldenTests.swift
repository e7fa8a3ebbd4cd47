import CHypr
import Testing

/// The library against float64 reference numbers: the forward pass, the loss, and every gradient leaf by itself.
@Suite struct GoldenTests {
  static let nets = GoldenNet.all

  struct Rule: CustomTestStringConvertible {
    let net: GoldenNet
    let credit: String
    let window: Int
    var testDescription: String { "\(net.name) \(credit) λ = \(window)" }
  }

  static let credits = [
    "window": HYPR_CREDIT_WINDOW, "spatial": HYPR_CREDIT_SPATIAL, "recurrent": HYPR_CREDIT_RECURRENT,
    "filtered": HYPR_CREDIT_FILTERED,
  ]

  /// Models whose outputs are numbers, not spikes.
  static let analog = Set(NeuronTests.models.filter { !$0.spiking }.map(\.writtenName))

  static let rules = nets.flatMap { net in
    credits.keys.sorted().flatMap { credit in net.windows.map { Rule(net: net, credit: credit, window: $0) } }
  }

  @Test func everyNetIsThere() {
    let names = Set(GoldenTests.nets.map(\.name))
    for model in GoldenNet.models.map(\.writtenName) {
      #expect(names.contains("\(model)_5-8-3") && names.contains("\(model)_5-8-6-3"), "no golden numbers of \(model)")
    }
    for model in ["brf", "se_adlif"] {
      for variant in ["5-8-3_no_recurrent", "5-8-3_bias_toggle", "12-37-7"] {
        #expect(names.contains("\(model)_\(variant)"))
      }
    }
    for name in [
      "brf_se_adlif_5-8-6-3", "gru_brf_5-8-6-3", "brf_lstm_5-8-6-3", "brf_5-8-3_equal_tau", "gru_5-8-3_no_bias",
      "general_lif_5-8-3_subtract", "general_lif_5-8-3_no_reset", "cuba_lif_5-8-3_subtract", "if_5-8-3_subtract",
      "general_lif_5-8-3_delayed_set", "cuba_lif_5-8-3_delayed_subtract", "cuba_alif_5-8-3_lag",
      "lif_5-8-3_fast_sigmoid", "brf_5-8-3_arc_tangent", "se_adlif_5-8-3_straight_through",
      "brf_5-8-3_sparse", "se_adlif_5-8-6-3_sparse", "gru_5-8-3_sparse",
    ] {
      #expect(names.contains(name), "\(name)")
    }
  }

  /// Weights are sparse where the oracle's are: from the input, from the layer below, from the layer itself.
  @Test func sparseWeightsAreStoredSparsely() {
    var found: Set<String> = []
    for net in GoldenTests.nets where !net.sparse.isEmpty {
      for (index, layer) in net.model.layers.enumerated() {
        for (name, tensor) in [("input_weight", layer.inputWeight), ("recurrent_weight", layer.recurrentWeight)] {
          let isSparse = net.sparse.contains("layer\(index).\(name)")
          #expect((tensor?.rows != nil) == isSparse, "\(net.name), layer \(index), \(name)")
          if isSparse { found.insert("\(net.neurons[index]) layer\(index).\(name)") }
        }
      }
    }
    #expect(
      found == [
        "brf layer0.input_weight", "gru layer0.input_weight", "se_adlif layer0.input_weight",
        "se_adlif layer1.input_weight", "se_adlif layer1.recurrent_weight",
      ])
  }

  @Test(arguments: nets, [false, true])
  func forwardPass(net: GoldenNet, learning: Bool) throws {
    let session = try TestSession(
      TestModel(net.model), [HYPR_OPTION_LEARNING: learning ? 1 : 0, HYPR_OPTION_WINDOW: 7])
    let (spikes, states) = (net.neurons.indices.map(net.spikes), net.neurons.indices.map(net.states))
    let outputs = net.outputs
    var spikeCount = 0.0
    for (step, input) in net.inputs.enumerated() {
      let output = try session.step(input)
      #expect(relativeError(output, outputs[step]) < 1e-4, "output at step \(step)")
      for layer in net.neurons.indices {
        let found = try session.spikes(layer)
        #expect(
          GoldenTests.analog.contains(net.neurons[layer])
            ? relativeError(found, spikes[layer][step]) < 1e-4 : found.map(Double.init) == spikes[layer][step],
          "outputs of layer \(layer) at step \(step)")
        #expect(
          try relativeError(session.state(layer), states[layer][step]) < 1e-4, "state of layer \(layer) at step \(step)"
        )
        spikeCount += spikes[layer][step].reduce(0, +)
      }
    }
    #expect(spikeCount != 0)
  }

  @Test(arguments: rules)
  func gradient(rule: Rule) throws {
    let net = rule.net
    let session = try TestSession(
      TestModel(net.model),
      [
        HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(rule.window),
        HYPR_OPTION_CREDIT: Double(GoldenTests.credits[rule.credit]!),
        HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
      ])
    let loss = try session.learn(net.inputs, net.labels)
    #expect(abs(loss - net.loss) < 1e-5 * net.loss)
    let gradients = try session.gradients
    for tensor in try session.tensors {
      let expected = try #require(net.gradient("\(rule.credit)/\(rule.window)", tensor.name), "\(tensor.name)")
      #expect(expected.contains { $0 != 0 } != net.isUnused(tensor.name), "\(tensor.name)")
      let error = relativeError(Array(gradients[tensor.range]), expected)
      #expect(error < 1e-4, "\(tensor.name): relative error \(error)")
    }
  }

  /// λ = T with the readout inside the window is BPTT with the recurrent spikes detached.
  @Test(arguments: nets)
  func wholeSequenceIsLocalBackpropagation(net: GoldenNet) throws {
    let session = try TestSession(
      TestModel(net.model),
      [
        HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(net.inputs.count),
        HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
      ])
    try session.learn(net.inputs, net.labels)
    let gradients = try session.gradients
    for tensor in try session.tensors {
      let expected = try #require(net.gradient("local_bptt", tensor.name))
      #expect(relativeError(Array(gradients[tensor.range]), expected) < 1e-4, "\(tensor.name)")
    }
  }

  /// With recurrent credit λ = T is full backpropagation through time.
  @Test(arguments: nets)
  func recurrentCreditIsBackpropagation(net: GoldenNet) throws {
    let session = try TestSession(
      TestModel(net.model),
      [
        HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(net.inputs.count),
        HYPR_OPTION_CREDIT: Double(HYPR_CREDIT_RECURRENT), HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
      ])
    try session.learn(net.inputs, net.labels)
    let gradients = try session.gradients
    for tensor in try session.tensors {
      let expected = try #require(net.gradient("bptt", tensor.name))
      let error = relativeError(Array(gradients[tensor.range]), expected)
      #expect(error < 1e-4, "\(tensor.name): relative error \(error)")
    }
  }
}
