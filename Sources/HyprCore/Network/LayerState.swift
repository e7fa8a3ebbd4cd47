internal import CSystem

// States and outputs of one layer, the readout being the last, as a host reads and sets them.

extension Session {
  /// Neurons of a layer; 0: no such layer.
  public func layerSize(_ layer: Int) -> Int {
    layer >= 0 && layer < layers.count ? layers[layer].description.size : 0
  }

  /// k * N of a layer; 0: no such layer.
  public func layerStateSize(_ layer: Int) -> Int {
    layer >= 0 && layer < layers.count ? layers[layer].description.stateCount * layers[layer].description.size : 0
  }

  /// Why there is no such layer.
  public func checkLayer(_ layer: Int) throws(Failure) {
    if layer < 0 || layer >= layers.count {
      throw message.failure(.notFound, "layer is \(layer), expected at most the layer count \(layers.count - 1)")
    }
  }

  /// [N]
  public func readOutputs(_ layer: Int, into target: UnsafeMutablePointer<Float>) {
    target.update(from: layers[layer].outputs(slot), count: layers[layer].description.size)
  }

  /// [k][N]
  public func readState(_ layer: Int, into target: UnsafeMutablePointer<Float>) {
    let source = layers[layer]
    let size = source.description.size
    for state in 0..<source.description.stateCount {
      (target + state * size).update(from: source.state(slot) + state * source.width, count: size)
    }
  }

  /// [N]. The open window is closed first: its history belongs to the old ones.
  public mutating func writeOutputs(_ layer: Int, from source: UnsafePointer<Float>) throws(Failure) {
    let target = layers[layer]
    let spiking = target.description.facts.spiking
    let expected: StaticString = spiking ? "0 or 1: the layer spikes" : "a finite number"
    for index in 0..<target.description.size where !isOutput(source[index], spiking: spiking) {
      throw message.failure(
        source[index].isFinite ? .invalidArgument : .notFinite,
        "spikes[\(index)] is \(source[index]), expected \(expected)")
    }
    closeWindow(updating: false)
    target.outputs(slot).update(from: source, count: target.description.size)
    target.listOutputs(slot, kernels)
  }

  /// [k][N]. The open window is closed first: its history belongs to the old one.
  public mutating func writeState(_ layer: Int, from source: UnsafePointer<Float>) throws(Failure) {
    let target = layers[layer]
    let size = target.description.size
    for index in 0..<target.description.stateCount * size where !source[index].isFinite {
      throw message.failure(.notFinite, "state[\(index)] is \(source[index]), expected a finite number")
    }
    closeWindow(updating: false)
    for state in 0..<target.description.stateCount {
      (target.state(slot) + state * target.width).update(from: source + state * size, count: size)
    }
  }

  private func isOutput(_ value: Float, spiking: Bool) -> Bool {
    spiking ? value == 0 || value == 1 : value.isFinite
  }
}
