extension NeuronModel {
  /// One model for people.
  var description: String {
    var facts = ["states \(states.joined(separator: ", "))"]
    if gates > 1 { facts.append("\(gates) gates") }
    facts.append(surrogate.map { "spikes, surrogate \($0)" } ?? "no spikes")
    if hasReset { facts.append("the layer's reset") }
    facts.append("\(initialization.rawValue) weights")
    let rows = parameters.map { row($0, "parameter") } + constants.map { row($0, "constant") }
    let heading = "\(name) (\(writtenName)): \(facts.joined(separator: "; "))"
    return rows.isEmpty ? heading : heading + "\n" + TextTable.text(rows, indent: 2)
  }

  private func row(_ quantity: Quantity, _ kind: String) -> [String] {
    [
      kind, quantity.name,
      (quantity.absolute ? "|x| " : "") + "\(Self.text(quantity.lower)) to \(Self.text(quantity.upper))",
      "default \(Self.text(quantity.standard))", quantity.drawn.map { "drawn \($0.description)" } ?? "",
    ]
  }

  private static func text(_ value: Float) -> String { String(printf: "%.7g", value) }
}
