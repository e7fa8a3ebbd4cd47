internal import CSystem

// Parameters, gradients and eligibility as flat vectors.

extension Session {
  /// Facts about one tensor; `trainable` is whether this session trains it.
  public func tensor(_ index: Int) -> TensorFacts? {
    let tensors = model.pointee.tensors
    return index >= 0 && index < tensors.count ? TensorFacts(tensors[index], trainable: isTrained(index)) : nil
  }

  public func readParameters(into flat: UnsafeMutablePointer<Float>) {
    for tensor in model.pointee.tensors {
      let target = UnsafeMutableBufferPointer(start: flat + tensor.offset, count: tensor.count)
      parameters.read(tensor, from: 0, into: target)
    }
  }

  /// Sets all parameters, or none. The open window is closed first: its history belongs to the old ones.
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
    closeWindow(updating: false)
    for tensor in model.pointee.tensors { parameters.write(tensor, flat + tensor.offset) }
    deriveAll()
  }

  public func readGradients(into flat: UnsafeMutablePointer<Float>) throws(Failure) {
    try requireLearning()
    for index in 0..<model.pointee.tensors.count {
      let tensor = model.pointee.tensors[index]
      let target = flat + tensor.offset
      if isTrained(index) {
        parameters.readGradients(tensor, scale: Float(reductionScale), into: target)
      } else {
        target.update(repeating: 0, count: tensor.count)
      }
    }
  }

  /// k * elements of a tensor; 0: no such tensor.
  public func eligibilitySize(_ index: Int) -> Int {
    let tensors = model.pointee.tensors
    guard index >= 0 && index < tensors.count else { return 0 }
    return layers[tensors[index].layer].description.stateCount * tensors[index].count
  }

  /// [k][elements]
  public func readEligibility(_ index: Int, into target: UnsafeMutablePointer<Float>) throws(Failure) {
    try requireLearning()
    let tensor = model.pointee.tensors[index]
    let layer = layers[tensor.layer]
    guard let learning = layer.learning else { return }
    let states = layer.description.stateCount
    for element in 0..<tensor.count {
      let values: UnsafePointer<Float>?
      let stride: Int
      if tensor.synapses == nil {
        let place = tensor.firstRow * layer.width + parameters.place(element, tensor, layer.width)
        (values, stride) = learning.eligibility(
          row: place / layer.width, neuron: place % layer.width, layer.description, width: layer.width,
          blockSize: blockSize)
      } else {
        (values, stride) = (learning.synapseEligibility.map { UnsafePointer($0 + element * states) }, 1)
      }
      for state in 0..<states { target[state * tensor.count + element] = values.map { $0[state * stride] } ?? 0 }
    }
  }
}
