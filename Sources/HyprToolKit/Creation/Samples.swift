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

  /// Pieces of a file of comma-separated values, whose labels are classes of these names; `pieces` nil: all of it, as it is learned
  /// from if nothing else is said.
  init(_ recording: Recording, _ pieces: [Recording.Stretch]? = nil, classes: [String]) throws {
    let pieces = pieces ?? Recording.pieces(recording.stretches, steps: Recording.usualPiece)
    let labels = classes.isEmpty ? nil : try recording.classes(ClassNames(classes))
    let set = SequenceSet(recording, pieces, labels: labels ?? [Int32](repeating: -1, count: recording.rowCount))
    self.init(set, channels: recording.channels.count, isLabelled: labels != nil)
  }

  private init(_ set: SequenceSet, channels: Int, isLabelled: Bool) {
    self.channels = channels
    values = (0..<set.count).flatMap { set.inputs(of: $0) }
    let numbers = (0..<set.count).map { set.labels(of: $0) }
    steps = numbers.map(\.count)
    guard isLabelled else {
      labels = nil
      return
    }
    labels = (set.labelling == .steps ? Array(numbers.joined()) : numbers.map { $0.first ?? -1 }, set.labelling)
  }

  /// Those of .npy files: inputs [S, T, n], or [total, n], one sequence unless there are lengths. `keeping`: a share of the
  /// sequences that is not among them, drawn from the seed.
  init(inputs: String, labels: String?, lengths: String?, keeping share: Double? = nil, seed: UInt64 = 0) throws {
    let array = try NumpyArray(path: inputs)
    let channels = array.shape.last ?? 0
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
    var set = try SequenceSet(inputs: array, labels: numbers, lengths: given, inputSize: channels, classes: Model.largestCount)
    if let share {
      var random = RandomNumbers(seed: seed)
      set = try set.split(fraction: share, &random).0
    }
    self.init(set, channels: channels, isLabelled: labels != nil)
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
    var reasons = TextLines(text, size: room, cuts: false)
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
