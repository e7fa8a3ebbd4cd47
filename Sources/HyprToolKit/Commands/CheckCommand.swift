import ArgumentParser

/// `hypr check`: whether a model can work on some data.
struct CheckCommand: ParsableCommand {
  /// The exit status where something lets nothing come of it.
  private static let cannotWork: Int32 = 2

  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Run a model over samples and tell what stands in the way: silent and saturated neurons, inputs unlike those in training.",
    discussion: """
      The samples are those of hypr train; labels are not needed, and nothing is learned. With labels the accuracy is told, too: \
      samples like those in training may be taken for another class. The ranges of the inputs are those of the \
      values that the network gets, after scale, offset and conditioning.

      The exit status is 2 if something lets nothing come of it, such as a layer that never spikes.

        hypr check trained.hypr --inputs x.npy
      """)

  @Argument(help: "The model file.") var model: String
  @Option(help: ArgumentHelp("The .npy file of the inputs.", valueName: "file")) var inputs: String?
  @Option(
    help: ArgumentHelp("The .npy file of the sequences' lengths, if they lie one after the other.", valueName: "file"))
  var lengths: String?
  @Option(help: ArgumentHelp("The .npy file of labels, to tell the accuracy, too.", valueName: "file")) var labels: String?
  @OptionGroup var table: CSVArguments
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (inputs == nil) != (table.csv == nil) else { throw ValidationError("expected either --inputs or --csv") }
    if labels != nil && inputs == nil { throw ValidationError("--labels needs --inputs; of --csv it is --label, a column") }
  }

  func run() throws {
    let model = try LoadedModel(path: model)
    let sequences = try samples(for: model)
    let session = try RunningSession(model, OptionSettings(["learning=off"]))
    var score = Score(sequences.labelling, classes: model.outputSize, SequenceTarget(session))
    Interruption.watch()
    var bar = ProgressBar("check", total: sequences.count)
    for index in 0..<sequences.count {
      if Interruption.isRequested { throw ExitCode(Interruption.exitStatus) }
      bar.show(index)
      let outputs = try sequences.at(index) { try session.run(sequences.inputs(of: index)) }
      score.add(outputs: outputs, labels: sequences.labels(of: index))
    }
    bar.finish()
    let report = CheckReport(session, model, score, sequences: sequences.count)
    print(json ? try JSON.text(report) : report.description)
    if report.cannotWork { throw ExitCode(CheckCommand.cannotWork) }
  }

  private func samples(for model: LoadedModel) throws -> SequenceSet {
    if let recording = try table.recording(for: model) {
      let none = [Int32](repeating: -1, count: recording.rowCount)
      let labels = recording.labelTexts.isEmpty ? none : try recording.classes(ClassNames(model))
      return SequenceSet(recording, recording.stretches, labels: labels)
    }
    if let labels {
      return try SequenceSet(
        inputs: inputs ?? "", labels: labels, lengths: lengths, inputSize: model.inputSize, classes: model.outputSize)
    }
    return try SequenceSet(inputs: inputs ?? "", lengths: lengths, inputSize: model.inputSize)
  }
}
