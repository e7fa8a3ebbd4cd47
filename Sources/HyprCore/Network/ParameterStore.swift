internal import CSystem

/// All parameters of a session and what the optimizer keeps of them: one run of numbers for each layer.
///
/// Inside, weights lie presynaptic-major in padded rows; at the boundary they are flat vectors of row-major tensors.
struct ParameterStore {
  /// One layer's parameters: its matrix, then its synapses, up to a whole vector.
  struct Block {
    let width: Int
    let rowCount: Int
    /// Numbers in all: those of the matrix [rowCount][width], rows as in `LayerDescription`, and of the synapses.
    let count: Int
    let values: UnsafeMutablePointer<Float>
    /// Summed over the taught steps since the last update. Only in learning sessions.
    let gradients: UnsafeMutablePointer<Float>?
    /// Only with optimizers that keep them.
    let moment1, moment2: UnsafeMutablePointer<Float>?
    /// The values of the model file, if parameters are pulled back to them.
    let anchor: UnsafeMutablePointer<Float>?

    init(_ arena: inout Arena, _ layer: LayerDescription, lanes: Int, _ settings: Settings) {
      let optimizer = settings.learning ? settings.optimizer : .gradientDescent
      width = layer.width(lanes)
      rowCount = layer.rowCount
      let (matrix, tooLarge) = rowCount.multipliedReportingOverflow(by: width)
      let (count, tooMany) = matrix.addingReportingOverflow(wholeVectors(layer.synapseCount, lanes))
      // The arena says that there is no room for so many.
      self.count = tooLarge || tooMany ? .max : count
      values = arena.allocate(Float.self, self.count, .parameters)
      gradients = settings.learning ? arena.allocate(Float.self, self.count, .optimizer) : nil
      moment1 = optimizer != .gradientDescent ? arena.allocate(Float.self, self.count, .optimizer) : nil
      moment2 = optimizer == .adam || optimizer == .adamW ? arena.allocate(Float.self, self.count, .optimizer) : nil
      let anchored = settings.learning && settings.anchorStrength > 0
      anchor = anchored ? arena.allocate(Float.self, self.count, .optimizer) : nil
    }

    /// Where the synapses start.
    var synapseStart: Int { rowCount * width }

    /// The numbers of a tensor, with padding.
    func run(of tensor: TensorDescription) -> Range<Int> {
      if tensor.synapses != nil { return synapseStart..<count }
      return tensor.firstRow * width..<(tensor.firstRow + tensor.rowCount) * width
    }
  }

  let blocks: UnsafeMutableBufferPointer<Block>

  /// Takes the values of the model file.
  func load(_ model: Model) {
    for tensor in model.tensors {
      let block = blocks[tensor.layer]
      let run = block.run(of: tensor)
      let values = block.values + run.lowerBound
      values.update(repeating: tensor.padding, count: run.count)
      forEachPlace(tensor, block.width) { index, place in values[place] = tensor.value(index) }
    }
    for block in blocks { block.anchor?.update(from: block.values, count: block.count) }
  }

  /// Where element `index` of a tensor, row-major, lies in its run.
  @inline(__always) func place(_ index: Int, _ tensor: TensorDescription, _ width: Int) -> Int {
    if let synapses = tensor.synapses { return Int(synapses.places[index]) }
    let (row, presynaptic) = index.quotientAndRemainder(dividingBy: tensor.columns)
    guard tensor.gateCount > 1 else { return presynaptic * width + row }
    let (gate, neuron) = row.quotientAndRemainder(dividingBy: tensor.size)
    let place = (gate + tensor.gateShift) % tensor.gateCount
    return (presynaptic * tensor.gateCount + place) * width + neuron
  }

  /// All elements in their order.
  @inline(__always) private func forEachPlace(
    _ tensor: TensorDescription, _ width: Int, _ body: (_ index: Int, _ place: Int) -> Void
  ) {
    if let synapses = tensor.synapses {
      for index in 0..<synapses.count { body(index, Int(synapses.places[index])) }
      return
    }
    var index = 0
    for _ in 0..<tensor.size * tensor.gateCount {
      // Along a row of the tensor only the presynaptic neuron changes.
      let first = place(index, tensor, width)
      for presynaptic in 0..<tensor.columns {
        body(index, first + presynaptic * tensor.gateCount * width)
        index += 1
      }
    }
  }

  /// Copies a tensor's values out, row-major, from element `first` on.
  func read(_ tensor: TensorDescription, from first: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let block = blocks[tensor.layer]
    let run = block.values + block.run(of: tensor).lowerBound
    for index in 0..<target.count { target[index] = run[place(first + index, tensor, block.width)] }
  }

  func write(_ tensor: TensorDescription, _ source: UnsafePointer<Float>) {
    let block = blocks[tensor.layer]
    let run = block.values + block.run(of: tensor).lowerBound
    forEachPlace(tensor, block.width) { index, place in run[place] = source[index] }
  }

  func readGradients(_ tensor: TensorDescription, scale: Float, into target: UnsafeMutablePointer<Float>) {
    let block = blocks[tensor.layer]
    guard let gradients = block.gradients else { return }
    let run = gradients + block.run(of: tensor).lowerBound
    forEachPlace(tensor, block.width) { index, place in target[index] = run[place] * scale }
  }

  func clearGradients() {
    for block in blocks { block.gradients?.update(repeating: 0, count: block.count) }
  }

  func clearGradients(of tensor: TensorDescription) {
    let block = blocks[tensor.layer]
    guard let gradients = block.gradients else { return }
    let run = block.run(of: tensor)
    (gradients + run.lowerBound).update(repeating: 0, count: run.count)
  }

  func clearMoments() {
    for block in blocks {
      block.moment1?.update(repeating: 0, count: block.count)
      block.moment2?.update(repeating: 0, count: block.count)
    }
  }
}
