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
  /// The outputs after the last step that are not zero.
  let firing: OutputList
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
    firing = OutputList(&arena, size: description.size)
    learning = block.gradients.map {
      LayerLearning(&arena, description, width: width, gradients: $0, carriesOutput: carriesOutput)
    }
    var synapses: UnsafePointer<kernel_synapses>?
    if let map = description.synapses {
      synapses = UnsafePointer(arena.place(kernel_synapses(description, map, block, learning)))
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
      surrogate: description.surrogate, synapses: synapses)
    self.view = arena.place(view)
  }

  func state(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.states + slot * description.stateCount * width }
  func outputs(_ slot: Int) -> UnsafeMutablePointer<Float> { view.pointee.outputs + slot * width }

  /// Slot `from` becomes slot `to`.
  func copySlot(from: Int, to: Int) {
    state(to).update(from: state(from), count: description.stateCount * width)
    outputs(to).update(from: outputs(from), count: width)
  }

  /// `blockSize`: neurons of a block of the eligibility.
  func clearTraces(blockSize: Int) { learning?.clear(description, width: width, blockSize: blockSize) }
  func eraseTraces() { learning?.erase(description, width: width) }
  func clearOutputEligibility() { learning?.clearOutputEligibility(description, width: width) }

  func clearSlot(_ slot: Int) {
    state(slot).update(repeating: 0, count: description.stateCount * width)
    outputs(slot).update(repeating: 0, count: width)
    firing.count.pointee = 0
  }

  /// Lists the outputs in a slot.
  func listOutputs(_ slot: Int, _ kernels: kernel_table) {
    firing.count.pointee = kernels.events(outputs(slot), description.size, 0, firing.indices, firing.values)
  }
}

extension kernel_synapses {
  fileprivate init(
    _ layer: LayerDescription, _ map: SynapseMap, _ block: ParameterStore.Block, _ learning: LayerLearning?
  ) {
    self.init(
      size: layer.size, first: Int32(truncatingIfNeeded: layer.rowedCount), offsets: map.offsets, targets: map.targets,
      weights: block.values + block.synapseStart, gradient: block.gradients.map { $0 + block.synapseStart },
      row_offsets: map.rowOffsets, sources: map.sources, places: map.places,
      eligibility: learning?.synapseEligibility, output_eligibility: learning?.synapseOutputEligibility)
  }
}

/// What learning adds to a layer.
struct LayerLearning {
  /// Those of the layer's block of parameters.
  let gradients: UnsafeMutablePointer<Float>
  /// e: ∂s/∂(every parameter in the matrix) at the start of the window, in blocks of neurons [rowCount][k][neurons], see kernels.h.
  let eligibility: UnsafeMutablePointer<Float>
  /// [rowCount][width]: ∂/∂(every parameter in the matrix) of the outputs that are carried into the window. With recurrent
  /// credit, of recurrent layers: those of the step before it (e_z). With filtered credit, of the top layer: all, as the readout
  /// remembers them (ε̄).
  let outputEligibility: UnsafeMutablePointer<Float>?
  /// The same for the synapses, in the order of the model file: [synapses][k] and [synapses].
  let synapseEligibility, synapseOutputEligibility: UnsafeMutablePointer<Float>?
  /// One flag per presynaptic neuron: whether it had an event since the traces were cleared. The rows of the others are zero.
  let isActive: UnsafeMutablePointer<Bool>

  init(
    _ arena: inout Arena, _ description: LayerDescription, width: Int, gradients: UnsafeMutablePointer<Float>,
    carriesOutput: Bool
  ) {
    let rows = description.rowCount
    self.gradients = gradients
    eligibility = arena.allocate(Float.self, width, rows: description.stateCount, planes: rows, .traces)
    outputEligibility = carriesOutput ? arena.allocate(Float.self, width, rows: rows, .traces) : nil
    let synapses = description.synapseCount
    synapseEligibility =
      synapses > 0 ? arena.allocate(Float.self, synapses, rows: description.stateCount, .traces) : nil
    synapseOutputEligibility = synapses > 0 && carriesOutput ? arena.allocate(Float.self, synapses, .traces) : nil
    isActive = arena.allocate(Bool.self, description.presynapticCount, .traces)
  }

  /// Rows of neurons without events count as zero, whatever they hold: only what has no events is overwritten.
  func clear(_ description: LayerDescription, width: Int, blockSize: Int) {
    eraseRows(description.weightRowCount..<description.rowCount, description, width: width, blockSize: blockSize)
    clearRest(description, width: width)
  }

  /// Overwrites everything, as some of it is not finite.
  func erase(_ description: LayerDescription, width: Int) {
    eligibility.update(repeating: 0, count: description.rowCount * description.stateCount * width)
    clearRest(description, width: width)
  }

  /// Makes zeros of the rows that count as zero.
  func eraseInactive(_ description: LayerDescription, width: Int, blockSize: Int) {
    let gates = description.gateCount
    for presynaptic in 0..<description.rowedCount where !isActive[presynaptic] {
      let rows = presynaptic * gates..<(presynaptic + 1) * gates
      eraseRows(rows, description, width: width, blockSize: blockSize)
    }
  }

  /// That of a neuron in a row: the first of k numbers, and how far apart they are; nil: all zero.
  func eligibility(
    row: Int, neuron: Int, _ description: LayerDescription, width: Int, blockSize: Int
  ) -> (first: UnsafePointer<Float>?, stride: Int) {
    let start = neuron / blockSize * blockSize
    let neurons = min(blockSize, width - start)
    if row < description.weightRowCount && !isActive[row / description.gateCount] { return (nil, neurons) }
    let block = eligibility + start * description.rowCount * description.stateCount
    return (UnsafePointer(block + row * description.stateCount * neurons + neuron - start), neurons)
  }

  private func eraseRows(_ rows: Range<Int>, _ description: LayerDescription, width: Int, blockSize: Int) {
    let states = description.stateCount
    for start in stride(from: 0, to: width, by: blockSize) {
      let neurons = min(blockSize, width - start)
      let block = eligibility + start * description.rowCount * states
      (block + rows.lowerBound * states * neurons).update(repeating: 0, count: rows.count * states * neurons)
    }
  }

  private func clearRest(_ description: LayerDescription, width: Int) {
    synapseEligibility?.update(repeating: 0, count: description.synapseCount * description.stateCount)
    clearOutputEligibility(description, width: width)
    isActive.update(repeating: false, count: description.presynapticCount)
  }

  func clearOutputEligibility(_ description: LayerDescription, width: Int) {
    outputEligibility?.update(repeating: 0, count: description.rowCount * width)
    synapseOutputEligibility?.update(repeating: 0, count: description.synapseCount)
  }

  /// Whether no trace has overflown.
  func isFinite(_ description: LayerDescription, width: Int, _ kernels: kernel_table) -> Bool {
    let (count, states) = (description.rowCount * width, description.stateCount)
    guard kernels.finite(eligibility, count * states) else { return false }
    if let outputEligibility, !kernels.finite(outputEligibility, count) { return false }
    if let synapseEligibility, !kernels.finite(synapseEligibility, description.synapseCount * states) { return false }
    return synapseOutputEligibility.map { kernels.finite($0, description.synapseCount) } ?? true
  }
}

/// Outputs of a layer that are not zero: events of the layer above in the same step, and of the layer itself in the next.
struct OutputList {
  /// With room for one per neuron; and how many there are.
  let indices: UnsafeMutablePointer<Int32>
  let values: UnsafeMutablePointer<Float>
  let count: UnsafeMutablePointer<Int>

  init(_ arena: inout Arena, size: Int) {
    indices = arena.allocate(Int32.self, size, .scratch)
    values = arena.allocate(Float.self, size, .scratch)
    count = arena.allocate(Int.self, 1, .scratch)
  }

  /// Appends them to events that have this many entries already; returns how many there are then.
  @inline(__always) func append(
    to indices: UnsafeMutablePointer<Int32>, _ values: UnsafeMutablePointer<Float>, at end: Int, first: Int
  ) -> Int {
    for position in 0..<count.pointee {
      indices[end + position] = self.indices[position] + Int32(truncatingIfNeeded: first)
      values[end + position] = self.values[position]
    }
    return end + count.pointee
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
