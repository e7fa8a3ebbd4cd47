internal import CSystem

// What a session's statistics say about why it does not work, in words: a line for each finding, the worst first.

extension Session {
  /// Writes the lines to `text`, cut to `size` bytes, and returns the findings as a sum of bits.
  @inline(never) public mutating func diagnose(into text: UnsafeMutablePointer<CChar>?, size: Int) -> UInt32 {
    var lines = Lines(text, size: size)
    let inputs = worstInput
    #if HYPR_LEARNING
      addDiverged(&lines)
    #endif
    if statistics.pointee.steps >= Threshold.steps { addLayers(&lines, inputs) }
    if let inputs { addOutside(&lines, inputs, far: true) }
    #if HYPR_LEARNING
      addLearning(&lines)
    #endif
    if let inputs { addOutside(&lines, inputs, far: false) }
    if statistics.pointee.steps >= Threshold.steps { addSilentNeurons(&lines) }
    return lines.findings.rawValue
  }
}

// ---- Layers

extension Session {
  @inline(never) private mutating func addLayers(_ lines: inout Lines, _ inputs: WorstInput?) {
    for layer in 0..<model.pointee.layerCount {
      let activity = activity(layer)
      guard network.layers[layer].description.neuron.spiking, activity.silent == activity.neurons else { continue }
      // Layers above a silent one have no chance: it alone is named.
      let why = layer == 0 ? whyInputIsSilent(inputs) : whyIsSilent(layer)
      lines.append(.silentLayer, "layer\(layer) never spiked in \(statistics.pointee.steps) steps\(why)")
      break
    }
    for layer in 0..<model.pointee.layerCount {
      let activity = activity(layer)
      let neurons = Double(activity.neurons)
      let (saturated, stuck) = (Double(activity.saturated) / neurons, Double(activity.saturated + activity.silent) / neurons)
      guard saturated >= Threshold.saturatedShare || saturated >= Threshold.fewSaturatedShare && stuck >= Threshold.stuckShare else {
        continue
      }
      let silent: Text = activity.silent > 0 ? ", and \(activity.silent) never spiked" : ""
      lines.append(
        .saturatedLayer,
        """
        \(activity.saturated) of \(activity.neurons) neurons of layer\(layer) spiked in more than half of the steps\(silent): they \
        hardly tell one input from another\(whyIsSaturated(layer, inputs))
        """)
      return
    }
  }

  @inline(never) private mutating func whyInputIsSilent(_ inputs: WorstInput?) -> Text {
    if let ratio = inputs?.ratio, ratio > 0, ratio < 0.5 {
      return ": inputs are \(rounded: 1 / ratio) times smaller than in training: was the unit changed, or the sensor's range?"
    }
    if let ratio = inputs?.ratio, ratio >= Threshold.farOutsideRatio {
      return ": inputs are \(rounded: ratio) times larger than in training: was the sensor moved, or its unit changed?"
    }
    let largest = largestInput
    if largest == 0 { return ": all inputs are 0" }
    if largest < Threshold.smallInput {
      return ": the largest input of the network is \(rounded: Double(largest)): raise the input's scale"
    }
    return ": raise the input's scale, or calibrate the network with samples"
  }

  @inline(never) private mutating func whyIsSilent(_ layer: Int) -> Text {
    let below = activity(layer - 1).spikeRate
    return """
      , while neurons of layer\(layer - 1) spiked in \(percent: below) of them: its weights are too small; calibrate the network with \
      samples
      """
  }

  @inline(never) private mutating func whyIsSaturated(_ layer: Int, _ inputs: WorstInput?) -> Text {
    if let ratio = inputs?.ratio, ratio >= Threshold.farOutsideRatio {
      return ": inputs are \(rounded: ratio) times larger than in training"
    }
    return layer == 0
      ? "; the largest input of the network is \(rounded: Double(largestInput)): lower the input's scale, or take away its mean"
      : "; its weights are too large"
  }

  @inline(never) private mutating func addSilentNeurons(_ lines: inout Lines) {
    for layer in 0..<model.pointee.layerCount {
      let activity = activity(layer)
      // Where others spike all the time, more of the same would not help.
      guard !lines.findings.contains(.saturatedLayer), activity.silent < activity.neurons,
        Double(activity.silent) >= Threshold.silentShare * Double(activity.neurons)
      else { continue }
      // A text of its own: a literal in an expression would be a String, with all that links.
      let more: Text = layer == 0 ? ", or raise the input's scale" : ""
      return lines.append(
        .silentNeurons,
        """
        \(activity.silent) of \(activity.neurons) neurons of layer\(layer) never spiked in \(statistics.pointee.steps) steps: calibrate the \
        network with samples\(more)
        """)
    }
  }
}

// ---- Inputs

/// The channel whose values are largest beside those in training, and how many times as large.
private struct WorstInput {
  let channel: Int
  let range: InputRange
  let ratio: Double
}

extension Session {
  private var largestInput: Float {
    var largest: Float = 0
    for channel in 0..<statistics.pointee.inputs.channels { largest = max(largest, statistics.pointee.inputs.range(channel).magnitude) }
    return largest
  }

  /// Nil: too few samples, or the model does not say what there was in training.
  private var worstInput: WorstInput? {
    var worst: WorstInput?
    guard statistics.pointee.steps >= Threshold.steps else { return nil }
    for channel in 0..<statistics.pointee.inputs.channels {
      let range = statistics.pointee.inputs.range(channel)
      // Channels that were always 0 in training had no weight in it.
      guard let most = range.trainedMagnitude, most > 0 else { continue }
      let ratio = Double(range.magnitude) / Double(most)
      if ratio > worst?.ratio ?? -1 { worst = WorstInput(channel: channel, range: range, ratio: ratio) }
    }
    return worst
  }

  /// The channel that was outside most often, if the worst one was not.
  private func outermost(_ worst: WorstInput) -> WorstInput {
    var found = worst
    for channel in 0..<statistics.pointee.inputs.channels {
      let range = statistics.pointee.inputs.range(channel)
      guard range.shareOutside > found.range.shareOutside, let most = range.trainedMagnitude else { continue }
      found = WorstInput(channel: channel, range: range, ratio: Double(range.magnitude) / Double(most))
    }
    return found
  }

  @inline(never) private mutating func addOutside(_ lines: inout Lines, _ worst: WorstInput, far: Bool) {
    let isFar = worst.ratio >= Threshold.farOutsideRatio && worst.range.shareOutside > Threshold.farOutsideShare
    let found = isFar ? worst : outermost(worst)
    guard isFar == far, found.range.shareOutside > Threshold.outsideShare, let trained = found.range.trained else { return }
    let times: Text = found.ratio >= 1.5 && found.ratio.isFinite ? ", \(rounded: found.ratio) times larger than in training" : ""
    let reach: Text = "\(rounded: Double(found.range.lowest)) to \(rounded: Double(found.range.highest))"
    let reached: Text = "\(rounded: Double(trained.lower)) to \(rounded: Double(trained.upper))"
    lines.append(
      far ? .inputFarOutside : .inputOutside,
      """
      input \(found.channel)\(name(ofInput: found.channel)) is \(reach) in the network\(times), where it was \(reached); \
      \(percent: found.range.shareOutside) of the samples are outside: was the sensor moved, or its unit changed?
      """)
  }

  private func name(ofInput channel: Int) -> Text {
    guard let name = model.pointee.inputName(channel) else { return "" }
    return " (\(name))"
  }
}

// ---- Learning

#if HYPR_LEARNING
  extension Session {
    /// Whether outputs are right no more often than always saying the class that comes most often.
    private func isNoBetterThanGuessing(_ learner: UnsafeMutablePointer<Learner>) -> Bool {
      Double(learner.pointee.progress.statistics.correctSteps) <= 1.1 * learner.pointee.classes.mostFrequent
    }

    @inline(never) private mutating func addDiverged(_ lines: inout Lines) {
      guard let learner else { return }
      let (report, outputs) = (statisticsReport(), Double(model.pointee.outputSize))
      let tried = report.updates + report.skippedUpdates
      if report.skippedUpdates > 0 && Double(report.skippedUpdates) >= Threshold.skippedShare * Double(tried) {
        return lines.append(
          .diverged,
          """
          learning diverged: \(report.skippedUpdates) of \(tried) updates were left out, as the gradient was not finite or too long: \
          lower the learning rate, which is \(rounded: report.learningRate), or the scale of the inputs
          """)
      }
      let first = learner.pointee.progress.statistics.firstMeanLoss
      guard report.updates > 0, report.taughtSteps > learner.pointee.progress.statistics.firstSteps, report.chanceLoss > 0,
        report.meanLoss > (isNoBetterThanGuessing(learner) ? Threshold.divergedLoss : Threshold.surelyDivergedLoss)
          * max(first, system_log_double(outputs))
      else { return }
      lines.append(
        .diverged,
        """
        learning diverged: the mean loss is \(rounded: report.meanLoss), at first it was \(rounded: first), and guessing gives \
        \(rounded: report.chanceLoss): lower the learning rate, which is \(rounded: report.learningRate), or the scale of the inputs
        """)
    }

    @inline(never) private mutating func addLearning(_ lines: inout Lines) {
      guard let learner else { return }
      let report = statisticsReport()
      guard report.updates >= Threshold.updates else { return }
      if report.unchangedUpdates == report.updates {
        lines.append(
          .noChange,
          """
          none of \(report.updates) updates changed a parameter: the learning rate, \(rounded: report.learningRate), is too small, or no \
          gradient reaches what is trained
          """)
      }
      guard report.taughtSteps >= Threshold.steps, report.chanceLoss >= Threshold.leastEntropy,
        report.meanLoss >= Threshold.chanceLoss * report.chanceLoss, !lines.findings.contains(.diverged),
        isNoBetterThanGuessing(learner)
      else { return }
      lines.append(
        .chance,
        """
        no better than guessing: the mean loss is \(rounded: report.meanLoss), and always saying how often each class comes gives \
        \(rounded: report.chanceLoss)
        """)
    }
  }
#endif
