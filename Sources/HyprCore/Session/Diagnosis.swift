internal import CSystem

// What a session's statistics say about why it does not work, in words: a line for each finding, the worst first.

extension Session {
  /// Writes the lines to `text`, cut to `size` bytes, and returns the findings as a sum of bits.
  @inline(never) public mutating func diagnose(into text: UnsafeMutablePointer<CChar>?, size: Int) -> UInt32 {
    var lines = FoundLines(text, size: size)
    let inputs = worstInput()
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
    addSmaller(&lines)
    return lines.findings.rawValue
  }
}

// ---- Layers

extension Session {
  @inline(never) private mutating func addLayers(_ lines: inout FoundLines, _ inputs: InputBesideTraining?) {
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
      let isMost = saturated >= Threshold.saturatedShare
      guard isMost || saturated >= Threshold.fewSaturatedShare && stuck >= Threshold.stuckShare else { continue }
      let silent: Text = activity.silent > 0 ? ", and \(activity.silent) never spiked" : ""
      lines.append(
        .saturatedLayer,
        """
        \(activity.saturated) of \(activity.neurons) neurons of layer\(layer) spiked in more than half of the steps\(silent): \
        they hardly tell one input from another\(whyIsSaturated(layer, inputs))
        """)
      return
    }
  }

  @inline(never) private mutating func whyInputIsSilent(_ inputs: InputBesideTraining?) -> Text {
    if let ratio = inputs?.ratio, ratio > 0, ratio < 0.5 {
      return ": inputs are \(rounded: 1 / ratio) times smaller than in training: was the unit changed, or the sensor's range?"
    }
    if let ratio = inputs?.ratio, ratio >= Threshold.farOutsideRatio {
      return ": inputs are \(rounded: ratio) times larger than in training: was the sensor moved, or its unit changed?"
    }
    let largest = largestInput()
    if largest == 0 { return ": all inputs are 0" }
    if largest < Threshold.smallInput {
      return ": the largest input of the network is \(rounded: Double(largest)): raise the input's scale"
    }
    return ": raise the input's scale, or calibrate the network with samples"
  }

  @inline(never) private mutating func whyIsSilent(_ layer: Int) -> Text {
    let below = activity(layer - 1).spikeRate
    return """
      , while neurons of layer\(layer - 1) spiked in \(percent: below) of them: its weights are too small; calibrate the \
      network with samples
      """
  }

  @inline(never) private mutating func whyIsSaturated(_ layer: Int, _ inputs: InputBesideTraining?) -> Text {
    if let ratio = inputs?.ratio, ratio >= Threshold.farOutsideRatio {
      return ": inputs are \(rounded: ratio) times larger than in training"
    }
    return layer == 0
      ? "; the largest input of the network is \(rounded: Double(largestInput())): lower the input's scale, or take away its mean"
      : "; its weights are too large"
  }

  @inline(never) private mutating func addSilentNeurons(_ lines: inout FoundLines) {
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
        \(activity.silent) of \(activity.neurons) neurons of layer\(layer) never spiked in \(statistics.pointee.steps) steps: \
        calibrate the network with samples\(more)
        """)
    }
  }
}
