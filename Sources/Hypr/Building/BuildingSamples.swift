public import CHypr
internal import HyprBuilding
internal import HyprCore

// What is made of samples: a suggestion, calibration, exemplars.

@c @implementation public func hypr_builder_create_suggested(
  _ recording: UnsafePointer<hypr_recording>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ reasons: UnsafeMutablePointer<CChar>?, _ reasons_size: Int, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  var lines = TextLines(reasons, size: reasons_size, cuts: false)
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
      throw message.failure(.invalidArgument, "recording.channels is \(size: told.channels), expected 1 to \(Model.largestCount)")
    }
    let recorded = try samples(told.inputs, told.steps, told.sequences, channels: told.channels, message)
    let task = SuggestionTask(classes: classes, outputs: told.outputs, timeStep: Float(told.time_step))
    return try ModelBuilder.suggested(for: recorded, task, &lines, message)
  }
}

@c @implementation public func hypr_builder_calibrate(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int, _ rate: Double,
  _ seed: UInt64, _ given: Int32
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    let scalesGiven = try builder.flag(given, "given")
    let recording = try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message)
    try builder.calibrate(recording, rate: rate, seed: seed, scalesGiven: scalesGiven)
  }
}

@c @implementation public func hypr_builder_add_exemplar(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ values: UnsafePointer<Float>?, _ starts_sequence: Int32
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
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
  withBuilder(builder) { builder throws(Failure) in try builder.keepExemplars(bytes: bytes, seed: seed) }
}

@c @implementation public func hypr_builder_clear_exemplars(_ builder: OpaquePointer?) -> hypr_status {
  withBuilder(builder) { builder in builder.clearExemplars() }
}

/// Samples of a host.
@inline(never) func samples(
  _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int, channels: Int, _ message: MessageBuffer
) throws(Failure) -> RecordedSequences {
  guard let inputs else { throw message.isNull("inputs") }
  guard let steps else { throw message.isNull("steps") }
  guard sequences >= 0 && !sequences.multipliedReportingOverflow(by: MemoryLayout<Int>.size).overflow else {
    throw message.failure(.invalidArgument, "sequences is too large")
  }
  return try RecordedSequences(inputs, UnsafeBufferPointer(start: steps, count: sequences), channels: channels, message)
}
