internal import CSystem

// Targets: what a host teaches the steps of the open window.

extension Session {
  /// Softmax cross-entropy with class `label` as the target of the step made `stepsAgo` steps before the last one; `weight` is a
  /// factor on the loss.
  public mutating func teach(label: UInt32, stepsAgo: Int, weight: Float = 1) throws(Failure) {
    let step = try openStep(stepsAgo)
    let label = try checked(label)
    let (outputs, classes) = (readout.outputs(step.index + 1), readout.description.size)
    let weight = step.learner.pointee.classWeights[label] * weight
    replaceSharedTarget(step.learner)
    var (top, sum): (Float, Float) = (0, 0)
    kernels.softmax(outputs, classes, step.error, &top, &sum)
    let loss = crossEntropy(
      outputs, classes, label: label, smoothing: settings.labelSmoothing, top: top, sum: sum, gradient: step.error)
    if weight != 1 {
      for index in 0..<classes { step.error[index] *= weight }
    }
    step.teach(
      Target(loss: loss * Double(weight), weight: Double(weight), correct: largest(outputs, classes) == label))
  }

  /// Mean squared error with `target` [C] for the last step; `weight` is a factor on the loss.
  public mutating func teach(values target: UnsafePointer<Float>, weight: Float = 1) throws(Failure) {
    let step = try openStep(0)
    try checkFinite(target, "target")
    let outputs = readout.outputs(step.index + 1)
    for index in 0..<readout.description.size where !(outputs[index] - target[index]).isFinite {
      throw message.failure(
        .notFinite, "target[\(index)] is \(target[index]), too far from the output \(outputs[index])")
    }
    replaceSharedTarget(step.learner)
    let loss = meanSquaredError(outputs, readout.description.size, target: target, gradient: step.error)
    if weight != 1 {
      for index in 0..<readout.description.size { step.error[index] *= weight }
    }
    step.teach(Target(loss: loss * Double(weight), weight: Double(weight), correct: false))
  }

  /// The host's own ∂loss/∂output [C] of the last step.
  public mutating func teach(error: UnsafePointer<Float>) throws(Failure) {
    let step = try openStep(0)
    try checkFinite(error, "dloss_doutput")
    replaceSharedTarget(step.learner)
    step.error.update(from: error, count: readout.description.size)
    step.teach(Target(loss: 0, weight: 1, correct: false))
  }

  /// What a step of the open window is taught.
  struct Target {
    /// Times the weight.
    let loss: Double
    let weight: Double
    let correct: Bool
  }

  /// A step of the open window, and where its ∂loss/∂output goes.
  struct OpenStep {
    let learner: UnsafeMutablePointer<Learner>
    let index: Int
    let error: UnsafeMutablePointer<Float>

    func teach(_ target: Target) {
      learner.pointee.losses[index] = target.loss
      learner.pointee.weights[index] = target.weight
      learner.pointee.correct[index] = target.correct
      learner.pointee.taught[index] = true
    }
  }

  func openStep(_ stepsAgo: Int) throws(Failure) -> OpenStep {
    let learner = try requireLearning()
    guard stepsAgo >= 0 && stepsAgo < learner.pointee.steps else {
      throw message.failure(
        .wrongState, "steps_ago is \(stepsAgo), but the open window holds \(learner.pointee.steps) steps")
    }
    let index = learner.pointee.steps - 1 - stepsAgo
    return OpenStep(learner: learner, index: index, error: learner.pointee.outputError + index * readout.width)
  }

  /// A label that is a class.
  func checked(_ label: UInt32) throws(Failure) -> Int {
    let classes = readout.description.size
    guard Int(clamping: label) < classes else {
      throw message.failure(.invalidArgument, "label is \(Double(label)), expected below the output size \(classes)")
    }
    return Int(label)
  }

  /// A target of one step takes the place of one that all steps share.
  private func replaceSharedTarget(_ learner: UnsafeMutablePointer<Learner>) {
    if learner.pointee.isShared.pointee { learner.pointee.clearTargets(readoutWidth: readout.width) }
  }

  private func checkFinite(_ values: UnsafePointer<Float>, _ name: StaticString) throws(Failure) {
    for index in 0..<readout.description.size where !values[index].isFinite {
      throw message.failure(.notFinite, "\(name)[\(index)] is \(values[index]), expected a finite number")
    }
  }

  /// Factors on the loss of targets that are classes, one per class.
  public func setClassWeights(_ weights: UnsafePointer<Float>) throws(Failure) {
    let learner = try requireLearning()
    for index in 0..<readout.description.size {
      if let problem = weightProblem(weights[index]) {
        throw message.failure(
          weights[index].isFinite ? .invalidArgument : .notFinite, "weights[\(index)] is \(weights[index]), \(problem)")
      }
    }
    learner.pointee.classWeights.update(from: weights, count: readout.description.size)
  }

  func clearClassWeights() { learner?.pointee.classWeights.update(repeating: 1, count: readout.description.size) }

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

  @discardableResult func requireLearning() throws(Failure) -> UnsafeMutablePointer<Learner> {
    guard let learner else { throw message.failure(.wrongState, "the session was created without learning") }
    return learner
  }

  /// The end of a sequence: nothing that was taught is lost.
  mutating func finishSequence() {
    closeWindow()
    if settings.update == .sequence { update() }
  }
}

/// The smallest weight but 0, of a class or of a target: the product of both can be divided by.
let smallestWeight = 1e-6

/// Why a weight of a class or of a target is not allowed; nil if it is.
func weightProblem(_ weight: Float) -> Text? {
  weight == 0 || (weight >= Float(smallestWeight) && weight <= 1e6) ? nil : "expected 0, or 1e-6 to 1e6"
}
