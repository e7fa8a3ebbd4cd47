import CHypr
import HyprBuilding
import HyprModelWriter
import HyprToolKit
import Testing

/// The tensors of a built model by name.
private struct Tensors {
  struct Tensor: Equatable {
    let shape: [Int]
    let values: [Float]
    let trainable: Bool
  }

  let names: [String]
  private let tensors: [String: Tensor]

  init(_ plan: ModelPlan) throws {
    let session = try TestSession(
      TestModel(bytes: try plan.model().bytes()), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 1])
    let flat = try session.parameters
    let infos = try session.tensors
    names = infos.map(\.name)
    tensors = Dictionary(
      uniqueKeysWithValues: infos.map {
        ($0.name, Tensor(shape: $0.shape, values: Array(flat[$0.range]), trainable: $0.trainable))
      })
  }

  subscript(_ name: String) -> Tensor? { tensors[name] }
  /// No values: there is no such tensor.
  func values(_ name: String) -> [Float] { tensors[name]?.values ?? [] }
}

@Suite("Tool: fresh models") struct CreationTests {
  private func reason(_ plan: ModelPlan) -> String {
    do {
      _ = try plan.model()
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

  @Test func `BRF starts as published`() throws {
    let model = try Tensors(ModelPlan(inputs: 4, layers: [LayerPlan("brf:36")], outputs: 6))
    let limit = (6.0 / (4 + 36 + 36)).squareRoot()
    #expect(
      model.names == [
        "layer0.input_weight", "layer0.recurrent_weight", "layer0.omega", "layer0.b_offset", "readout.weight",
        "readout.bias", "readout.tau",
      ])
    #expect(model["layer0.input_weight"]?.shape == [36, 4])
    #expect(model["layer0.recurrent_weight"]?.shape == [36, 36])
    let weights = model.values("layer0.input_weight") + model.values("layer0.recurrent_weight")
    let largest = Double(weights.map(abs).max() ?? 0)
    #expect(largest <= limit && largest > 0.98 * limit)
    #expect(model["layer0.omega"]?.values.allSatisfy { (3...5).contains($0) } == true)
    #expect(model["layer0.b_offset"]?.values.allSatisfy { (0.1...1).contains($0) } == true)
    #expect(model.values("readout.bias") == [Float](repeating: 0, count: 6))
    #expect(model["readout.tau"]?.trainable == true)
    #expect(model["readout.tau"]?.values.allSatisfy { (14...26).contains($0) } == true)
  }

  @Test func `SE-adLIF starts as published`() throws {
    let model = try Tensors(ModelPlan(inputs: 4, layers: [LayerPlan("se_adlif:36")], outputs: 6))
    #expect(model["layer0.input_weight"]?.values.allSatisfy { abs($0) <= 0.5 } == true)
    #expect(model.values("layer0.bias") == [Float](repeating: 0, count: 36))
    #expect(Array(model.names[3...6]) == ["p_u", "p_w", "a", "b"].map { "layer0.\($0)" })
    #expect(model.values("layer0.b").max() ?? 0 > 1, "b reaches up to 2")
    #expect(model["readout.weight"]?.values.allSatisfy { abs($0) <= 1.0 / 6 } == true)
    #expect(model.values("readout.bias") == [Float](repeating: 0, count: 6))
    #expect(model["readout.tau"] == Tensors.Tensor(shape: [6], values: [3, 3, 3, 3, 3, 3], trainable: false))
  }

  @Test func `equal plans give equal models, other seeds do not`() throws {
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5"), try LayerPlan("seadlif:4")], outputs: 2)
    let first = try plan.model().bytes()
    #expect(try plan.model().bytes() == first)
    #expect(try Tensors(plan)["layer1.input_weight"]?.shape == [4, 5])
    plan.seed = 1
    #expect(try plan.model().bytes() != first)
  }

  @Test func `choices replace what is usual`() throws {
    var plan = ModelPlan(inputs: 3, layers: [try LayerPlan("brf:5"), try LayerPlan("SE-adLIF:4")], outputs: 2)
    plan.isRecurrent = false
    plan.hasBias = false
    plan.hasReadoutBias = false
    plan.readoutTau = 10
    plan.parameters = [try NeuronSetting("b=0.25") { try ClosedRange(text: $0, of: $1) }]
    let model = try Tensors(plan)
    #expect(!model.names.contains { $0.contains("recurrent_weight") || $0.contains("bias") })
    #expect(model.values("readout.tau") == [10, 10])
    #expect(model.values("layer1.b") == [0.25, 0.25, 0.25, 0.25])
    let bytes = try plan.model().bytes()
    plan.constants = [try NeuronSetting("brf.dt=0.02") { text, _ in Float(text) ?? 0 }]
    #expect(try plan.model().bytes() != bytes)
  }

  @Test(arguments: ["input", "recurrent"])
  func `a density leaves weights out and keeps the others`(which: String) throws {
    func set(_ plan: inout ModelPlan, _ density: Double) {
      if which == "input" { plan.inputDensity = density } else { plan.recurrentDensity = density }
    }
    var plan = ModelPlan(inputs: 60, layers: [try LayerPlan("brf:60")], outputs: 2)
    let dense = try Tensors(plan)
    set(&plan, 0.25)
    let sparse = try Tensors(plan)
    #expect(try plan.model().bytes() == plan.model().bytes())
    let thinned = "layer0.\(which)_weight"
    for name in dense.names where name.hasPrefix("layer0") && name != thinned { #expect(sparse[name] == dense[name]) }
    let (stored, all) = (sparse.values(thinned), dense.values(thinned))
    #expect((800...1000).contains(stored.count) && all.count == 3600)
    // Row by row, columns ascending: the elements are those of the whole matrix in the same order.
    var rest = all[...]
    for value in stored {
      guard let place = rest.firstIndex(of: value) else {
        Issue.record("\(value) is not where it was")
        break
      }
      rest = rest[(place + 1)...]
    }
    for wrong in [0, -0.1, 1.5, .nan] {
      set(&plan, wrong)
      #expect(reason(plan) == "\(which)_density is \(wrong == 0 ? "0" : "\(wrong)"), expected above 0 and at most 1")
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

  @Test func `the signal path is fitted to samples`() throws {
    var plan = ModelPlan(inputs: 2, layers: [try LayerPlan("lif:3")], outputs: 2)
    plan.timeStep = 0.01
    plan.signal.highPass = [0.5]
    plan.signal.isRectified = true
    plan.signal.runningNormalization = [1]
    plan.signal.clip = ([-3], [3])
    plan.signal.encoding = try EncodingPlan("receptive-fields=3:-1:1", output: .graded) { _ in [] }
    let samples = (0..<400).map { index -> Float in
      let gravity: Float = index % 2 == 0 ? 9.81 : -1
      return gravity + Float(index * 7 % 11)
    }
    plan.signal.fit = FitPlan(samples: samples, steps: [150, 50])
    let session = try TestSession(TestModel(bytes: try plan.model().bytes()))
    #expect(session.model.inputSize == 2)
    var values = [Float](repeating: -1, count: 200 * 6)
    try session.check(hypr_session_condition(session.handle, samples, 200, &values))
    #expect(values.allSatisfy { $0 == 0 || (0.01...1).contains($0) } && Set(values).count > 100)
    var (lower, upper) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
    #expect(hypr_model_trained_range(session.model.handle, &lower, &upper, 2) == HYPR_OK)
    #expect(lower.allSatisfy { $0 >= -3 } && upper.allSatisfy { $0 <= 3 } && zip(lower, upper).allSatisfy { $0 < $1 })
    plan.timeStep = 0
    #expect(reason(plan).contains("time_constants are in seconds, and the model's time_step is 0"))
  }

  @Test func `encodings are written as kind and numbers`() throws {
    func reason(_ text: String, _ output: EncodingOutput? = nil) -> String {
      do {
        _ = try EncodingPlan(text, output: output) { _ in [1] }
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    for text in ["delta=1", "level-crossing=1", "threshold-accumulation=1", "receptive-fields=5:-2:2"] {
      #expect(reason(text) == "accepted")
    }
    #expect(reason("delta").contains("kind=numbers"))
    #expect(reason("beta=1").contains("delta, level-crossing, receptive-fields, threshold-accumulation"))
    #expect(reason("receptive-fields=1:0:2").contains("COUNT:LOW:HIGH"))
    #expect(reason("receptive-fields=5:2:-2").contains("COUNT:LOW:HIGH"))
    #expect(reason("delta=1", .graded) == "--encoding-output graded with delta, expected signed or on-off")
    #expect(reason("receptive-fields=2:0:1", .onOff) == "--encoding-output on-off with receptive-fields, expected graded or spikes")
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
