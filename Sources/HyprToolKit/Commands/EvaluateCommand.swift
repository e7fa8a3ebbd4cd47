import ArgumentParser

/// `hypr eval`: how good a model is.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Run a model over labelled sequences: loss, accuracy, spike rates, time and confusion.",
    discussion: "The files are those of hypr train. Nothing is learned.")

  @Argument(help: "The model file.") var model: String
  @OptionGroup var data: DataArguments
  @Option(
    help: ArgumentHelp(
      "An .npy file for the predicted classes, int32, shaped like the labels.", valueName: "file"))
  var predictions: String?
  @Option(
    name: .customLong("option"), parsing: .singleValue,
    help: ArgumentHelp(
      "An option of the library, such as loss=last_steps for what a sequence is judged by; may be repeated.",
      valueName: "name=value"))
  var options: [String] = []
  @Flag(help: "Replace the file of the predictions if there is one.") var force = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let file = try predictions.map { try OutputFile($0, force: force) }
    let model = try LoadedModel(path: model)
    let sequences = try data.sequences(for: model)
    let session = try RunningSession(model, OptionSettings(options + ["learning=off"]))
    Interruption.watch()
    guard let evaluation = try Evaluation.run(session, sequences, classes: model.outputSize, title: "eval") else {
      throw ExitCode(Interruption.exitStatus)
    }
    try file?.write(NumpyWriter.file(evaluation.predictions.flatMap { $0 }, shape: sequences.labelShape))
    let report = EvaluationReport(evaluation, model, sequences)
    print(json ? try JSON.text(report) : report.description)
    evaluation.diagnosis.warn()
  }
}
