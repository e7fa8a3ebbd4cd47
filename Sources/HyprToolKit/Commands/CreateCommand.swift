import ArgumentParser
import HyprModelWriter

/// What a spike may do to the membrane.
enum Reset: String, ExpressibleByArgument, CaseIterable {
  case none, subtract, set
  case delayedSubtract = "delayed-subtract"
  case delayedSet = "delayed-set"

  var kind: ResetKind {
    switch self {
    case .none: .none
    case .subtract: .subtract
    case .set: .set
    case .delayedSubtract: .delayedSubtract
    case .delayedSet: .delayedSet
    }
  }
}

/// What level crossing gives to the first layer.
enum CrossingOutput: String, ExpressibleByArgument, CaseIterable {
  case signed
  case onOff = "on-off"

  var output: SpikeEncoding.LevelCrossingOutput { self == .signed ? .signed : .onOff }
}

/// `hypr create`: a fresh model.
struct CreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a fresh model with random weights.",
    discussion: """
      Weights and neuron parameters are drawn as the authors of the neuron models published it: for BRF, RF, LIF, ALIF and \
      the models of NIR Xavier-uniform weights, no bias and a readout whose time constants are trained; for the adaptive LIF \
      models uniform input weights, orthogonal recurrent ones, biases and a readout with a fixed time constant; for GRU and \
      LSTM uniform weights and biases, much as PyTorch does. The same command makes the same file.

        hypr create ecg.hypr --inputs 4 --layer brf:36 --outputs 6
        hypr create shd.hypr --inputs 700 --layer brf:128 --layer brf:64 --outputs 20
      """)

  @Argument(help: "The file to make.") var out: String
  @Flag(help: "Replace the file if there is one.") var force = false
  @Option(help: "Channels of one sample.") var inputs: Int
  @Option(
    name: .customLong("layer"), parsing: .singleValue,
    help: ArgumentHelp(
      "A layer, from the input up: neuron model and how many neurons; may be repeated.", valueName: "neuron:size"))
  var layers: [String]
  @Option(help: "Outputs (classes) of the readout.") var outputs: Int
  @Option(help: "What the random numbers start from.") var seed: UInt64 = 0
  @Flag(inversion: .prefixedNo, help: "Whether neurons hear the spikes of their own layer.") var recurrent = true
  @Option(help: "Which part of the recurrent weights there is, chosen at random; the others cost nothing (default: 1).")
  var recurrentDensity: Double?
  @Flag(inversion: .prefixedNo, help: "Whether hidden layers have a bias (default: as is usual for the neuron model).")
  var bias: Bool?
  @Flag(inversion: .prefixedNo, help: "Whether the readout has a bias (default: as is usual for the neuron model).")
  var readoutBias: Bool?

  @Option(
    help: "What a spike does to the membrane in layers that leave it open: GeneralLIF, CubaLIF, IF (default: set).")
  var reset: Reset?
  @Option(
    help: """
      Time constant of the readout in steps (default: around 20 and trained, or 3 and fixed, as is usual for the neuron model).
      """)
  var tauOut: Double?
  @Option(
    name: .customLong("constant"), parsing: .singleValue,
    help: ArgumentHelp(
      "A constant of a neuron model, such as brf.dt=0.01; may be repeated.", valueName: "neuron.name=value"))
  var constants: [String] = []
  @Option(
    name: .customLong("parameter"), parsing: .singleValue,
    help: ArgumentHelp(
      "Where a neuron parameter starts, uniformly between two numbers, such as brf.omega=3:5; may be repeated.",
      valueName: "neuron.name=low:high"))
  var parameters: [String] = []
  @Option(help: ArgumentHelp("Short for --parameter omega=low:high.", valueName: "low:high")) var omega: String?
  @Option(help: ArgumentHelp("Short for --parameter b_offset=low:high.", valueName: "low:high")) var bOffset: String?

  @Option(help: "The model's name, for people.") var name = ""
  @Option(help: "Seconds between two samples.") var timeStep: Float = 0
  @Option(name: .customLong("input-name"), parsing: .singleValue, help: "Name of a channel; once per channel.")
  var inputNames: [String] = []
  @Option(
    help: ArgumentHelp(
      "value = (sample - offset) * scale: numbers with commas, one for all channels or one each, or an .npy file.",
      valueName: "numbers"))
  var inputScale: String?
  @Option(help: ArgumentHelp("See --input-scale.", valueName: "numbers")) var inputOffset: String?
  @Option(
    help: ArgumentHelp(
      "A spike whenever a value has moved by this much: thresholds as for --input-scale.", valueName: "numbers"))
  var levelCrossing: String?
  @Option(help: "With --level-crossing: one input per channel, -1, 0 or 1, or two, rising and falling.")
  var levelCrossingOutput: CrossingOutput?
  @Option(name: .customLong("class-label"), parsing: .singleValue, help: "Name of a class; once per output.")
  var classLabels: [String] = []
  @Option(
    name: .customLong("recommend"), parsing: .singleValue,
    help: ArgumentHelp(
      "A learning option that the file recommends, such as learning_rate=0.003; may be repeated.",
      valueName: "name=value"))
  var recommendations: [String] = []
  @Option(
    name: .customLong("metadata"), parsing: .singleValue,
    help: ArgumentHelp("Free text about the model, such as licence=MIT; may be repeated.", valueName: "key=value"))
  var metadata: [String] = []

  func run() throws {
    let file = try OutputFile(out, force: force)
    let plan = try plan()
    var model = try plan.description()
    try describe(&model)
    let bytes: [UInt8]
    do {
      bytes = try model.serialized()
    } catch {
      throw ToolError(error.description)
    }
    // The loader knows all rules that a file must keep; what it refuses is not written.
    let loaded = try LoadedModel(bytes)
    try file.write(bytes)
    let names = plan.layers.map { "\($0.size) \($0.neuron)" }
    let sizes = ([String(inputs)] + names + [String(outputs)]).joined(separator: " - ")
    print("\(out): \(sizes), \(loaded.parameterCount) parameters")
  }

  private func plan() throws -> ModelPlan {
    guard levelCrossing != nil || levelCrossingOutput == nil else {
      throw ToolError("--level-crossing-output without --level-crossing, expected both or none")
    }
    let perChannel = levelCrossingOutput == .onOff ? 2 : 1
    let (columns, overflow) = inputs.multipliedReportingOverflow(by: perChannel)
    // Too many to be counted are too many as they are.
    var plan = ModelPlan(
      inputs: overflow ? inputs : columns, layers: try layers.map { try LayerPlan($0) }, outputs: outputs)
    plan.seed = seed
    plan.isRecurrent = recurrent
    plan.recurrentDensity = recurrentDensity ?? 1
    plan.reset = reset?.kind ?? .modelDefault
    plan.hasBias = bias
    plan.hasReadoutBias = readoutBias
    plan.readoutTau = tauOut
    plan.constants = try constants.map { try NeuronSetting($0) { text, name in try number(text, of: name) } }
    let shorts = [("omega", omega), ("b_offset", bOffset)].compactMap { name, range in range.map { "\(name)=\($0)" } }
    plan.parameters = try (parameters + shorts).map {
      try NeuronSetting($0) { text, name in try Distribution(range: text, of: name) }
    }
    return plan
  }

  private func describe(_ model: inout ModelDescription) throws {
    model.name = name
    model.timeStep = timeStep
    model.classLabels = classLabels
    model.recommendedOptions = try recommendations.map { text in
      if try OptionSettings([text]).contains("learning") {
        throw ToolError("--recommend \(text): whether a session learns is never taken from a file")
      }
      let (name, value) = try pair(text)
      let plain = name.replacing("-", with: "_")
      return (plain, try OptionSettings.number(value, of: plain))
    }
    model.metadata = try metadata.map { try pair($0) }
    let scale = try inputScale.map { try numbers($0, of: "--input-scale") }
    let offset = try inputOffset.map { try numbers($0, of: "--input-offset") }
    let thresholds = try levelCrossing.map { try numbers($0, of: "--level-crossing") }
    if scale != nil || offset != nil || thresholds != nil || !inputNames.isEmpty {
      var input = InputDescription(size: inputs)
      input.channelNames = inputNames
      input.scale = scale
      input.offset = offset
      input.encoding = thresholds.map {
        .levelCrossing(thresholds: $0, output: (levelCrossingOutput ?? .signed).output)
      }
      model.input = input
    }
  }

  private func pair(_ text: String) throws -> (key: String, value: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else { throw ToolError("\"\(text)\", expected name=value") }
    return (parts[0], parts[1])
  }

  private func number(_ text: String, of name: String) throws -> Float {
    guard let value = Float(text) else { throw ToolError("\(name) is \"\(text)\", expected a number") }
    return value
  }

  /// One number per channel.
  private func numbers(_ text: String, of name: String) throws -> [Float] {
    let values: [Float]
    if text.hasSuffix(".npy") {
      let array = try NumpyArray(path: text)
      values = array.floats(0..<array.count)
    } else {
      values = try text.split(separator: ",", omittingEmptySubsequences: false).map { try number(String($0), of: name) }
    }
    guard values.count == inputs || values.count == 1 else {
      throw ToolError("\(name) has \(values.count) numbers, expected 1 or \(inputs), one per input")
    }
    return values.count == inputs ? values : Array(repeating: values[0], count: inputs)
  }
}
