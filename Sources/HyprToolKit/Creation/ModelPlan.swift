import HyprModelWriter

/// What a fresh model shall be. ``description()`` makes it.
package struct ModelPlan {
  /// Channels of one sample.
  package var inputs: Int
  /// From the input to the readout.
  package var layers: [LayerPlan]
  package var outputs: Int
  package var seed: UInt64 = 0
  /// Whether neurons hear the spikes of their own layer.
  package var isRecurrent = true
  /// Which part of the recurrent weights there is, each with this probability; 1: all of them.
  package var recurrentDensity = 1.0
  /// Whether hidden layers have a bias; `nil`: as is usual for their neuron model.
  package var hasBias: Bool?
  /// Whether the readout has a bias; `nil`: as is usual for the neuron model below it.
  package var hasReadoutBias: Bool?
  /// What a spike does to the membrane, in layers whose neuron model leaves the choice.
  package var reset = ResetKind.modelDefault
  /// Time constant of the readout in steps; `nil`: as is usual for the neuron model below it.
  package var readoutTau: Double?
  /// Constants of neuron models.
  package var constants: [NeuronSetting<Float>] = []
  /// First values of neuron parameters, instead of the usual ones.
  package var parameters: [NeuronSetting<Distribution>] = []

  package init(inputs: Int, layers: [LayerPlan], outputs: Int) {
    self.inputs = inputs
    self.layers = layers
    self.outputs = outputs
  }

  /// The model, with weights drawn from the seed: equal plans give equal models.
  package func description() throws -> ModelDescription {
    try check()
    var random = RandomNumbers(seed: seed)
    var model = ModelDescription()
    var inputs = inputs
    for (index, plan) in layers.enumerated() {
      model.layers.append(try layer(plan, inputs: inputs, at: "layer \(index)", &random))
      inputs = plan.size
    }
    model.readout = readout(inputs: inputs, &random)
    return model
  }

  private static let largestSize = 1 << 24
  private static let largestWeightCount = 1 << 29

  private func check() throws {
    guard !layers.isEmpty else { throw ToolError("the model has no layers, expected at least one --layer") }
    for (name, size) in [("inputs", inputs), ("outputs", outputs)] + layers.map({ ("neurons in a layer", $0.size) }) {
      guard (1...ModelPlan.largestSize).contains(size) else {
        throw ToolError("\(size) \(name), expected 1 to \(ModelPlan.largestSize)")
      }
    }
    var below = inputs
    var weights = 0
    for layer in layers {
      weights += layer.gateCount * layer.size * (below + (isRecurrent ? layer.size : 0))
      below = layer.size
    }
    weights += outputs * below
    guard weights < ModelPlan.largestWeightCount else {
      throw ToolError(
        "the model would have \(weights) weights, expected fewer than \(ModelPlan.largestWeightCount):"
          + " a file holds less than 2 GiB")
    }
    guard recurrentDensity > 0 && recurrentDensity <= 1 else {
      throw ToolError("the recurrent density is \(recurrentDensity), expected above 0 and at most 1")
    }
    guard reset == .modelDefault || layers.contains(where: \.hasReset) else {
      let open = NeuronModel.all.filter(\.hasReset).map(\.name).joined(separator: ", ")
      throw ToolError("no layer leaves the reset open, as these neuron models do: \(open)")
    }
    for setting in constants { try setting.check(against: layers, kind: "constant", ModelSchema.constantNames) }
    for setting in parameters { try setting.check(against: layers, kind: "parameter", ModelSchema.parameterNames) }
  }

  private func layer(
    _ plan: LayerPlan, inputs: Int, at place: String, _ random: inout RandomNumbers
  ) throws -> LayerDescription {
    let recipe = NeuronRecipe(plan.model)
    let gates = plan.gateCount
    let weights = recipe.weights(inputs: inputs, neurons: plan.size, gates: gates, recurrent: isRecurrent, &random)
    var neuron = NeuronDescription(plan.neuron)
    for setting in constants where setting.applies(to: plan.neuron, ModelSchema.constantNames) {
      neuron.constants.append((setting.name, setting.value))
    }
    for name in ModelSchema.parameterNames(of: plan.neuron) ?? [] {
      let given = parameters.last { $0.name == name && $0.applies(to: plan.neuron, ModelSchema.parameterNames) }
      guard let distribution = given?.value ?? recipe.parameters[name] else {
        throw ToolError("\(place): \(plan.neuron) has no usual values for \(name): give --parameter \(name)=LOW:HIGH")
      }
      neuron.parameters.append((name, TensorDescription(distribution.values(plan.size, &random))))
    }
    let rows = gates * plan.size
    var layer = LayerDescription(
      neuron: neuron,
      inputWeight: TensorDescription(shape: [rows, inputs], values: weights.input),
      recurrentWeight: weights.recurrent.map { TensorDescription(shape: [rows, plan.size], values: $0) },
      bias: hasBias ?? recipe.hasBias ? TensorDescription(recipe.biases(rows, neurons: plan.size, &random)) : nil)
    if plan.hasReset { layer.reset = reset }
    if recurrentDensity < 1 {
      layer.recurrentWeight = layer.recurrentWeight?.sparse { _ in random.uniform(0, 1) < recurrentDensity }
    }
    return layer
  }

  private func readout(inputs: Int, _ random: inout RandomNumbers) -> ReadoutDescription {
    let recipe = NeuronRecipe(layers[layers.count - 1].model)
    let weights = recipe.readoutWeights(neurons: inputs, outputs: outputs, &random)
    let tau = recipe.readoutTau(readoutTau)
    return ReadoutDescription(
      weight: TensorDescription(shape: [outputs, inputs], values: weights),
      bias: hasReadoutBias ?? recipe.hasBias ? TensorDescription([Float](repeating: 0, count: outputs)) : nil,
      tau: TensorDescription(tau.distribution.values(outputs, &random), trainable: tau.trainable))
  }
}

/// One layer of a plan.
package struct LayerPlan: Equatable {
  let model: NeuronModel
  /// Neurons.
  package let size: Int

  /// The neuron model's name in the schema.
  package var neuron: String { model.name }
  /// Weights per pair of neurons: 1, or the gates of a gated cell.
  var gateCount: Int { model.gates }
  /// Whether the neuron model leaves the reset to the layer.
  var hasReset: Bool { model.hasReset }

  /// `neuron:size`, such as `brf:36` or `se_adlif:64`.
  package init(_ text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let size = Int(parts[1]), size >= 1 else {
      throw ToolError("layer \"\(text)\", expected a neuron model and how many neurons, such as brf:36")
    }
    model = try LayerPlan.model(String(parts[0]))
    self.size = size
  }

  /// A neuron model by its name, whatever its case and without regard to `_` and `-`.
  package static func model(_ text: String) throws -> NeuronModel {
    func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }
    guard let model = NeuronModel.all.first(where: { plain($0.name) == plain(text) }) else {
      let known = NeuronModel.all.map(\.writtenName).joined(separator: ", ")
      throw ToolError("there is no neuron model \"\(text)\"; known are \(known)")
    }
    return model
  }
}

/// A constant or a parameter of the layers of one neuron model, or of all layers that have it.
package struct NeuronSetting<Value> {
  /// The schema's name of the neuron model; `nil`: any.
  package let neuron: String?
  package let name: String
  package let value: Value

  /// `neuron.name=value` or `name=value`; `convert` gets the value and the name.
  package init(_ text: String, _ convert: (String, String) throws -> Value) throws {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2, !sides[0].isEmpty else {
      throw ToolError("\"\(text)\", expected name=value or neuron.name=value, such as brf.dt=0.01")
    }
    let path = sides[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    neuron = path.count == 2 ? try LayerPlan.model(path[0]).name : nil
    name = path[path.count - 1]
    value = try convert(sides[1], sides[0])
  }

  /// Whether a layer of this neuron model takes it; `names` lists what a neuron model has.
  func applies(to neuron: String, _ names: (String) -> [String]?) -> Bool {
    (self.neuron ?? neuron) == neuron && (names(neuron) ?? []).contains(name)
  }

  func check(against layers: [LayerPlan], kind: String, _ names: (String) -> [String]?) throws {
    guard !layers.contains(where: { applies(to: $0.neuron, names) }) else { return }
    let known = Set(layers.map(\.neuron)).sorted().map { "\($0): \((names($0) ?? []).joined(separator: ", "))" }
    throw ToolError(
      "no layer has the \(kind) \(neuron.map { "\($0)." } ?? "")\(name); the layers have \(known.joined(separator: "; "))"
    )
  }
}
