internal import CSystem

// One label for all steps of a sequence.

extension Session {
  /// One label for all steps since the last reset, as the option `loss` has it; `weight` is a factor on the loss.
  public mutating func teachSequence(label: UInt32, weight: Float = 1) throws(Failure) {
    let learner = try requireLearning()
    let checked = try checked(label)
    let spansAll = settings.sequenceLoss != .lastSteps
    let needed = spansAll ? learner.pointee.progress.sequenceSteps : min(settings.lossSteps, learner.pointee.progress.sequenceSteps)
    guard needed > 0 else { throw noOpenStep() }
    let steps = learner.pointee.progress.steps
    guard needed <= steps else {
      let found: Text = "the loss needs steps that are no longer in an open window: only the last \(steps) of the sequence are"
      throw message.failure(.wrongState, "\(found); the option label_delay, here \(settings.labelDelay), keeps more of them")
    }
    if settings.sequenceLoss == .sumOfSoftmax {
      guard steps <= settings.window else {
        let loss: Text = "the loss sum_of_softmax needs the whole sequence in one window of \(settings.window) steps"
        throw message.failure(.wrongState, "\(loss): it has \(steps)")
      }
      let target = sumOfSoftmax(learner.pointee, label: checked, weight: weight)
      let first = learner.pointee.progress.firstPage
      learner.pointee.targets.share(target, label: checked, first..<first + steps)
    } else {
      for stepsAgo in 0..<steps {
        learner.pointee.targets.begin(learner.pointee.place(stepsAgo: stepsAgo, slot: slot).step)
      }
      for stepsAgo in 0..<needed { try teach(label: label, stepsAgo: stepsAgo, weight: weight) }
    }
  }

  /// Cross-entropy of the class scores Σ_t softmax(y^t) over the open window: one loss of all its steps together.
  private mutating func sumOfSoftmax(_ learner: borrowing Learner, label: Int, weight: Float) -> Target {
    let (classes, scores) = (model.pointee.outputSize, learner.scores)
    let slots = learner.slots(ofOpen: 0)
    let steps = slots.lowerBound..<slots.upperBound
    scores.clear(classes)
    for step in steps {
      let probabilities = learner.targets.error(step)
      network.kernels.pointee.softmax(network.readoutOutputs(step + 1), classes, probabilities)
      for index in 0..<classes { scores[index] += Double(probabilities[index]) }
    }
    let weight = Double(learner.classWeights[label]) * Double(weight)
    let correct = largest(scores, classes) == label
    let loss = crossEntropyOfSums(scores, classes, label: label, smoothing: Double(settings.labelSmoothing))
    for index in 0..<classes { scores[index] *= weight }
    for step in steps { softmaxGradient(learner.targets.error(step), classes, outer: scores) }
    return Target(loss: loss * weight, weight: weight, correct: correct)
  }
}
