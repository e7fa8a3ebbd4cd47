import HyprCore

/// What `hypr train` prints.
struct TrainingText {
  private let trainer: Trainer

  /// How the validation data was chosen.
  private let splitWords: String?

  init(_ trainer: Trainer, splitWords: String?) {
    self.trainer = trainer
    self.splitWords = splitWords
  }

  /// What is going to be done.
  var heading: String {
    let how = splitWords.map { ": \($0)" } ?? ""
    let kept = trainer.validation.map { ", \($0.count) more (\(counted($0.stepCount, "step"))) for validation\(how)" } ?? ""
    let when =
      switch trainer.plan.update {
      case .window: "every window"
      case .sequence: "every sequence"
      case .batch(let size): "every \(size == 1 ? "sequence" : "\(size) sequences")"
      }
    var options: [HyprCore.Option] = [.optimizer, .learningRate, .window, .credit, .gradientClip, .schedule]
    if trainer.option(.schedule) != 0 { options.append(.scheduleUpdates) }
    if trainer.training.labelling == .sequences { options.append(.loss) }
    if trainer.option(.spikeRatePenalty) != 0 { options.append(.spikeRatePenalty) }
    let settings = options.map { option in
      let name = "\(option.facts.name)"
      return "\(name)=\(OptionSettings.text(trainer.option(option), of: name))"
    }
    let exemplars = ModelReport.Exemplars(of: trainer.model).map { "\n" + $0.heading } ?? ""
    return """
      \(counted(trainer.training.count, "sequence")), \(counted(trainer.training.stepCount, "step"))\(kept); an update after \(when)
      \(settings.joined(separator: " "))\(exemplars)
      """
  }

  /// One line per epoch.
  func line(_ epoch: Trainer.Epoch) -> String {
    var parts = [
      "epoch \(epoch.number)/\(trainer.plan.epochs)", TrainingText.text(epoch.training),
    ]
    if let validation = epoch.validation { parts.append("validation " + TrainingText.text(validation)) }
    parts.append("spike rate " + epoch.spikeRates.map { String(printf: "%.4f", $0) }.joined(separator: " "))
    parts.append(String(printf: "%.1f s", epoch.seconds))
    if epoch.skippedUpdates > 0 {
      parts.append("\(counted(epoch.skippedUpdates, "update")) skipped: gradient not finite, or too long")
    }
    if epoch.unchangedUpdates > 0 { parts.append("\(counted(epoch.unchangedUpdates, "update")) changed no parameter") }
    if epoch.validation != nil && epoch.isKept { parts.append("best") }
    return parts.joined(separator: "  ")
  }

  /// Which parameters were written; `nil`: those of the last update.
  func kept(_ epoch: Int?) -> String {
    guard let epoch else { return "the parameters after the last update" }
    return trainer.validation == nil
      ? "the parameters after epoch \(epoch)" : "epoch \(epoch), the best on the validation data"
  }

  private static func text(_ score: Score) -> String {
    String(printf: "loss %.4f accuracy %.2f %%", score.loss, score.accuracy * 100)
  }
}
