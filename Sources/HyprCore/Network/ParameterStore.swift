internal import CSystem

/// All parameters of a session and what the optimizer keeps of them: the layers' matrices one after the other.
///
/// Inside, weights lie presynaptic-major in padded rows; at the boundary they are flat vectors of row-major tensors.
struct ParameterStore {
  /// One layer's matrix.
  struct Block {
    let width: Int
    let rowCount: Int
    /// [rowCount][width], as all of these; rows as in `LayerDescription`.
    let values: UnsafeMutablePointer<Float>
    /// Summed over the taught steps since the last update. Only in learning sessions.
    let gradients: UnsafeMutablePointer<Float>?
    /// Only with optimizers that keep them.
    let moment1, moment2: UnsafeMutablePointer<Float>?
    /// The values of the model file, if parameters are pulled back to them.
    let anchor: UnsafeMutablePointer<Float>?

    init(_ arena: inout Arena, _ layer: LayerDescription, width: Int, _ settings: Settings) {
      let optimizer = settings.learning ? settings.optimizer : .gradientDescent
      self.width = width
      rowCount = layer.rowCount
      values = arena.allocate(Float.self, width, rows: rowCount, .parameters)
      gradients = settings.learning ? arena.allocate(Float.self, width, rows: rowCount, .optimizer) : nil
      moment1 = optimizer != .gradientDescent ? arena.allocate(Float.self, width, rows: rowCount, .optimizer) : nil
      moment2 =
        optimizer == .adam || optimizer == .adamW ? arena.allocate(Float.self, width, rows: rowCount, .optimizer) : nil
      let anchored = settings.learning && settings.anchorStrength > 0
      anchor = anchored ? arena.allocate(Float.self, width, rows: rowCount, .optimizer) : nil
    }
  }

  let blocks: UnsafeMutableBufferPointer<Block>

  /// Takes the values of the model file.
  func load(_ model: Model) {
    for tensor in model.tensors {
      let block = blocks[tensor.layer]
      let rows = block.values + tensor.firstRow * block.width
      rows.update(repeating: tensor.padding, count: tensor.rowCount * block.width)
      forEachPlace(tensor, block.width) { index, place in rows[place] = tensor.value(index) }
    }
    for block in blocks { block.anchor?.update(from: block.values, count: block.rowCount * block.width) }
  }

  /// Where element `index` of a row-major tensor lies in its padded rows.
  @inline(__always) func place(_ index: Int, _ tensor: TensorDescription, _ width: Int) -> Int {
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
    let rows = block.values + tensor.firstRow * block.width
    for index in 0..<target.count { target[index] = rows[place(first + index, tensor, block.width)] }
  }

  func write(_ tensor: TensorDescription, _ source: UnsafePointer<Float>) {
    let block = blocks[tensor.layer]
    let rows = block.values + tensor.firstRow * block.width
    forEachPlace(tensor, block.width) { index, place in rows[place] = source[index] }
  }

  func readGradients(_ tensor: TensorDescription, scale: Float, into target: UnsafeMutablePointer<Float>) {
    let block = blocks[tensor.layer]
    guard let gradients = block.gradients else { return }
    let rows = gradients + tensor.firstRow * block.width
    forEachPlace(tensor, block.width) { index, place in target[index] = rows[place] * scale }
  }

  func clearGradients() {
    for block in blocks { block.gradients?.update(repeating: 0, count: block.rowCount * block.width) }
  }

  func clearGradients(of tensor: TensorDescription) {
    let block = blocks[tensor.layer]
    guard let gradients = block.gradients else { return }
    (gradients + tensor.firstRow * block.width).update(repeating: 0, count: tensor.rowCount * block.width)
  }

  func clearMoments() {
    for block in blocks {
      block.moment1?.update(repeating: 0, count: block.rowCount * block.width)
      block.moment2?.update(repeating: 0, count: block.rowCount * block.width)
    }
  }
}
