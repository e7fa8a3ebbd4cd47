import ArgumentParser
import Foundation
import HyprBuilding

/// `hypr train`: learning from labelled sequences.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on labelled sequences.",
    discussion: """
      The sequences are in .npy files: S sequences of T steps with n channels, or sequences of several lengths one after \
      the other. Labels are classes from 0; a negative one is none.

        --inputs [S, T, n]    --labels [S, T] or [S]
        --inputs [total, n]   --labels [total] or [S]   --lengths [S]

      Options that are not given are those that the model recommends, or the library's; only when parameters are updated is \
      decided here: after --batch sequences, or with --online after every window.

      With --exemplars the file takes stretches of the training data along, as many of each class as possible; otherwise it \
      has those that the model has.

      With validation data the epoch with the best validation accuracy is kept, else the last one; the file is written \
      whenever what is kept changes. Ctrl-C saves what there is and ends with status 130.

        hypr train ecg.hypr --inputs x.npy --labels y.npy --out trained.hypr --online
      """)

  @Argument(help: "The model to start from.") var model: String
  @OptionGroup var data: DataArguments
  @Option(help: "The file for the trained model.") var out: String
  @Flag(help: "Replace the file if there is one.") var force = false
  @Option(help: "How often all sequences are taught.") var epochs = 10
  @Option(help: "Sequences per update (default: 16).") var batch: Int?
  @Flag(help: "Update after every window; short for --update window.") var online = false
  @Option(help: ArgumentHelp("When parameters are updated: window, sequence or batch.", valueName: "when")) var update: String?

  @Option(
    name: .customLong("option"), parsing: .singleValue,
    help: ArgumentHelp("An option of the library, such as beta2=0.99; may be repeated.", valueName: "name=value"))
  var options: [String] = []
  @Option(help: "Short for --option learning_rate=...") var learningRate: String?
  @Option(help: "Steps per window; short for --option window=...") var window: String?
  @Option(help: "spatial, window, recurrent or filtered; short for --option credit=...") var credit: String?
  @Option(help: "sgd, adam, momentum or adamw; short for --option optimizer=...") var optimizer: String?
  @Option(help: "Longest gradient; short for --option gradient_clip=...") var gradientClip: String?
  @Option(help: "constant, linear or cosine, down to 0 in the last epoch; short for --option schedule=...")
  var schedule: String?

  @Option(help: ArgumentHelp("Inputs to validate on.", valueName: "file")) var validationInputs: String?
  @Option(help: ArgumentHelp("Labels of these.", valueName: "file")) var validationLabels: String?
  @Option(help: ArgumentHelp("Lengths of these.", valueName: "file")) var validationLengths: String?
  @Option(help: ArgumentHelp("Share of the sequences to keep for validation, such as 0.1.", valueName: "share"))
  var validationSplit: Double?
  @Option(help: "What the order of the sequences and the choices for validation and exemplars start from.") var shuffleSeed:
    UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Take stretches of the training data along, for sessions to rehearse, that are so many bytes of the file.",
      valueName: "bytes"))
  var exemplars: Int?
  @Option(help: ArgumentHelp("Steps of such a stretch (default: 120).", valueName: "steps")) var exemplarSteps: Int?

  func run() throws {
    guard epochs >= 1 else { throw ToolError("--epochs is \(epochs), expected 1 or more") }
    let plan = TrainingPlan(
      epochs: epochs, update: try updateRule(), settings: try settings(), shuffleSeed: shuffleSeed)
    let file = try OutputFile(out, force: force)
    var model = try LoadedModel(path: model)
    let (training, validation) = try sequences(model)
    if let exemplarPlan = try exemplarPlan() { model = try model.with(exemplarPlan, from: training, plan.settings) }
    let trainer = try Trainer(model, training: training, validation: validation, plan)
    let text = TrainingText(trainer)
    print(text.heading)
    Interruption.watch()
    var kept: Int?
    let finished = try trainer.run(
      report: { epoch in
        if epoch.isKept { kept = epoch.number }
        print(text.line(epoch))
        fflush(nil)
      },
      save: { try $0.save(to: file.path) })
    if finished < epochs {
      print("interrupted in epoch \(finished + 1)")
      print("\(out): \(text.kept(validation == nil ? nil : kept))")
      throw ExitCode(Interruption.exitStatus)
    }
    print("\(out): \(text.kept(kept))")
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
    let when = online ? "window" : update ?? "batch"
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
    var settings = try OptionSettings(options)
    if settings.contains("update") { throw ToolError("option update: use --update, --batch or --online instead") }
    if settings.contains("learning") { throw ToolError("option learning: training always learns") }
    let shorts = [
      ("learning_rate", learningRate), ("window", window), ("credit", credit), ("optimizer", optimizer),
      ("gradient_clip", gradientClip), ("schedule", schedule),
    ]
    for (name, value) in shorts {
      if let value { try settings.set(name, value) }
    }
    return settings
  }

  private func sequences(_ model: LoadedModel) throws -> (training: SequenceSet, validation: SequenceSet?) {
    let all = try data.sequences(for: model)
    guard (validationInputs == nil) == (validationLabels == nil), validationLengths == nil || validationInputs != nil
    else {
      throw ToolError("--validation-inputs and --validation-labels are needed together")
    }
    if let validationInputs, let validationLabels {
      guard validationSplit == nil else { throw ToolError("--validation-split is not needed with --validation-inputs") }
      let validation = try SequenceSet(
        inputs: validationInputs, labels: validationLabels, lengths: validationLengths, inputSize: model.inputSize,
        classes: model.outputSize)
      return (all, validation)
    }
    guard let validationSplit else { return (all, nil) }
    guard validationSplit > 0 && validationSplit < 1 else {
      throw ToolError("--validation-split is \(validationSplit), expected a share between 0 and 1")
    }
    var random = RandomNumbers(seed: shuffleSeed)
    return try all.split(fraction: validationSplit, &random)
  }
}

/// The files that labelled sequences come from.
struct DataArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The .npy file of the inputs.", valueName: "file")) var inputs: String
  @Option(help: ArgumentHelp("The .npy file of the labels.", valueName: "file")) var labels: String
  @Option(
    help: ArgumentHelp("The .npy file of the sequences' lengths, if they lie one after the other.", valueName: "file"))
  var lengths: String?

  func sequences(for model: LoadedModel) throws -> SequenceSet {
    try SequenceSet(
      inputs: inputs, labels: labels, lengths: lengths, inputSize: model.inputSize, classes: model.outputSize)
  }
}
