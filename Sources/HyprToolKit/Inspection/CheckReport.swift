/// What `hypr check` tells.
struct CheckReport: Encodable {
  struct Layer: Encodable {
    let neuron: String
    let neurons: Int
    /// Spikes per neuron and step.
    let spikeRate: Double
    /// That never spiked, and that spiked in more than half of the steps.
    let silent: Int
    let saturated: Int
  }

  /// A channel, as the network gets it.
  struct Input: Encodable {
    let name: String
    let lowest: Float
    let highest: Float
    let trainedLower: Float?
    let trainedUpper: Float?
    /// Of the samples, those outside of the range in training.
    let shareOutside: Double?
  }

  let sequences: Int
  let steps: Int
  let cannotWork: Bool
  /// What stands in the way, the worst first.
  let findings: [String]
  /// Of what is labelled; `nil`: nothing is.
  let accuracy: Double?
  /// That of always saying the most frequent class.
  let chance: Double?
  let layers: [Layer]
  let inputs: [Input]

  init(_ session: RunningSession, _ model: LoadedModel, _ score: Score, sequences: Int) {
    let counts = score.confusion.map { $0.reduce(0, +) }
    let labelled = counts.reduce(0, +)
    accuracy = labelled > 0 ? score.accuracy : nil
    chance = labelled > 0 ? Double(counts.max() ?? 0) / Double(labelled) : nil
    self.sequences = sequences
    steps = Int(clamping: session.statistics.steps)
    let diagnosis = session.diagnosis
    (cannotWork, findings) = (diagnosis.cannotWork, diagnosis.lines)
    layers = (0..<model.layerCount).map { layer in
      let activity = session.activity(layer)
      return Layer(
        neuron: model.neuron(of: layer), neurons: activity.neurons, spikeRate: activity.spikeRate, silent: activity.silent,
        saturated: activity.saturated)
    }
    inputs = (0..<model.inputSize).map { channel in
      let range = session.inputRange(channel)
      return Input(
        name: text(model.pointer.pointee.inputName(channel)) ?? String(channel), lowest: range.lowest, highest: range.highest,
        trainedLower: range.trained?.lower, trainedUpper: range.trained?.upper,
        shareOutside: range.trained.map { _ in range.shareOutside })
    }
  }

  /// The report for people.
  var description: String {
    let verdict = (findings.isEmpty ? ["nothing stands in the way"] : findings) + accuracyLines
    let layerRows = layers.enumerated().map { index, layer in
      [
        "layer\(index)", layer.neuron, "\(layer.neurons)", String(printf: "%.4f", layer.spikeRate), "\(layer.silent)",
        "\(layer.saturated)",
      ]
    }
    let inputRows = inputs.map { input in
      [input.name, number(input.lowest), number(input.highest), number(input.trainedLower), number(input.trainedUpper)]
        + [input.shareOutside.map { String(printf: "%.1f %%", $0 * 100) } ?? "-"]
    }
    return [
      verdict.joined(separator: "\n"),
      "\(counted(sequences, "sequence")), \(counted(steps, "step"))",
      TextTable.text(
        [["layer", "", "neurons", "spikes per step", "silent", "saturated"]] + layerRows, rightAligned: [2, 3, 4, 5]),
      TextTable.text(
        [["input", "lowest", "highest", "in training", "to", "outside"]] + inputRows, rightAligned: [1, 2, 3, 4, 5]),
    ].joined(separator: "\n\n")
  }

  private var accuracyLines: [String] {
    if let accuracy, let chance {
      let guessing = String(printf: "always saying the most frequent class gives %.2f %%", chance * 100)
      return [String(printf: "accuracy %.2f %%; ", accuracy * 100) + guessing]
    }
    return findings.isEmpty ? ["inputs are where they were in training, and neurons spike; that says nothing of accuracy"] : []
  }

  private func number(_ value: Float?) -> String { value.map { String(printf: "%.4g", $0) } ?? "-" }
}
