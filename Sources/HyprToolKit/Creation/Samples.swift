import HyprBuilding
import HyprCore

/// Samples that a fresh model is fitted to.
struct Samples {
  /// Spikes per neuron and step that a model is calibrated to if nothing is said.
  static let usualRate = 0.05

  private let values: [Float]
  /// Of each sequence.
  private let steps: [Int]
  private let channels: Int
  /// Of every step, or of every sequence; negative: none. `nil`: there are no labels.
  private let labels: (numbers: [Int32], labelling: SequenceSet.Labelling)?

  /// Those of a file of comma-separated values, whose labels are classes of these names.
  init(_ recording: Recording, classes: [String]) throws {
    values = recording.values
    steps = recording.stretches.map(\.rows.count)
    channels = recording.channels.count
    labels = classes.isEmpty ? nil : (try recording.classes(ClassNames(classes)), .steps)
  }

  /// Those of .npy files: inputs [S, T, n], or [total, n], one sequence unless there are lengths.
  init(inputs: String, labels: String?, lengths: String?) throws {
    let array = try NumpyArray(path: inputs)
    channels = array.shape.last ?? 0
    guard (2...3).contains(array.shape.count), channels > 0, array.count > 0 else {
      throw ToolError("\(inputs) has the shape \(array.shape), expected [sequences, steps, channels] or [steps, channels]")
    }
    let perStep = Array(array.shape.dropLast())
    let numbers = try labels.map { try NumpyArray(path: $0) }
      ?? NumpyArray([Int32](repeating: -1, count: array.count / channels), shape: perStep, name: inputs)
    var given = try lengths.map { try NumpyArray(path: $0) }
    if given == nil && perStep.count == 1 {
      given = NumpyArray([Int32(clamping: perStep[0])], shape: [1], name: inputs)
    }
    let set = try SequenceSet(inputs: array, labels: numbers, lengths: given, inputSize: channels, classes: Model.largestCount)
    values = array.floats(0..<array.count)
    steps = (0..<set.count).map { set.labels(of: $0).count }
    self.labels = labels == nil ? nil : (numbers.integers(0..<numbers.count)?.map { Int32(clamping: $0) } ?? [], set.labelling)
  }

  /// Brings the layers of a model to a rate of spikes.
  func calibrate(_ model: FreshModel, rate: Double, seed: UInt64) throws {
    try model.tell { builder throws(Failure) in
      try with(channels: builder.inputCount, builder.message) { recorded throws(Failure) in
        try builder.calibrate(recorded, rate: rate, seed: seed, scalesGiven: false)
      }
    }
  }

  /// A model that suits the samples, calibrated and built, and why. `classes`, `channels`: their names, or none; `outputs` nil: as
  /// many as there are classes.
  func suggestion(
    outputs: Int?, classes: [String], channels names: [String], timeStep: Float, rate: Double = Samples.usualRate, seed: UInt64
  ) throws -> (model: FreshModel, reasons: String) {
    let room = 4096
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: room)
    defer { text.deallocate() }
    var reasons = ReasonLines(text, size: room)
    let builder = try withMessage { message throws(Failure) in
      try with(channels: channels, message) { recorded throws(Failure) in
        try withClasses { known throws(Failure) in
          let task = SuggestionTask(classes: known, outputs: outputs ?? classes.count, timeStep: timeStep)
          return try ModelBuilder.suggested(for: recorded, task, &reasons, message)
        }
      }
    }
    let model = FreshModel(builder)
    try model.tell(classes) { builder, names, count throws(Failure) in try builder.setClassLabels(names, count) }
    try model.tell(names) { builder, names, count throws(Failure) in try builder.setInputNames(names, count) }
    try calibrate(model, rate: rate, seed: seed)
    try model.build(seed: seed)
    return (model, String(cString: text))
  }

  private func with<Answer>(
    channels: Int, _ message: MessageBuffer, _ call: (RecordedSequences) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    guard channels == self.channels else {
      throw message.failure(.sizeMismatch, "the samples have \(self.channels) channels, the model has \(channels) inputs")
    }
    return try values.withUnsafeBufferPointer { values throws(Failure) in
      try steps.withUnsafeBufferPointer { steps throws(Failure) in
        guard let start = values.baseAddress else { throw message.failure(.sizeMismatch, "there are no samples") }
        return try call(try RecordedSequences(start, steps, channels: channels, message))
      }
    }
  }

  private func withClasses<Answer>(_ call: (RecordedClasses) throws(Failure) -> Answer) throws(Failure) -> Answer {
    guard let labels else { return try call(.none) }
    return try labels.numbers.withUnsafeBufferPointer { numbers throws(Failure) in
      guard let start = numbers.baseAddress else { return try call(.none) }
      return try call(labels.labelling == .steps ? .steps(start) : .sequences(start))
    }
  }
}
