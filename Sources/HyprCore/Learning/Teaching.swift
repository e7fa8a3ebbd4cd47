// Targets: what a host teaches the steps of the open window.

extension Session {
  /// Softmax cross-entropy with class `label` as the target of the step made `stepsAgo` steps before the last one.
  public mutating func teach(label: UInt32, stepsAgo: Int) throws(Failure) {
    let step = try openStep(stepsAgo)
    let classes = readout.description.size
    guard Int(clamping: label) < classes else {
      throw message.failure(.invalidArgument, "label is \(Double(label)), expected below the output size \(classes)")
    }
    let outputs = readout.outputs(step.index + 1)
    step.learner.losses[step.index] = crossEntropy(
      outputs, classes, label: Int(label), smoothing: settings.labelSmoothing, gradient: step.error)
    step.learner.correct[step.index] = largest(outputs, classes) == Int(label)
    step.learner.taught[step.index] = true
  }

  /// Mean squared error with `target` [C] for the last step.
  public mutating func teach(values target: UnsafePointer<Float>) throws(Failure) {
    let step = try openStep(0)
    try checkFinite(target, "target")
    let outputs = readout.outputs(step.index + 1)
    for index in 0..<readout.description.size where !(outputs[index] - target[index]).isFinite {
      throw message.failure(
        .notFinite, "target[\(index)] is \(target[index]), too far from the output \(outputs[index])")
    }
    step.learner.losses[step.index] = meanSquaredError(
      outputs, readout.description.size, target: target, gradient: step.error)
    step.learner.correct[step.index] = false
    step.learner.taught[step.index] = true
  }

  /// The host's own ∂loss/∂output [C] of the last step.
  public mutating func teach(error: UnsafePointer<Float>) throws(Failure) {
    let step = try openStep(0)
    try checkFinite(error, "dloss_doutput")
    step.error.update(from: error, count: readout.description.size)
    step.learner.losses[step.index] = 0
    step.learner.correct[step.index] = false
    step.learner.taught[step.index] = true
  }

  /// A step of the open window, and where its ∂loss/∂output goes.
  private func openStep(
    _ stepsAgo: Int
  ) throws(Failure) -> (learner: Learner, index: Int, error: UnsafeMutablePointer<Float>) {
    let learner = try requireLearning()
    guard stepsAgo >= 0 && stepsAgo < learner.steps else {
      throw message.failure(
        .wrongState, "steps_ago is \(stepsAgo), but the open window holds \(learner.steps) steps")
    }
    let index = learner.steps - 1 - stepsAgo
    return (learner, index, learner.outputError + index * readout.width)
  }

  private func checkFinite(_ values: UnsafePointer<Float>, _ name: StaticString) throws(Failure) {
    for index in 0..<readout.description.size where !values[index].isFinite {
      throw message.failure(.notFinite, "\(name)[\(index)] is \(values[index]), expected a finite number")
    }
  }

  /// Sequences one after the other, each from a fresh state; returns the mean loss over all labelled steps.
  public mutating func learnBatch(
    _ samples: UnsafePointer<Float>, steps: UnsafeBufferPointer<Int>, labels: UnsafePointer<Int32>,
    into outputs: UnsafeMutablePointer<Float>?
  ) throws(Failure) -> Double {
    try requireLearning()
    try checkBatch(samples, steps: steps, labels: labels)
    finishSequence()
    learner?.batchLoss = 0
    learner?.batchTaught = 0
    var start = 0
    for count in steps {
      clear([.state, .traces])
      for step in start..<start + count {
        do throws(Failure) {
          try self.step(samples + step * input.size, into: outputs.map { $0 + step * readout.description.size })
          if labels[step] >= 0 { try teach(label: UInt32(labels[step]), stepsAgo: 0) }
        } catch {
          throw message.prepend("step \(step): ", error)
        }
      }
      closeWindow()
      start += count
    }
    finishSequence()
    guard let learner, learner.batchTaught > 0 else { return 0 }
    return learner.batchLoss / Double(learner.batchTaught)
  }

  /// Everything about a batch that can be checked before its first step.
  private func checkBatch(
    _ samples: UnsafePointer<Float>, steps: UnsafeBufferPointer<Int>, labels: UnsafePointer<Int32>
  ) throws(Failure) {
    let classes = readout.description.size
    var total = 0
    for index in 0..<steps.count {
      let (sum, overflow) = total.addingReportingOverflow(steps[index])
      guard steps[index] >= 0 && !overflow else {
        throw message.failure(.invalidArgument, "steps[\(index)] is too large")
      }
      total = sum
    }
    for step in 0..<total {
      do throws(Failure) {
        try input.load(samples + step * input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
      guard Int(labels[step]) < classes else {
        throw message.failure(
          .invalidArgument, "labels[\(step)] is \(Int(labels[step])), expected below the output size \(classes)")
      }
    }
  }

  /// Closes the open window now.
  public mutating func flush() throws(Failure) {
    try requireLearning()
    closeWindow()
  }

  /// One optimizer step on the gradient gathered, when updates are manual.
  public mutating func apply() throws(Failure) {
    try requireLearning()
    guard settings.update == .manual else {
      throw message.failure(.wrongState, "the option update is \(settings.update.rawValue), expected 2 (manual)")
    }
    closeWindow()
    update()
  }

  @discardableResult func requireLearning() throws(Failure) -> Learner {
    guard let learner else { throw message.failure(.wrongState, "the session was created without learning") }
    return learner
  }

  /// The end of a sequence: nothing that was taught is lost.
  mutating func finishSequence() {
    closeWindow()
    if settings.update == .sequence { update() }
  }
}
