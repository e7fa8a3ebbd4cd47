internal import CSystem

// Tensors, and all parameters as a flat vector.

extension Session {
  /// Facts about one tensor; `trainable` is whether this session trains it.
  public mutating func tensor(_ index: Int) -> TensorFacts? {
    let tensors = model.pointee.tensors
    guard index >= 0 && index < tensors.count else { return nil }
    #if HYPR_LEARNING
      let trainable = learner?.pointee.isTrained(index) ?? tensors[index].isTrainable(settings)
    #else
      let trainable = tensors[index].isTrainable(settings)
    #endif
    return TensorFacts(tensors[index], trainable: trainable)
  }

  public mutating func readParameters(into flat: UnsafeMutablePointer<Float>) {
    for index in 0..<model.pointee.tensors.count {
      let tensor = model.pointee.tensors[index]
      let (target, values) = (flat + tensor.offset, network.parameters.arrays[index].values)
      tensor.placement.forEach { element, place in target[element] = values[place] }
    }
  }

  /// Sets all parameters, or none. The open windows are closed first: their history belongs to the old ones.
  public mutating func writeParameters(from flat: UnsafePointer<Float>) throws(Failure) {
    for tensor in model.pointee.tensors {
      for index in 0..<tensor.count {
        let value = flat[tensor.offset + index]
        if tensor.allows(value) { continue }
        throw message.failure(
          value.isFinite ? .invalidArgument : .notFinite,
          "\(tensor.name)[\(index)] is \(value), \(tensor.problem(with: value))")
      }
    }
    endWindows(updating: false)
    for index in 0..<model.pointee.tensors.count {
      let tensor = model.pointee.tensors[index]
      let (source, values) = (flat + tensor.offset, network.parameters.arrays[index].values)
      tensor.placement.forEach { element, place in values[place] = source[element] }
    }
    network.derive()
  }
}
