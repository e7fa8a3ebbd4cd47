internal import CSystem

// Gradients and eligibility of a learning session.

extension Session {
  /// The gradient gathered since the last update, as a flat vector.
  public mutating func readGradients(into flat: UnsafeMutablePointer<Float>) throws(Failure) {
    let learner = try requireLearning()
    finishClosing()
    let scale = Float(learner.pointee.reductionScale)
    for index in 0..<model.pointee.tensors.count {
      let tensor = model.pointee.tensors[index]
      let target = flat + tensor.offset
      if let gradients = network.parameters.arrays[index].gradients, learner.pointee.isTrained(index) {
        tensor.placement.forEach { element, place in target[element] = gradients[place] * scale }
      } else {
        target.clear(tensor.count)
      }
    }
  }

  /// k * elements of a tensor; 0: no such tensor.
  public mutating func eligibilitySize(_ index: Int) -> Int {
    let tensors = model.pointee.tensors
    guard index >= 0 && index < tensors.count else { return 0 }
    return network.layers[tensors[index].layer].shape.states * tensors[index].count
  }

  /// [k][elements]
  public mutating func readEligibility(_ index: Int, into target: UnsafeMutablePointer<Float>) throws(Failure) {
    try requireLearning()
    finishClosing()
    let tensor = model.pointee.tensors[index]
    let layer = network.layers[tensor.layer]
    let count = tensor.count
    for element in 0..<count {
      let found = eligibility(of: element, index, tensor, layer)
      for state in 0..<layer.shape.states {
        target[state * count + element] = found.first.map { $0[state * found.stride] } ?? 0
      }
    }
  }

  /// That of an element: the first of k numbers, and how far apart they are; nil: all zero.
  private mutating func eligibility(
    of element: Int, _ index: Int, _ tensor: TensorDescription, _ layer: Layer
  ) -> (first: KeptNumbers?, stride: Int) {
    let placement = tensor.placement
    let (row, neuron) = placement.place(element).quotientAndRemainder(dividingBy: placement.width)
    for projection in layer.projections where projection.description.tensor == index {
      guard let learning = projection.learning else { return (nil, 1) }
      if placement.rows != nil {
        let found = learning.gate(0).element(row: 0, neuron: element)
        return (found.first, found.stride)
      }
      let (gate, presynaptic) = row.quotientAndRemainder(dividingBy: placement.columns)
      guard learning.isActive[presynaptic] else { return (nil, 1) }
      let found = learning.gate(gate).element(row: presynaptic, neuron: neuron)
      return (found.first, found.stride)
    }
    guard let found = layer.eligibility?.element(row: index - layer.description.firstParameter, neuron: neuron) else {
      return (nil, 1)
    }
    return (found.first, found.stride)
  }
}
