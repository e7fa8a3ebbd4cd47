internal import CSystem

// What the next step would give, without making it.

extension Session {
  /// The outputs that the next step would give on a sample, with the present parameters. Nothing changes: the step goes to a slot
  /// whose content is brought back, its events to working memory, and what it would record is not.
  public func lookAhead(
    _ sample: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try load(sample)
    guard let first = layers.baseAddress else { return }
    var made = 0
    while made < layers.count {
      let layer = first + made
      let kept = keep(layer)
      let finite = lookAhead(layer, below: made == 0 ? nil : first + made - 1)
      if finite {
        layer.pointee.listOutputs(borrowedSlot, kernels)
        if made == layers.count - 1 {
          output?.update(from: layer.pointee.outputs(borrowedSlot), count: layer.pointee.description.size)
        }
      }
      if let kept { restore(layer, kept) }
      if !finite { break }
      made += 1
    }
    for index in 0..<made { first[index].listOutputs(slot, kernels) }
    if made < layers.count {
      throw message.failure(.notFinite, "the state of layer \(made) would not be finite")
    }
  }

  /// A slot that is not the present one: unused, or the start of the open window, which is kept meanwhile.
  private var borrowedSlot: Int { slot == 0 ? 1 : 0 }

  private func lookAhead(_ layer: UnsafePointer<Layer>, below: UnsafePointer<Layer>?) -> Bool {
    // The history may be full; the learner has room for a whole window's events, and uses it only when one is closed.
    let history = layer.pointee.events
    let events = listEvents(
      layer, below: below, learner?.pointee.times ?? history.indices, learner?.pointee.values ?? history.values)
    var view = layer.pointee.view.pointee
    view.tape = nil
    let place = StepPlace(from: slot, to: borrowedSlot, record: 0)
    return withUnsafePointer(to: view) { makeStep(layer, view: $0, events, place) }
  }

  /// Working memory of the learner that holds the borrowed slot, if that is in use.
  private func keep(_ layer: UnsafePointer<Layer>) -> UnsafeMutablePointer<Learner>? {
    guard let learner, slot > 0 else { return nil }
    let count = layer.pointee.description.stateCount * layer.pointee.width
    learner.pointee.adjoint.update(from: layer.pointee.state(borrowedSlot), count: count)
    learner.pointee.startAdjoint.update(from: layer.pointee.outputs(borrowedSlot), count: layer.pointee.width)
    return learner
  }

  private func restore(_ layer: UnsafePointer<Layer>, _ learner: UnsafeMutablePointer<Learner>) {
    let count = layer.pointee.description.stateCount * layer.pointee.width
    layer.pointee.state(borrowedSlot).update(from: learner.pointee.adjoint, count: count)
    layer.pointee.outputs(borrowedSlot).update(from: learner.pointee.startAdjoint, count: layer.pointee.width)
  }
}
