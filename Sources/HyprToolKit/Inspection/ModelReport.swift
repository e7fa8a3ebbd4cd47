import CModelFormat
import FoundationEssentials
import HyprCore

/// Everything that `hypr info` tells about a model.
struct ModelReport: Encodable {
  struct Input: Encodable {
    let size: Int
    let names: [String]
    /// Empty: all 1.
    let scale: [Float]
    /// Empty: all 0.
    let offset: [Float]
    /// How values become spikes, such as LevelCrossing; empty: they do not.
    let encoding: String
    /// Of encodings with thresholds: one for all channels or one each.
    let thresholds: [Float]
    /// signed or on-off; of receptive fields graded or spikes.
    let encodingOutput: String
    /// Of receptive fields: centers of a channel, widths one for all or one each, and the smallest activation; otherwise empty.
    let fields: Fields?
    /// In order, between scale and encoding.
    let conditioning: [Stage]
    /// The range of the conditioned values in training; empty: unknown.
    let trainedLower: [Float]
    let trainedUpper: [Float]

    struct Fields: Encodable {
      let count: Int
      let centers: [Float]
      let widths: [Float]
      let cutoff: Float
    }

    /// Of its numbers those that its kind has: one for all channels or one each.
    struct Stage: Encodable {
      /// The schema's name, such as HighPass.
      let kind: String
      let timeConstants: [Float]?
      let deviations: [Float]?
      let largestGain: Float?
      let limit: Float?
      let lower: [Float]?
      let upper: [Float]?
    }
  }

  struct Layer: Encodable {
    let name: String
    let neuron: String
    let size: Int
    /// As `hypr create --reset` has it, where the file says it; empty: the neuron model's own.
    let reset: String
  }

  struct Tensor: Encodable {
    let name: String
    let shape: [Int]
    /// The matrix of which these are the stored elements; `nil`: they are all.
    let sparseShape: [Int]?
    let trainable: Bool
    /// How the file stores the elements: float32, float16 or int8.
    let elementType: String
    /// Of the elements in the file.
    let bytes: Int
    let minimum: Float
    let mean: Double
    let maximum: Float
  }

  /// Stretches that the file brings along.
  struct Exemplars: Encodable {
    struct Class: Encodable {
      let name: String
      /// Exemplars that teach it.
      let count: Int
      let taughtSteps: Int
    }

    let count: Int
    let steps: Int
    let taughtSteps: Int
    /// Of the file, at most.
    let bytes: Int
    /// Empty: targets are values.
    let classes: [Class]
  }

  struct Setting: Encodable {
    let name: String
    let value: Double
  }

  struct Entry: Encodable {
    let key: String
    let value: String
  }

  /// Bytes of a session.
  struct Memory: Encodable {
    let parameters: Int
    let state: Int
    let traces: Int
    let history: Int
    let optimizer: Int
    let scratch: Int
    let total: Int

    init(_ report: MemoryReport) {
      parameters = report.parameters
      state = report.state
      traces = report.traces
      history = report.history
      optimizer = report.optimizer
      scratch = report.scratch
      total = report.total
    }
  }

  let file: String
  let bytes: Int
  let formatVersion: Int
  let name: String
  /// Seconds; 0: unknown.
  let timeStep: Float
  let input: Input
  let layers: [Layer]
  let outputs: Int
  let classLabels: [String]
  let parameterCount: Int
  let tensors: [Tensor]
  /// `nil`: there are none.
  let exemplars: Exemplars?
  let recommendedOptions: [Setting]
  let metadata: [Entry]
  /// Of a session that only runs.
  let runningMemory: Memory
  /// Of a session that learns, with the options given.
  let learningMemory: Memory
  /// `nil`: nobody asked.
  let targetEstimate: TargetEstimate?

  /// Loads the model at `path`; the memory of sessions is that with `settings`.
  init(path: String, settings: OptionSettings, target: Target? = nil) throws {
    let model = try LoadedModel(path: path)
    let facts = try FileFacts(path: path)
    var (running, learning) = (settings, settings)
    try running.set(.learning, 0)
    try learning.set(.learning, 1)
    let session = try RunningSession(model, running)
    runningMemory = Memory(session.memory)
    learningMemory = Memory(try RunningSession(model, learning).memory)
    tensors = ModelReport.tensors(of: model, session.parameters)
    file = path
    bytes = facts.bytes
    formatVersion = facts.formatVersion
    name = model.name
    timeStep = model.pointer.pointee.timeStep
    input =
      facts.input
      ?? Input(
        size: model.inputSize, names: [], scale: [], offset: [], encoding: "", thresholds: [], encodingOutput: "",
        fields: nil, conditioning: [], trainedLower: [], trainedUpper: [])
    layers = (0..<model.layerCount).map {
      Layer(
        name: facts.layers[$0].name, neuron: model.neuron(of: $0), size: model.pointer.pointee.layerSize($0),
        reset: facts.layers[$0].reset)
    }
    outputs = model.outputSize
    classLabels = (0..<model.outputSize).compactMap { text(model.pointer.pointee.classLabel($0)) }
    parameterCount = model.pointer.pointee.parameterCount
    exemplars = Exemplars(of: model)
    recommendedOptions = facts.options
    let (neurons, parameters) = (layers.reduce(outputs) { $0 + $1.size }, parameterCount)
    targetEstimate = try target.map {
      try TargetEstimate($0, path: path, settings: settings, neurons: neurons, parameters: parameters)
    }
    metadata = (0..<model.pointer.pointee.metadataCount).map {
      Entry(
        key: text(model.pointer.pointee.metadataKey($0)) ?? "",
        value: text(model.pointer.pointee.metadataValue($0)) ?? "")
    }
  }

  private static func tensors(of model: LoadedModel, _ parameters: [Float]) -> [Tensor] {
    (0..<model.pointer.pointee.tensorCount).compactMap { index in
      guard let facts = model.pointer.pointee.tensor(index) else { return nil }
      let values = parameters[facts.offset..<facts.offset + facts.count]
      return Tensor(
        name: String(cString: facts.name), shape: [facts.rows] + (facts.columns.map { [$0] } ?? []),
        sparseShape: model.pointer.pointee.sparseShape(index).map { [$0.rows, $0.columns] }, trainable: facts.trainable,
        elementType: "\(facts.elementType)", bytes: facts.count * facts.elementType.size, minimum: values.min() ?? 0,
        mean: values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1)), maximum: values.max() ?? 0)
    }
  }
}

extension ModelReport.Exemplars {
  /// `nil`: the model has none.
  init?(of model: LoadedModel) {
    let all = (0..<model.pointer.pointee.exemplarCount).map { model.pointer.pointee.exemplar($0) }
    guard !all.isEmpty else { return nil }
    count = all.count
    steps = all.reduce(0) { $0 + $1.stepCount }
    taughtSteps = all.reduce(0) { $0 + $1.taughtStepCount() }
    bytes = all.reduce(0) { $0 + $1.byteCount }
    var (counts, taught) = ([Int: Int](), [Int: Int]())
    for exemplar in all where !exemplar.hasValues {
      let runs = (0..<exemplar.runCount).map { exemplar.run($0) }.filter { $0.label >= 0 }
      for label in Set(runs.map(\.label)) { counts[label, default: 0] += 1 }
      for run in runs { taught[run.label, default: 0] += run.stepCount }
    }
    classes = counts.keys.sorted().map {
      Class(name: model.label(of: $0), count: counts[$0] ?? 0, taughtSteps: taught[$0] ?? 0)
    }
  }
}

/// What only the file says: the core needs it inside, but does not hand it out.
private struct FileFacts {
  let bytes: Int
  let formatVersion: Int
  let input: ModelReport.Input?
  let layers: [(name: String, reset: String)]
  let options: [ModelReport.Setting]

  init(path: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes = data.count
    // The verifier wants 8-byte alignment, which Data does not promise.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 64)
    defer { copy.deallocate() }
    data.copyBytes(to: copy)
    guard let root = format_open(copy.baseAddress, copy.count) else {
      throw ToolError("\(path) has changed while it was read")
    }
    formatVersion = Int(format_version(root))
    input = FileFacts.input(root)
    layers = (0..<format_layer_count(root)).map { index in
      var layer = format_layer_info()
      guard format_layer(root, index, &layer) else { return ("", "") }
      return (
        text(layer.name) ?? "", ["", "none", "subtract", "set", "delayed-subtract", "delayed-set"][Int(layer.reset)]
      )
    }
    options = (0..<format_option_count(root)).map {
      .init(name: text(format_option_name(root, $0)) ?? "", value: format_option_value(root, $0))
    }
  }

  private static func input(_ root: OpaquePointer) -> ModelReport.Input? {
    var info = format_input_info()
    guard format_input(root, &info) else { return nil }
    var encoding = format_encoding()
    _ = format_get_encoding(root, &encoding)
    return ModelReport.Input(
      size: Int(info.size), names: (0..<info.channel_name_count).map { text(format_channel_name(root, $0)) ?? "" },
      scale: Array(UnsafeBufferPointer(start: info.scale, count: info.scale_count)),
      offset: Array(UnsafeBufferPointer(start: info.offset, count: info.offset_count)),
      encoding: text(format_encoding_name(encoding.kind)) ?? "",
      thresholds: floats(encoding.thresholds, encoding.threshold_count), encodingOutput: output(of: encoding),
      fields: encoding.kind == FORMAT_ENCODING_RECEPTIVE_FIELDS
        ? .init(
          count: Int(encoding.fields), centers: floats(encoding.centers, encoding.center_count),
          widths: floats(encoding.widths, encoding.width_count), cutoff: encoding.cutoff) : nil,
      conditioning: (0..<info.conditioning_count).map { stage(root, $0) },
      trainedLower: floats(info.trained_lower, info.trained_lower_count),
      trainedUpper: floats(info.trained_upper, info.trained_upper_count))
  }

  private static func output(of encoding: format_encoding) -> String {
    switch encoding.kind {
    case FORMAT_ENCODING_NONE: ""
    case FORMAT_ENCODING_RECEPTIVE_FIELDS: encoding.output == 0 ? "graded" : "spikes"
    default: encoding.output == 0 ? "signed" : "on-off"
    }
  }

  private static func stage(_ root: OpaquePointer, _ index: Int) -> ModelReport.Input.Stage {
    var stage = format_conditioning()
    _ = format_get_conditioning(root, index, &stage)
    func numbers(_ start: UnsafePointer<Float>?, _ count: Int) -> [Float]? { count == 0 ? nil : floats(start, count) }
    let isNormalization = stage.kind == FORMAT_CONDITIONING_RUNNING_NORMALIZATION
    return .init(
      kind: text(format_conditioning_name(stage.kind)) ?? "",
      timeConstants: numbers(stage.time_constants, stage.time_constant_count),
      deviations: numbers(stage.deviations, stage.deviation_count), largestGain: isNormalization ? stage.largest_gain : nil,
      limit: isNormalization ? stage.limit : nil, lower: numbers(stage.lower, stage.lower_count),
      upper: numbers(stage.upper, stage.upper_count))
  }

  private static func floats(_ start: UnsafePointer<Float>?, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: start, count: count))
  }
}
