// Learning batches: sequences, each from a fresh state, whatever their targets are.

/// Sequences to be learned, one after the other in flat arrays.
public struct Batch {
  /// What is taught: of every step, or of every sequence as the option `loss` has it.
  public enum Targets {
    /// A class for every step, [sum of steps]; negative: none.
    case labels(UnsafePointer<Int32>)
    /// A class for every sequence, [sequences]; negative: none.
    case sequenceLabels(UnsafePointer<Int32>)
    /// A value of every output for every step, [sum of steps][C].
    case values(UnsafePointer<Float>)
  }

  /// [sum of steps][input size]
  let samples: UnsafePointer<Float>
  /// [sequences]
  let steps: UnsafeBufferPointer<Int>
  let targets: Targets
  /// The weight of each target's loss, 0: there is none; one for each step, or for each sequence if they have the targets.
  let weights: UnsafePointer<Float>?
  /// [sum of steps][C]
  let outputs: UnsafeMutablePointer<Float>?

  public init(
    samples: UnsafePointer<Float>, steps: UnsafeBufferPointer<Int>, targets: Targets, weights: UnsafePointer<Float>?,
    outputs: UnsafeMutablePointer<Float>?
  ) {
    self.samples = samples
    self.steps = steps
    self.targets = targets
    self.weights = weights
    self.outputs = outputs
  }

  /// The weight of a target.
  @inline(__always) func weight(_ index: Int) -> Float { weights.map { $0[index] } ?? 1 }
}

extension Session {
  /// Learns a batch; returns the weighted mean of the losses of all targets. Throws `stopped`: the host wanted no more steps. What was
  /// taught until then is kept, in closed windows and the open one, and no update follows.
  public mutating func learn(_ batch: Batch) throws(Failure) -> Double {
    let learner = try requireLearning()
    try check(batch)
    finishSequence()
    // Its labels are there with their steps.
    (learner.pointee.labelDelay, learner.pointee.defers) = (0, false)
    defer { (learner.pointee.labelDelay, learner.pointee.defers) = (settings.labelDelay, settings.defers) }
    learner.pointee.progress.batchLoss = 0
    learner.pointee.progress.batchWeight = 0
    if let workers, batch.steps.count > 1 {
      try learnInThreads(batch, workers)
    } else {
      var pace = beginSteps()
      try learn(batch, 0..<batch.steps.count, from: 0, &pace)
    }
    finishSequence()
    return learner.pointee.progress.batchWeight > 0 ? learner.pointee.progress.batchLoss / learner.pointee.progress.batchWeight : 0
  }

  /// Some sequences of a batch, one after the other; `start` is the first one's first step.
  @_optimize(speed) mutating func learn(
    _ batch: Batch, _ sequences: Range<Int>, from start: Int, _ pace: inout Pace
  ) throws(Failure) {
    var start = start
    let outputSize = model.pointee.outputSize
    for sequence in sequences {
      let end = start + batch.steps[sequence]
      // Before the state of the last sequence is cleared.
      if pace.isDue { try look(up: &pace) }
      clear([.state, .traces])
      for step in start..<end {
        if pace.isDue { try look(up: &pace) }
        pace.steps += 1
        do throws(Failure) {
          try self.step(batch.samples + step * network.input.size, into: batch.outputs.map { $0 + step * outputSize })
          try teach(batch, step: step, of: sequence, until: end)
        } catch {
          throw message.prepend("step \(step): ", error)
        }
      }
      if start < end { try teachWhole(batch, sequence) }
      closeWindows()
      start = end
    }
  }

  /// Teaches the step just made what the batch has for it by itself; its sequence ends before step `end`.
  @_optimize(speed) @inline(never) private mutating func teach(_ batch: Batch, step: Int, of sequence: Int, until end: Int) throws(Failure) {
    switch batch.targets {
    case .labels(let labels):
      try teach(label: labels[step], weight: batch.weight(step))
    case .sequenceLabels(let labels):
      switch settings.sequenceLoss {
      case .everyStep: break
      case .lastSteps: if end - step > settings.lossSteps { return }
      case .sumOfSoftmax: return
      }
      try teach(label: labels[sequence], weight: batch.weight(sequence))
    case .values(let values):
      let weight = batch.weight(step)
      if weight > 0 { try teach(values: values + step * model.pointee.outputSize, stepsAgo: 0, weight: weight) }
    }
  }

  /// Teaches a sequence, all of whose steps are in the open window, what the batch has for them together.
  private mutating func teachWhole(_ batch: Batch, _ sequence: Int) throws(Failure) {
    guard case .sequenceLabels(let labels) = batch.targets, settings.sequenceLoss == .sumOfSoftmax else { return }
    let (label, weight) = (labels[sequence], batch.weight(sequence))
    if label >= 0 && weight > 0 { try teachSequence(label: UInt32(label), weight: weight) }
  }

  @_optimize(speed) private mutating func teach(label: Int32, weight: Float) throws(Failure) {
    if label >= 0 && weight > 0 { try teach(label: UInt32(label), stepsAgo: 0, weight: weight) }
  }
}
