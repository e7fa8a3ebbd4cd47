public import CHypr
internal import HyprBuilding
internal import HyprCore

typealias BuilderPointer = UnsafeMutablePointer<ModelBuilder>

/// Known when the library is compiled: what it rules out is not linked.
private var hasBuilder: Bool {
  #if HYPR_NO_BUILDER
    false
  #else
    true
  #endif
}

private var leftOut: hypr_status { hypr_status(HYPR_ERROR_MODEL_UNSUPPORTED) }

/// Makes a builder.
@inline(__always) private func createBuilder(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ text: UnsafeMutablePointer<CChar>?, _ size: Int,
  _ make: (MessageBuffer) throws(Failure) -> BuilderPointer
) -> hypr_status {
  create(out, text, size) { message throws(Failure) in
    guard hasBuilder else {
      throw message.failure(.modelUnsupported, "this library was built without the model builder (HYPR_BUILDER=0)")
    }
    return try make(message)
  }
}

/// Runs a call on a builder.
@inline(__always) private func with(
  _ builder: OpaquePointer?, _ call: (inout ModelBuilder) throws(Failure) -> Void
) -> hypr_status {
  guard hasBuilder else { return leftOut }
  guard let builder else { return invalidArgument }
  return status { () throws(Failure) in try call(&BuilderPointer(builder).pointee) }
}

extension MessageBuffer {
  /// A struct as this version knows it.
  @inline(never) fileprivate func checkedContents<Struct: GrowingStruct>(
    of settings: UnsafePointer<Struct>, _ name: StaticString
  ) throws(Failure) -> Struct {
    guard isComplete(settings) else {
      throw failure(
        .invalidArgument,
        "\(name).struct_size is \(structSize(settings)), expected the size of the struct, at least \(Struct.firstSize)")
    }
    guard !hasUnknownFields(settings) else {
      throw failure(
        .invalidArgument,
        "\(name).struct_size is \(structSize(settings)), and the struct is not zero behind what this version knows")
    }
    return contents(of: settings)
  }
}

extension ModelBuilder {
  /// An argument that must not be NULL.
  fileprivate func isNull(_ name: StaticString) -> Failure { message.isNull(name) }

  /// A struct as this version knows it.
  fileprivate func checkedContents<Struct: GrowingStruct>(
    of settings: UnsafePointer<Struct>, _ name: StaticString
  ) throws(Failure) -> Struct { try message.checkedContents(of: settings, name) }

  /// Numbers of a struct: none if the pointer is NULL and the count 0.
  fileprivate func floats(_ start: UnsafePointer<Float>?, _ count: Int, _ name: StaticString) throws(Failure) -> Floats {
    if start == nil && count != 0 { throw isNull(name) }
    return Floats(start, count)
  }

  fileprivate func flag(_ value: Int32, _ name: StaticString) throws(Failure) -> Bool {
    guard value == 0 || value == 1 else {
      throw message.failure(.invalidArgument, "\(name) is \(Int(value)), expected 0 or 1")
    }
    return value == 1
  }

  /// nil: as is usual.
  fileprivate func choice(_ value: Int32, _ name: StaticString) throws(Failure) -> Bool? {
    if value == -1 { return nil }
    guard value == 0 || value == 1 else {
      throw message.failure(.invalidArgument, "\(name) is \(Int(value)), expected 0, 1 or -1")
    }
    return value == 1
  }

  fileprivate mutating func setTexts(
    _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int, _ name: StaticString,
    _ set: (inout ModelBuilder, UnsafePointer<UnsafePointer<CChar>?>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    if let texts { return try set(&self, texts, count) }
    guard count == 0 else { throw isNull(name) }
    var none: UnsafePointer<CChar>?
    try set(&self, &none, 0)
  }
}

@c @implementation public func hypr_builder_create(
  _ inputs: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?,
  _ message_size: Int
) -> hypr_status {
  createBuilder(out, message, message_size) { message throws(Failure) in try ModelBuilder.create(inputs: inputs, message) }
}

@c @implementation public func hypr_builder_create_from(
  _ model: OpaquePointer?, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?,
  _ message_size: Int
) -> hypr_status {
  createBuilder(out, message, message_size) { message throws(Failure) in
    guard let model else { throw message.isNull("model") }
    return try ModelBuilder.create(from: model.model, message)
  }
}

@c @implementation public func hypr_builder_create_suggested(
  _ recording: UnsafePointer<hypr_recording>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ reasons: UnsafeMutablePointer<CChar>?, _ reasons_size: Int, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  var lines = ReasonLines(reasons, size: reasons_size)
  return createBuilder(out, message, message_size) { message throws(Failure) in
    guard let recording else { throw message.isNull("recording") }
    let told = try message.checkedContents(of: recording, "recording")
    let classes: RecordedClasses
    switch (told.labels, told.sequence_labels) {
    case (nil, nil): classes = .none
    case (let labels?, nil): classes = .steps(labels)
    case (nil, let labels?): classes = .sequences(labels)
    default:
      throw message.failure(.invalidArgument, "recording has labels and sequence_labels, expected one of them or none")
    }
    guard told.channels >= 1 && told.channels <= Model.largestCount else {
      throw message.failure(.invalidArgument, "recording.channels is \(told.channels), expected 1 to \(Model.largestCount)")
    }
    let recorded = try samples(told.inputs, told.steps, told.sequences, channels: told.channels, message)
    let task = SuggestionTask(classes: classes, outputs: told.outputs, timeStep: Float(told.time_step))
    return try ModelBuilder.suggested(for: recorded, task, &lines, message)
  }
}

@c @implementation public func hypr_builder_free(_ builder: OpaquePointer?) {
  if hasBuilder, let builder { ModelBuilder.free(BuilderPointer(builder)) }
}

@c @implementation public func hypr_builder_message(_ builder: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard hasBuilder, let builder else { return ("" as StaticString).text }
  return UnsafePointer(BuilderPointer(builder).pointee.messageText)
}

@c @implementation public func hypr_builder_set_name(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setName(name)
  }
}

@c @implementation public func hypr_builder_set_time_step(_ builder: OpaquePointer?, _ seconds: Float) -> hypr_status {
  with(builder) { builder throws(Failure) in try builder.setTimeStep(seconds) }
}

@c @implementation public func hypr_builder_set_input_scale(
  _ builder: OpaquePointer?, _ scale: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    if scale == nil && count != 0 { throw builder.isNull("scale") }
    try builder.setInputScale(scale, count)
  }
}

@c @implementation public func hypr_builder_set_input_offset(
  _ builder: OpaquePointer?, _ offset: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    if offset == nil && count != 0 { throw builder.isNull("offset") }
    try builder.setInputOffset(offset, count)
  }
}

@c @implementation public func hypr_builder_set_input_names(
  _ builder: OpaquePointer?, _ names: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    try builder.setTexts(names, count, "names") { builder, names, count throws(Failure) in
      try builder.setInputNames(names, count)
    }
  }
}

@c @implementation public func hypr_builder_set_level_crossing(
  _ builder: OpaquePointer?, _ thresholds: UnsafePointer<Float>?, _ count: Int, _ output: Int32
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    if thresholds == nil && count != 0 { throw builder.isNull("thresholds") }
    try builder.setLevelCrossing(thresholds, count, output)
  }
}

@c @implementation public func hypr_builder_set_encoding(
  _ builder: OpaquePointer?, _ encoding: UnsafePointer<hypr_encoding>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let encoding else { throw builder.isNull("encoding") }
    let told = try builder.checkedContents(of: encoding, "encoding")
    var settings = EncodingSettings(
      kind: told.kind, output: told.output, fields: told.fields,
      thresholds: try builder.floats(told.thresholds, told.threshold_count, "encoding.thresholds"),
      centers: try builder.floats(told.centers, told.center_count, "encoding.centers"),
      widths: try builder.floats(told.widths, told.width_count, "encoding.widths"))
    if told.cutoff != 0 { settings.cutoff = told.cutoff < 0 ? 0 : told.cutoff }
    try builder.setEncoding(settings)
  }
}

@c @implementation public func hypr_builder_add_conditioning(
  _ builder: OpaquePointer?, _ stage: UnsafePointer<hypr_conditioning>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let stage else { throw builder.isNull("stage") }
    let told = try builder.checkedContents(of: stage, "stage")
    var settings = ConditioningSettings(
      kind: told.kind, timeConstants: try builder.floats(told.time_constants, told.time_constant_count, "stage.time_constants"),
      deviations: try builder.floats(told.deviations, told.deviation_count, "stage.deviations"),
      lower: try builder.floats(told.lower, told.lower_count, "stage.lower"),
      upper: try builder.floats(told.upper, told.upper_count, "stage.upper"))
    if told.largest_gain != 0 { settings.largestGain = told.largest_gain }
    if told.limit != 0 { settings.limit = told.limit }
    try builder.addConditioning(settings)
  }
}

@c @implementation public func hypr_builder_clear_conditioning(_ builder: OpaquePointer?) -> hypr_status {
  with(builder) { builder in builder.clearConditioning() }
}

@c @implementation public func hypr_builder_set_trained_range(
  _ builder: OpaquePointer?, _ lower: UnsafePointer<Float>?, _ upper: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    if lower == nil && count != 0 { throw builder.isNull("lower") }
    if upper == nil && count != 0 { throw builder.isNull("upper") }
    try builder.setTrainedRange(lower, upper, count)
  }
}

@c @implementation public func hypr_builder_fit_input(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    try builder.fitInput(try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message))
  }
}

@c @implementation public func hypr_builder_widen_trained_range(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    try builder.widenTrainedRange(try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message))
  }
}

@c @implementation public func hypr_builder_add_layer(
  _ builder: OpaquePointer?, _ neuron: UnsafePointer<CChar>?, _ size: Int,
  _ settings: UnsafePointer<hypr_layer_settings>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let neuron else { throw builder.isNull("neuron") }
    var wanted = LayerSettings()
    if let settings {
      let settings = try builder.checkedContents(of: settings, "settings")
      wanted.name = settings.name
      wanted.isRecurrent = try builder.flag(settings.recurrent, "settings.recurrent")
      wanted.hasBias = try builder.choice(settings.bias, "settings.bias")
      wanted.inputDensity = settings.input_density
      wanted.recurrentDensity = settings.recurrent_density
      wanted.reset = settings.reset
      wanted.surrogate = settings.surrogate
      wanted.surrogateSlope = settings.surrogate_slope
      wanted.surrogateScale = settings.surrogate_scale
    }
    try builder.addLayer(neuron, size: size, wanted)
  }
}

@c @implementation public func hypr_builder_set_readout(
  _ builder: OpaquePointer?, _ outputs: Int, _ bias: Int32, _ tau: Double
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    try builder.setReadout(outputs: outputs, hasBias: try builder.choice(bias, "bias"), tau: tau == 0 ? nil : tau)
  }
}

@c @implementation public func hypr_builder_remove_top(_ builder: OpaquePointer?) -> hypr_status {
  with(builder) { builder throws(Failure) in try builder.removeTop() }
}

@c @implementation public func hypr_builder_set_constant(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ value: Float
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setConstant(name, value)
  }
}

@c @implementation public func hypr_builder_set_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ values: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let values else { throw builder.isNull("values") }
    try builder.setTensor(name, values, count)
  }
}

@c @implementation public func hypr_builder_draw_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ low: Double, _ high: Double
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.drawTensor(name, from: low, to: high)
  }
}

@c @implementation public func hypr_builder_set_tensor_rows(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ row_offsets: UnsafePointer<UInt32>?,
  _ row_offset_count: Int, _ column_indices: UnsafePointer<UInt32>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let row_offsets else { throw builder.isNull("row_offsets") }
    try builder.setRows(name, row_offsets, row_offset_count, column_indices, count)
  }
}

@c @implementation public func hypr_builder_set_trainable(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ trainable: Int32
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setTrainable(name, try builder.flag(trainable, "trainable"))
  }
}

@c @implementation public func hypr_builder_tensor_count(_ builder: OpaquePointer?) -> Int {
  guard hasBuilder, let builder else { return 0 }
  return BuilderPointer(builder).pointee.tensorCount
}

@c @implementation public func hypr_builder_tensor_info(
  _ builder: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_tensor_info>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let info else { throw builder.isNull("info") }
    guard isComplete(info) else {
      throw builder.message.failure(.invalidArgument, "info.struct_size is not set to sizeof(hypr_tensor_info)")
    }
    guard let tensor = builder.tensor(index) else {
      throw builder.message.failure(
        .notFound, "index is \(index), expected below the tensor count \(builder.tensorCount)")
    }
    fill(info, with: hypr_tensor_info(tensor))
  }
}

@c @implementation public func hypr_builder_get_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ values: UnsafeMutablePointer<Float>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let values else { throw builder.isNull("values") }
    try builder.readTensor(name, into: values, count)
  }
}

@c @implementation public func hypr_builder_set_class_labels(
  _ builder: OpaquePointer?, _ labels: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    try builder.setTexts(labels, count, "labels") { builder, labels, count throws(Failure) in
      try builder.setClassLabels(labels, count)
    }
  }
}

@c @implementation public func hypr_builder_recommend(
  _ builder: OpaquePointer?, _ key: hypr_option, _ value: Double
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let option = Option(key: key) else {
      throw builder.message.failure(.invalidArgument, "there is no option \(Int(key))")
    }
    try builder.recommend(option, value)
  }
}

@c @implementation public func hypr_builder_set_metadata(
  _ builder: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let key else { throw builder.isNull("key") }
    guard let value else { throw builder.isNull("value") }
    try builder.setMetadata(key, value)
  }
}

@c @implementation public func hypr_builder_add_exemplar(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Float>?, _ starts_sequence: Int32
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let inputs else { throw builder.isNull("inputs") }
    let targets: ModelBuilder.ExemplarTargets
    switch (labels, values) {
    case (let labels?, nil): targets = .labels(labels)
    case (nil, let values?): targets = .values(values)
    default:
      throw builder.message.failure(
        .invalidArgument,
        labels == nil ? "labels and values are NULL, expected one of them" : "labels and values are given, expected one of them")
    }
    let starts = try builder.flag(starts_sequence, "starts_sequence")
    try builder.addExemplar(inputs, steps: steps, targets, startsSequence: starts)
  }
}

@c @implementation public func hypr_builder_keep_exemplars(
  _ builder: OpaquePointer?, _ bytes: Int, _ seed: UInt64
) -> hypr_status {
  with(builder) { builder throws(Failure) in try builder.keepExemplars(bytes: bytes, seed: seed) }
}

@c @implementation public func hypr_builder_clear_exemplars(_ builder: OpaquePointer?) -> hypr_status {
  with(builder) { builder in builder.clearExemplars() }
}

@c @implementation public func hypr_builder_calibrate(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int, _ rate: Double,
  _ seed: UInt64, _ given: Int32
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    let scalesGiven = try builder.flag(given, "given")
    let recording = try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message)
    try builder.calibrate(recording, rate: rate, seed: seed, scalesGiven: scalesGiven)
  }
}

/// Samples of a host.
@inline(never) private func samples(
  _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int, channels: Int, _ message: MessageBuffer
) throws(Failure) -> RecordedSequences {
  guard let inputs else { throw message.isNull("inputs") }
  guard let steps else { throw message.isNull("steps") }
  guard sequences >= 0 && !sequences.multipliedReportingOverflow(by: MemoryLayout<Int>.size).overflow else {
    throw message.failure(.invalidArgument, "sequences is too large")
  }
  return try RecordedSequences(inputs, UnsafeBufferPointer(start: steps, count: sequences), channels: channels, message)
}

@c @implementation public func hypr_builder_build(
  _ builder: OpaquePointer?, _ seed: UInt64, _ bytes: UnsafeMutablePointer<Int>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let bytes else { throw builder.isNull("bytes") }
    bytes.pointee = try builder.build(seed: seed)
  }
}

@c @implementation public func hypr_builder_copy_file(
  _ builder: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ size: Int
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let buffer else { throw builder.isNull("buffer") }
    try builder.copyFile(to: buffer, size: size)
  }
}

@c @implementation public func hypr_builder_save_file(
  _ builder: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> hypr_status {
  with(builder) { builder throws(Failure) in
    guard let path else { throw builder.isNull("path") }
    try builder.saveFile(to: path)
  }
}
