import CHypr
import HyprModelWriter
import Testing

/// Files that are well-formed FlatBuffers but say what cannot be: each is refused, and the message names the place.
@Suite struct LoaderTests {
  static let faults = [
    ModelFault(message: "format_version is 0") { $0.formatVersion = 0 },
    ModelFault(message: "format_version is 3, this library reads up to 2", unsupported: true) { $0.formatVersion = 3 },
    ModelFault(message: "time_step is -1") { $0.timeStep = -1 },
    ModelFault(message: "layers has 0 entries") { $0.layers = [] },
    ModelFault(message: "readout is missing") { $0.readout = nil },
    ModelFault(message: "readout.kind is 9", unsupported: true) { $0.readout!.kind = 9 },
    ModelFault(message: "layers[0].input_weight[5] is nan, expected a finite number") {
      $0.layers[0].inputWeight.values[5] = .nan
    },
    ModelFault(message: "readout.bias[1] is inf") { $0.readout!.bias!.values[1] = .infinity },
    ModelFault(message: "layers[1].input_weight.shape is [6, 7], expected 8 columns") {
      $0.layers[1].inputWeight = TensorDescription(shape: [6, 7], values: [Float](repeating: 0, count: 42))
    },
    ModelFault(message: "layers[0].input_weight.shape has rank 1, expected 2") {
      $0.layers[0].inputWeight = TensorDescription([1, 2, 3])
    },
    ModelFault(message: "layers[0].input_weight.shape is [0, 4]") {
      $0.layers[0].inputWeight = TensorDescription(shape: [0, 4], values: [])
    },
    ModelFault(message: "layers[0].recurrent_weight.shape is [8, 7] of rank 2, expected [8, 8]") {
      $0.layers[0].recurrentWeight = TensorDescription(shape: [8, 7], values: [Float](repeating: 0, count: 56))
    },
    ModelFault(message: "layers[1].bias.shape is [5, 0] of rank 1, expected [6]") {
      $0.layers[1].bias = TensorDescription([Float](repeating: 0, count: 5))
    },
    ModelFault(message: "layers[0].omega[2] is 100, expected a magnitude from 0 to 99.99") { set(&$0, 0, "omega", 2, 100) },
    ModelFault(message: "layers[1].p_u[0] is 1.5, expected 0 to 1") { set(&$0, 1, "p_u", 0, 1.5) },
    ModelFault(message: "layers[1].b[3] is -0.25, expected 0 to 2") { set(&$0, 1, "b", 3, -0.25) },
    ModelFault(message: "readout.tau[0] is 0, expected a magnitude from 0.01") { $0.readout!.tau!.values[0] = 0 },
    ModelFault(message: "readout.tau is missing") { $0.readout!.tau = nil },
    ModelFault(message: "layers[0].b_offset is missing") { $0.layers[0].neuron.parameters.removeLast() },
    ModelFault(message: "layers[0].neuron.dt is 0, expected") { $0.layers[0].neuron.constants = [(name: "dt", value: 0)] },
    ModelFault(message: "layers[0].neuron.refractory_decay is 1, expected") {
      $0.layers[0].neuron.constants = [(name: "refractory_decay", value: 1)]
    },
    ModelFault(message: "layers[1].surrogate.slope is 0, expected above 0") {
      $0.layers[1].surrogate = SurrogateDescription(.slayer, slope: 0)
    },
    ModelFault(message: "layers[0].reset is 2", unsupported: true) { $0.layers[0].reset = .subtract },
    ModelFault(message: "input.size is 3, but layers[0].input_weight has 4 columns") {
      $0.input = InputDescription(size: 3)
    },
    ModelFault(message: "input.scale[1] is 0") {
      $0.input = InputDescription(size: 4)
      $0.input!.scale = [1, 0, 1, 1]
    },
    ModelFault(message: "input.offset[3] is nan") {
      $0.input = InputDescription(size: 4)
      $0.input!.offset = [0, 0, 0, .nan]
    },
    ModelFault(message: "input.encoding.thresholds has 2 entries, expected 1 or 4") {
      $0.input = InputDescription(size: 4)
      $0.input!.encoding = .levelCrossing(thresholds: [0.1, 0.1])
    },
    ModelFault(message: "input.encoding.thresholds[2] is 0, expected a finite number above 0") {
      $0.input = InputDescription(size: 4)
      $0.input!.encoding = .levelCrossing(thresholds: [0.1, 1, 0, 1])
    },
    ModelFault(message: "input.size is 4, but layers[0].input_weight has 4 columns, 2 for each channel") {
      $0.input = InputDescription(size: 4)
      $0.input!.encoding = .levelCrossing(thresholds: [0.1], output: .onOff)
    },
    ModelFault(message: "format_version is 1, expected 2 or above with conditioning") {
      $0.conditioned(.rectifiedDifference)
      $0.formatVersion = 1
    },
    ModelFault(message: "input.conditioning has 9 stages, expected at most 8") {
      $0.conditioned(.rectifiedDifference)
      $0.input!.conditioning = Array(repeating: .rectifiedDifference, count: 9)
    },
    ModelFault(message: "input.conditioning[0].kind is missing") { $0.conditioned(.unknown(kind: 0)) },
    ModelFault(message: "input.conditioning[0].kind is type 77, which this library does not know", unsupported: true) {
      $0.conditioned(.unknown(kind: 77))
    },
    ModelFault(message: "input.conditioning[1].time_constants has 3 entries, expected 1 or 4") {
      $0.conditioned(.rectifiedDifference, .highPass(timeConstants: [1, 1, 1]))
    },
    ModelFault(message: "input.conditioning[0].time_constants has 0 entries") { $0.conditioned(.highPass(timeConstants: [])) },
    ModelFault(message: "input.conditioning[0].time_constants[0] is nan") { $0.conditioned(.highPass(timeConstants: [.nan])) },
    ModelFault(message: "input.conditioning[0].time_constants[1] is 0, expected above 0") {
      $0.conditioned(.highPass(timeConstants: [1, 0, 1, 1]))
    },
    ModelFault(message: "input.conditioning[0].time_constants are in seconds, and the model's time_step is 0") {
      $0.conditioned(.highPass(timeConstants: [1]))
      $0.timeStep = 0
    },
    ModelFault(message: "input.conditioning[0].deviations[0] is 0, expected 1e-6 to 1e6") {
      $0.conditioned(.runningNormalization(timeConstants: [1], deviations: [0]))
    },
    ModelFault(message: "input.conditioning[0].largest_gain is 0.5") {
      $0.conditioned(.runningNormalization(timeConstants: [1], deviations: [1], largestGain: 0.5))
    },
    ModelFault(message: "input.conditioning[0].limit is nan") {
      $0.conditioned(.runningNormalization(timeConstants: [1], deviations: [1], limit: .nan))
    },
    ModelFault(message: "input.conditioning[0].upper is 1 for channel 2, expected above 1") {
      $0.conditioned(.clip(lower: [0, 0, 1, 0], upper: [1]))
    },
    ModelFault(message: "input.conditioning[0].lower[0] is -inf") { $0.conditioned(.clip(lower: [-.infinity], upper: [1])) },
    ModelFault(message: "input.trained_lower has 3 entries, expected none or 4") {
      $0.input = InputDescription(size: 4)
      $0.input!.trainedRange = (lower: [0, 0, 0], upper: [1, 1, 1])
    },
    ModelFault(message: "input.trained_lower[1] is 2 and input.trained_upper[1] is 1") {
      $0.input = InputDescription(size: 4)
      $0.input!.trainedRange = (lower: [0, 2, 0, 0], upper: [1, 1, 1, 1])
    },
    ModelFault(message: "input.encoding.fields is 0, expected 1 to 255") {
      $0.encoded(.receptiveFields(fields: 0, centers: [1], widths: [1]))
    },
    ModelFault(message: "input.encoding.centers has 3 entries, expected 2, or 8 for 4 channels") {
      $0.encoded(.receptiveFields(fields: 2, centers: [1, 2, 3], widths: [1]))
    },
    ModelFault(message: "input.encoding.widths[1] is 0") {
      $0.encoded(.receptiveFields(fields: 2, centers: [1, 2], widths: [1, 0]))
    },
    ModelFault(message: "input.encoding.cutoff is 2, expected 0 to 1") {
      $0.encoded(.receptiveFields(fields: 1, centers: [1], widths: [1], cutoff: 2))
    },
    ModelFault(message: "input.encoding.thresholds[0] is inf") { $0.encoded(.delta(thresholds: [.infinity])) },
    ModelFault(message: "input.size is 4, but layers[0].input_weight has 4 columns, 3 for each channel") {
      $0.encoded(.receptiveFields(fields: 3, centers: [1, 2, 3], widths: [1]))
    },
    ModelFault(message: "class_labels has 2 entries, expected none or 3") { $0.classLabels = ["a", "b"] },
    ModelFault(message: "recommended_options[0]: option window is -1, expected 0 to 65536") {
      $0.recommendedOptions = [(name: "window", value: -1)]
    },
    ModelFault(message: "recommended_options[1]: option update is 0.5, expected a whole number") {
      $0.recommendedOptions = [(name: "window", value: 7), (name: "update", value: 0.5)]
    },
  ]

  static func set(_ model: inout ModelDescription, _ layer: Int, _ name: String, _ index: Int, _ value: Float) {
    let place = model.layers[layer].neuron.parameters.firstIndex { $0.name == name }!
    model.layers[layer].neuron.parameters[place].tensor.values[index] = value
  }

  static func valid() -> ModelDescription {
    var random = RandomNet(seed: 3)
    return random.model(["BRF", "SEAdLIF"], sizes: [4, 8, 6, 3])
  }

  @Test func validModelLoads() throws {
    let model = try TestModel(LoaderTests.valid())
    #expect(model.inputSize == 4 && model.outputSize == 3 && model.layerCount == 2)
    #expect(model.parameterCount == 8 * 4 + 8 * 8 + 8 + 2 * 8 + 6 * 8 + 6 * 6 + 6 + 4 * 6 + 3 * 6 + 3 + 3)
  }

  @Test(arguments: faults) func faultIsNamed(fault: ModelFault) throws { try fault.expectIsNamed() }

  /// A neuron model that only a later version knows: RF and BRF files differ in the one byte that says which it is.
  @Test func unknownNeuronIsNamed() throws {
    var description = LoaderTests.valid()
    var bytes = try description.serialized()
    description.layers[0].neuron.name = "RF"
    let other = try description.serialized()
    let places = bytes.indices.filter { bytes[$0] == 7 && other[$0] == 6 }
    try #require(places.count == 1 && bytes.count == other.count)
    bytes[places[0]] = 99
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(bytes: bytes) }
    #expect(failure.status == HYPR_ERROR_MODEL_UNSUPPORTED)
    #expect(failure.message.contains("layers[0].neuron is type 99"))
  }

  /// Options that the file recommends hold unless the host sets others; learning is never taken from a file.
  @Test func recommendedOptions() throws {
    var description = LoaderTests.valid()
    description.recommendedOptions = [
      (name: "window", value: 23), (name: "learning_rate", value: 0.25), (name: "learning", value: 1),
      (name: "an option of the future", value: 1),
    ]
    let session = try TestSession(TestModel(description), [HYPR_OPTION_LEARNING_RATE: 0.5])
    func option(_ key: Int) throws -> Double {
      var value = Double.nan
      try session.check(hypr_session_get_option(session.handle, hypr_option(key), &value))
      return value
    }
    #expect(try option(HYPR_OPTION_WINDOW) == 23)
    #expect(try option(HYPR_OPTION_LEARNING_RATE) == 0.5)
    #expect(try option(HYPR_OPTION_LEARNING) == 0)
    #expect(try option(HYPR_OPTION_BETA1) == 0.9)
  }

  /// value = (sample - offset) * scale
  @Test func inputScaleAndOffset() throws {
    var scaled = LoaderTests.valid()
    scaled.input = InputDescription(size: 4)
    scaled.input!.scale = [2, 0.5, -1, 4]
    scaled.input!.offset = [1, 0, 0.5, -2]
    let plain = try TestSession(TestModel(LoaderTests.valid()))
    let session = try TestSession(TestModel(scaled))
    var random = RandomNet(seed: 9)
    for sample in random.inputs(30, 4) {
      let value = [(sample[0] - 1) * 2, sample[1] * 0.5, (sample[2] - 0.5) * -1, (sample[3] + 2) * 4]
      #expect(try session.step(sample) == plain.step(value))
    }
  }
}

extension ModelDescription {
  /// With stages of conditioning.
  fileprivate mutating func conditioned(_ stages: ConditioningStage...) {
    input = InputDescription(size: 4)
    input!.conditioning = stages
    (formatVersion, timeStep) = (2, 0.01)
  }

  fileprivate mutating func encoded(_ encoding: SpikeEncoding) {
    input = InputDescription(size: 4)
    input!.encoding = encoding
  }
}
