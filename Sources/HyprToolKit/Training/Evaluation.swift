/// What running a model over sequences gives.
struct Evaluation {
  let score: Score
  /// Per sequence: the predicted class of every step, or of the sequence, as labelled.
  let predictions: [[Int32]]
  /// Spikes per neuron and step of each layer.
  let spikeRates: [Double]
  let microsecondsPerStep: Double
  let steps: Int
  /// What stands in the way of the model on these sequences.
  let diagnosis: Diagnosis

  /// Runs every sequence from a fresh state; `nil` if interrupted. The session's statistics start anew.
  static func run(_ session: RunningSession, _ data: SequenceSet, classes: Int, title: String) throws -> Evaluation? {
    var score = Score(data.labelling, classes: classes, SequenceTarget(session))
    var predictions: [[Int32]] = []
    var bar = ProgressBar(title, total: data.count)
    defer { bar.finish() }
    var elapsed = Duration.zero
    let clock = ContinuousClock()
    session.clearStatistics()
    for index in 0..<data.count {
      if Interruption.isRequested { return nil }
      bar.show(index)
      let inputs = data.inputs(of: index)
      var outputs: [Float] = []
      elapsed += try clock.measure { outputs = try data.at(index) { try session.run(inputs) } }
      predictions.append(score.add(outputs: outputs, labels: data.labels(of: index)))
    }
    return Evaluation(
      score: score, predictions: predictions, spikeRates: session.spikeRates,
      microsecondsPerStep: elapsed.seconds * 1e6 / Double(max(data.stepCount, 1)), steps: data.stepCount, diagnosis: session.diagnosis)
  }
}
