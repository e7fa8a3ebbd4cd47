internal import CSystem

/// All parameters of a session and what the optimizer keeps of them: the layers' matrices one after the other.
///
/// Inside, weights lie presynaptic-major in padded rows; at the boundary they are flat vectors of row-major tensors.
struct ParameterStore {
  struct Block {
    let values: UnsafeMutablePointer<Float>
    let gradients: UnsafeMutablePointer<Float>?
    let moment1, moment2: UnsafeMutablePointer<Float>?
    let width: Int
    let rowCount: Int
  }

  let blocks: UnsafeMutableBufferPointer<Block>

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let start = arena.allocate(Block.self, model.layers.count, .scratch)
    blocks = UnsafeMutableBufferPointer(start: start, count: model.layers.count)
    for index in 0..<model.layers.count {
      let layer = model.layers[index]
      let width = layer.width(model.kernels.lanes)
      let count = layer.rowCount * width
      let values = arena.allocate(Float.self, count, .parameters)
      let hasMoments = settings.learning && settings.optimizer == .adam
      let block = Block(
        values: values,
        gradients: settings.learning ? arena.allocate(Float.self, count, .optimizer) : nil,
        moment1: hasMoments ? arena.allocate(Float.self, count, .optimizer) : nil,
        moment2: hasMoments ? arena.allocate(Float.self, count, .optimizer) : nil,
        width: width, rowCount: layer.rowCount)
      if !arena.isMeasuring { (start + index).initialize(to: block) }
    }
  }

  /// Takes the values of the model file.
  func load(_ model: Model) {
    for tensor in model.tensors {
      let block = blocks[tensor.layer]
      let rows = block.values + tensor.firstRow * block.width
      rows.update(repeating: tensor.padding, count: tensor.rowCount * block.width)
      for index in 0..<tensor.count { rows[place(index, tensor, block.width)] = tensor.value(index) }
    }
  }

  /// Where element `index` of a row-major tensor lies in its padded rows.
  @inline(__always) func place(_ index: Int, _ tensor: TensorDescription, _ width: Int) -> Int {
    let (neuron, presynaptic) = index.quotientAndRemainder(dividingBy: tensor.rowCount)
    return presynaptic * width + neuron
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
    for index in 0..<tensor.count { rows[place(index, tensor, block.width)] = source[index] }
  }

  func readGradients(_ tensor: TensorDescription, scale: Float, into target: UnsafeMutablePointer<Float>) {
    let block = blocks[tensor.layer]
    guard let gradients = block.gradients else { return }
    let rows = gradients + tensor.firstRow * block.width
    for index in 0..<tensor.count { target[index] = rows[place(index, tensor, block.width)] * scale }
  }

  func clearGradients() {
    for block in blocks { block.gradients?.update(repeating: 0, count: block.rowCount * block.width) }
  }
}
