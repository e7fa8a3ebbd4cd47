internal import CSystem

// What a learning session takes over from another one beside parameters and state (Transfer.swift).

extension Session {
  /// Drops the open windows and all that was learned but the parameters.
  mutating func clearLearning() {
    guard let learner else { return }
    settle()
    (learner.pointee.progress, slot) = (LearningProgress(), 0)
    for layer in network.layers { layer.eraseTraces() }
    network.parameters.clearGradients()
    network.parameters.clearMoments()
    learner.pointee.resources.comparison?.pointee.begin()
  }

  /// After that: traces, counters and what the host has said.
  mutating func takeLearning(of other: UnsafeMutablePointer<Session>) {
    guard let learner, let from = other.pointee.learner else { return }
    learner.pointee.take(from.pointee)
    takeTraces(of: other)
    takeReference(of: other)
    if let rehearsal, let kept = other.pointee.rehearsal { rehearsal.pointee.take(kept.pointee) }
  }

  /// Where the other one has no reference, its network is the one to hold to, and to go back to.
  private mutating func takeReference(of other: UnsafeMutablePointer<Session>) {
    guard let learner, let reference = learner.pointee.reference else { return }
    guard let found = other.pointee.learner?.pointee.reference else {
      reference.pointee.accept(network, slot: slot)
      rehearsal?.pointee.acceptState()
      return
    }
    for index in 0..<model.pointee.tensors.count {
      reference.pointee.network.parameters.arrays[index].take(
        found.pointee.network.parameters.arrays[index], other.pointee.model.pointee.tensors[index].placement,
        as: model.pointee.tensors[index].placement, moments: false)
    }
    reference.pointee.network.derive()
  }

  private mutating func takeTraces(of other: UnsafeMutablePointer<Session>) {
    // What is carried of outputs is another quantity with another credit.
    let takesOutputs = settings.credit == other.pointee.settings.credit
    for index in 0..<network.layers.count {
      network.layers[index].takeTraces(
        of: other.pointee.network.layers[index], takesOutputs: takesOutputs, model.pointee.tensors,
        other.pointee.model.pointee.tensors)
    }
  }
}

extension Learner {
  fileprivate mutating func take(_ other: borrowing Learner) {
    progress.gathered = other.progress.gathered
    progress.sequenceSteps = min(other.progress.sequenceSteps, mostSteps + 1)
    progress.statistics = other.progress.statistics
    progress.windows = other.progress.windows
    if !settings.optimizer.hasMoments(of: other.settings.optimizer) { progress.statistics.clearUpdates() }
    for index in 0..<tensors.count { resources.frozen[index] = other.resources.frozen[index] }
    classes.take(other.classes)
    values.take(other.values)
    classWeights.copy(from: other.classWeights, count: other.targets.outputs)
    if let own = resources.taught, let others = other.resources.taught { own.take(others) }
  }
}

extension Layer {
  /// Traces that are zero become those of a layer that may be smaller.
  fileprivate func takeTraces(
    of other: Layer, takesOutputs: Bool, _ tensors: UnsafeBufferPointer<TensorDescription>,
    _ others: UnsafeBufferPointer<TensorDescription>
  ) {
    let states = shape.states
    for index in 0..<projections.count {
      guard let own = projections[index].learning, let from = other.projections[index].learning else { return }
      let description = other.projections[index].description
      let placement = tensors[description.tensor].placement
      for presynaptic in 0..<description.sourceSize { own.isActive[presynaptic] = from.isActive[presynaptic] }
      for (connection, element) in Connections(others[description.tensor].placement) {
        // What neurons without events hold counts as zero.
        guard let found = placement.element(of: connection), from.isActive[connection.presynaptic] else { continue }
        own.element(of: connection, found).take(from.element(of: connection, element), states: states, output: takesOutputs)
      }
    }
    guard let eligibility, let from = other.eligibility else { return }
    for parameter in 0..<description.parameterCount {
      for neuron in 0..<other.shape.size {
        eligibility.element(row: parameter, neuron: neuron).take(
          from.element(row: parameter, neuron: neuron), states: states, output: takesOutputs)
      }
    }
  }
}

extension Eligibility.Element {
  @inline(never) fileprivate func take(_ other: Eligibility.Element, states: Int, output takesOutput: Bool) {
    for state in 0..<states { first[state * stride] = other.first[state * other.stride] }
    if takesOutput, let output, let found = other.output { output[0] = found[0] }
  }
}
