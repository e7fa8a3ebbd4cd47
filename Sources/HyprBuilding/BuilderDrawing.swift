internal import CSystem
internal import HyprCore

// What was not given is drawn, always in the same order: of each layer the weights, the parameters of its neuron model, the biases,
// then which of the weights there are; at last the readout. Of a fresh layer the same seed draws the same numbers, whatever the
// densities.
extension ModelBuilder {
  private static let mostWeights = 1 << 29

  /// Draws into the tensors; `forgetDrawn` must follow, also after a failure.
  func draw(seed: UInt64) throws(Failure) {
    guard let readout else { throw message.failure(.wrongState, "the model has no readout: add one on top of its layers") }
    var weights = 0
    for number in 0...layers.count {
      let layer = number < layers.count ? layers[number] : readout
      // At most 1000 layers of fewer than 2^52 elements: no overflow.
      for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
        weights +=
          layer.pointee.tensors[slot].given == nil
          ? layer.pointee.tensors[slot].elementCount : layer.pointee.tensors[slot].count
      }
    }
    guard weights < ModelBuilder.mostWeights else {
      throw invalid(
        "the model would have \(weights) weights, expected fewer than \(ModelBuilder.mostWeights): a file holds less than 2 GiB"
      )
    }
    var random = RandomNumbers(seed: seed)
    for index in 0..<layers.count { try draw(layers[index], at: index, &random) }
    try draw(readout: readout, &random)
  }

  func forgetDrawn() {
    for number in 0...layers.count {
      guard let layer = number < layers.count ? layers[number] : readout else { return }
      for slot in 0..<layer.pointee.tensorCount { layer.pointee.tensors[slot].forgetDrawn() }
    }
  }

  private func draw(_ layer: UnsafeMutablePointer<BuilderLayer>, at index: Int, _ random: inout RandomNumbers)
    throws(Failure)
  {
    let initial = layer.pointee.initialValues
    let isRecurrent = layer.pointee.tensors[BuilderLayer.recurrentWeight].isPresent
    let weights = initial.weights(
      inputs: layer.pointee.inputCount, neurons: layer.pointee.size, isRecurrent: isRecurrent)
    try draw(layer.pointee.tensors + BuilderLayer.weight, weights, &random)
    let recurrent = initial.recurrentWeights(inputs: layer.pointee.inputCount, neurons: layer.pointee.size)
    try draw(layer.pointee.tensors + BuilderLayer.recurrentWeight, recurrent, orthogonal: recurrent == nil, &random)
    let catalogue = NeuronCatalogue()
    for parameter in 0..<layer.pointee.facts.parameterCount {
      let tensor = layer.pointee.tensors + BuilderLayer.firstParameter + parameter
      var usual = catalogue.parameter(layer.pointee.neuron, parameter)?.usual
      if case .usual(let factor) = tensor.pointee.source {
        usual = usual?.times(factor)
        guard usual != nil else {
          throw message.failure(
            .wrongState,
            "\(layer.pointee.facts.name) has no usual values of layer\(index).\(tensor.pointee.field), expected that they are given"
          )
        }
      }
      try draw(tensor, usual, &random)
    }
    try draw(layer.pointee.tensors + BuilderLayer.bias, initial.biases(neurons: layer.pointee.size), &random)
    try thin(layer.pointee.tensors + BuilderLayer.weight, &random)
    try thin(layer.pointee.tensors + BuilderLayer.recurrentWeight, &random)
  }

  private func draw(readout: UnsafeMutablePointer<BuilderLayer>, _ random: inout RandomNumbers) throws(Failure) {
    let below = layers[layers.count - 1].pointee.initialValues
    let weights = below.readoutWeights(neurons: readout.pointee.inputCount, outputs: readout.pointee.size)
    try draw(readout.pointee.tensors + BuilderLayer.weight, weights, &random)
    try draw(readout.pointee.tensors + BuilderLayer.firstParameter, below.readoutTau(readout.pointee.tau), &random)
    try draw(readout.pointee.tensors + BuilderLayer.bias, nil, &random)
  }

  /// Draws a tensor that was not given; `usual` nil: zeros, or an orthogonal matrix.
  private func draw(
    _ tensor: UnsafeMutablePointer<BuilderTensor>, _ usual: Distribution?, orthogonal: Bool = false,
    _ random: inout RandomNumbers
  ) throws(Failure) {
    guard tensor.pointee.isPresent, tensor.pointee.given == nil else { return }
    if case .range(let lower, let upper) = tensor.pointee.source {
      let values: UnsafeMutablePointer<Float> = try room(tensor.pointee.count)
      tensor.pointee.drawn = values
      return Distribution.uniform(lower, upper).fill(values, tensor.pointee.count, &random)
    }
    let values: UnsafeMutablePointer<Float> = try room(tensor.pointee.elementCount)
    tensor.pointee.drawn = values
    if orthogonal {
      // [N, N] for every gate.
      let size = tensor.pointee.columns ?? 1
      for gate in 0..<tensor.pointee.rows / size {
        guard OrthogonalMatrix.fill(values + gate * size * size, size, &random) else { throw noMemory() }
      }
    } else if let usual {
      usual.fill(values, tensor.pointee.elementCount, &random)
    } else {
      values.initialize(repeating: 0, count: tensor.pointee.elementCount)
    }
    if let stored = tensor.pointee.stored, let width = tensor.pointee.columns { pick(stored, from: values, width) }
  }

  private func noMemory() -> Failure { message.failure(.outOfMemory, "no memory for what is drawn") }

  private func room<Element>(_ count: Int) throws(Failure) -> UnsafeMutablePointer<Element> {
    guard let memory: UnsafeMutablePointer<Element> = allocated(count) else { throw noMemory() }
    return memory
  }

  /// Moves the elements of a whole matrix that there are to its front.
  private func pick(_ stored: StoredRows, from values: UnsafeMutablePointer<Float>, _ width: Int) {
    for row in 0..<stored.offsetCount - 1 {
      for element in Int(stored.offsets[row])..<Int(stored.offsets[row + 1]) {
        values[element] = values[row * width + Int(stored.columns[element])]
      }
    }
  }

  /// Draws which elements of a whole matrix there are, each with the probability of the tensor's density.
  private func thin(
    _ tensor: UnsafeMutablePointer<BuilderTensor>, _ random: inout RandomNumbers
  ) throws(Failure) {
    let density = tensor.pointee.density
    guard tensor.pointee.isPresent, density < 1, let width = tensor.pointee.columns else { return }
    let (rows, total) = (tensor.pointee.rows, tensor.pointee.elementCount)
    var ahead = random
    var count = 0
    for _ in 0..<total where ahead.unit() < density { count += 1 }
    if let given = tensor.pointee.given {
      let values: UnsafeMutablePointer<Float> = try room(total)
      tensor.pointee.drawn = values
      values.update(from: given, count: total)
    }
    guard let values = tensor.pointee.drawn else { return }
    let offsets: UnsafeMutablePointer<UInt32> = try room(rows + 1)
    guard let columns: UnsafeMutablePointer<UInt32> = allocated(count) else {
      system_free(offsets)
      throw noMemory()
    }
    let stored = StoredRows(offsets: offsets, columns: columns, offsetCount: rows + 1, count: count)
    tensor.pointee.drawnRows = stored
    var element = 0
    for row in 0..<rows {
      offsets[row] = UInt32(truncatingIfNeeded: element)
      for column in 0..<width where random.unit() < density {
        columns[element] = UInt32(truncatingIfNeeded: column)
        element += 1
      }
    }
    offsets[rows] = UInt32(truncatingIfNeeded: element)
    pick(stored, from: values, width)
  }
}
