import ArgumentParser
import Glibc
import HyprBuilding

/// `hypr train`: learning from labelled sequences.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on labelled sequences.",
    discussion: """
      The data is a file of comma-separated values with a row per sample, whose labels are names or numbers of classes:

        hypr train motor.hypr --csv motor.csv --label mode --validation-split 0.2 --out trained.hypr

      or lies in .npy files: S sequences of T steps with n channels, or sequences of several lengths one after the other. \
      Labels are classes from 0; a negative one is none.

        --inputs [S, T, n]    --labels [S, T] or [S]
        --inputs [total, n]   --labels [total] or [S]   --lengths [S]

      Options that are not given are those that the model recommends, or the library's; only when parameters are updated is \
      decided here: after --batch sequences, or with --online after every window, as is usual with --suggest and --csv.

      With --exemplars the file takes stretches of the training data along, as many of each class as possible; otherwise it \
      has those that the model has.

      With --tune-adaptation the profiles of the library are tried afterwards on what was kept for validation, and the one that \
      gains most from a few labelled minutes becomes the model's recommendation: a device then needs no option but to learn.

      With validation data the epoch with the best validation accuracy is kept, else the last one, but none in which learning \
      diverged; the file is written whenever what is kept changes. What stands in the way of learning is told on standard error. \
      Ctrl-C saves what there is and ends with status 130.

        hypr train ecg.hypr --inputs x.npy --labels y.npy --out trained.hypr --online
        hypr train --suggest --csv motor.csv --label mode --time t --out trained.hypr
      """)

  @Argument(help: "The model to start from.") var model: String?
  @Flag(help: "Start from a model that suits the data: as hypr create --suggest makes it, with seed --shuffle-seed.")
  var suggest = false
  @OptionGroup var data: DataArguments
  @Option(help: "The file for the trained model.") var out: String
  @Flag(help: "Replace the file if there is one.") var force = false
  @Option(help: "How often all sequences are taught.") var epochs = 10
  @Option(help: "Sequences per update (default: 16).") var batch: Int?
  @Flag(help: "Update after every window; short for --update window.") var online = false
  @Option(help: ArgumentHelp("When parameters are updated: window, sequence or batch.", valueName: "when")) var update: String?

  @OptionGroup var learning: OptionArguments
  @OptionGroup var held: ValidationArguments
  @Option(
    name: [.customLong("shuffle-seed"), .customLong("seed")],
    help: "What the order of the sequences and the choices for validation and exemplars start from.")
  var shuffleSeed: UInt64 = 0
  @Option(
    help: ArgumentHelp(
      "With --csv: names of the classes, in their order; other labels are refused (default: all labels of the file).",
      valueName: "names"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Take stretches of the training data along, for sessions to rehearse, that are so many bytes of the file.",
      valueName: "bytes"))
  var exemplars: Int?
  @Option(help: ArgumentHelp("Steps of such a stretch (default: 120).", valueName: "steps")) var exemplarSteps: Int?
  @OptionGroup var adaptation: AdaptationArguments

  func run() throws {
    guard epochs >= 1 else { throw ToolError("--epochs is \(epochs), expected 1 or more") }
    let file = try OutputFile(out, force: force)
    let (first, recording) = try start()
    var model = first
    let plan = TrainingPlan(
      epochs: epochs, update: try updateRule(), settings: try settings().training(model), shuffleSeed: shuffleSeed)
    let data: TrainingData
    (data, model) = try held.data(self.data, recording, for: model, seed: shuffleSeed)
    let (training, validation) = (data.training, data.validation)
    if let exemplarPlan = try exemplarPlan() { model = try model.with(exemplarPlan, from: training, plan.settings) }
    let adaptationPlan = try adaptation.plan(for: validation, inputSize: model.inputSize)
    model = try model.trained(on: training)
    let trainer = try Trainer(model, training: training, validation: validation, plan)
    let text = TrainingText(trainer, splitWords: data.splitWords)
    print(text.heading)
    Interruption.watch()
    var (kept, last): (Int?, Trainer.Epoch?) = (nil, nil)
    var holdsLastUpdate = false
    let finished = try trainer.run(
      report: { epoch in
        if epoch.isKept { kept = epoch.number }
        (last, holdsLastUpdate) = (epoch, false)
        print(text.line(epoch))
        fflush(nil)
      },
      save: {
        try $0.save(to: file.path)
        holdsLastUpdate = true
      })
    last?.diagnosis.warn()
    if finished < epochs { print("interrupted in epoch \(finished + 1)") }
    guard kept != nil || holdsLastUpdate else { throw ToolError("learning diverged in every epoch: \(out) is not written") }
    print("\(out): \(text.kept(holdsLastUpdate ? nil : kept))")
    if finished < epochs { throw ExitCode(Interruption.exitStatus) }
    if let adaptationPlan, let validation {
      let tuning = try AdaptationTuning(try LoadedModel(path: file.path), validation, plan.settings, adaptationPlan)
      guard try tuning.run() else {
        print("interrupted: the model recommends what it did before")
        throw ExitCode(Interruption.exitStatus)
      }
      try tuning.save(to: file.path)
      print(tuning.description)
    }
  }

  /// What is learned from there on, and the file of --csv.
  private func start() throws -> (LoadedModel, Recording?) {
    if classes != nil && data.table.csv == nil { throw ToolError("--classes needs --csv") }
    let classNames = classes.map { $0.split(separator: ",").map(\.trimmed) }
    if let model {
      guard !suggest else { throw ToolError("\(model) is given beside --suggest, expected one of them") }
      let loaded = try LoadedModel(path: model)
      if classes != nil && loaded.classNames.contains(where: { !$0.isEmpty }) {
        throw ToolError("--classes names the classes of a fresh model, and \(model) has names already")
      }
      return (loaded, try data.table.trainingRecording(for: loaded, classes: classNames))
    }
    guard suggest else { throw ToolError("the model to start from is missing, expected a file or --suggest") }
    let recording = try data.table.trainingRecording(classes: classNames)
    let names = recording?.classNames ?? []
    let suggestion = try held.trainingSamples(data, recording, seed: shuffleSeed).suggestion(
      outputs: nil, classes: names, channels: recording?.channels ?? [], timeStep: Float(recording?.timeStep ?? 0),
      seed: shuffleSeed)
    print(suggestion.reasons)
    return (try LoadedModel(suggestion.model.bytes()), recording)
  }

  private func exemplarPlan() throws -> ExemplarPlan? {
    guard let exemplars else {
      if let exemplarSteps { throw ToolError("--exemplar-steps \(exemplarSteps) needs --exemplars") }
      return nil
    }
    return ExemplarPlan(bytes: exemplars, steps: exemplarSteps ?? 120, seed: shuffleSeed)
  }

  private func updateRule() throws -> UpdateRule {
    if online, let update, update != "window" {
      throw ToolError("--online and --update \(update) contradict each other")
    }
    let when = online ? "window" : update ?? (suggest && data.table.csv != nil && batch == nil ? "window" : "batch")
    if let batch, when != "batch" { throw ToolError("--batch \(batch) needs --update batch, not \(when)") }
    switch when {
    case "window": return .window
    case "sequence": return .sequence
    case "batch":
      guard let size = Optional(batch ?? 16), size >= 1 else {
        throw ToolError("--batch is \(batch ?? 0), expected 1 or more")
      }
      return .batch(size)
    default: throw ToolError("--update is \"\(when)\", expected window, sequence or batch")
    }
  }

  private func settings() throws -> OptionSettings {
    let settings = try learning.settings()
    if settings.contains("update") { throw ToolError("option update: use --update, --batch or --online instead") }
    if settings.contains("learning") { throw ToolError("option learning: training always learns") }
    return settings
  }
}
