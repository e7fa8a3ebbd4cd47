internal import CSystem

// States and outputs of one layer, the readout being the last, as a host reads and sets them.

extension Session {
  /// Neurons of a layer; 0: no such layer.
  public mutating func layerSize(_ layer: Int) -> Int {
    layer >= 0 && layer < network.layers.count ? network.layers[layer].shape.size : 0
  }

  /// k * N of a layer; 0: no such layer.
  public mutating func layerStateSize(_ layer: Int) -> Int {
    guard layer >= 0 && layer < network.layers.count else { return 0 }
    return network.layers[layer].shape.states * network.layers[layer].shape.size
  }

  /// Why there is no such layer.
  public mutating func checkLayer(_ layer: Int) throws(Failure) {
    let layers = network.layers
    if layer < 0 || layer >= layers.count {
      throw message.failure(.notFound, "layer is \(size: layer), expected at most the layer count \(layers.count - 1)")
    }
  }

  /// [N]
  public mutating func readOutputs(_ layer: Int, into target: UnsafeMutablePointer<Float>) {
    target.copy(from: network.layers[layer].outputs(slot), count: network.layers[layer].shape.size)
  }

  /// [k][N]
  public mutating func readState(_ layer: Int, into target: UnsafeMutablePointer<Float>) {
    let source = network.layers[layer]
    let shape = source.shape
    for state in 0..<shape.states {
      (target + state * shape.size).copy(from: source.state(slot) + state * shape.width, count: shape.size)
    }
  }

  /// [N]. The open windows are closed first: their history belongs to the old ones.
  public mutating func writeOutputs(_ layer: Int, from source: UnsafePointer<Float>) throws(Failure) {
    let target = network.layers[layer]
    let spiking = target.neuron.spiking
    let expected: StaticString = spiking ? "0 or 1: the layer spikes" : "a finite number"
    for index in 0..<target.shape.size where !isOutput(source[index], spiking: spiking) {
      throw message.failure(
        source[index].isFinite ? .invalidArgument : .notFinite,
        "spikes[\(index)] is \(source[index]), expected \(expected)")
    }
    endWindows(updating: false)
    endStretch(startsSequence: false)
    target.outputs(slot).copy(from: source, count: target.shape.size)
    target.listEvents(slot, network.kernels)
    takeOver(layer)
  }

  /// [k][N]. The open windows are closed first: their history belongs to the old one.
  public mutating func writeState(_ layer: Int, from source: UnsafePointer<Float>) throws(Failure) {
    let target = network.layers[layer]
    let shape = target.shape
    for index in 0..<shape.states * shape.size where !source[index].isFinite {
      throw message.failure(.notFinite, "state[\(index)] is \(source[index]), expected a finite number")
    }
    endWindows(updating: false)
    endStretch(startsSequence: false)
    for state in 0..<shape.states {
      (target.state(slot) + state * shape.width).copy(from: source + state * shape.size, count: shape.size)
    }
    takeOver(layer)
  }

  private mutating func isOutput(_ value: Float, spiking: Bool) -> Bool {
    spiking ? value == 0 || value == 1 : value.isFinite
  }
}
