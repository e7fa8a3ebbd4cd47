import HyprModelWriter
import HyprToolKit
import Testing

@Suite("Tool: fresh models") struct CreationTests {
  private func reason(_ plan: ModelPlan) -> String {
    do {
      _ = try plan.description()
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `random numbers are xoshiro256**, seeded by SplitMix64`() {
    var random = RandomNumbers(seed: 0)
    #expect(
      [random.next(), random.next(), random.next()] == [
        0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0,
      ])
  }

  @Test func `distributions have their mean and deviation`() {
    var random = RandomNumbers(seed: 1)
    func moments(_ draw: (inout RandomNumbers) -> Double) -> (mean: Double, deviation: Double) {
      let values = (0..<20_000).map { _ in draw(&random) }
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    let normal = moments { $0.normal(20, 3) }
    #expect(abs(normal.mean - 20) < 0.1 && abs(normal.deviation - 3) < 0.1)
    let uniform = moments { $0.uniform(-1, 2) }
    #expect(abs(uniform.mean - 0.5) < 0.05 && abs(uniform.deviation - 3 / 12.0.squareRoot()) < 0.05)
    let index = moments { Double($0.index(below: 5)) }
    #expect(abs(index.mean - 2) < 0.1)
  }

  @Test func `a shuffle keeps every element`() {
    var random = RandomNumbers(seed: 2)
    let shuffled = random.shuffled(Array(0..<100))
    #expect(shuffled != Array(0..<100))
    #expect(shuffled.sorted() == Array(0..<100))
  }

  @Test(arguments: [1, 2, 37]) func `orthogonal matrices are orthogonal`(size: Int) {
    var random = RandomNumbers(seed: 3)
    let matrix = OrthogonalMatrix.random(size, &random)
    for row in 0..<size {
      for other in 0..<size {
        let product = (0..<size).reduce(Float(0)) { $0 + matrix[row * size + $1] * matrix[other * size + $1] }
        #expect(abs(product - (row == other ? 1 : 0)) < 1e-5)
      }
    }
  }

  @Test func `BRF starts as published`() throws {
    let model = try ModelPlan(inputs: 4, layers: [LayerPlan("brf:36")], outputs: 6).description()
    let layer = model.layers[0]
    let limit = (6.0 / (4 + 36 + 36)).squareRoot()
    #expect(layer.neuron.name == "BRF")
    #expect(layer.inputWeight.shape == [36, 4])
    #expect(layer.recurrentWeight?.shape == [36, 36])
    #expect(layer.bias == nil)
    let weights = layer.inputWeight.values + (layer.recurrentWeight?.values ?? [])
    let largest = Double(weights.map(abs).max() ?? 0)
    #expect(largest <= limit && largest > 0.98 * limit)
    let parameters = Dictionary(uniqueKeysWithValues: layer.neuron.parameters.map { ($0.name, $0.tensor.values) })
    #expect(parameters["omega"]?.allSatisfy { (3...5).contains($0) } == true)
    #expect(parameters["b_offset"]?.allSatisfy { (0.1...1).contains($0) } == true)
    #expect(model.readout?.bias == nil)
    #expect(model.readout?.tau?.trainable == true)
    #expect(model.readout?.tau?.values.allSatisfy { (14...26).contains($0) } == true)
  }

  @Test func `SE-adLIF starts as published`() throws {
    let model = try ModelPlan(inputs: 4, layers: [LayerPlan("se_adlif:36")], outputs: 6).description()
    let layer = model.layers[0]
    #expect(layer.inputWeight.values.allSatisfy { abs($0) <= 0.5 })
    #expect(layer.bias?.values == [Float](repeating: 0, count: 36))
    #expect(layer.neuron.parameters.map(\.name) == ["p_u", "p_w", "a", "b"])
    #expect(layer.neuron.parameters[3].tensor.values.max() ?? 0 > 1, "b reaches up to 2")
    #expect(model.readout?.weight.values.allSatisfy { abs($0) <= 1.0 / 6 } == true)
    #expect(model.readout?.bias?.values == [Float](repeating: 0, count: 6))
    #expect(model.readout?.tau == TensorDescription([Float](repeating: 3, count: 6), trainable: false))
  }

  @Test func `equal plans give equal models, other seeds do not`() throws {
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5"), try LayerPlan("seadlif:4")], outputs: 2)
    let first = try plan.description()
    #expect(try plan.description() == first)
    #expect(first.layers[1].inputWeight.shape == [4, 5])
    plan.seed = 1
    #expect(try plan.description() != first)
  }

  @Test func `choices replace what is usual`() throws {
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5"), try LayerPlan("SE-adLIF:4")], outputs: 2)
    plan.isRecurrent = false
    plan.hasBias = false
    plan.hasReadoutBias = false
    plan.readoutTau = 10
    plan.parameters = [try NeuronSetting("b=0.25") { try Distribution(range: $0, of: $1) }]
    plan.constants = [try NeuronSetting("brf.dt=0.02") { text, _ in Float(text) ?? 0 }]
    let model = try plan.description()
    #expect(model.layers.allSatisfy { $0.recurrentWeight == nil && $0.bias == nil })
    #expect(model.readout?.bias == nil)
    #expect(model.readout?.tau?.values == [10, 10])
    #expect(model.layers[1].neuron.parameters[3].tensor.values == [0.25, 0.25, 0.25, 0.25])
    #expect(model.layers[0].neuron.constants.map(\.value) == [0.02])
    #expect(model.layers[1].neuron.constants.isEmpty)
  }

  @Test func `a recurrent density leaves weights out and keeps the others`() throws {
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:60")], outputs: 2)
    let dense = try plan.description().layers[0]
    plan.recurrentDensity = 0.25
    let sparse = try plan.description().layers[0]
    #expect(try plan.description().layers[0] == sparse)
    #expect(sparse.inputWeight == dense.inputWeight && sparse.neuron == dense.neuron)
    let stored = sparse.recurrentWeight!
    #expect((800...1000).contains(stored.values.count) && stored.shape == [60, 60])
    for row in 0..<60 {
      for element in Int(stored.rows!.offsets[row])..<Int(stored.rows!.offsets[row + 1]) {
        #expect(stored.values[element] == dense.recurrentWeight!.values[row * 60 + Int(stored.rows!.columns[element])])
      }
    }
    for wrong in [0, -0.1, 1.5, .nan] {
      plan.recurrentDensity = wrong
      #expect(reason(plan) == "the recurrent density is \(wrong), expected above 0 and at most 1")
    }
  }

  @Test func `neuron models are found however they are written`() throws {
    for text in ["SEAdLIF", "seadlif", "se_adlif", "SE-ADLIF"] { #expect(try LayerPlan.model(text).name == "SEAdLIF") }
    let known = NeuronModel.all.map(\.writtenName).joined(separator: ", ")
    #expect(throws: ToolError("there is no neuron model \"izhikevich\"; known are \(known)")) {
      try LayerPlan("izhikevich:3")
    }
    #expect(throws: ToolError("layer \"brf\", expected a neuron model and how many neurons, such as brf:36")) {
      try LayerPlan("brf")
    }
    #expect(throws: ToolError.self) { try LayerPlan("brf:0") }
  }

  @Test func `impossible plans are refused`() throws {
    #expect(reason(ModelPlan(inputs: 3, layers: [], outputs: 2)).contains("no layers"))
    #expect(
      reason(ModelPlan(inputs: 0, layers: [try LayerPlan("brf:5")], outputs: 2)) == "0 inputs, expected 1 to 16777216")
    #expect(
      reason(ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5000000")], outputs: 2)).contains(
        "weights, expected fewer"))
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5")], outputs: 2)
    plan.constants = [try NeuronSetting("brf.tau=1") { text, _ in Float(text) ?? 0 }]
    #expect(reason(plan) == "no layer has the constant BRF.tau; the layers have BRF: threshold, dt, refractory_decay")
  }

  @Test func `options go by name and by word`() throws {
    #expect(try OptionSettings.number("spatial", of: "credit") == 0)
    #expect(try OptionSettings.number("0.5", of: "learning_rate") == 0.5)
    #expect(OptionSettings.text(2, of: "schedule") == "cosine")
    #expect(try OptionSettings(["learning-rate=0.1"]).contains("learning_rate"))
    #expect(throws: ToolError("option learning_rate is given twice")) {
      try OptionSettings(["learning_rate=1", "learning-rate=2"])
    }
    #expect(throws: ToolError("option credit is \"far\", expected spatial, window, recurrent, filtered")) {
      try OptionSettings(["credit=far"])
    }
    #expect(throws: ToolError("option window is -1, expected 0 to 65536")) { try OptionSettings(["window=-1"]) }
  }
}
