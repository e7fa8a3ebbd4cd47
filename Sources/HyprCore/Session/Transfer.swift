internal import CModelFormat
internal import CSystem

// What a session has become, put into another one, whose model may have more outputs, neurons, inputs and stored weights at the end
// of those that both have, and whose options may differ.

extension Session {
  /// Goes on where another session is. What only this one has stays as it is, or begins as after a reset. The other session's open
  /// windows are closed; those of this one are dropped. Throws `stateMismatch`: something of the other has no place here.
  public mutating func transfer(from other: UnsafeMutablePointer<Session>) throws(Failure) {
    try checkPlaces(for: other)
    other.pointee.endWindows()
    #if HYPR_LEARNING
      clearLearning()
    #endif
    takeParameters(of: other)
    takeState(of: other)
    statistics.pointee.take(other.pointee.statistics.pointee)
    #if HYPR_LEARNING
      takeLearning(of: other)
    #endif
  }

  /// With what the optimizer keeps of them, if both sessions have it.
  private mutating func takeParameters(of other: UnsafeMutablePointer<Session>) {
    let takesMoments = settings.optimizer.hasMoments(of: other.pointee.settings.optimizer)
    for index in 0..<model.pointee.tensors.count {
      network.parameters.arrays[index].take(
        other.pointee.network.parameters.arrays[index], other.pointee.model.pointee.tensors[index].placement,
        as: model.pointee.tensors[index].placement, moments: takesMoments)
    }
    network.derive()
  }

  private mutating func takeState(of other: UnsafeMutablePointer<Session>) {
    for index in 0..<network.layers.count {
      let (own, others) = (network.layers[index], other.pointee.network.layers[index])
      let (slot, from, shape) = (slot, other.pointee.slot, others.shape)
      own.clearSlot(slot)
      for state in 0..<shape.states {
        (own.state(slot) + state * own.shape.width).copy(from: others.state(from) + state * shape.width, count: shape.size)
      }
      own.outputs(slot).copy(from: others.outputs(from), count: shape.size)
      own.listEvents(slot, network.kernels)
      takeOver(index)
    }
    network.input.take(other.pointee.network.input)
  }
}

// ---- What fits

extension Session {
  /// Whether everything that another session has has its place here.
  private mutating func checkPlaces(for other: UnsafeMutablePointer<Session>) throws(Failure) {
    let (own, from) = (model.pointee, other.pointee.model.pointee)
    try checkLayers(as: other.pointee.model)
    try checkConditioning(own, from)
    guard own.encoding.kind == from.encoding.kind && own.encoding.output == from.encoding.output
      && own.encoding.inputsPerChannel == from.encoding.inputsPerChannel
    else {
      throw message.failure(.stateMismatch, "the input's encoding is not that of from: its inputs mean something else")
    }
    for tensor in own.tensors where from.findTensor(tensor.name) == nil {
      throw message.failure(.stateMismatch, "\(tensor.name) is no tensor of from, expected the same tensors")
    }
    for tensor in from.tensors {
      guard let index = own.findTensor(tensor.name) else {
        throw message.failure(.stateMismatch, "\(tensor.name) is a tensor of from only, expected the same tensors")
      }
      try checkPlace(of: tensor, in: own.tensors[index])
    }
  }

  /// Whether another model has as many layers of the same neuron models.
  mutating func checkLayers(as other: UnsafeMutablePointer<Model>) throws(Failure) {
    let (own, from) = (model, other)
    guard own.pointee.layerCount == from.pointee.layerCount else {
      throw message.failure(
        .stateMismatch, "the model has \(own.pointee.layerCount) layers, expected \(from.pointee.layerCount) as in from")
    }
    for layer in 0..<own.pointee.layerCount {
      let (found, expected) = (own.pointee.layers[layer], from.pointee.layers[layer])
      if found.neuronIndex == expected.neuronIndex { continue }
      throw message.failure(
        .stateMismatch, "layer \(layer) is \(found.neuron.name), expected \(expected.neuron.name) as in from")
    }
  }

  private mutating func checkConditioning(_ own: Model, _ from: Model) throws(Failure) {
    var isSame = own.conditioningCount == from.conditioningCount
    for index in 0..<own.conditioningCount where isSame {
      isSame = own.conditioning(index).kind == from.conditioning(index).kind
    }
    guard isSame else {
      throw message.failure(.stateMismatch, "the input's conditioning is not that of from: expected the same stages")
    }
  }

  private mutating func checkPlace(of tensor: TensorDescription, in own: TensorDescription) throws(Failure) {
    let (placement, from) = (own.placement, tensor.placement)
    guard placement.size >= from.size && placement.columns >= from.columns else { throw isSmaller(own, than: tensor) }
    // Not the values: the last update of the other session is still to come.
    guard own.bounds.lower <= tensor.bounds.lower && own.bounds.upper >= tensor.bounds.upper else {
      throw isNarrower(own, than: tensor)
    }
    if placement.rows == nil { return }
    for (connection, _) in Connections(from) where placement.element(of: connection) == nil {
      throw doesNotStore(own, connection)
    }
  }

  @inline(never) private mutating func isSmaller(_ own: TensorDescription, than from: TensorDescription) -> Failure {
    message.failure(.stateMismatch, "\(own.name) is \(own.matrixShape), expected at least \(from.matrixShape) as in from")
  }

  @inline(never) mutating func isNarrower(_ own: TensorDescription, than from: TensorDescription) -> Failure {
    let expected: Text = "expected \(from.bounds.lower) to \(from.bounds.upper) as in from, by the constants of its layer"
    return message.failure(.stateMismatch, "\(own.name) may be \(own.bounds.lower) to \(own.bounds.upper), \(expected)")
  }

  @inline(never) private mutating func doesNotStore(_ own: TensorDescription, _ connection: Connection) -> Failure {
    let row = connection.gate * own.placement.size + connection.neuron
    return message.failure(
      .stateMismatch, "\(own.name) does not store [\(row), \(connection.presynaptic)], expected all that from stores")
  }
}

extension TensorDescription {
  /// Its shape as texts have it, of sparse weights that of the whole matrix.
  var matrixShape: Text {
    let rows = placement.size * placement.gateCount
    return isMatrix ? "[\(rows), \(placement.columns)]" : "[\(rows)]"
  }
}

extension RunStatistics {
  /// Becomes what another session counted.
  fileprivate mutating func take(_ other: RunStatistics) {
    steps = other.steps
    for index in 0..<layers.count { layers[index].take(other.layers[index]) }
    inputs.take(other.inputs)
  }
}
