internal import CSystem

// Everything about a batch that can be checked before its first step.

extension Session {
  mutating func check(_ batch: Batch) throws(Failure) {
    let total = try checkSteps(batch)
    switch batch.targets {
    case .labels(let labels): try checkLabels(labels, total, "labels")
    case .sequenceLabels(let labels): try checkLabels(labels, batch.steps.count, "sequence_labels")
    case .values: break
    }
    try checkWeights(batch, total)
    if case .values(let values) = batch.targets { try checkValues(values, batch, total) }
    // Nothing can go wrong with finite samples that are taken as they are.
    if network.input.isPlain && network.kernels.pointee.finite(batch.samples, total * network.input.size) { return }
    for step in 0..<total {
      do throws(Failure) {
        try network.input.check(batch.samples + step * network.input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
    }
  }

  /// The sum of the steps of all sequences.
  private mutating func checkSteps(_ batch: Batch) throws(Failure) -> Int {
    let limit = settings.sequenceLoss == .sumOfSoftmax ? settings.window : Int.max
    var total = 0
    for index in 0..<batch.steps.count {
      let steps = batch.steps[index]
      let (sum, overflow) = total.addingReportingOverflow(steps)
      guard steps >= 0 && !overflow else {
        throw message.failure(.invalidArgument, "steps[\(index)] is too large")
      }
      if case .sequenceLabels(let labels) = batch.targets, labels[index] >= 0 && steps > limit {
        let found: Text = "steps[\(index)] is \(size: steps)"
        throw message.failure(
          .invalidArgument,
          "\(found), but the loss sum_of_softmax needs the whole sequence in one window of \(settings.window) steps")
      }
      total = sum
    }
    try checkAddressable(steps: total)
    return total
  }

  private mutating func checkLabels(_ labels: UnsafePointer<Int32>, _ count: Int, _ name: StaticString) throws(Failure) {
    let classes = model.pointee.outputSize
    guard classes > 1 else { throw hasOneOutput(name) }
    for index in 0..<count where Int(labels[index]) >= classes { throw noClass(name, index, labels[index]) }
  }

  @inline(never) mutating func noClass(_ name: StaticString, _ index: Int, _ label: Int32) -> Failure {
    message.failure(.invalidArgument, "\(name)[\(index)] is \(Int(label)), \(aClass); negative: no label")
  }

  private mutating func checkWeights(_ batch: Batch, _ total: Int) throws(Failure) {
    guard let weights = batch.weights else { return }
    let count = if case .sequenceLabels = batch.targets { batch.steps.count } else { total }
    for index in 0..<count {
      if let problem = weightProblem(weights[index]) {
        throw message.failure(
          weights[index].isFinite ? .invalidArgument : .notFinite, "weights[\(index)] is \(weights[index]), \(problem)")
      }
    }
  }

  /// Only values that are taught count.
  private mutating func checkValues(_ values: UnsafePointer<Float>, _ batch: Batch, _ total: Int) throws(Failure) {
    let outputSize = model.pointee.outputSize
    if batch.weights == nil && network.kernels.pointee.finite(values, total * outputSize) { return }
    for step in 0..<total where batch.weight(step) > 0 {
      for index in step * outputSize..<(step + 1) * outputSize where !values[index].isFinite {
        throw message.failure(
          .notFinite, "step \(step): values[\(index)] is \(values[index]), expected a finite number, or a weight of 0")
      }
    }
  }
}
