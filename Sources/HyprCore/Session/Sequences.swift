internal import CSystem

// Whole sequences, with a label for each step or one for all of them.

extension Session {
  /// One label for all steps since the last reset, as the option `loss` has it.
  public mutating func teachSequence(label: UInt32) throws(Failure) {
    let learner = try requireLearning()
    let checked = try checked(label)
    let spansAll = settings.sequenceLoss != .lastSteps
    let needed = spansAll ? learner.pointee.progress.sequenceSteps : min(settings.lossSteps, learner.pointee.progress.sequenceSteps)
    guard needed > 0 else { throw message.failure(.wrongState, "there is no step since the last reset") }
    guard needed <= learner.pointee.progress.steps else {
      throw message.failure(
        .wrongState,
        "the loss needs steps that are no longer in the open window: it holds only the last \(learner.pointee.progress.steps) of the sequence"
      )
    }
    learner.pointee.targets.clear(learner.pointee.progress.steps)
    if settings.sequenceLoss == .sumOfSoftmax {
      try openStep(0).teach(sumOfSoftmax(learner.pointee, label: checked))
      learner.pointee.targets.isShared.pointee = true
    } else {
      for stepsAgo in 0..<needed { try teach(label: label, stepsAgo: stepsAgo) }
    }
  }

  /// Cross-entropy of the class scores Σ_t softmax(y^t) over the open window: one loss of all its steps together.
  private func sumOfSoftmax(_ learner: borrowing Learner, label: Int) -> Target {
    let (classes, scores) = (model.pointee.outputSize, learner.scores)
    scores.clear(classes)
    for step in 0..<learner.progress.steps {
      let probabilities = learner.targets.error(step)
      var (top, sum): (Float, Float) = (0, 0)
      network.kernels.pointee.softmax(network.readoutOutputs(step + 1), classes, probabilities, &top, &sum)
      for index in 0..<classes { scores[index] += Double(probabilities[index]) }
    }
    let weight = Double(learner.classWeights[label])
    let correct = largest(scores, classes) == label
    let loss = crossEntropyOfSums(scores, classes, label: label, smoothing: Double(settings.labelSmoothing))
    for index in 0..<classes { scores[index] *= weight }
    for step in 0..<learner.progress.steps { softmaxGradient(learner.targets.error(step), classes, outer: scores) }
    return Target(loss: loss * weight, weight: weight, correct: correct)
  }

  /// Labels of the sequences of a batch.
  public enum Labels {
    /// One for every step of all sequences; negative: none.
    case steps(UnsafePointer<Int32>)
    /// One for every sequence, taught as the option `loss` has it; negative: none.
    case sequences(UnsafePointer<Int32>)
  }

  /// Sequences, each from a fresh state; returns the weighted mean of the losses of all targets.
  public mutating func learnBatch(
    _ samples: UnsafePointer<Float>, steps: UnsafeBufferPointer<Int>, labels: Labels,
    into outputs: UnsafeMutablePointer<Float>?
  ) throws(Failure) -> Double {
    let learner = try requireLearning()
    try checkBatch(samples, steps: steps, labels: labels)
    finishSequence()
    learner.pointee.progress.batchLoss = 0
    learner.pointee.progress.batchWeight = 0
    let batch = Batch(samples: samples, steps: steps, labels: labels, outputs: outputs)
    if let workers, steps.count > 1 {
      try learnInThreads(batch, workers)
    } else {
      try learn(batch, 0..<steps.count, from: 0)
    }
    finishSequence()
    return learner.pointee.progress.batchWeight > 0 ? learner.pointee.progress.batchLoss / learner.pointee.progress.batchWeight : 0
  }

  struct Batch {
    let samples: UnsafePointer<Float>
    let steps: UnsafeBufferPointer<Int>
    let labels: Labels
    let outputs: UnsafeMutablePointer<Float>?
  }

  /// Some sequences of a batch, one after the other; `start` is the first one's first step.
  mutating func learn(_ batch: Batch, _ sequences: Range<Int>, from start: Int) throws(Failure) {
    var start = start
    let outputSize = model.pointee.outputSize
    for sequence in sequences {
      let count = batch.steps[sequence]
      clear([.state, .traces])
      for step in start..<start + count {
        do throws(Failure) {
          try self.step(batch.samples + step * network.input.size, into: batch.outputs.map { $0 + step * outputSize })
          let label = label(of: step - start, in: sequence, from: start, count, batch.labels)
          if label >= 0 { try teach(label: UInt32(label), stepsAgo: 0) }
        } catch {
          throw message.prepend("step \(step): ", error)
        }
      }
      if case .sequences(let labels) = batch.labels, settings.sequenceLoss == .sumOfSoftmax, labels[sequence] >= 0,
        count > 0
      {
        try teachSequence(label: UInt32(labels[sequence]))
      }
      closeWindow()
      start += count
    }
  }

  /// What a step of a sequence of `count` steps is taught by itself; negative: nothing.
  private func label(of step: Int, in sequence: Int, from start: Int, _ count: Int, _ labels: Labels) -> Int32 {
    switch labels {
    case .steps(let labels): labels[start + step]
    case .sequences(let labels):
      switch settings.sequenceLoss {
      case .everyStep: labels[sequence]
      case .lastSteps: count - step <= settings.lossSteps ? labels[sequence] : -1
      case .sumOfSoftmax: -1
      }
    }
  }

  /// Everything about a batch that can be checked before its first step.
  private func checkBatch(
    _ samples: UnsafePointer<Float>, steps: UnsafeBufferPointer<Int>, labels: Labels
  ) throws(Failure) {
    let limit = settings.sequenceLoss == .sumOfSoftmax ? settings.window : Int.max
    var total = 0
    for index in 0..<steps.count {
      let (sum, overflow) = total.addingReportingOverflow(steps[index])
      guard steps[index] >= 0 && !overflow else {
        throw message.failure(.invalidArgument, "steps[\(index)] is too large")
      }
      if case .sequences(let labels) = labels, labels[index] >= 0 && steps[index] > limit {
        let found: Text = "steps[\(index)] is \(steps[index])"
        throw message.failure(
          .invalidArgument,
          "\(found), but the loss sum_of_softmax needs the whole sequence in one window of \(settings.window) steps")
      }
      total = sum
    }
    switch labels {
    case .steps(let labels): try checkLabels(labels, total)
    case .sequences(let labels): try checkLabels(labels, steps.count)
    }
    // Nothing can go wrong with finite samples that are taken as they are.
    if network.input.isPlain && network.kernels.pointee.finite(samples, total * network.input.size) { return }
    for step in 0..<total {
      do throws(Failure) {
        try network.input.check(samples + step * network.input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
    }
  }

  private func checkLabels(_ labels: UnsafePointer<Int32>, _ count: Int) throws(Failure) {
    let classes = model.pointee.outputSize
    for index in 0..<count where Int(labels[index]) >= classes {
      throw message.failure(
        .invalidArgument, "labels[\(index)] is \(Int(labels[index])), expected below the output size \(classes)")
    }
  }
}
