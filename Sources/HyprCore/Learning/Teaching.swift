internal import CSystem

// Targets: what a host teaches the steps of the open window.

extension Session {
  /// Softmax cross-entropy with class `label` as the target of the step made `stepsAgo` steps before the last one.
  public mutating func teach(label: UInt32, stepsAgo: Int) throws(Failure) {
    guard let learner else {
      throw message.failure(.wrongState, "the session was created without learning")
    }
    let classes = readout.description.size
    guard Int(clamping: label) < classes else {
      throw message.failure(.invalidArgument, "label is \(Double(label)), expected below the output size \(classes)")
    }
    guard stepsAgo >= 0 && stepsAgo < learner.steps else {
      throw message.failure(
        .wrongState, "steps_ago is \(stepsAgo), but the open window holds \(learner.steps) steps")
    }
    let step = learner.steps - 1 - stepsAgo
    let target = Int(label)
    let error = learner.outputError + step * readout.width
    let outputs = readout.outputs(step + 1)
    learner.losses[step] = crossEntropy(outputs, classes, target: target, gradient: error)
    learner.correct[step] = largest(outputs, classes) == target
    learner.labels[step] = Int32(truncatingIfNeeded: target)
  }

  /// A whole sequence from a fresh state; returns the mean loss over its labelled steps.
  public mutating func learnSequence(
    _ samples: UnsafePointer<Float>, steps: Int, labels: UnsafePointer<Int32>,
    into outputs: UnsafeMutablePointer<Float>?
  ) throws(Failure) -> Double {
    guard settings.learning else {
      throw message.failure(.wrongState, "the session was created without learning")
    }
    let classes = readout.description.size
    for step in 0..<steps {
      do throws(Failure) {
        try input.load(samples + step * input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
      if Int(labels[step]) >= classes {
        throw message.failure(
          .invalidArgument, "labels[\(step)] is \(Int(labels[step])), expected below the output size \(classes)")
      }
    }
    reset()
    let before = statistics
    for step in 0..<steps {
      do throws(Failure) {
        try self.step(samples + step * input.size, into: outputs.map { $0 + step * classes })
        if labels[step] >= 0 { try teach(label: UInt32(labels[step]), stepsAgo: 0) }
      } catch {
        throw message.prepend("step \(step): ", error)
      }
    }
    finishSequence()
    let taught = statistics.taughtSteps - before.taughtSteps
    return taught == 0 ? 0 : (statistics.lossSum - before.lossSum) / Double(taught)
  }

  /// Closes the open window now.
  public mutating func flush() throws(Failure) {
    guard settings.learning else {
      throw message.failure(.wrongState, "the session was created without learning")
    }
    closeWindow()
  }

  /// One optimizer step on the gradient gathered, when updates are manual.
  public mutating func apply() throws(Failure) {
    guard settings.learning else {
      throw message.failure(.wrongState, "the session was created without learning")
    }
    guard settings.update == .manual else {
      throw message.failure(.wrongState, "the option update is \(settings.update.rawValue), expected 2 (manual)")
    }
    closeWindow()
    update()
  }

  /// The end of a sequence: nothing that was taught is lost.
  mutating func finishSequence() {
    closeWindow()
    if settings.update == .sequence { update() }
  }
}

/// -log softmax(outputs)[target] in nats; its gradient softmax(outputs) - onehot(target) goes to `gradient`.
func crossEntropy(
  _ outputs: UnsafePointer<Float>, _ count: Int, target: Int, gradient: UnsafeMutablePointer<Float>
) -> Float {
  let top = outputs[largest(outputs, count)]
  var sum: Float = 0
  for index in 0..<count {
    gradient[index] = system_exp(outputs[index] - top)
    sum += gradient[index]
  }
  for index in 0..<count { gradient[index] /= sum }
  gradient[target] -= 1
  return system_log(sum) - (outputs[target] - top)
}

/// The index of the largest value, the first of equals.
func largest(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
  var best = 0
  for index in 1..<max(count, 1) where values[index] > values[best] { best = index }
  return best
}
