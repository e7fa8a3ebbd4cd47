// What the next step would give, without making it.

extension Session {
  /// The outputs that the next step would give on a sample, with the present parameters. Nothing changes: the step goes to the slot that
  /// the next one will overwrite, and leaves no record.
  @_optimize(speed) public mutating func lookAhead(
    _ sample: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    let to = nextSlot
    try network.input.list(sample, slot: to, network.kernels, message)
    if let layer = network.step(from: slot, to: to, records: false) {
      throw message.failure(.notFinite, "the state of layer \(layer) would not be finite")
    }
    #if HYPR_LEARNING
      if let reference = learner?.pointee.reference, lookAhead(reference, to, into: output) { return }
    #endif
    if let output { network.copyOutputs(to, into: output) }
  }
}
