internal import CSystem

// One label for all steps of a sequence.

extension Session {
  /// One label for all steps since the last reset, as the option `loss` has it; `weight` is a factor on the loss.
  public mutating func teachSequence(label: UInt32, weight: Float = 1) throws(Failure) {
    let learner = try requireLearning().pointee
    let checked = try checked(label)
    let spansAll = settings.sequenceLoss != .lastSteps
    let needed = spansAll ? learner.sequenceSteps : min(settings.lossSteps, learner.sequenceSteps)
    guard needed > 0 else { throw message.failure(.wrongState, "there is no step since the last reset") }
    guard needed <= learner.steps else {
      throw message.failure(
        .wrongState,
        "the loss needs steps that are no longer in the open window: it holds only the last \(learner.steps) of the sequence"
      )
    }
    learner.clearTargets(readoutWidth: readout.width)
    if settings.sequenceLoss == .sumOfSoftmax {
      try openStep(0).teach(sumOfSoftmax(learner, label: checked, weight: weight))
      learner.isShared.pointee = true
    } else {
      for stepsAgo in 0..<needed { try teach(label: label, stepsAgo: stepsAgo, weight: weight) }
    }
  }

  /// Cross-entropy of the class scores Σ_t softmax(y^t) over the open window: one loss of all its steps together.
  private func sumOfSoftmax(_ learner: Learner, label: Int, weight: Float) -> Target {
    let (classes, width) = (readout.description.size, readout.width)
    learner.scores.update(repeating: 0, count: classes)
    for step in 0..<learner.steps {
      let probabilities = learner.outputError + step * width
      var (top, sum): (Float, Float) = (0, 0)
      kernels.softmax(readout.outputs(step + 1), classes, probabilities, &top, &sum)
      for index in 0..<classes { learner.scores[index] += Double(probabilities[index]) }
    }
    let weight = Double(learner.classWeights[label]) * Double(weight)
    let correct = largest(learner.scores, classes) == label
    let loss = crossEntropyOfSums(
      learner.scores, classes, label: label, smoothing: Double(settings.labelSmoothing))
    for index in 0..<classes { learner.scores[index] *= weight }
    for step in 0..<learner.steps {
      softmaxGradient(learner.outputError + step * width, classes, outer: learner.scores)
    }
    return Target(loss: loss * weight, weight: weight, correct: correct)
  }
}
