internal import CSystem

/// The running part of one layer: neurons with their state, and the projections onto them.
struct Layer {
  /// In the model's block.
  private let facts: UnsafePointer<LayerDescription>
  private let index: Int
  let shape: LayerShape
  /// The layer as its neuron model's loops see it: all slots.
  let view: UnsafeMutablePointer<kernel_layer>
  /// The same from the slot on that a window started from; for its end.
  let windowView: UnsafeMutablePointer<kernel_layer>
  let projections: UnsafeMutableBufferPointer<Projection>
  /// The outputs that are not zero, for who listens: the layer itself or the one above; nil: nobody does.
  let events: EventSource?
  /// Of the neurons: a row each.
  fileprivate let neuronParameters: TrainedArray
  /// As they were laid out; which of them are in use says the `ParameterStore`.
  fileprivate let storedDerived: UpdatedValues
  /// Of them; only in learning sessions.
  @OnlyLearning private(set) var eligibility: Eligibility?
  /// About how many multiply-adds it takes to carry the eligibility over the end of a window.
  let carryWork: Int

  /// `source` gives the events that a projection listens to, when it is told the layer's own. The arrays of the layer's tensors go to
  /// `parameters`; or they are there, and those of `other`, whose parameters the layer shares.
  init(
    _ arena: inout Arena, _ facts: UnsafePointer<LayerDescription>, at index: Int, _ tensors: UnsafeBufferPointer<TensorDescription>,
    _ settings: Settings, _ history: History, lanes: Int, carriesOutput: Bool, _ parameters: ParameterStore,
    sharing other: SharedLayer?, source: (_ source: ProjectionSource, _ own: EventSource?) -> EventSource
  ) {
    let description = facts.pointee
    let neuron = description.neuron
    let shape = LayerShape(
      size: description.size, width: wholeVectors(description.size, lanes), states: description.stateCount,
      lanes: lanes)
    let (width, parameterCount, slots) = (shape.width, description.parameterCount, history.slotCount)
    (self.facts, self.index) = (facts, index)
    self.shape = shape
    events = description.isHeard ? EventSource(&arena, size: shape.size, slots: slots) : nil

    let count = description.projections.count
    projections = UnsafeMutableBufferPointer(start: arena.allocate(Projection.self, count, .scratch), count: count)
    let matrixCount = description.matrixCount
    let matrices = arena.allocate(kernel_projection.self, matrixCount, .scratch)
    let windowMatrices = settings.defers ? arena.allocate(kernel_projection.self, matrixCount, .scratch) : matrices
    var (matrix, taken) = (0, 0)
    var elements = parameterCount * width
    for index in 0..<count {
      let projection = description.projections[index]
      let placement = tensors[projection.tensor].placement
      let storedCount = placement.storedCount(lanes: lanes)
      let keepsNext = tensors[projection.tensor].keepsNext(settings)
      let weights =
        other.map { $0.weights(index) } ?? TrainedArray(&arena, count: storedCount, settings, apart: keepsNext)
      let running = Projection(
        &arena, projection, weights, source(projection.source, events), into: matrices + matrix, windowMatrices + matrix,
        layer: shape, &taken, settings.learningMemoryType, carriesOutput: settings.learning ? carriesOutput : nil)
      matrix += projection.gateCount
      // A weight of compressed rows takes about as long as ten in a row.
      elements += (projection.rows == nil ? 1 : 10) * min(storedCount, .max >> 8)
      if !arena.isMeasuring {
        if other == nil { parameters.arrays.initializeElement(at: projection.tensor, to: weights) }
        projections.initializeElement(at: index, to: running)
      }
    }

    // One array, because the neuron model reads them as rows of one.
    var keepsNext = false
    for row in 0..<parameterCount { keepsNext = keepsNext || tensors[description.firstParameter + row].keepsNext(settings) }
    let rows = other?.neuronParameters ?? TrainedArray(&arena, count: parameterCount * width, settings, apart: keepsNext)
    neuronParameters = rows
    let derived = other?.derived ?? UpdatedValues(&arena, width, rows: Int(neuron.derived_count), apart: keepsNext)
    storedDerived = derived
    if other == nil && !arena.isMeasuring {
      parameters.derived.initializeElement(at: index, to: derived)
      for index in 0..<parameterCount {
        parameters.arrays.initializeElement(
          at: description.firstParameter + index, to: rows.part(index * width..<(index + 1) * width))
      }
    }
    let eligibility =
      settings.learning
      ? Eligibility(
        &arena, rows: parameterCount, states: shape.states, width: width, lanes: lanes, settings.learningMemoryType,
        carriesOutput: carriesOutput)
      : nil
    self.eligibility = eligibility
    carryWork = elements * shape.states
    let view = kernel_layer(
      size: shape.size, width: width, state_count: shape.states, parameter_count: parameterCount,
      current_count: description.currentCount, constants: description.constants, parameters: rows.values,
      derived: derived.current,
      states: arena.allocate(Float.self, width, rows: shape.states, planes: slots, .state),
      outputs: arena.allocate(Float.self, width, rows: slots, .state),
      currents: arena.allocate(Float.self, width, rows: description.currentCount, .scratch),
      tape: settings.learning
        ? arena.allocate(Float.self, width, rows: Int(neuron.tape_count), planes: history.stepCount, .history) : nil,
      surrogate: description.surrogate, projections: matrices, projection_count: matrixCount,
      events: events.map { UnsafePointer($0.view) }, parameter_gradient: rows.gradients,
      parameter_eligibility: eligibility?.states ?? kernel_eligibility(),
      parameter_output_eligibility: eligibility?.outputs?.start)
    self.view = arena.place(view)
    windowView = history.pageCount > 1 ? arena.place(view) : self.view
    if !arena.isMeasuring { windowView.pointee.projections = UnsafePointer(windowMatrices) }
  }

  /// About how many a step takes, in which few sources have events.
  var workOfStep: Int { carryWork / (8 * shape.states) + 20 * shape.width }

  var description: LayerDescription { facts.pointee }
  var neuron: kernel_neuron { facts.pointee.neuron }

  func projection(_ index: Int) -> UnsafePointer<Projection> { UnsafePointer(projections.baseAddress! + index) }

  func state(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.states + slot * shape.states * shape.width }
  func outputs(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.outputs + slot * shape.width }
  /// Of the step from a slot; nil: not learning.
  private func tape(_ slot: Int) -> UnsafeMutablePointer<Float>? {
    view.pointee.tape.map { $0 + slot * Int(neuron.tape_count) * shape.width }
  }

  /// Slot `from` becomes slot `to`.
  @_optimize(speed) func copySlot(from: Int, to: Int) {
    state(to).copy(from: state(from), count: shape.states * shape.width)
    outputs(to).copy(from: outputs(from), count: shape.width)
    events?.copy(from: from, to: to)
  }

  @_optimize(speed) func lookBack(from slot: Int) {
    (windowView.pointee.states, windowView.pointee.outputs) = (state(slot), outputs(slot))
    windowView.pointee.tape = tape(slot)
  }

  /// Lets a view see the parameters in use, or those beside them.
  @_optimize(speed) func read(_ parameters: ParameterStore, next: Bool, by view: UnsafeMutablePointer<kernel_layer>) {
    let description = description
    var gates = UnsafeMutablePointer(mutating: view.pointee.projections)
    for projection in description.projections {
      let array = parameters.arrays.baseAddress! + projection.tensor
      let weights = next ? array.pointee.nextValues : array.pointee.values
      for gate in 0..<projection.gateCount {
        gates.pointee.weights = UnsafePointer(weights + projection.place(ofGate: gate, width: shape.width))
        gates += 1
      }
    }
    if description.parameterCount > 0 {
      let rows = parameters.arrays.baseAddress! + description.firstParameter
      view.pointee.parameters = UnsafePointer(next ? rows.pointee.nextValues : rows.pointee.values)
    }
    let derived = parameters.derived.baseAddress! + index
    view.pointee.derived = next ? derived.pointee.next : derived.pointee.current
  }

  func clearSlot(_ slot: Int) {
    state(slot).clear(shape.states * shape.width)
    outputs(slot).clear(shape.width)
    events?.setCount(0, slot)
  }

  /// Lists the events of a slot anew from its outputs.
  func listEvents(_ slot: Int, _ kernels: UnsafePointer<kernel_table>) {
    if let events { kernels.pointee.events(outputs(slot), events.view, slot) }
  }

  /// Brings what is computed from the parameters up to date.
  @_optimize(speed) func derive(_ kernels: UnsafePointer<kernel_table>) { kernels.pointee.derive(description.neuronIndex, view) }

  /// The same for those that an update has written.
  @_optimize(speed) @inline(never) func deriveNext(_ kernels: UnsafePointer<kernel_table>, _ parameters: ParameterStore) {
    guard parameters.areApart else { return derive(kernels) }
    guard parameters.derived[index].areApart else { return }
    let rows = parameters.arrays.baseAddress! + description.firstParameter
    var next = view.pointee
    if description.parameterCount > 0 { next.parameters = UnsafePointer(rows.pointee.nextValues) }
    next.derived = parameters.derived[index].next
    kernels.pointee.derive(description.neuronIndex, &next)
  }

  /// Whether a step from slot `from` to slot `to` gives finite states.
  @_optimize(speed) @inline(__always) func step(from: Int, to: Int, records: Bool) -> Bool {
    description.loops.step(view, from, to, records)
  }

  func clearTraces() {
    for projection in projections { projection.learning?.clear() }
    eligibility?.clear()
  }

  /// Overwrites all traces, as some are not finite.
  func eraseTraces() {
    for projection in projections { projection.learning?.erase() }
    eligibility?.clear()
  }

  func eraseInactive() {
    for projection in projections { projection.learning?.eraseInactive() }
  }

  func clearOutputTraces() {
    for projection in projections { projection.learning?.clearOutputs() }
    eligibility?.clearOutputs()
  }

  /// Whether no trace has overflown.
  func tracesAreFinite(_ kernels: UnsafePointer<kernel_table>) -> Bool {
    for projection in projections where !(projection.learning?.isFinite(kernels) ?? true) { return false }
    return eligibility?.isFinite(kernels) ?? true
  }

  /// What some slots hold, and the tape of the steps between them.
  @inline(never) func walkHistory(_ stream: inout StateStream, slots: ClosedRange<Int>) {
    let (size, width) = (shape.size, shape.width)
    let steps = slots.upperBound - slots.lowerBound
    stream.rows(state(slots.lowerBound), (steps + 1) * shape.states, size: size, width: width)
    stream.rows(outputs(slots.lowerBound), steps + 1, size: size, width: width)
    stream.rows(tape(slots.lowerBound), steps * Int(neuron.tape_count), size: size, width: width)
  }

  @inline(never) func walkTraces(_ stream: inout StateStream) {
    for projection in projections { projection.learning?.walkState(&stream, size: shape.size) }
    eligibility?.walkState(&stream, size: shape.size)
  }
}

/// A layer whose parameters another one shares, in the memory of the same session.
struct SharedLayer {
  /// While memory is only measured, there is none to look into.
  private let layer: UnsafePointer<Layer>?

  init(_ layer: UnsafePointer<Layer>, _ arena: borrowing Arena) { self.layer = arena.isMeasuring ? nil : layer }

  func weights(_ projection: Int) -> TrainedArray { layer?.pointee.projection(projection).pointee.weights ?? .none }
  var neuronParameters: TrainedArray { layer.map { $0.pointee.neuronParameters } ?? .none }
  var derived: UpdatedValues { layer?.pointee.storedDerived ?? .none }
}
