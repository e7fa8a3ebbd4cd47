import ArgumentParser
import CHypr

/// What a spike may do to the membrane.
enum Reset: String, ExpressibleByArgument, CaseIterable {
  case none, subtract, set
  case delayedSubtract = "delayed-subtract"
  case delayedSet = "delayed-set"

  /// In hypr.h.
  var number: Int32 {
    let constant =
      switch self {
      case .none: HYPR_SPIKE_RESET_NONE
      case .subtract: HYPR_SPIKE_RESET_SUBTRACT
      case .set: HYPR_SPIKE_RESET_SET
      case .delayedSubtract: HYPR_SPIKE_RESET_DELAYED_SUBTRACT
      case .delayedSet: HYPR_SPIKE_RESET_DELAYED_SET
      }
    return Int32(constant)
  }
}

/// What level crossing gives to the first layer.
enum CrossingOutput: String, ExpressibleByArgument, CaseIterable {
  case signed
  case onOff = "on-off"

  /// In hypr.h.
  var number: Int32 { Int32(self == .signed ? HYPR_LEVEL_CROSSING_SIGNED : HYPR_LEVEL_CROSSING_ON_OFF) }
}

/// `hypr create`: a fresh model.
struct CreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a fresh model with random weights.",
    discussion: """
      Weights and neuron parameters are drawn as the authors of the neuron models published it: for \(names(.xavier)) \
      Xavier-uniform weights, no bias and a readout whose time constants are trained; for \(names(.orthogonal)) uniform \
      input weights, orthogonal recurrent ones, biases and a readout with a fixed time constant; for \(names(.gated)) \
      uniform weights and biases, much as PyTorch does. The same command makes the same file.

        hypr create ecg.hypr --inputs 4 --layer brf:36 --outputs 6
        hypr create shd.hypr --inputs 700 --layer brf:128 --layer brf:64 --outputs 20
        hypr create motor.hypr --csv motor.csv --label mode --time t --layer se_adlif:64 --calibrate
        hypr create motor.hypr --csv motor.csv --label mode --time t --suggest
      """)

  @Argument(help: "The file to make.") var out: String
  @Flag(help: "Replace the file if there is one.") var force = false
  @OptionGroup var table: CSVArguments
  @OptionGroup var fitting: FittingArguments
  @Option(help: "Channels of one sample (with --csv: those of the file).") var inputs: Int?
  @Option(
    name: .customLong("layer"), parsing: .singleValue,
    help: ArgumentHelp(
      "A layer, from the input up: neuron model and how many neurons; may be repeated.", valueName: "neuron:size"))
  var layers: [String] = []
  @Option(help: "Outputs (classes) of the readout (with --csv and --label: the classes of the file).") var outputs: Int?
  @Option(help: "What the random numbers start from.") var seed: UInt64 = 0
  @Flag(inversion: .prefixedNo, help: "Whether neurons hear the spikes of their own layer.") var recurrent = true
  @Option(help: "Which part of the recurrent weights there is, chosen at random; the others cost nothing (default: 1).")
  var recurrentDensity: Double?
  @Option(help: "The same of the weights from the input and between layers (default: 1).")
  var inputDensity: Double?
  @Flag(inversion: .prefixedNo, help: "Whether hidden layers have a bias (default: as is usual for the neuron model).")
  var bias: Bool?
  @Flag(inversion: .prefixedNo, help: "Whether the readout has a bias (default: yes).")
  var readoutBias: Bool?

  @Option(
    help: """
      What a spike does to the membrane in layers that leave it open: \
      \(NeuronModel.names(where: \.hasReset).joined(separator: ", ")) (default: set).
      """)
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
  @Option(help: "Seconds between two samples (with --csv and --time: those of the file).") var timeStep: Float?
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
  @OptionGroup var signal: SignalOptions
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
    let recording = try table.columns.label == nil
      ? table.recording()
      : table.trainingRecording(classes: classLabels.isEmpty ? nil : classLabels, naming: "--class-label, once per class")
    if fitting.suggest { return try suggest(file, recording) }
    let plan = try plan(recording)
    let model = try plan.model { try fitting.calibrate($0, recording, fit: signal.fit, seed: seed) }
    try model.save(to: file.path)
    let names = plan.layers.map { "\($0.size) \($0.neuron)" }
    let sizes = ([String(plan.inputs)] + names + [String(plan.outputs)]).joined(separator: " - ")
    print("\(out): \(sizes), \(model.parameterCount) parameters")
  }

  /// A model that suits the samples.
  private func suggest(_ file: OutputFile, _ recording: Recording?) throws {
    if let option = chosenBySuggestion.first(where: \.isGiven)?.option {
      throw ToolError("--suggest chooses the network, expected no \(option) beside it")
    }
    let classes = classLabels.isEmpty ? recording?.classNames ?? [] : classLabels
    let suggestion = try fitting.samples(recording, classes: classes).suggestion(
      outputs: outputs, classes: classes, channels: inputNames.isEmpty ? recording?.channels ?? [] : inputNames,
      timeStep: timeStep ?? Float(recording?.timeStep ?? 0), rate: fitting.rate ?? Samples.usualRate, seed: seed)
    try suggestion.model.save(to: file.path)
    print(suggestion.reasons)
    print("\(out): \(suggestion.model.parameterCount) parameters")
  }

  /// What cannot be said beside --suggest.
  private var chosenBySuggestion: [(option: String, isGiven: Bool)] {
    [
      ("--layer", !layers.isEmpty), ("--inputs", inputs != nil), ("--no-recurrent", !recurrent),
      ("--recurrent-density", recurrentDensity != nil), ("--input-density", inputDensity != nil), ("--bias", bias != nil),
      ("--readout-bias", readoutBias != nil), ("--reset", reset != nil), ("--tau-out", tauOut != nil),
      ("--constant", !constants.isEmpty), ("--parameter", !parameters.isEmpty), ("--omega", omega != nil),
      ("--b-offset", bOffset != nil), ("--name", !name.isEmpty), ("--input-scale", inputScale != nil),
      ("--input-offset", inputOffset != nil), ("--level-crossing", levelCrossing != nil), ("--high-pass", signal.highPass != nil),
      ("--rectified-difference", signal.rectifiedDifference), ("--running-normalization", signal.runningNormalization != nil),
      ("--clip", signal.clip != nil), ("--encoding", signal.encoding != nil), ("--fit", signal.fit != nil),
      ("--recommend", !recommendations.isEmpty), ("--metadata", !metadata.isEmpty),
    ]
  }

  /// The neuron models whose first weights are such ones, as a sentence lists them.
  private static func names(_ initialization: Initialization) -> String {
    let names = NeuronModel.names { $0.initialization == initialization }
    return names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1])"
  }

  private func plan(_ recording: Recording?) throws -> ModelPlan {
    guard levelCrossing != nil || levelCrossingOutput == nil else {
      throw ToolError("--level-crossing-output without --level-crossing, expected both or none")
    }
    guard let inputs = inputs ?? recording?.channels.count else {
      throw ValidationError("the number of inputs is missing, expected --inputs, or --csv with a file that has them")
    }
    guard let outputs = outputs ?? recording.map(\.classNames.count), outputs > 0 else {
      throw ValidationError(
        "the number of outputs is missing, expected --outputs, or --csv and --label with a file that has the classes")
    }
    var plan = ModelPlan(inputs: inputs, layers: try layers.map { try LayerPlan($0) }, outputs: outputs)
    plan.seed = seed
    plan.isRecurrent = recurrent
    plan.inputDensity = inputDensity ?? 1
    plan.recurrentDensity = recurrentDensity ?? 1
    plan.reset = reset?.number ?? Int32(HYPR_SPIKE_RESET_MODEL_DEFAULT)
    plan.hasBias = bias
    plan.hasReadoutBias = readoutBias
    plan.readoutTau = tauOut
    plan.constants = try constants.map { try NeuronSetting($0) { text, name in try number(text, of: name) } }
    let shorts = [("omega", omega), ("b_offset", bOffset)].compactMap { name, range in range.map { "\(name)=\($0)" } }
    plan.parameters = try (parameters + shorts).map {
      try NeuronSetting($0) { text, name in try ClosedRange(text: text, of: name) }
    }
    try describe(&plan, recording)
    return plan
  }

  private func describe(_ plan: inout ModelPlan, _ recording: Recording?) throws {
    plan.name = name
    plan.timeStep = timeStep ?? Float(recording?.timeStep ?? 0)
    plan.classLabels = classLabels.isEmpty ? recording?.classNames ?? [] : classLabels
    plan.recommendedOptions = try recommendations.map { text in
      if try OptionSettings([text]).contains("learning") {
        throw ToolError("--recommend \(text): whether a session learns is never taken from a file")
      }
      let (name, value) = try pair(text)
      let plain = name.replacing("-", with: "_")
      return (try OptionSettings.option(plain), try OptionSettings.number(value, of: plain))
    }
    plan.metadata = try metadata.map { try pair($0) }
    plan.inputNames = inputNames.isEmpty ? recording?.channels ?? [] : inputNames
    plan.inputScale = try inputScale.map { try numbers($0, of: "--input-scale", plan.inputs) } ?? []
    plan.inputOffset = try inputOffset.map { try numbers($0, of: "--input-offset", plan.inputs) } ?? []
    plan.levelCrossing = try levelCrossing.map { try numbers($0, of: "--level-crossing", plan.inputs) } ?? []
    plan.levelCrossingOutput = (levelCrossingOutput ?? .signed).number
    guard levelCrossing == nil || signal.encoding == nil else {
      throw ToolError("--level-crossing and --encoding, expected one of them")
    }
    guard signal.fit == nil || (inputScale == nil && inputOffset == nil) else {
      throw ToolError("--fit sets scale and offset, expected it or --input-scale and --input-offset")
    }
    let channels = plan.inputs
    plan.signal = try signal.plan(inputs: channels, timeStep: plan.timeStep, recording) { try numbers($0, of: $1, channels) }
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
  private func numbers(_ text: String, of name: String, _ inputs: Int) throws -> [Float] {
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
    return values
  }
}
