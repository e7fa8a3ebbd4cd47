import CHypr
import Foundation
import HyprModelWriter
import HyprToolKit
import Testing

/// Layers whose outputs are numbers are smooth, so that finite differences of the loss can be the arbiter of every gradient.
@Suite struct AnalogTests {
  static let models = NeuronTests.models.filter { !$0.spiking }
  /// Every model alone, and some on each other.
  static let stacks = models.map { [$0.name] } + [["GRU", "LI"], ["LSTM", "GRU"]]
  static let gated = NeuronTests.models.filter { $0.gates > 1 }

  /// With recurrent credit and one window for the whole sequence the gradient is that of the loss itself, in every tensor.
  @Test(arguments: stacks)
  func gradientIsThatOfFiniteDifferences(neurons: [String]) throws {
    var random = RandomNet(seed: 51)
    let model = try TestModel(random.model(neurons, sizes: [3] + neurons.map { _ in 5 } + [3]))
    let (inputs, labels) = (random.inputs(25, 3), random.labels(25, 3))
    let session = try TestSession(
      model,
      PropertyTests.manual.merging(
        [HYPR_OPTION_WINDOW: 25, HYPR_OPTION_CREDIT: Double(HYPR_CREDIT_RECURRENT)]) { $1 })
    try session.learn(inputs, labels)
    let gradient = try session.gradients
    for tensor in try session.tensors {
      let differences = try session.finiteDifferences(tensor.range, share: 0.01) {
        try session.learn(inputs, labels)
      }
      #expect(differences.contains { abs($0) > 1e-6 }, "\(tensor.name)")
      let error = relativeError(Array(gradient[tensor.range]), differences)
      #expect(error < 1e-2, "\(tensor.name): \(error)")
    }
  }

  /// The weights of a gated cell lie gate by gate: the tensors at the boundary are those of the file.
  @Test(arguments: gated) func gatesKeepTheirPlaces(neuron: NeuronModel) throws {
    let gates = neuron.gates
    var random = RandomNet(seed: 52)
    let description = random.model([neuron.name], sizes: [3, 5, 2])
    let session = try TestSession(TestModel(description), [HYPR_OPTION_LEARNING: 1])
    let layer = description.layers[0]
    let expected = [
      ("layer0.input_weight", [gates * 5, 3], layer.inputWeight.values),
      ("layer0.recurrent_weight", [gates * 5, 5], layer.recurrentWeight!.values),
      ("layer0.bias", [gates * 5], layer.bias!.values),
    ]
    let flat = try session.parameters
    for (name, shape, values) in expected {
      let tensor = try #require(try session.tensors.first { $0.name == name })
      #expect(tensor.shape == shape && Array(flat[tensor.range]) == values)
    }
    let shuffled = flat.indices.map { Float($0) / 100 + 1 }
    try session.setParameters(shuffled)
    #expect(try session.parameters == shuffled)
  }

  /// One unit, one step, worked out by hand from the equations.
  @Test func gruIsItsEquations() throws {
    let layer = LayerDescription(
      neuron: NeuronDescription("GRU", parameters: [("candidate_bias", TensorDescription([0.3]))]),
      inputWeight: TensorDescription(shape: [3, 1], values: [0.5, -0.4, 0.9]),
      recurrentWeight: TensorDescription(shape: [3, 1], values: [0.2, 0.7, -0.6]),
      bias: TensorDescription([0.1, -0.2, 0.25]))
    let model = ModelDescription(
      layers: [layer],
      readout: ReadoutDescription(weight: TensorDescription(shape: [1, 1], values: [1]), tau: TensorDescription([1])))
    let session = try TestSession(TestModel(model))
    var h = 0.0
    func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    for x in [0.8, -1.5, 0.0, 2.0] {
      let reset = sigma(0.5 * x + 0.2 * h + 0.1)
      let update = sigma(-0.4 * x + 0.7 * h - 0.2)
      let candidate = tanh(0.3 + 0.9 * x + reset * (-0.6 * h + 0.25))
      h = (1 - update) * candidate + update * h
      try session.step([Float(x)])
      #expect(abs(Double(try session.spikes(0)[0]) - h) < 1e-6)
    }
  }

  @Test func gateCountIsChecked() throws {
    var random = RandomNet(seed: 53)
    var description = random.model(["GRU"], sizes: [3, 4, 2])
    description.layers[0].inputWeight = random.matrix(11, 3, scale: 1)
    let failure = try #require(throws: CallFailure.self) { try TestModel(description) }
    #expect(
      failure.message == "layers[0].input_weight.shape is [11, 3], expected a multiple of 3 rows, one per gate")
    description = random.model(["GRU"], sizes: [3, 4, 2])
    description.layers[0].bias = TensorDescription([0, 0, 0, 0])
    #expect(throws: CallFailure.self) { try TestModel(description) }
  }

  /// A layer may choose the reset only where the model leaves the choice.
  @Test func resetIsChecked() throws {
    var random = RandomNet(seed: 54)
    var description = random.model(["BRF"], sizes: [3, 4, 2])
    description.layers[0].reset = .subtract
    let failure = try #require(throws: CallFailure.self) { try TestModel(description) }
    #expect(failure.status == HYPR_ERROR_MODEL_UNSUPPORTED)
    #expect(failure.message == "layers[0].reset is 2, but BRF leaves no choice: expected 0 (ModelDefault)")
    for reset in ResetKind.allCases {
      description = random.model(["CubaLIF"], sizes: [3, 4, 2])
      description.layers[0].reset = reset
      _ = try TestModel(description)
    }
  }

  /// A step that fails in a higher layer leaves the layers below it as they were.
  @Test(arguments: [0.0, 1.0]) func overflowOfAHigherLayerChangesNothing(learning: Double) throws {
    var random = RandomNet(seed: 55)
    var description = random.model(["BRF", "LI"], sizes: [3, 60, 6, 2])
    description.layers[1].inputWeight.values = Array(repeating: 1.7e37, count: 60 * 6)
    description.layers[1].recurrentWeight = nil
    description.readout!.weight.values = description.readout!.weight.values.map { $0 * 1e-37 }
    let model = try TestModel(description)
    let options = [HYPR_OPTION_LEARNING: learning, HYPR_OPTION_WINDOW: 7]
    let (session, reference) = (try TestSession(model, options), try TestSession(model, options))
    var refused = 0
    for input in random.inputs(60, 3) {
      // Everything fires: more than 20 times 1.7e37 is too much.
      if try session.spikes(0).contains(1) {
        let failure = try #require(throws: CallFailure.self) { try session.step([1e5, 1e5, 1e5]) }
        #expect(failure.message == "the state of layer 1 would not be finite; the step was not made")
        refused += 1
      }
      #expect(try session.step(input) == reference.step(input))
      #expect(try session.spikes(0) == reference.spikes(0))
    }
    #expect(refused > 10)
  }
}
