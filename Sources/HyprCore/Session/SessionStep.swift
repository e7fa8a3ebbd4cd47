internal import CSystem

// The S-stage: running the network step by step.

extension Session {
  /// One step on a sample [input size]. Throws `notFinite`: the sample, or what the state would become; then the step was not made.
  @_optimize(speed) @inline(never) public mutating func step(
    _ sample: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try network.input.list(sample, slot: nextSlot, network.kernels, message)
    try advance(into: output)
  }

  /// The same on a sample that is 1 at some ascending indices. Throws `invalidArgument`: one is too large, or not ascending.
  @_optimize(speed) @inline(never) public mutating func step(
    spikes indices: UnsafeBufferPointer<UInt32>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try network.input.list(spikes: indices, slot: nextSlot, message)
    try advance(into: output)
  }

  /// `steps` samples in a row; `outputs` may be nil. Throws `stopped`: the host wanted no more.
  @_optimize(speed) public mutating func run(
    _ samples: UnsafePointer<Float>, steps: Int, into outputs: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    let (inputSize, outputSize) = (network.input.size, model.pointee.outputSize)
    try checkAddressable(steps: steps)
    var pace = beginSteps()
    for index in 0..<steps {
      if pace.isDue { try look(up: &pace) }
      pace.steps += 1
      do throws(Failure) {
        try step(samples + index * inputSize, into: outputs.map { $0 + index * outputSize })
      } catch {
        throw message.prepend("step \(index): ", error)
      }
    }
  }

  /// Why so many steps cannot be in the caller's arrays: their numbers could not be addressed.
  mutating func checkAddressable(steps: Int) throws(Failure) {
    try checkAddressable(steps: steps, numbers: max(network.input.size, model.pointee.outputSize))
  }

  mutating func checkAddressable(steps: Int, numbers largest: Int) throws(Failure) {
    let (numbers, tooMany) = steps.multipliedReportingOverflow(by: largest)
    if tooMany || numbers.multipliedReportingOverflow(by: MemoryLayout<Float>.size).overflow {
      throw message.failure(
        .invalidArgument, "there are \(size: steps) steps of \(largest) numbers each, more than can be addressed")
    }
  }

  /// Where the events of the next sample are listed. When the page is full, that is the slot behind it.
  var nextSlot: Int { settings.learning ? slot + 1 : 1 - slot }

  /// Makes one step on the inputs in the next slot. If a value would not be finite, nothing has changed but that a window may be closed.
  @_optimize(speed) private mutating func advance(into output: UnsafeMutablePointer<Float>?) throws(Failure) {
    var to = nextSlot
    #if HYPR_LEARNING
      if let learner, learner.pointee.progress.steps >= settings.window { makeRoom(learner, &to) }
    #endif
    if let layer = network.step(from: slot, to: to, records: true) {
      throw message.failure(.notFinite, "the state of layer \(layer) would not be finite; the step was not made")
    }
    slot = to
    network.input.commit()
    #if HYPR_LEARNING
      learner?.pointee.beginStep(from: to - 1)
    #endif
    statistics.pointee.count(network, slot: to)
    #if HYPR_LEARNING
      let isAnswered = learner?.pointee.reference.map { follow($0, to, into: output) } ?? false
      if !isAnswered, let output { network.copyOutputs(to, into: output) }
      if isClosing { workAfterStep() }
    #else
      if let output { network.copyOutputs(to, into: output) }
    #endif
  }
}
