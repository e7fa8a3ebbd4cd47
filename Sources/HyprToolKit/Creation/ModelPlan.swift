import HyprBuilding
import HyprCore

/// What a fresh model shall be. ``model()`` makes it.
package struct ModelPlan {
  /// Channels of one sample.
  package var inputs: Int
  /// value = (sample - offset) * scale; one number for all channels, or one each.
  package var inputScale: [Float] = []
  package var inputOffset: [Float] = []
  package var inputNames: [String] = []
  /// Thresholds of a level crossing, likewise; none: values are the inputs of the first layer.
  package var levelCrossing: [Float] = []
  /// What it gives to the first layer, as numbered in hypr.h.
  package var levelCrossingOutput: Int32 = 0
  /// Conditioning, other encodings, and samples to fit.
  package var signal = SignalPlan()
  /// From the input to the readout.
  package var layers: [LayerPlan]
  package var outputs: Int
  package var seed: UInt64 = 0
  /// Whether neurons hear the spikes of their own layer.
  package var isRecurrent = true
  /// Which part of the weights from the input or the layer below there is, each with this probability; 1: all of them.
  package var inputDensity = 1.0
  /// The same of the recurrent weights.
  package var recurrentDensity = 1.0
  /// Whether hidden layers have a bias; `nil`: as is usual for their neuron model.
  package var hasBias: Bool?
  /// Whether the readout has a bias; `nil`: it has.
  package var hasReadoutBias: Bool?
  /// What a spike does to the membrane, in layers whose neuron model leaves the choice, as numbered in hypr.h.
  package var reset: Int32 = 0
  /// Time constant of the readout in steps; `nil`: as is usual for the neuron model below it.
  package var readoutTau: Double?
  /// Constants of neuron models.
  package var constants: [NeuronSetting<Float>] = []
  /// First values of neuron parameters, uniformly in a range, instead of the usual ones.
  package var parameters: [NeuronSetting<ClosedRange<Double>>] = []
  package var name = ""
  package var timeStep: Float = 0
  package var classLabels: [String] = []
  package var recommendedOptions: [(option: HyprCore.Option, value: Double)] = []
  package var metadata: [(key: String, value: String)] = []

  package init(inputs: Int, layers: [LayerPlan], outputs: Int) {
    self.inputs = inputs
    self.layers = layers
    self.outputs = outputs
  }

  /// The model, built, with weights drawn from the seed: equal plans give equal models. `prepare`: what is done before it is built.
  package func model(_ prepare: (FreshModel) throws -> Void = { _ in }) throws -> FreshModel {
    try check()
    let model = try FreshModel(inputs: inputs)
    try describeInput(of: model)
    for (index, layer) in layers.enumerated() { try add(layer, at: index, to: model) }
    try model.tell { builder throws(Failure) in
      try builder.setReadout(outputs: outputs, hasBias: hasReadoutBias, tau: readoutTau)
      try builder.setName(name)
      for (option, value) in recommendedOptions { try builder.recommend(option, value) }
      for (key, value) in metadata { try builder.setMetadata(key, value) }
    }
    try model.tell(classLabels) { builder, labels, count throws(Failure) in try builder.setClassLabels(labels, count) }
    try prepare(model)
    try model.build(seed: seed)
    return model
  }

  private func check() throws {
    guard !layers.isEmpty else { throw ToolError("the model has no layers, expected at least one --layer") }
    guard reset == 0 || layers.contains(where: \.hasReset) else {
      let open = NeuronModel.names(where: \.hasReset).joined(separator: ", ")
      throw ToolError("no layer leaves the reset open, as these neuron models do: \(open)")
    }
    for setting in constants { try setting.check(against: layers, kind: "constant", ModelPlan.constantNames) }
    for setting in parameters { try setting.check(against: layers, kind: "parameter", ModelPlan.parameterNames) }
  }

  private static func constantNames(_ model: NeuronModel) -> [String] { model.constants.map(\.name) }
  private static func parameterNames(_ model: NeuronModel) -> [String] { model.parameters.map(\.name) }

  private func describeInput(of model: FreshModel) throws {
    try model.tell { builder throws(Failure) in
      try builder.setTimeStep(timeStep)
      try builder.setInputScale(inputScale, inputScale.count)
      try builder.setInputOffset(inputOffset, inputOffset.count)
      try builder.setLevelCrossing(levelCrossing, levelCrossing.count, levelCrossingOutput)
    }
    try signal.describe(model)
    try model.tell(inputNames) { builder, names, count throws(Failure) in try builder.setInputNames(names, count) }
  }

  private func add(_ layer: LayerPlan, at index: Int, to model: FreshModel) throws {
    var settings = LayerSettings()
    settings.isRecurrent = isRecurrent
    settings.inputDensity = inputDensity
    settings.recurrentDensity = recurrentDensity
    settings.hasBias = hasBias
    if layer.hasReset { settings.reset = reset }
    try model.tell { builder throws(Failure) in
      try builder.addLayer(layer.neuron, size: layer.size, settings)
      for setting in constants where setting.applies(to: layer, ModelPlan.constantNames) {
        try builder.setConstant("layer\(index).\(setting.name)", setting.value)
      }
      for setting in parameters where setting.applies(to: layer, ModelPlan.parameterNames) {
        try builder.drawTensor(
          "layer\(index).\(setting.name)", from: setting.value.lowerBound, to: setting.value.upperBound)
      }
    }
  }
}

extension ClosedRange<Double> {
  /// `low:high`, or one number for all.
  package init(text: String, of name: String) throws {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard (1...2).contains(numbers.count), let lower = numbers[0], let upper = numbers[numbers.count - 1],
      lower.isFinite, upper.isFinite, lower <= upper
    else { throw ToolError("\(name) is \"\(text)\", expected LOW:HIGH, such as 3:5, or one number") }
    self = lower...upper
  }
}

/// One layer of a plan.
package struct LayerPlan: Equatable {
  let model: NeuronModel
  /// Neurons.
  package let size: Int

  /// The neuron model's name in the schema.
  package var neuron: String { model.name }
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
    guard let index = NeuronCatalogue().find(text) else {
      let known = NeuronModel.all.map(\.writtenName).joined(separator: ", ")
      throw ToolError("there is no neuron model \"\(text)\"; known are \(known)")
    }
    return NeuronModel.all[index]
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
  func applies(to layer: LayerPlan, _ names: (NeuronModel) -> [String]) -> Bool {
    (neuron ?? layer.neuron) == layer.neuron && names(layer.model).contains(name)
  }

  func check(against layers: [LayerPlan], kind: String, _ names: (NeuronModel) -> [String]) throws {
    guard !layers.contains(where: { applies(to: $0, names) }) else { return }
    let known = Set(layers.map { "\($0.neuron): \(names($0.model).joined(separator: ", "))" }).sorted()
    throw ToolError(
      "no layer has the \(kind) \(neuron.map { "\($0)." } ?? "")\(name); the layers have \(known.joined(separator: "; "))"
    )
  }
}
