internal import CSystem

/// The network as it was loaded, or as the host last accepted it, which runs beside one that learns: on the same input events, with
/// a state of its own, and as it would without learning.
struct ReferenceNetwork: ~Copyable {
  typealias Parameters = (layers: UnsafeMutableBufferPointer<Layer>, parameters: ParameterStore)

  let network: Network
  /// Where its state after the last step is.
  private var slot = 0
  /// [steps][width]: what it gave, by the slot that the learning network's step went from, as the errors of `Targets`.
  let outputs: UnsafeMutablePointer<Float>
  /// Length of a row of `outputs`.
  private let width: Int
  private let resources: LearningResources

  /// Beside a network with these settings; `other`: the parameters are those of another reference.
  private init(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, _ resources: LearningResources,
    sharing other: Parameters?
  ) {
    network = Network(&arena, model, settings.ofReference, sharing: other)
    width = wholeVectors(model.pointee.outputSize, model.pointee.kernels.pointee.lanes)
    outputs = arena.allocate(Float.self, width, rows: History(settings).stepCount, .reference)
    self.resources = resources
  }

  /// Lays one out; also returns what another one can share.
  @inline(never) static func place(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, _ resources: LearningResources,
    sharing other: Parameters?
  ) -> (place: UnsafeMutablePointer<ReferenceNetwork>, parameters: Parameters) {
    arena.begin(.reference)
    let place = arena.allocate(ReferenceNetwork.self, 1, .reference)
    let content = ReferenceNetwork(&arena, model, settings, resources, sharing: other)
    arena.end()
    let parameters = (content.network.layers, content.network.parameters)
    if !arena.isMeasuring { place.initialize(to: content) }
    return (place, parameters)
  }

  /// As the model file has it.
  func load(_ model: Model) {
    network.parameters.load(model)
    network.derive()
  }

  /// Whether anything still depends on it: once all classes were taught, nothing is held any more.
  var isNeeded: Bool { resources.comparison != nil || !(resources.taught?.isComplete ?? true) }

  /// Makes the step that the learning network has just made to a slot, on the events there.
  @_optimize(speed) mutating func step(_ events: EventSource, to other: Int) {
    guard isNeeded else { return }
    let row = outputs + (other - 1) * width
    if lookAhead(events, other) {
      slot = 1 - slot
      row.copy(from: network.readoutOutputs(slot), count: width)
    } else {
      // Where learning has kept the state finite and the reference has not, it begins again.
      clear()
      row.clear(width)
    }
  }

  /// The same without making it: the result is in the slot that is not in use, if it is finite.
  @_optimize(speed) func lookAhead(_ events: EventSource, _ other: Int) -> Bool {
    network.input.events.copy(events, from: other, to: 1 - slot)
    return network.step(from: slot, to: 1 - slot, records: false) == nil
  }

  /// What the last step gave, or that which was looked ahead to.
  func copyOutputs(ofNext: Bool, into output: UnsafeMutablePointer<Float>) {
    network.copyOutputs(ofNext ? 1 - slot : slot, into: output)
  }

  @inline(never) func clear() { network.clearSlot(slot) }

  /// Takes over the state of a layer from another network's slot.
  @inline(never) func takeState(_ layer: Int, of other: borrowing Network, slot otherSlot: Int) {
    let (own, source) = (network.layers[layer], other.layers[layer])
    own.state(slot).copy(from: source.state(otherSlot), count: source.shape.states * source.shape.width)
    own.outputs(slot).copy(from: source.outputs(otherSlot), count: source.shape.width)
    own.listEvents(slot, network.kernels)
  }

  @inline(never) func takeState(of other: borrowing Network, slot otherSlot: Int) {
    for layer in 0..<network.layers.count { takeState(layer, of: other, slot: otherSlot) }
  }

  /// Becomes what another network is.
  func accept(_ other: borrowing Network, slot otherSlot: Int) {
    network.parameters.copyValues(of: other.parameters)
    network.derive()
    takeState(of: other, slot: otherSlot)
  }

  /// Its state, and what it gave in the steps that are open. What nothing depends on is zero: equal sessions give equal bytes.
  func walkState(_ stream: inout StateStream, _ steps: Range<Int>) {
    if stream.mode == .write && !isNeeded {
      clear()
      (outputs + steps.lowerBound * width).clear(steps.count * width)
    }
    stream.rows(outputs + steps.lowerBound * width, steps.count, size: network.outputSize, width: width)
  }

  func walkState(_ stream: inout StateStream) {
    for layer in network.layers { layer.walkHistory(&stream, slots: slot...slot) }
    if stream.mode == .read { network.listEvents(slot) }
  }
}
