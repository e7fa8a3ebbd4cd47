internal import CSystem

/// The running part of one layer: its parameters, state, traces and what is kept of the open window.
///
/// A slot holds state and outputs after one step. A learning session keeps one slot per step of the window, slot 0 being the
/// state that the window started from. Without learning there are two, used in turn.
struct Layer {
  let description: LayerDescription
  /// Neurons rounded up to whole vectors; the length of every row.
  let width: Int
  /// The layer as the kernels see it.
  let view: UnsafeMutablePointer<kernel_layer>
  /// [rowCount][width], rows as in `LayerDescription`.
  let parameters: UnsafeMutablePointer<Float>
  let events: EventHistory
  /// Only in learning sessions.
  let learning: LayerLearning?

  init(
    _ arena: inout Arena, _ description: LayerDescription, _ block: ParameterStore.Block, _ settings: Settings,
    carriesOutput: Bool
  ) {
    let steps = settings.learning ? settings.window : 1
    let facts = description.facts
    let width = block.width
    self.description = description
    self.width = width
    parameters = block.values
    events = EventHistory(&arena, presynapticCount: description.presynapticCount, steps: steps)
    learning = block.gradients.map {
      LayerLearning(&arena, description, width: width, gradients: $0, carriesOutput: carriesOutput)
    }
    let view = kernel_layer(
      neuron: description.neuron, width: width, constants: description.constants,
      parameters: block.values + description.weightRowCount * width,
      derived: arena.allocate(Float.self, width, rows: Int(facts.derived_count), .parameters),
      states: arena.allocate(Float.self, width, rows: description.stateCount, planes: steps + 1, .state),
      outputs: arena.allocate(Float.self, width, rows: steps + 1, .state),
      current: arena.allocate(Float.self, width, rows: description.currentCount, .scratch),
      tape: block.gradients == nil
        ? nil : arena.allocate(Float.self, width, rows: Int(facts.tape_count), planes: steps, .history),
      surrogate: description.surrogate)
    self.view = arena.allocate(kernel_layer.self, 1, .scratch)
    if !arena.isMeasuring { self.view.initialize(to: view) }
  }

  func state(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.states + slot * description.stateCount * width }
  func outputs(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.outputs + slot * width }

  /// Slot `from` becomes slot `to`.
  func copySlot(from: Int, to: Int) {
    state(to).update(from: state(from), count: description.stateCount * width)
    outputs(to).update(from: outputs(from), count: width)
  }

  func clearTraces() { learning?.clear(description, width: width) }
  func clearOutputEligibility() {
    learning?.outputEligibility?.update(repeating: 0, count: description.rowCount * width)
  }

  func clearSlot(_ slot: Int) {
    state(slot).update(repeating: 0, count: description.stateCount * width)
    outputs(slot).update(repeating: 0, count: width)
  }
}

/// What learning adds to a layer.
struct LayerLearning {
  /// Those of the layer's block of parameters.
  let gradients: UnsafeMutablePointer<Float>
  /// e: ∂s/∂(every parameter) at the start of the window, in blocks of neurons [rowCount][k][neurons], see kernels.h.
  let eligibility: UnsafeMutablePointer<Float>
  /// [rowCount][width]: ∂/∂(every parameter) of the outputs that are carried into the window. With recurrent credit, of recurrent
  /// layers: those of the step before it (e_z). With filtered credit, of the top layer: all, as the readout remembers them (ε̄).
  let outputEligibility: UnsafeMutablePointer<Float>?
  /// One flag per presynaptic neuron: whether it had an event since the traces were cleared. The rows of the others are zero.
  let isActive: UnsafeMutablePointer<Bool>

  init(
    _ arena: inout Arena, _ description: LayerDescription, width: Int, gradients: UnsafeMutablePointer<Float>,
    carriesOutput: Bool
  ) {
    let rows = description.rowCount
    self.gradients = gradients
    eligibility = arena.allocate(Float.self, width, rows: description.stateCount, planes: rows, .traces)
    outputEligibility =
      carriesOutput ? arena.allocate(Float.self, width, rows: rows, .traces) : nil
    isActive = arena.allocate(Bool.self, description.presynapticCount, .traces)
  }

  func clear(_ description: LayerDescription, width: Int) {
    eligibility.update(repeating: 0, count: description.rowCount * description.stateCount * width)
    outputEligibility?.update(repeating: 0, count: description.rowCount * width)
    isActive.update(repeating: false, count: description.presynapticCount)
  }
}

/// The presynaptic events of every step of a window: the non-zero entries of x̄ = [x; z'; 1] with their places in it.
struct EventHistory {
  /// Where each step's events start; one more entry than steps.
  let starts: UnsafeMutablePointer<Int>
  let indices: UnsafeMutablePointer<Int32>
  let values: UnsafeMutablePointer<Float>
  /// How many of the events of the last step came from below.
  let fromBelow: UnsafeMutablePointer<Int>

  init(_ arena: inout Arena, presynapticCount count: Int, steps: Int) {
    starts = arena.allocate(Int.self, steps + 1, .history)
    indices = arena.allocate(Int32.self, count, rows: steps, .history)
    values = arena.allocate(Float.self, count, rows: steps, .history)
    fromBelow = arena.allocate(Int.self, 1, .scratch)
  }
}
