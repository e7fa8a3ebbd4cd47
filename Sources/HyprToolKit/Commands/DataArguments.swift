import ArgumentParser

extension TimeUnit: ExpressibleByArgument {}

/// Which columns of comma-separated values are what.
struct ColumnArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The column of the class of each row; empty: none.", valueName: "column")) var label: String?
  @Option(
    help: ArgumentHelp(
      "The column of the time, as numbers or dates; where it goes back or leaves a gap, a new sequence begins.",
      valueName: "column"))
  var time: String?
  @Option(help: "What numbers in the column of the time count: s, ms, us or ns (default: as its name says, such as time_ms, or s).")
  var timeUnit: TimeUnit?
  @Option(help: ArgumentHelp("The longest time between two samples of a sequence (default: 3 time steps).", valueName: "seconds"))
  var gap: Double?
  @Option(
    help: ArgumentHelp(
      "The column of who or what each row is of; where it changes, a new sequence begins.", valueName: "column"))
  var group: String?
  @Option(
    help: ArgumentHelp(
      "The columns of the channels, with commas (default: those that the model names, or all others).", valueName: "columns"))
  var channels: String?

  var roles: ColumnRoles {
    var roles = ColumnRoles(
      label: label, time: time, group: group,
      channels: channels.map { $0.split(separator: ",").map { $0.trimmed } })
    roles.timeUnit = timeUnit
    roles.gap = gap
    return roles
  }

  /// The first of these options that was given.
  var firstGiven: String? {
    let given = [("label", label), ("time", time), ("group", group), ("channels", channels), ("gap", gap.map { "\($0)" })]
    return given.first { $0.1 != nil }.map { "--\($0.0)" }
  }

  func validate() throws {
    if let gap, !(gap > 0) { throw ValidationError("--gap is \(gap), expected seconds above 0") }
    if let timeUnit, time == nil { throw ValidationError("--time-unit \(timeUnit.rawValue) needs --time") }
    if let gap, time == nil { throw ValidationError("--gap \(gap) needs --time") }
  }
}

/// A file of comma-separated values.
struct CSVArguments: ParsableArguments {
  @Option(help: ArgumentHelp("A file of comma-separated values, with a line of names and a row per sample.", valueName: "file"))
  var csv: String?
  @OptionGroup var columns: ColumnArguments

  func validate() throws {
    if csv == nil, let given = columns.firstGiven { throw ValidationError("\(given) needs --csv") }
  }

  /// The file, if there is one; its channels are to be those of the model, if there is one.
  func recording(for model: LoadedModel? = nil) throws -> Recording? {
    guard let csv else { return nil }
    let recording = try Recording(
      path: csv, columns.roles, modelChannels: model?.channelNames ?? [], inputSize: model?.inputSize)
    if columns.time == nil, columns.channels == nil { CSVArguments.warnOfTime(recording) }
    if let words = recording.timeUnitWords { StandardError.write("note: \(recording.name): \(words)\n") }
    if let model { try TimeStepComparison(recording.timeStep, model, of: recording.name)?.tell() }
    return recording
  }

  /// The same, where labels are needed.
  func labelledRecording(for model: LoadedModel? = nil) throws -> Recording? {
    guard let csv else { return nil }
    guard let label = columns.label else { throw ToolError("--csv \(csv) needs --label, the column of the class") }
    guard let recording = try recording(for: model), !recording.labelTexts.isEmpty else {
      throw ToolError("\(csv): column \"\(label)\" is empty in all rows, expected the class in some of them")
    }
    return recording
  }

  /// The same, from which a network gets its classes: `classes`, if somebody says them in the way of `naming`, or the labels of the
  /// file, unless the model has names.
  func trainingRecording(
    for model: LoadedModel? = nil, classes: [String]?, naming: String = "--classes a,b,c"
  ) throws -> Recording? {
    guard var recording = try labelledRecording(for: model) else { return nil }
    recording.namedClasses = classes
    if classes == nil, model?.classNames.allSatisfy(\.isEmpty) ?? true {
      let rare = RareClasses(recording, naming: "if it is meant, name all of them: \(naming)")
      for words in rare.warnings { StandardError.write("warning: \(words)\n") }
      if let refusal = rare.refusal { throw ToolError(refusal) }
    }
    return recording
  }

  /// A time that is taken for a channel grows without end, and a network that learned it knows nothing later.
  private static func warnOfTime(_ recording: Recording) {
    guard let channel = recording.timeLikeChannel else { return }
    let name = recording.channels[channel]
    StandardError.write(
      "warning: \(recording.name): column \"\(name)\" is a channel, and looks like the time: give --time \(name), or --channels"
        + " without it\n")
  }

}

/// Samples that are closer or farther than those of the model look faster or slower to it.
struct TimeStepComparison {
  /// Ten times as far or as near, or more: most likely another unit.
  let isOtherUnit: Bool
  let words: String

  private static let otherUnit = 9.5

  /// `here`: seconds between samples. `nil`: there is nothing to say.
  init?(_ here: Double, _ model: LoadedModel, of name: String) {
    let there = Double(model.timeStep)
    guard here > 0 && there > 0 && abs(here - there) > 0.05 * there else { return nil }
    isOtherUnit = max(here / there, there / here) >= TimeStepComparison.otherUnit
    words = "the samples of \(name) are " + String(printf: "%.4g s apart, those of the model %.4g s", here, there)
  }

  /// - Throws: where it is most likely another unit.
  func tell() throws {
    guard isOtherUnit else { return StandardError.write("warning: \(words)\n") }
    throw ToolError("\(words): --time-unit says what the time counts (s, ms, us or ns); without --time it is not looked at")
  }
}

/// The files that labelled sequences come from: .npy files, or one of comma-separated values.
struct DataArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The .npy file of the inputs.", valueName: "file")) var inputs: String?
  @Option(help: ArgumentHelp("The .npy file of the labels.", valueName: "file")) var labels: String?
  @Option(
    help: ArgumentHelp("The .npy file of the sequences' lengths, if they lie one after the other.", valueName: "file"))
  var lengths: String?
  @OptionGroup var table: CSVArguments

  func validate() throws {
    if let csv = table.csv {
      guard inputs == nil && labels == nil && lengths == nil else {
        throw ValidationError("--csv \(csv) is given beside .npy files, expected one or the other")
      }
    } else if inputs == nil || labels == nil {
      throw ValidationError("the data is missing, expected --csv and --label, or --inputs and --labels")
    }
  }

  /// All of the data. Recordings stay whole.
  func sequences(for model: LoadedModel) throws -> SequenceSet {
    if let recording = try table.labelledRecording(for: model) {
      return SequenceSet(recording, recording.stretches, labels: try recording.classes(ClassNames(model)))
    }
    return try files(for: model)
  }

  /// Those of the .npy files.
  func files(for model: LoadedModel) throws -> SequenceSet {
    guard let inputs, let labels else { throw ToolError("the data is missing, expected --inputs and --labels") }
    return try SequenceSet(
      inputs: inputs, labels: labels, lengths: lengths, inputSize: model.inputSize, classes: model.outputSize)
  }
}
