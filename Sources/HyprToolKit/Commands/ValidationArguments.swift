import ArgumentParser
import HyprBuilding

/// How the data of a training is cut, and what of it is kept for validation.
struct ValidationArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Inputs to validate on.", valueName: "file")) var validationInputs: String?
  @Option(help: ArgumentHelp("Labels of these.", valueName: "file")) var validationLabels: String?
  @Option(help: ArgumentHelp("Lengths of these.", valueName: "file")) var validationLengths: String?
  @Option(name: .customLong("validation-csv"), help: ArgumentHelp("A file like that of --csv to validate on.", valueName: "file"))
  var validationCSV: String?
  @Option(
    help: ArgumentHelp(
      """
      Share of the data to keep for validation, such as 0.1: of .npy files sequences at random; of --csv groups, or the end of \
      the recording.
      """, valueName: "share"))
  var validationSplit: Double?
  @Option(
    name: .customLong("validation-group"), parsing: .singleValue,
    help: ArgumentHelp("A group of --group to keep for validation; may be repeated.", valueName: "name"))
  var validationGroups: [String] = []
  @Option(
    help: ArgumentHelp(
      "With --csv: recordings are learned from in pieces of at most so many rows; 0: whole (default: 200).", valueName: "rows"))
  var sequenceSteps: Int?

  func validate() throws {
    let ways = [
      ("--validation-inputs", validationInputs != nil || validationLabels != nil || validationLengths != nil),
      ("--validation-csv", validationCSV != nil), ("--validation-split", validationSplit != nil),
      ("--validation-group", !validationGroups.isEmpty),
    ].filter(\.1).map(\.0)
    guard ways.count <= 1 else { throw ValidationError("\(ways.joined(separator: " and ")) contradict each other") }
    guard (validationInputs == nil) == (validationLabels == nil), validationLengths == nil || validationInputs != nil else {
      throw ValidationError("--validation-inputs and --validation-labels are needed together")
    }
    if let validationSplit, !(validationSplit > 0 && validationSplit < 1) {
      throw ValidationError("--validation-split is \(validationSplit), expected a share between 0 and 1")
    }
    if let sequenceSteps, sequenceSteps < 0 {
      throw ValidationError("--sequence-steps is \(sequenceSteps), expected 0 or more")
    }
  }

  /// The data, and the model with the names that it has from there. `recording`: the file of --csv, if there is one;
  /// `seed`: which sequences of .npy files are kept.
  func data(
    _ data: DataArguments, _ recording: Recording?, for model: LoadedModel, seed: UInt64
  ) throws -> (TrainingData, LoadedModel) {
    guard let recording else {
      return (try files(data, for: model, seed: seed), model)
    }
    guard validationInputs == nil else { throw ToolError("--csv needs --validation-csv, not --validation-inputs") }
    guard validationGroups.isEmpty || data.table.columns.group != nil else {
      throw ToolError("--validation-group needs --group")
    }
    let named = try model.named(after: recording)
    let labels = try recording.classes(ClassNames(named))
    let split = try split(recording)
    let training = SequenceSet(recording, pieces(recording, split), labels: labels)
    if let validationCSV {
      var table = data.table
      table.csv = validationCSV
      guard let other = try table.labelledRecording(for: named) else { return (try files(data, for: model, seed: seed), model) }
      let validation = SequenceSet(other, other.stretches, labels: try other.classes(ClassNames(named)))
      return (TrainingData(training: training, validation: validation, splitWords: nil), named)
    }
    guard let split else { return (TrainingData(training: training, validation: nil, splitWords: nil), named) }
    let validation = SequenceSet(recording, split.validation, labels: labels)
    return (TrainingData(training: training, validation: validation, splitWords: split.words), named)
  }

  /// How a recording is split; `nil`: nothing of it is kept.
  private func split(_ recording: Recording) throws -> RecordingSplit? {
    if let validationSplit { return try RecordingSplit(recording, share: validationSplit) }
    return validationGroups.isEmpty ? nil : try RecordingSplit(recording, keeping: validationGroups)
  }

  /// What is learned from, in pieces.
  private func pieces(_ recording: Recording, _ split: RecordingSplit?) -> [Recording.Stretch] {
    Recording.pieces(split?.training ?? recording.stretches, steps: sequenceSteps ?? Recording.usualPiece)
  }

  /// The samples that are learned from: what is kept for validation has no part in what a model is fitted to. `seed`: as for
  /// `data`.
  func trainingSamples(_ data: DataArguments, _ recording: Recording?, seed: UInt64) throws -> Samples {
    guard let recording else {
      return try Samples(
        inputs: data.inputs ?? "", labels: data.labels, lengths: data.lengths, keeping: validationSplit, seed: seed)
    }
    return try Samples(recording, pieces(recording, split(recording)), classes: recording.classNames)
  }

  private func files(_ data: DataArguments, for model: LoadedModel, seed: UInt64) throws -> TrainingData {
    guard validationCSV == nil && validationGroups.isEmpty && sequenceSteps == nil else {
      throw ToolError("--validation-csv, --validation-group and --sequence-steps need --csv")
    }
    let all = try data.files(for: model)
    if let validationInputs, let validationLabels {
      let validation = try SequenceSet(
        inputs: validationInputs, labels: validationLabels, lengths: validationLengths, inputSize: model.inputSize,
        classes: model.outputSize)
      return TrainingData(training: all, validation: validation, splitWords: nil)
    }
    guard let validationSplit else { return TrainingData(training: all, validation: nil, splitWords: nil) }
    var random = RandomNumbers(seed: seed)
    let (training, validation) = try all.split(fraction: validationSplit, &random)
    return TrainingData(training: training, validation: validation, splitWords: "sequences drawn at random")
  }
}
