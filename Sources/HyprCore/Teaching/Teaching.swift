internal import CSystem

// Targets: what a host teaches the steps of the open windows. `stepsAgo` counts back from the last step, 0.

extension Session {
  /// Softmax cross-entropy with class `label` as the target of a step; `weight` is a factor on the loss.
  @_optimize(speed) public mutating func teach(label: UInt32, stepsAgo: Int, weight: Float = 1) throws(Failure) {
    let step = try openStep(stepsAgo)
    let label = try checked(label)
    step.learner.pointee.replaceSharedTarget(page: step.page, slot: slot)
    step.learner.pointee.set(label: label, weight: weight, step.index)
  }

  /// Mean squared error with `target` [C] for a step; `weight` is a factor on the loss.
  @_optimize(speed) public mutating func teach(
    values target: UnsafePointer<Float>, stepsAgo: Int, weight: Float = 1
  ) throws(Failure) {
    let step = try openStep(stepsAgo)
    try checkFinite(target, "target")
    let (outputs, size) = (network.readoutOutputs(step.index + 1), model.pointee.outputSize)
    // Twice the difference is what is learned from.
    for index in 0..<size where !(2 * (outputs[index] - target[index])).isFinite {
      throw message.failure(
        .notFinite, "target[\(index)] is \(target[index]), too far from the output \(outputs[index])")
    }
    step.learner.pointee.replaceSharedTarget(page: step.page, slot: slot)
    let loss = meanSquaredError(outputs, size, target: target, gradient: step.error)
    if weight != 1 {
      for index in 0..<size { step.error[index] *= weight }
    }
    step.teach(Target(loss: loss * Double(weight), weight: Double(weight), correct: false), .values)
  }

  /// The host's own ∂loss/∂output [C] of a step.
  @_optimize(speed) public mutating func teach(error: UnsafePointer<Float>, stepsAgo: Int) throws(Failure) {
    let step = try openStep(stepsAgo)
    try checkFinite(error, "dloss_doutput")
    step.learner.pointee.replaceSharedTarget(page: step.page, slot: slot)
    step.error.copy(from: error, count: model.pointee.outputSize)
    step.teach(Target(loss: 0, weight: 1, correct: false), .error)
  }

  /// A step of an open window, and where its ∂loss/∂output goes.
  struct OpenStep {
    let learner: UnsafeMutablePointer<Learner>
    /// The slots that it went from, and that its window started from.
    let index, page: Int

    var error: UnsafeMutablePointer<Float> { learner.pointee.targets.error(index) }
    @_optimize(speed) func teach(_ target: Target, _ kind: Targets.Kind) {
      learner.pointee.targets.set(target, index, kind: kind)
    }
  }

  @_optimize(speed) @inline(__always) mutating func openStep(_ stepsAgo: Int) throws(Failure) -> OpenStep {
    let learner = try requireLearning()
    guard stepsAgo >= 0 && stepsAgo < learner.pointee.progress.steps else { throw noStep(stepsAgo) }
    let (index, page) = learner.pointee.place(stepsAgo: stepsAgo, slot: slot)
    return OpenStep(learner: learner, index: index, page: page)
  }

  @inline(never) private mutating func noStep(_ stepsAgo: Int) -> Failure {
    let steps = learner?.pointee.progress.steps ?? 0
    if steps == 0 { return noOpenStep() }
    let text: Text = "steps_ago is \(stepsAgo), but the open windows hold \(steps) step\(steps == 1 ? "" as StaticString : "s")"
    return message.failure(.wrongState, "\(text); the option label_delay, here \(settings.labelDelay), keeps more of them")
  }

  @inline(never) mutating func noOpenStep() -> Failure {
    if (learner?.pointee.progress.sequenceSteps ?? 0) == 0 {
      return message.failure(.wrongState, "there is no step to teach: make a step first")
    }
    return message.failure(
      .wrongState, "the window of the last step is closed: teach a step before what closes its window, such as flush")
  }

  /// A label that is a class.
  @inline(__always) mutating func checked(_ label: UInt32) throws(Failure) -> Int {
    guard network.outputSize > 1 && Int(clamping: label) < network.outputSize else { throw noClass(label) }
    return Int(label)
  }

  @inline(never) private mutating func noClass(_ label: UInt32) -> Failure {
    if network.outputSize == 1 { return hasOneOutput("label") }
    let number = Int(Int32(bitPattern: label))
    if number < 0 {
      return message.failure(
        .invalidArgument, "label is \(number), \(aClass); make no call for what shall not be taught")
    }
    return message.failure(.invalidArgument, "label is \(number), \(aClass)")
  }

  /// What a label can be, for messages.
  var aClass: Text { "expected 0 to \(network.outputSize - 1), as classes count from 0" }

  /// Of one output the softmax is 1 whatever it gives: a class would count as correct and teach nothing.
  @inline(never) mutating func hasOneOutput(_ target: StaticString) -> Failure {
    message.failure(
      .invalidArgument,
      "\(target): classes need two outputs at least, and the model has one: teach values, such as 0 and 1 for two classes")
  }

  private mutating func checkFinite(_ values: UnsafePointer<Float>, _ name: StaticString) throws(Failure) {
    for index in 0..<model.pointee.outputSize where !values[index].isFinite {
      throw message.failure(.notFinite, "\(name)[\(index)] is \(values[index]), expected a finite number")
    }
  }

  /// Factors on the loss of targets that are classes, one per class.
  public mutating func setClassWeights(_ weights: UnsafePointer<Float>) throws(Failure) {
    let learner = try requireLearning()
    guard network.outputSize > 1 else { throw hasOneOutput("weights") }
    var isTaught = false
    for index in 0..<model.pointee.outputSize {
      isTaught = isTaught || weights[index] != 0
      if let problem = weightProblem(weights[index]) {
        throw message.failure(
          weights[index].isFinite ? .invalidArgument : .notFinite, "weights[\(index)] is \(weights[index]), \(problem)")
      }
    }
    guard isTaught else {
      throw message.failure(.invalidArgument, "weights are all 0, which would leave nothing to be taught")
    }
    learner.pointee.classWeights.copy(from: weights, count: model.pointee.outputSize)
  }
}
