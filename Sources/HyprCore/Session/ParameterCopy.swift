internal import CSystem

// The parameters of one session, in the place of those of another one: of a learner in those of a predictor that runs beside it.

extension Session {
  /// Takes all parameters of another session, or none; state, traces and optimizer stay. The open windows are closed first, without an
  /// update: their history belongs to the old ones. Nothing of the other session changes. Throws `stateMismatch`: its model has other
  /// tensors.
  public mutating func copyParameters(of other: UnsafeMutablePointer<Session>) throws(Failure) {
    let isSameModel = model == other.pointee.model
    if !isSameModel { try checkStructure(of: other) }
    endWindows(updating: false)
    for index in 0..<model.pointee.tensors.count {
      let (array, from) = (network.parameters.arrays[index], other.pointee.network.parameters.arrays[index])
      let placement = model.pointee.tensors[index].placement
      let others = other.pointee.model.pointee.tensors[index].placement
      if isSameModel || (placement.width == others.width && array.count == from.count) {
        array.values.copy(from: from.values, count: array.count)
      } else {
        // Models that were loaded for vectors of another length.
        others.copy(KeptNumbers(from.values), to: KeptNumbers(array.values), placement)
      }
    }
    network.derive()
  }

  /// Whether another session's model has the same tensors of the same neurons, and no values that this one may not have.
  @inline(never) private mutating func checkStructure(of other: UnsafeMutablePointer<Session>) throws(Failure) {
    let from = other.pointee.model
    try checkLayers(as: from)
    let tensors = model.pointee.tensors
    for tensor in from.pointee.tensors where model.pointee.findTensor(tensor.name) == nil {
      throw message.failure(.stateMismatch, "\(tensor.name) is a tensor of from only, expected the same tensors")
    }
    for index in 0..<tensors.count {
      guard let found = from.pointee.findTensor(tensors[index].name), found == index else {
        throw message.failure(.stateMismatch, "\(tensors[index].name) is no tensor of from, expected the same tensors")
      }
      try checkShape(tensors[index], as: from.pointee.tensors[index])
    }
  }

  private mutating func checkShape(_ own: TensorDescription, as from: TensorDescription) throws(Failure) {
    guard own.placement.hasShape(of: from.placement) else {
      throw message.failure(.stateMismatch, "\(own.name) is \(own.matrixShape), expected \(from.matrixShape) as in from")
    }
    guard own.placement.storesWhat(from.placement) else {
      throw message.failure(.stateMismatch, "\(own.name) stores other weights than in from, expected the same")
    }
    guard own.bounds.lower <= from.bounds.lower && own.bounds.upper >= from.bounds.upper else {
      throw isNarrower(own, than: from)
    }
  }
}

extension Placement {
  fileprivate func hasShape(of other: Placement) -> Bool {
    size == other.size && columns == other.columns && gateCount == other.gateCount
  }

  /// Whether another one of the same shape has the same elements.
  fileprivate func storesWhat(_ other: Placement) -> Bool {
    guard let rows, let others = other.rows else { return rows == nil && other.rows == nil }
    guard rows.count == others.count else { return false }
    for row in 0...gateCount * size where rows.rowOffsets[row] != others.rowOffsets[row] { return false }
    for element in 0..<rows.count where rows.sources[element] != others.sources[element] { return false }
    return true
  }
}
