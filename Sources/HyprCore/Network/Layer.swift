internal import CSystem

/// The running part of one layer: its parameters, state, traces and what is kept of the open window.
///
/// A slot holds state and outputs after one step. A learning session keeps one slot per step of the window, slot 0 being the
/// state that the window started from. Without learning there are two, used in turn.
struct Layer {
  let description: LayerDescription
  /// Neurons rounded up to whole vectors; the length of every row.
  let width: Int
  let view: kernel_layer
  /// [rowCount][width], rows as in `LayerDescription`.
  let parameters: UnsafeMutablePointer<Float>
  let current: UnsafeMutablePointer<Float>
  let events: EventHistory
  /// Only in learning sessions.
  let learning: LayerLearning?

  init(_ arena: inout Arena, _ description: LayerDescription, _ block: ParameterStore.Block, _ settings: Settings) {
    let steps = settings.learning ? settings.window : 1
    let facts = description.facts
    let width = block.width
    self.description = description
    self.width = width
    parameters = block.values
    current = arena.allocate(Float.self, width, .scratch)
    events = EventHistory(&arena, rows: description.presynapticCount, steps: steps)
    learning = block.gradients.map {
      LayerLearning(&arena, description, width: width, gradients: $0, carriesOutput: settings.credit == .recurrent)
    }
    view = kernel_layer(
      neuron: description.neuron, width: width, constants: description.constants,
      parameters: block.values + description.presynapticCount * width,
      derived: arena.allocate(Float.self, width, rows: Int(facts.derived_count), .parameters),
      states: arena.allocate(Float.self, width, rows: description.stateCount, planes: steps + 1, .state),
      outputs: arena.allocate(Float.self, width, rows: steps + 1, .state),
      current: current,
      tape: block.gradients == nil
        ? nil : arena.allocate(Float.self, width, rows: Int(facts.tape_count), planes: steps, .history),
      surrogate: description.surrogate)
  }

  func state(_ slot: Int) -> UnsafeMutablePointer<Float> { view.states + slot * description.stateCount * width }
  func outputs(_ slot: Int) -> UnsafeMutablePointer<Float> { view.outputs + slot * width }

  /// Slot `from` becomes slot `to`.
  func copySlot(from: Int, to: Int) {
    state(to).update(from: state(from), count: description.stateCount * width)
    outputs(to).update(from: outputs(from), count: width)
  }

  func clearTraces() { learning?.clear(description, width: width) }

  func clearSlot(_ slot: Int) {
    state(slot).update(repeating: 0, count: description.stateCount * width)
    outputs(slot).update(repeating: 0, count: width)
  }
}

/// What learning adds to a layer.
struct LayerLearning {
  /// Those of the layer's block of parameters.
  let gradients: UnsafeMutablePointer<Float>
  /// e [rowCount][k][width]: ∂s/∂(every parameter) at the start of the window.
  let eligibility: UnsafeMutablePointer<Float>
  /// e_z [rowCount][width]: ∂z/∂(every parameter) at the start of the window. Only of recurrent layers with recurrent credit.
  let outputEligibility: UnsafeMutablePointer<Float>?
  /// Rows whose eligibility is not zero: presynaptic neurons that were active since the last reset, and the neuron parameters.
  let activeRows: UnsafeMutablePointer<Int32>
  let activeCount: UnsafeMutablePointer<Int>
  /// One flag per presynaptic row.
  let isActive: UnsafeMutablePointer<Bool>

  init(
    _ arena: inout Arena, _ description: LayerDescription, width: Int, gradients: UnsafeMutablePointer<Float>,
    carriesOutput: Bool
  ) {
    let rows = description.rowCount
    self.gradients = gradients
    eligibility = arena.allocate(Float.self, width, rows: description.stateCount, planes: rows, .traces)
    outputEligibility =
      carriesOutput && description.isRecurrent ? arena.allocate(Float.self, width, rows: rows, .traces) : nil
    activeRows = arena.allocate(Int32.self, rows, .traces)
    activeCount = arena.allocate(Int.self, 1, .traces)
    isActive = arena.allocate(Bool.self, description.presynapticCount, .traces)
  }

  func clear(_ description: LayerDescription, width: Int) {
    eligibility.update(repeating: 0, count: description.rowCount * description.stateCount * width)
    outputEligibility?.update(repeating: 0, count: description.rowCount * width)
    isActive.update(repeating: false, count: description.presynapticCount)
    for index in 0..<description.parameterCount {
      activeRows[index] = Int32(truncatingIfNeeded: description.presynapticCount + index)
    }
    activeCount.pointee = description.parameterCount
  }

  func activate(_ row: Int32) {
    guard !isActive[Int(row)] else { return }
    isActive[Int(row)] = true
    activeRows[activeCount.pointee] = row
    activeCount.pointee += 1
  }
}

/// The presynaptic events of every step of a window: the non-zero entries of x̄ = [x; z'; 1] with their row numbers.
struct EventHistory {
  /// Where each step's events start; one more entry than steps.
  let starts: UnsafeMutablePointer<Int>
  let rows: UnsafeMutablePointer<Int32>
  let values: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, rows count: Int, steps: Int) {
    starts = arena.allocate(Int.self, steps + 1, .history)
    rows = arena.allocate(Int32.self, count, rows: steps, .history)
    values = arena.allocate(Float.self, count, rows: steps, .history)
  }

  func count(_ step: Int) -> Int { starts[step + 1] - starts[step] }
}
