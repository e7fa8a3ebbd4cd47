import HyprBuilding
import HyprCore

/// Which stretches of the training data a model takes along, for sessions to rehearse.
package struct ExemplarPlan {
  /// Of the file that they may take.
  package var bytes: Int
  /// Of a stretch, at most.
  package var steps: Int
  package var seed: UInt64

  package init(bytes: Int, steps: Int, seed: UInt64) {
    self.bytes = bytes
    self.steps = steps
    self.seed = seed
  }
}

extension LoadedModel {
  /// This model with stretches of the data in the place of its exemplars: sequences are cut from their end, as what comes late in
  /// them is what they are labelled for, and the builder chooses.
  func with(_ plan: ExemplarPlan, from data: SequenceSet, _ settings: OptionSettings) throws -> LoadedModel {
    guard plan.steps >= 1 && plan.steps <= Model.mostExemplarSteps else {
      throw ToolError("--exemplar-steps is \(plan.steps), expected 1 to \(Model.mostExemplarSteps)")
    }
    var running = settings
    try running.set(.learning, 0)
    var taught = Int.max
    if data.labelling == .sequences, case .lastSteps(let count) = SequenceTarget(try RunningSession(self, running)) {
      taught = count
    }
    let fresh = try FreshModel(from: self)
    try fresh.tell { builder in builder.clearExemplars() }
    for index in 0..<data.count {
      let inputs = data.inputs(of: index)
      var labels = data.labels(of: index)
      for step in 0..<max(0, labels.count - min(taught, labels.count)) { labels[step] = -1 }
      try data.at(index) { try fresh.addExemplars(inputs, labels, inputSize: inputSize, steps: plan.steps) }
    }
    try fresh.tell { builder throws(Failure) in try builder.keepExemplars(bytes: plan.bytes, seed: plan.seed) }
    try fresh.build(seed: 0)
    return try LoadedModel(fresh.bytes())
  }
}

extension FreshModel {
  /// Adds what of a sequence has a target, in stretches of `steps` steps; the first one may be shorter.
  fileprivate func addExemplars(_ inputs: [Float], _ labels: [Int32], inputSize: Int, steps: Int) throws {
    var end = labels.count
    while end > 0 {
      let start = max(0, end - steps)
      if labels[start..<end].contains(where: { $0 >= 0 }) {
        try inputs.withUnsafeBufferPointer { inputs in
          try labels.withUnsafeBufferPointer { labels in
            guard let samples = inputs.baseAddress, let labels = labels.baseAddress else { return }
            try tell { builder throws(Failure) in
              try builder.addExemplar(
                samples + start * inputSize, steps: end - start, .labels(labels + start), startsSequence: start == 0)
            }
          }
        }
      }
      end = start
    }
  }
}
