internal import CSystem

// The end of a window (`kernel_carry`), a block of neurons at a time. What the window's events add to a row comes from a small table
// that stays in the first-level cache while all rows of these neurons pass by.

/// The loop for neuron models of so many state variables (`kernel_carry_loop`), which share it; one that no model of this build needs is
/// not linked. `StateNames` has room for no more than these.
@inline(__always) func carryLoop(states: Int) -> kernel_carry_loop {
  switch states {
  case 1: { carry(InlineArray<1, Lanes>.self, $0, $1) }
  case 2: { carry(InlineArray<2, Lanes>.self, $0, $1) }
  case 3: { carry(InlineArray<3, Lanes>.self, $0, $1) }
  default: { carry(InlineArray<4, Lanes>.self, $0, $1) }
  }
}

private func carry<State: LaneArray>(
  _ state: State.Type, _ layer: UnsafePointer<kernel_layer>, _ carry: UnsafePointer<kernel_carry>
) {
  let (last, part, all) = (carry.pointee.last, Int(carry.pointee.part), Int(carry.pointee.part) == KERNEL_CARRY_ALL)
  let rows = CarriedRows(layer, carry)
  var block = CarriedBlock(layer: layer, carry: carry, neuron: carry.pointee.first, lanes: 0)
  while block.neuron < last {
    let isPair = block.neuron &+ 2 &* Lanes.scalarCount <= last
    block.lanes = isPair ? 2 &* Lanes.scalarCount : Lanes.scalarCount
    if carry.pointee.carries_outputs && (all || part == KERNEL_CARRY_SWEEP_OUTPUTS) { block.sweepOutputs() }
    if carry.pointee.carries_outputs && (all || part == KERNEL_CARRY_OUTPUT_ROWS) { carryOutputs(block, rows) }
    if all || part == KERNEL_CARRY_SWEEP_STATES { block.sweepStates() }
    if all || part == KERNEL_CARRY_STATE_ROWS {
      if isPair {
        carryStates(state, InlineArray<2, Lanes>.self, block, rows)
      } else {
        carryStates(state, InlineArray<1, Lanes>.self, block, rows)
      }
    }
    block.neuron &+= block.lanes
  }
}

/// What of a block's rows is treated: all of them, or some of one matrix.
struct CarriedRows {
  let matrices: Range<Int>
  let takesParameters: Bool
  private let first, last: Int

  @inline(__always) fileprivate init(_ layer: UnsafePointer<kernel_layer>, _ carry: UnsafePointer<kernel_carry>) {
    let (count, matrix) = (layer.pointee.projection_count, carry.pointee.matrix)
    if Int(carry.pointee.part) == KERNEL_CARRY_ALL {
      (matrices, takesParameters, first, last) = (Range(uncheckedBounds: (0, count)), true, 0, .max)
    } else {
      matrices = Range(uncheckedBounds: (matrix, min(matrix &+ 1, count)))
      (takesParameters, first, last) = (matrix == count, carry.pointee.begin, carry.pointee.end)
    }
  }

  /// Of a matrix that has so many.
  @inline(__always) func rows(of count: Int) -> Range<Int> { Range(uncheckedBounds: (first, min(last, count))) }
}

extension CarriedBlock {
  /// The loss adjoint and one unit adjoint per state variable, backwards through the window: q' and gI of every step, Φ and Φ B of every
  /// step, and the sums over the steps for the parameters.
  @inline(never) fileprivate func sweepStates() {
    let isAtEnd = sweptSteps.first == 0
    if sweptSteps.last == carry.pointee.steps { beginSweepOfStates() }
    if let loss = carry.pointee.loss {
      var pass = pass(from: 0, count: 1 &+ states)
      pass.output_adjoint = loss + neuron
      pass.output_stride = width
      kernel_sweep_neurons(carry.pointee.sweep, layer, &pass, Lanes.scalarCount)
      if isAtEnd && carry.pointee.keeps_loss { keepLoss() }
    } else {
      var pass = pass(from: 1, count: states)
      kernel_sweep_neurons(carry.pointee.sweep, layer, &pass, Lanes.scalarCount)
      if isAtEnd && carry.pointee.taught { takeLoss() }
    }
  }

  private func beginSweepOfStates() {
    clearAdjoints()
    forEachVector { lane, unit in
      for state in 0..<states { transition.store(unit, (state &* states &+ state) &* lanes &+ lane) }
    }
  }

  /// An adjoint of the outputs that is one at the end of the window and `output_decay` times smaller at every step before, as
  /// `carryOutputs` wants it, in the place of the loss adjoint.
  @inline(never) fileprivate func sweepOutputs() {
    if sweptSteps.last == carry.pointee.steps { beginSweepOfOutputs() }
    var pass = pass(from: 0, count: 1)
    pass.output_adjoint = Row(outputAdjoints)
    pass.output_stride = lanes
    kernel_sweep_neurons(carry.pointee.sweep, layer, &pass, Lanes.scalarCount)
  }

  private func beginSweepOfOutputs() {
    clearAdjoints()
    var weight: Float = 1
    var step = carry.pointee.steps
    while step > 0 {
      step &-= 1
      forEachVector { lane, unit in outputAdjoints.store(unit * weight, step &* lanes &+ lane) }
      weight *= carry.pointee.output_decay
    }
  }

  /// Calls `body` with the first lane of each vector, and 1 for each of its neurons; 0 for padding, whose eligibility stays zero,
  /// whatever its parameters would do.
  @inline(__always) private func forEachVector(_ body: (_ lane: Int, _ unit: Lanes) -> Void) {
    var lane = 0
    while lane < lanes {
      let left = Lanes(repeating: Float(layer.pointee.size &- neuron &- lane))
      body(lane, Lanes.zero.replacing(with: Lanes(repeating: 1), where: lanes_places() .< left))
      lane &+= Lanes.scalarCount
    }
  }

  /// What is left of that adjoint before the window.
  fileprivate var keptOutputs: Float {
    var weight: Float = 1
    for _ in 0..<carry.pointee.steps { weight *= carry.pointee.output_decay }
    return weight
  }
}

/// Floats of `kernel_carry.scratch`: what `CarriedBlock` holds, for blocks of two vectors.
func carryScratch(_ neuron: kernel_neuron, steps: Int, carriesOutputs: Bool, hasCompressed: Bool) -> Int {
  let (k, p) = (Int(neuron.state_count), Int(neuron.parameter_count))
  let entries = steps &* Int(neuron.current_count) &* (1 &+ k) &+ (1 &+ k) &* (k &+ p) &+ (carriesOutputs ? steps : 0)
  return entries &* 2 &* Lanes.scalarCount &+ (hasCompressed ? NeuronTable.size(states: k, steps: steps) : 0)
}

/// The neurons that are at work, and the table for them:
///   sources [steps][currents][1 + k][lanes]: gI, then row k of Φ B
///   adjoints [1 + k][k][lanes]: q', then Φ
///   gradients [parameters][1 + k][lanes]: of the loss, then what the window adds to the eligibility of the states
struct CarriedBlock {
  let layer: UnsafePointer<kernel_layer>
  let carry: UnsafePointer<kernel_carry>
  /// The first of them, and how many.
  var neuron, lanes: Int

  var width: Int { layer.pointee.width }
  var currents: Int { layer.pointee.current_count }
  var states: Int { layer.pointee.state_count }
  var parameters: Int { layer.pointee.parameter_count }
  /// Of a source of a current to the next one.
  var currentStride: Int { (1 &+ states) &* lanes }
  var stepStride: Int { currents &* currentStride }
  var sources: MutableRow { carry.pointee.scratch }
  var adjoints: MutableRow { sources + carry.pointee.steps &* stepStride }
  var transition: MutableRow { adjoints + states &* lanes }
  var gradients: MutableRow { adjoints + (1 &+ states) &* states &* lanes }
  /// [steps][lanes], if outputs are carried.
  var outputAdjoints: MutableRow { gradients + parameters &* currentStride }
  /// Of compressed rows.
  var neuronTable: NeuronTable {
    NeuronTable(
      base: carry.pointee.carries_outputs ? outputAdjoints + carry.pointee.steps &* lanes : outputAdjoints,
      states: states)
  }

  func clearAdjoints() {
    var place = 0
    while place < (1 &+ states) &* (states &+ parameters) &* lanes {
      adjoints.store(.zero, place)
      place &+= Lanes.scalarCount
    }
  }

  /// The steps of a sweep that it goes through now, backwards.
  var sweptSteps: (first: Int, last: Int) {
    let steps = carry.pointee.steps
    return Int(carry.pointee.part) == KERNEL_CARRY_ALL ? (0, steps) : (steps &- carry.pointee.end, steps &- carry.pointee.begin)
  }

  /// A sweep over these neurons and steps with some of the adjoints.
  func pass(from first: Int, count: Int) -> kernel_sweep {
    kernel_sweep(
      first_neuron: neuron, last_neuron: neuron &+ lanes, first: sweptSteps.first, last: sweptSteps.last, count: count,
      output_adjoint: nil, output_stride: 0, adjoint: adjoints + first &* states &* lanes,
      adjoint_spacing: states &* lanes, adjoint_stride: lanes, gradient: gradients + first &* lanes,
      gradient_spacing: lanes, gradient_stride: currentStride, currents: sources + first &* lanes,
      step_stride: stepStride, current_stride: currentStride, current_spacing: lanes, instantaneous: false)
  }

  /// What the loss adjoint gave, from the table to the arrays of the layer.
  func keepLoss() {
    copy(states, from: adjoints, lanes, to: carry.pointee.adjoint + neuron, width)
    copy(
      carry.pointee.steps &* currents, from: sources, currentStride, to: carry.pointee.current_adjoint + neuron, width)
  }

  /// The same from there to the table.
  func takeLoss() {
    copy(states, from: carry.pointee.adjoint + neuron, width, to: adjoints, lanes)
    copy(parameters, from: carry.pointee.parameter_gradient + neuron, width, to: gradients, currentStride)
    copy(
      carry.pointee.steps &* currents, from: carry.pointee.current_adjoint + neuron, width, to: sources, currentStride)
  }

  @inline(never) private func copy(_ count: Int, from: MutableRow, _ fromStride: Int, to: MutableRow, _ toStride: Int) {
    for entry in 0..<count {
      var lane = 0
      while lane < lanes {
        to.store(from.lanes(entry &* fromStride &+ lane), entry &* toStride &+ lane)
        lane &+= Lanes.scalarCount
      }
    }
  }

  /// Calls `body` for presynaptic neurons of a projection whose eligibility is not zero, with whether it was zero before the window and
  /// their events. `gradient` is fetched into the cache some rows ahead.
  @inline(__always) func forEachRow(
    _ projection: UnsafePointer<kernel_projection>, _ rows: CarriedRows, _ gradient: Row?,
    _ body: (_ row: Int, _ isFresh: Bool, _ events: Range<Int>) -> Void
  ) {
    let groups = projection.pointee.events.pointee
    @inline(__always) func events(_ row: Int) -> Range<Int> {
      Range(uncheckedBounds: (Int(groups.offsets[row]), Int(groups.offsets[row &+ 1])))
    }
    let range = rows.rows(of: groups.active_count &+ groups.fresh_count)
    var position = range.lowerBound
    while position < min(range.upperBound, groups.active_count) {
      let row = Int(groups.members[position])
      if let gradient, position &+ 8 < groups.active_count {
        lanes_prefetch(gradient + Int(groups.members[position &+ 8]) &* width)
      }
      body(row, false, events(row))
      position &+= 1
    }
    // From the other end.
    let last = projection.pointee.source.pointee.size &- 1 &+ groups.active_count
    while position < range.upperBound {
      let row = Int(groups.members[last &- position])
      body(row, true, events(row))
      position &+= 1
    }
  }
}

/// Gradient and eligibility of all projections and parameters, when the table holds the states' sources.
@inline(never) private func carryStates<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ block: CarriedBlock, _ rows: CarriedRows
) {
  for index in rows.matrices {
    let projection = block.layer.pointee.projections + index
    if projection.pointee.compressed == nil {
      carryRows(state, vectors, block, projection, rows)
    } else {
      carryCompressed(state, block, projection, rows)
    }
  }
  if rows.takesParameters { carryParameters(state, block) }
}

@inline(__always) private func carryRows<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ block: CarriedBlock, _ projection: UnsafePointer<kernel_projection>,
  _ rows: CarriedRows
) {
  let (k, lanes, width) = (State.size, Vectors.size &* Lanes.scalarCount, block.width)
  let taught = block.carry.pointee.taught
  let (times, values) = (projection.pointee.events.pointee.times, projection.pointee.events.pointee.values)
  let eligibility = block.eligibility(of: projection, rows)
  let gradient = projection.pointee.gradient + block.neuron
  let adjoint = Row(block.adjoints)
  let sources = Row(block.sources + projection.pointee.current &* block.currentStride)
  let (transition, stepStride) = (Row(block.transition), block.stepStride)

  block.forEachRow(projection, rows, taught ? Row(gradient) : nil) { row, isFresh, events in
    let place = eligibility + row &* k &* lanes
    let zero = State(repeating: .zero)
    var e: InlineArray<2, State> = [zero, zero]
    var g = Vectors(repeating: .zero)
    if taught { g = Vectors(Row(gradient + row &* width), stride: Lanes.scalarCount) }
    if !isFresh {
      for vector in 0..<Vectors.size {
        let offset = vector &* Lanes.scalarCount
        let old = State(Row(place + offset), stride: lanes)
        if taught {
          for m in 0..<k { g[row: vector] += adjoint.lanes(m &* lanes &+ offset) * old[row: m] }
        }
        for j in 0..<k {
          var sum = Lanes.zero
          for m in 0..<k { sum += transition.lanes((j &* k &+ m) &* lanes &+ offset) * old[row: m] }
          e[vector][row: j] = sum
        }
      }
    }
    var event = events.lowerBound
    while event < events.upperBound {
      let source = sources + Int(times[event]) &* stepStride
      let value = Lanes(repeating: values[event])
      for vector in 0..<Vectors.size {
        let offset = vector &* Lanes.scalarCount
        // Without a target gI is not there: what it would add is not kept.
        g[row: vector] += source.lanes(offset) * value
        for j in 0..<k { e[vector][row: j] += source.lanes((1 &+ j) &* lanes &+ offset) * value }
      }
      event &+= 1
    }
    if taught { g.store(gradient + row &* width, stride: Lanes.scalarCount) }
    for vector in 0..<Vectors.size { e[vector].store(place + vector &* Lanes.scalarCount, stride: lanes) }
  }
  block.keep(eligibility, of: projection, rows)
}

/// The same for the parameters of the neurons, which have no events: their sources are summed over the window.
@inline(never) private func carryParameters<State: LaneArray>(_ state: State.Type, _ block: CarriedBlock) {
  let (k, lanes, width) = (State.size, block.lanes, block.width)
  let taught = block.carry.pointee.taught
  let eligibility = block.parameterEligibility
  let (adjoint, transition) = (Row(block.adjoints), Row(block.transition))
  for parameter in 0..<block.parameters {
    let sums = Row(block.gradients + parameter &* block.currentStride)
    var offset = 0
    while offset < lanes {
      let place = eligibility + (parameter &* k &* lanes &+ offset)
      let old = State(Row(place), stride: lanes)
      if taught {
        let index = parameter &* width &+ block.neuron &+ offset
        var sum = block.layer.pointee.parameter_gradient.lanes(index) + sums.lanes(offset)
        for m in 0..<k { sum += adjoint.lanes(m &* lanes &+ offset) * old[row: m] }
        block.layer.pointee.parameter_gradient.store(sum, index)
      }
      var new = State(repeating: .zero)
      for j in 0..<k {
        var sum = sums.lanes((1 &+ j) &* lanes &+ offset)
        for m in 0..<k { sum += transition.lanes((j &* k &+ m) &* lanes &+ offset) * old[row: m] }
        new[row: j] = sum
      }
      new.store(place, stride: lanes)
      offset &+= Lanes.scalarCount
    }
  }
  block.keepParameters(eligibility)
}

/// Gradient and eligibility of outputs that are carried, when the table holds their sources; before the states' own, which it needs as
/// they were. Not specialised for the state count: the events take the time.
@inline(never) private func carryOutputs(_ block: CarriedBlock, _ rows: CarriedRows) {
  let kept = block.keptOutputs
  for index in rows.matrices {
    let projection = block.layer.pointee.projections + index
    if projection.pointee.compressed == nil {
      carryOutputRows(block, projection, rows, kept)
    } else {
      carryCompressedOutputs(block, projection, rows, kept)
    }
  }
  guard rows.takesParameters, let outputEligibility = block.layer.pointee.parameter_output_eligibility else { return }
  let (k, lanes) = (block.states, block.lanes)
  let eligibility = block.parameterEligibility
  for parameter in 0..<block.parameters {
    let carried = CarriedOutput(
      place: parameter &* block.width &+ block.neuron, eligibility: outputEligibility,
      gradient: block.layer.pointee.parameter_gradient, old: Row(eligibility + parameter &* k &* lanes))
    let sums = Row(block.gradients + parameter &* block.currentStride)
    carryOutput(block, carried, kept) { sums.lanes($0) }
  }
}

@inline(__always) private func carryOutputRows(
  _ block: CarriedBlock, _ projection: UnsafePointer<kernel_projection>, _ rows: CarriedRows, _ kept: Float
) {
  guard let outputEligibility = projection.pointee.output_eligibility else { return }
  let (k, lanes) = (block.states, block.lanes)
  let (times, values) = (projection.pointee.events.pointee.times, projection.pointee.events.pointee.values)
  let eligibility = block.eligibility(of: projection, rows)
  let sources = Row(block.sources + projection.pointee.current &* block.currentStride)
  block.forEachRow(projection, rows, nil) { row, isFresh, events in
    let carried = CarriedOutput(
      place: row &* block.width &+ block.neuron, eligibility: outputEligibility, gradient: projection.pointee.gradient,
      old: isFresh ? nil : Row(eligibility + row &* k &* lanes))
    carryOutput(block, carried, kept) { offset in
      var sum = Lanes.zero
      var event = events.lowerBound
      while event < events.upperBound {
        sum += sources.lanes(Int(times[event]) &* block.stepStride &+ offset) * values[event]
        event &+= 1
      }
      return sum
    }
  }
}

/// A row whose outputs are carried.
private struct CarriedOutput {
  /// In `eligibility` and `gradient`.
  let place: Int
  let eligibility: UnsafeMutableRawPointer
  let gradient: MutableRow
  /// The states' eligibility of these neurons before the window, [k][lanes]; nil: zero.
  let old: Row?
}

@inline(__always) private func carryOutput(
  _ block: CarriedBlock, _ row: CarriedOutput, _ kept: Float, _ added: (_ offset: Int) -> Lanes
) {
  let (k, lanes) = (block.states, block.lanes)
  var offset = 0
  while offset < lanes {
    let place = row.place &+ offset
    let carried = block.outputEligibility(row.eligibility, place)
    if block.carry.pointee.taught {
      let adjoint = block.carry.pointee.carried_adjoint.lanes(block.neuron &+ offset)
      row.gradient.store(row.gradient.lanes(place) + adjoint * carried, place)
    }
    var sum = carried * kept + added(offset)
    if let old = row.old {
      for m in 0..<k { sum += block.adjoints.lanes(m &* lanes &+ offset) * old.lanes(m &* lanes &+ offset) }
    }
    block.keepOutputEligibility(sum, row.eligibility, place)
    offset &+= Lanes.scalarCount
  }
}
