import HyprCore

/// The switches of `make lib` for a library that runs some models, and has no more than they need.
struct LinkSwitches {
  private let neurons: [String]
  private let leavesOut: [String]

  /// `learns`, `rehearses`: what the device does with them; a model with exemplars, or that recommends the guard, is rehearsed.
  init(paths: [String], learns: Bool, rehearses: Bool) throws {
    var (names, isTrainable, isRehearsed) = (Set<String>(), false, rehearses)
    for path in paths {
      let model = try LoadedModel(path: path)
      let facts = model.pointer.pointee
      for layer in 0..<model.layerCount { names.insert(model.neuron(of: layer)) }
      isTrainable = isTrainable || (0..<facts.tensorCount).contains { facts.tensor($0)?.trainable ?? false }
      if learns && facts.exemplarCount > 0 { isRehearsed = true }
      if learns, try RunningSession(model, try OptionSettings([])).option(.guardHorizon) > 0 { isRehearsed = true }
    }
    // The readout's model is in every library.
    neurons = names.sorted()
    let needsLearning = learns && isTrainable
    guard needsLearning || !rehearses else {
      throw ToolError("--rehearsal: \(learns ? "no model has a trainable tensor" : "what does not learn is not rehearsed")")
    }
    leavesOut =
      (needsLearning ? [] : ["HYPR_LEARNING"]) + (needsLearning && !isRehearsed ? ["HYPR_REHEARSAL"] : []) + ["HYPR_BUILDER"]
  }

  /// As a shell assigns variables.
  var description: String {
    (["HYPR_NEURONS=\"\(neurons.joined(separator: " "))\""] + leavesOut.map { "\($0)=0" }).joined(separator: " ")
  }
}
