import HyprBuilding
import HyprCore

/// Trains a model epoch by epoch and keeps the best of it.
final class Trainer {
  /// What an epoch gave.
  struct Epoch {
    let number: Int
    let training: Score
    let validation: Score?
    /// Spikes per neuron and step of each layer, in training.
    let spikeRates: [Double]
    let seconds: Double
    /// Updates left out because their gradient was not finite, in all epochs so far.
    let skippedUpdates: Int
    /// Updates that left every parameter as it was, in all epochs so far.
    let unchangedUpdates: Int
    /// What stands in the way of learning.
    let diagnosis: Diagnosis
    /// Whether these are the parameters to keep so far: the best on the validation data, the last without any; not those of an epoch in
    /// which learning diverged.
    let isKept: Bool
  }

  let model: LoadedModel
  let training: SequenceSet
  let validation: SequenceSet?
  let plan: TrainingPlan
  private let learner: RunningSession
  /// Runs the validation data: an own session, so that it cannot disturb learning.
  private let observer: RunningSession
  private var random: RandomNumbers
  private var best: (accuracy: Double, loss: Double)?

  init(_ model: LoadedModel, training: SequenceSet, validation: SequenceSet?, _ plan: TrainingPlan) throws {
    guard !training.labelledClasses.isEmpty else {
      throw ToolError("there is nothing to learn: every label is negative, which means none")
    }
    if let validation, validation.labelledClasses.isEmpty {
      throw ToolError("there is nothing to validate on: every label of what was kept is negative, which means none")
    }
    var settings = plan.settings
    try settings.set(.update, plan.update.option)
    var observing = settings
    try observing.set(.learning, 0)
    observer = try RunningSession(model, observing)
    try settings.set(.learning, 1)
    if !settings.contains("schedule_updates") {
      let updates = plan.updatesPerEpoch(
        training, window: Int(observer.option(.window)),
        taughtSteps: training.labelling == .steps ? .max : SequenceTarget(observer).steps)
      try settings.set(.scheduleUpdates, Double(max(1, plan.epochs * updates)))
    }
    learner = try RunningSession(model, settings)
    random = RandomNumbers(seed: plan.shuffleSeed)
    self.model = model
    self.training = training
    self.validation = validation
    self.plan = plan
  }

  /// An option as training uses it.
  func option(_ option: HyprCore.Option) -> Double { learner.option(option) }

  /// Trains. `report` gets every finished epoch; `save` a session with the parameters to keep, whenever they change. Returns how
  /// many epochs were finished: fewer than planned if interrupted.
  func run(report: (Epoch) -> Void, save: (RunningSession) throws -> Void) throws -> Int {
    for number in 1...plan.epochs {
      guard let epoch = try runEpoch(number) else {
        if best == nil && !learner.diagnosis.diverged { try save(learner) }
        return number - 1
      }
      if epoch.isKept { try save(learner) }
      report(epoch)
    }
    return plan.epochs
  }

  private func runEpoch(_ number: Int) throws -> Epoch? {
    let start = ContinuousClock.now
    guard let score = try train("epoch \(number)/\(plan.epochs)") else { return nil }
    let (spikeRates, diagnosis) = (learner.spikeRates, learner.diagnosis)
    var validationScore: Score?
    if let validation {
      try observer.setParameters(learner.parameters)
      guard
        let evaluation = try Evaluation.run(observer, validation, classes: model.outputSize, title: "validation")
      else { return nil }
      validationScore = evaluation.score
    }
    let isKept = !diagnosis.diverged && keepIfBest(validationScore)
    return Epoch(
      number: number, training: score, validation: validationScore, spikeRates: spikeRates,
      seconds: (ContinuousClock.now - start).seconds, skippedUpdates: Int(clamping: learner.statistics.skippedUpdates),
      unchangedUpdates: Int(clamping: learner.statistics.unchangedUpdates), diagnosis: diagnosis, isKept: isKept)
  }

  private func train(_ title: String) throws -> Score? {
    var score = Score(training.labelling, classes: model.outputSize, SequenceTarget(learner))
    var bar = ProgressBar(title, total: training.count)
    defer { bar.finish() }
    learner.clearStatistics()
    var gathered = 0
    for (done, index) in random.shuffled(Array(0..<training.count)).enumerated() {
      if Interruption.isRequested { return nil }
      bar.show(done)
      let labels = training.labels(of: index)
      let outputs = try training.at(index) {
        try learner.learn(training.inputs(of: index), labels: labels, training.labelling)
      }
      score.add(outputs: outputs, labels: labels)
      gathered += 1
      if case .batch(let size) = plan.update, gathered == size || done == training.count - 1 {
        try learner.apply()
        gathered = 0
      }
    }
    return score
  }

  /// Whether the parameters are to be kept. Equal accuracies are told apart by the loss.
  private func keepIfBest(_ score: Score?) -> Bool {
    guard let score else { return true }
    if let best, (score.accuracy, -score.loss) <= (best.accuracy, -best.loss) { return false }
    best = (score.accuracy, score.loss)
    return true
  }
}
