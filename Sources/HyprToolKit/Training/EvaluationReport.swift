/// What `hypr eval` tells.
struct EvaluationReport: Encodable {
  let sequences: Int
  let steps: Int
  let labelledSteps: Int
  /// Mean cross-entropy in nats.
  let loss: Double
  let stepAccuracy: Double
  /// Where sequences are labelled: by the mean of the outputs that have a target, or the sum of softmax (the option `loss`).
  let sequenceAccuracy: Double?
  /// Spikes per neuron and step of each layer.
  let spikeRates: [Double]
  let microsecondsPerStep: Double
  let classLabels: [String]
  /// [true class][predicted class]
  let confusion: [[Int]]

  init(_ evaluation: Evaluation, _ model: LoadedModel, _ data: SequenceSet) {
    sequences = data.count
    steps = evaluation.steps
    labelledSteps = evaluation.score.labelledSteps
    loss = evaluation.score.loss
    stepAccuracy = evaluation.score.stepAccuracy
    sequenceAccuracy = evaluation.score.sequenceAccuracy
    spikeRates = evaluation.spikeRates
    microsecondsPerStep = evaluation.microsecondsPerStep
    classLabels = (0..<model.outputSize).map { model.label(of: $0) }
    confusion = evaluation.score.confusion
  }

  /// The report for people.
  var description: String {
    var rows = [
      ["sequences", "\(sequences), \(counted(steps, "step")), \(labelledSteps) labelled"],
      ["loss", String(printf: "%.4f", loss)],
      ["accuracy per step", String(printf: "%.2f %%", stepAccuracy * 100)],
    ]
    if let sequenceAccuracy {
      rows.append(["accuracy per sequence", String(printf: "%.2f %%", sequenceAccuracy * 100)])
    }
    rows += spikeRates.enumerated().map { ["spike rate, layer\($0)", String(printf: "%.4f per neuron and step", $1)] }
    rows.append(["time", String(printf: "%.2f µs per step", microsecondsPerStep)])
    return TextTable.text(rows) + "\n\n" + confusionText
  }

  private var confusionText: String {
    guard confusion.count <= 32 else { return "\(counted(confusion.count, "class", "classes")): the confusion matrix is in --json" }
    let heading = ["true \\ predicted"] + classLabels + ["recall"]
    let rows = zip(classLabels, confusion).enumerated().map { index, row in
      let (label, counts) = row
      let total = counts.reduce(0, +)
      let recall = total == 0 ? "-" : String(printf: "%.1f %%", Double(counts[index]) / Double(total) * 100)
      return [label] + counts.map(String.init) + [recall]
    }
    return TextTable.text([heading] + rows, rightAligned: Set(1...confusion.count + 1))
  }
}
