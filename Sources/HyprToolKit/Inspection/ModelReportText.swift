extension ModelReport {
  /// The report for people.
  var description: String {
    [
      heading, inputText, layerText, tensorText, exemplars?.description ?? "", optionText, memoryText,
      targetEstimate?.description ?? "",
    ]
    .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var heading: String {
    var rows = [
      ["model", name.isEmpty ? "(no name)" : name], ["file", "\(file), \(bytes) bytes, format \(formatVersion)"],
      ["parameters", "\(parameterCount), \(trainableCount) of them trainable"],
    ]
    if timeStep > 0 { rows.append(["time step", "\(timeStep) s"]) }
    rows += metadata.map { [$0.key, $0.value] }
    return TextTable.text(rows)
  }

  private var trainableCount: Int {
    tensors.filter(\.trainable).reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  private var inputText: String {
    let isEncoded = !input.encoding.isEmpty
    let hasRange = !input.trainedLower.isEmpty
    guard
      !input.names.isEmpty || !input.scale.isEmpty || !input.offset.isEmpty || isEncoded || hasRange || !input.conditioning.isEmpty
    else {
      return "inputs: \(input.size), taken as they are"
    }
    let thresholds = input.thresholds
    let rows = (0..<input.size).map { channel in
      [
        "\(channel)", input.names.isEmpty ? "" : input.names[channel],
        "scale \(input.scale.isEmpty ? 1 : input.scale[channel])",
        "offset \(input.offset.isEmpty ? 0 : input.offset[channel])",
        thresholds.isEmpty ? "" : "threshold \(thresholds.count == 1 ? thresholds[0] : thresholds[channel])",
        hasRange ? "in training \(input.trainedLower[channel]) to \(input.trainedUpper[channel])" : "",
      ]
    }
    let stages = input.conditioning.map { "; \($0.description)" }.joined()
    let fields = input.fields.map { ", \($0.count) fields per channel" } ?? ""
    let encoding = isEncoded ? "; \(input.encoding), \(input.encodingOutput)\(fields)" : ""
    return "inputs: \(input.size), value = (sample - offset) * scale\(stages)\(encoding)\n" + TextTable.text(rows, indent: 2)
  }

  private var layerText: String {
    var rows = layers.enumerated().map {
      [
        "layer\($0)", $1.neuron, "\($1.size) neurons",
        [$1.reset.isEmpty ? "" : "reset \($1.reset)", $1.name].filter { !$0.isEmpty }.joined(separator: ", "),
      ]
    }
    rows.append(["readout", "LI", "\(outputs) outputs", classLabels.joined(separator: ", ")])
    return TextTable.text(rows)
  }

  private var tensorText: String {
    func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " x ") }
    let rows = tensors.map { tensor in
      [
        tensor.name, text(tensor.shape) + (tensor.sparseShape.map { " of \(text($0))" } ?? ""),
        tensor.trainable ? "trainable" : "fixed", tensor.elementType, "\(tensor.bytes)",
        String(printf: "%.5g", tensor.minimum), String(printf: "%.5g", tensor.mean),
        String(printf: "%.5g", tensor.maximum),
      ]
    }
    return TextTable.text([["tensor", "shape", "", "stored", "bytes", "min", "mean", "max"]] + rows, rightAligned: [4, 5, 6, 7])
  }

  private var optionText: String {
    guard !recommendedOptions.isEmpty else { return "" }
    let rows = recommendedOptions.map { [$0.name, OptionSettings.text($0.value, of: $0.name)] }
    return "recommended options\n" + TextTable.text(rows, indent: 2)
  }

  private var memoryText: String {
    func row(_ name: String, _ part: KeyPath<Memory, Int>) -> [String] {
      [name, "\(runningMemory[keyPath: part])", "\(learningMemory[keyPath: part])"]
    }
    let rows = [
      ["session, bytes", "running", "learning"], row("  parameters", \.parameters), row("  state", \.state),
      row("  traces", \.traces), row("  history", \.history), row("  optimizer", \.optimizer),
      row("  scratch", \.scratch),
      row("  total", \.total),
    ]
    return TextTable.text(rows, rightAligned: [1, 2])
  }
}

extension ModelReport.Exemplars {
  var heading: String { "exemplars: \(count) with \(counted(steps, "step")), \(taughtSteps) of them taught; \(bytes) bytes" }

  var description: String {
    let rows = classes.map { [$0.name, "in \($0.count)", counted($0.taughtSteps, "step")] }
    return rows.isEmpty ? heading : heading + "\n" + TextTable.text(rows, indent: 2, rightAligned: [1, 2])
  }
}

extension ModelReport.Input.Stage {
  /// Such as "HighPass 0.5 s".
  fileprivate var description: String {
    func text(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }
    var parts = [kind]
    if let timeConstants { parts.append("\(text(timeConstants)) s") }
    if let deviations { parts.append("from deviation \(text(deviations))") }
    if let lower, let upper { parts.append("\(text(lower)) to \(text(upper))") }
    return parts.joined(separator: " ")
  }
}
