internal import CSystem

/// The network of a session: its layers and where their events come from, in the session's memory.
///
/// A slot holds states, outputs and events after one step; `History` says which there are.
struct Network: ~Copyable {
  let kernels: UnsafePointer<kernel_table>
  /// The hidden layers from the bottom up, then the readout.
  let layers: UnsafeMutableBufferPointer<Layer>
  let input: InputStage
  let outputSize: Int
  let parameters: ParameterStore

  /// With the parameters of another network of the session, if `other` is that one's layers, which `shared` are of.
  init(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings,
    sharing other: (layers: UnsafeMutableBufferPointer<Layer>, parameters: ParameterStore)? = nil
  ) {
    let (descriptions, tensors) = (model.pointee.layers, model.pointee.tensors)
    let history = History(settings)
    let slots = history.slotCount
    let lanes = model.pointee.kernels.pointee.lanes
    kernels = model.pointee.kernels
    outputSize = model.pointee.outputSize
    let input = InputStage(&arena, model.pointee, columns: descriptions[0].inputCount, slots: slots)
    var hasBias = false
    for description in descriptions where description.hasBias { hasBias = true }
    let one = hasBias ? EventSource(&arena, constantOne: slots) : input.events
    parameters = other?.parameters ?? ParameterStore(&arena, tensors: tensors.count, layers: descriptions.count, apart: settings.defers)
    layers = UnsafeMutableBufferPointer(
      start: arena.allocate(Layer.self, descriptions.count, .scratch), count: descriptions.count)
    self.input = input
    for index in 0..<descriptions.count {
      let layer = Layer(
        &arena, descriptions.baseAddress! + index, at: index, tensors, settings, history, lanes: lanes,
        carriesOutput: settings.carriesOutput(of: index, among: descriptions), parameters,
        sharing: other.flatMap { $0.layers.baseAddress }.map { SharedLayer($0 + index, arena) }
      ) { [layers, isMeasuring = arena.isMeasuring] source, own in
        switch source {
        case .one: one
        case .input: input.events
        case .layer(let other): isMeasuring ? one : other == index ? own ?? one : layers[other].events ?? one
        }
      }
      if !arena.isMeasuring { layers.initializeElement(at: index, to: layer) }
    }
  }

  /// The outputs of the network in a slot.
  @inline(__always) func readoutOutputs(_ slot: Int) -> UnsafeMutablePointer<Float> {
    layers[layers.count - 1].outputs(slot)
  }

  /// Few numbers mostly: a loop costs less than a call.
  @inline(__always) func copyOutputs(_ slot: Int, into output: UnsafeMutablePointer<Float>) {
    let outputs = readoutOutputs(slot)
    for index in 0..<outputSize { output[index] = outputs[index] }
  }

  /// Makes a step on the input events in slot `to`. Returns the first layer whose state would not be finite: what is in slot `from` is as
  /// it was. With `records` the step becomes part of the window.
  @_optimize(speed) @inline(__always) func step(from: Int, to: Int, records: Bool) -> Int? {
    guard let first = layers.baseAddress else { return nil }
    for index in 0..<layers.count where !(first + index).pointee.step(from: from, to: to, records: records) {
      return index
    }
    return nil
  }

  /// Brings everything that is computed from parameters up to date.
  @_optimize(speed) func derive() {
    for layer in layers { layer.derive(kernels) }
  }

  /// Lets steps see the parameters in use, or those beside them; only where these are apart.
  @_optimize(speed) func readParameters(next: Bool = false) {
    guard let first = layers.baseAddress else { return }
    for index in 0..<layers.count { (first + index).pointee.read(parameters, next: next, by: first[index].view) }
  }

  /// The same for the end of a window, by itself where steps go on meanwhile.
  @_optimize(speed) func readParametersOfWindow(next: Bool) {
    guard let first = layers.baseAddress else { return }
    for index in 0..<layers.count { (first + index).pointee.read(parameters, next: next, by: first[index].windowView) }
  }

  /// Slot `from` becomes slot `to`.
  @_optimize(speed) func copySlot(from: Int, to: Int) {
    for layer in layers { layer.copySlot(from: from, to: to) }
  }

  /// Lets the end of a window see the history from the slot on that it started from; only where there are several pages.
  @_optimize(speed) func lookBack(from slot: Int) {
    for layer in layers { layer.lookBack(from: slot) }
  }

  /// An eligibility that has overflown would spoil every later gradient: its layer begins again.
  func dropOverflownTraces() {
    for layer in layers {
      // What an earlier sequence left overflown counts as zero.
      layer.eraseInactive()
      if !layer.tracesAreFinite(kernels) { layer.eraseTraces() }
    }
  }

  func clearSlot(_ slot: Int) {
    for layer in layers { layer.clearSlot(slot) }
  }

  /// Lists the events of a slot anew from its outputs.
  func listEvents(_ slot: Int) {
    for layer in layers { layer.listEvents(slot, kernels) }
  }
}

extension Settings {
  /// Whether layer `index` carries its outputs over the end of a window, beside the states of its neurons; the readout, the last
  /// one, never does.
  func carriesOutput(of index: Int, among layers: UnsafeBufferPointer<LayerDescription>) -> Bool {
    switch credit {
    case .recurrent: layers[index].recurrent != nil
    case .filtered: index == layers.count - 2
    case .spatial, .window: false
    }
  }
}
