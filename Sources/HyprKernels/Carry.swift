internal import CSystem

// The end of a window (`kernel_carry`), two vectors of neurons at a time. What the window's events add to a row comes from a small
// table that stays in the first-level cache while all rows of these neurons pass by:
//   sources [steps][currents][1 + k][neurons]: gI, then row k of Φ B

extension NeuronLoops {
  private typealias Pair = InlineArray<2, Lanes>
  private typealias Single = InlineArray<1, Lanes>

  /// Floats of `kernel_carry.scratch`: sources, Φ, and the parameters' part of the eligibility; then what the synapses want.
  static func carryScratch(steps: Int, hasSynapses: Bool) -> Int {
    let (k, p) = (Model.State.size, Model.Parameters.size)
    let entries = steps &* Model.Currents.size &* (1 &+ k) &+ k &* (k &+ p)
    return entries &* Pair.size &* Lanes.scalarCount &+ (hasSynapses ? synapseScratch(states: k, steps: steps) : 0)
  }

  static func carry(_ layer: kernel_layer, _ carry: kernel_carry) {
    var neuron = carry.first
    while neuron < carry.last {
      if neuron &+ Pair.size &* Lanes.scalarCount <= carry.last {
        block(Pair.self, layer, carry, neuron)
        neuron &+= Pair.size &* Lanes.scalarCount
      } else {
        block(Single.self, layer, carry, neuron)
        neuron &+= Lanes.scalarCount
      }
    }
  }

  private static func block<Vectors: LaneArray>(
    _ vectors: Vectors.Type, _ layer: kernel_layer, _ carry: kernel_carry, _ neuron: Int
  ) {
    let lanes = Vectors.size &* Lanes.scalarCount
    let rows = CarriedRows(
      carry: carry, synapses: layer.synapses, width: layer.width, neuron: neuron, lanes: lanes, gates: Model.gateCount,
      currents: Model.Currents.size, states: Model.State.size, parameters: Model.Parameters.size)
    if let eligibility = carry.output_eligibility, let adjoint = carry.output_adjoint {
      var kept: Float = 0
      for vector in 0..<Vectors.size {
        let offset = vector &* Lanes.scalarCount
        kept = sweepOutput(layer, carry, neuron &+ offset, carry.scratch + offset, lanes)
      }
      carryOutputs(Model.State.Values.self, vectors, rows, eligibility, adjoint, kept)
    }
    for vector in 0..<Vectors.size {
      let offset = vector &* Lanes.scalarCount
      sweepUnits(layer, carry, neuron &+ offset, carry.scratch + offset, lanes)
    }
    if let gradient = carry.gradient {
      carryTaught(Model.State.Values.self, vectors, rows, gradient)
    } else {
      carryUntaught(Model.State.Values.self, vectors, rows)
    }
  }

  /// One unit adjoint per state variable, backwards through the window: Φ, Φ B of every step, and Φ F summed over them.
  @inline(never) private static func sweepUnits(
    _ layer: kernel_layer, _ carry: kernel_carry, _ neuron: Int, _ sources: MutableRow, _ lanes: Int
  ) {
    let (width, k) = (layer.width, Model.State.size)
    let constants = Model.Constants(layer.constants)
    let slot = k &* width
    guard let tape = layer.tape else { return }
    let derived = Model.Derived(Row(layer.derived + neuron), stride: width)
    let unit = realNeurons(carry, neuron)
    let (noState, noGradient) = (Model.State(repeating: .zero), Model.Parameters(repeating: .zero))
    var adjoints: InlineArray<4, Model.State> = [noState, noState, noState, noState]
    var gradients: InlineArray<4, Model.Parameters> = [noGradient, noGradient, noGradient, noGradient]
    for state in 0..<k { adjoints[state][row: state] = unit }
    var after = Model.State(Row(layer.states + carry.steps &* slot + neuron), stride: width)
    var step = carry.steps
    while step > 0 {
      let output = layer.outputs.lanes(step &* width &+ neuron)
      step &-= 1
      let before = Model.State(Row(layer.states + step &* slot + neuron), stride: width)
      let record = StepRecord<Model>(Row(tape + step &* StepRecord<Model>.size &* width + neuron), stride: width)
      for state in 0..<k {
        let currents: Model.Currents = Model.backward(
          &adjoints[state], outputAdjoint: .zero, before: before, after: after, output: output,
          surrogates: record.comparisons, record.tape, derived, constants, gradient: &gradients[state])
        for current in 0..<Model.Currents.size {
          let entry = (step &* Model.Currents.size &+ current) &* (1 &+ k) &+ 1 &+ state
          sources.store(currents[row: current], entry &* lanes)
        }
      }
      for current in 0..<Model.Currents.size {
        let place = step &* Model.Currents.size &+ current
        sources.store(carry.current_adjoint.lanes(place &* width &+ neuron), place &* (1 &+ k) &* lanes)
      }
      after = before
    }
    let transition = sources + carry.steps &* Model.Currents.size &* (1 &+ k) &* lanes
    for state in 0..<k {
      adjoints[state].store(transition + state &* k &* lanes, stride: lanes)
      gradients[state].store(transition + (k &* k &+ state) &* lanes, stride: k &* lanes)
    }
  }

  /// An adjoint of the outputs that is one at the end of the window and `output_decay` times smaller at every step before. Fills
  /// the table as `carryOutputs` wants it; returns what is left of the adjoint before the window.
  @inline(never) private static func sweepOutput(
    _ layer: kernel_layer, _ carry: kernel_carry, _ neuron: Int, _ sources: MutableRow, _ lanes: Int
  ) -> Float {
    let (width, k) = (layer.width, Model.State.size)
    let constants = Model.Constants(layer.constants)
    let slot = k &* width
    guard let tape = layer.tape else { return 0 }
    let derived = Model.Derived(Row(layer.derived + neuron), stride: width)
    let unit = realNeurons(carry, neuron)
    var adjoint = Model.State(repeating: .zero)
    var gradient = Model.Parameters(repeating: .zero)
    var weight: Float = 1
    var after = Model.State(Row(layer.states + carry.steps &* slot + neuron), stride: width)
    var step = carry.steps
    while step > 0 {
      let output = layer.outputs.lanes(step &* width &+ neuron)
      step &-= 1
      let before = Model.State(Row(layer.states + step &* slot + neuron), stride: width)
      let record = StepRecord<Model>(Row(tape + step &* StepRecord<Model>.size &* width + neuron), stride: width)
      let currents: Model.Currents = Model.backward(
        &adjoint, outputAdjoint: unit * weight, before: before, after: after, output: output,
        surrogates: record.comparisons, record.tape, derived, constants, gradient: &gradient)
      for current in 0..<Model.Currents.size {
        sources.store(currents[row: current], (step &* Model.Currents.size &+ current) &* (1 &+ k) &* lanes)
      }
      weight *= carry.output_decay
      after = before
    }
    let transition = sources + carry.steps &* Model.Currents.size &* (1 &+ k) &* lanes
    adjoint.store(transition, stride: lanes)
    gradient.store(transition + k &* k &* lanes, stride: k &* lanes)
    return weight
  }

  /// One for real neurons, zero for padding: its eligibility stays zero, whatever its parameters would do.
  @inline(__always) private static func realNeurons(_ carry: kernel_carry, _ neuron: Int) -> Lanes {
    var unit = Lanes(repeating: 1)
    for lane in 0..<Lanes.scalarCount where neuron &+ lane >= carry.size { unit[lane] = 0 }
    return unit
  }
}

/// The rows of a layer's matrix for one block of neurons, and the table of sources for them.
struct CarriedRows {
  let carry: kernel_carry
  let synapses: UnsafePointer<kernel_synapses>?
  let width, neuron, lanes: Int
  let gates, currents, states, parameters: Int

  /// Φ [k][k][lanes], then what the window adds to the parameters' rows [parameters][k][lanes].
  var transition: MutableRow { carry.scratch + carry.steps &* currents &* (1 &+ states) &* lanes }
  /// Behind the table.
  var synapseScratch: MutableRow { transition + states &* (states &+ parameters) &* lanes }
  /// The eligibility of these neurons, [rows][k][lanes]: blocks lie one after the other, so that a pass reads straight on.
  var eligibility: MutableRow {
    carry.eligibility + neuron &* states &* (carry.presynaptic_count &* gates &+ parameters)
  }

  /// Calls `body` for every row that is not zero: with its index, whether it was zero before the window, its events and where in a
  /// step's sources theirs start. `gradient` is fetched into the cache some rows ahead.
  @inline(__always) func forEach(
    _ gradient: Row?, _ body: (_ row: Int, _ isFresh: Bool, _ events: Range<Int32>, _ current: Int) -> Void
  ) {
    let groups = carry.events.pointee
    @inline(__always) func index(_ entry: Int32) -> Int { Int(entry < 0 ? ~entry : entry) }
    for position in 0..<groups.active_count {
      let isFresh = groups.active[position] < 0
      let presynaptic = index(groups.active[position])
      if let gradient, position &+ 8 < groups.active_count {
        lanes_prefetch(gradient + (index(groups.active[position &+ 8]) &* gates &* width &+ neuron))
      }
      let events = Range(uncheckedBounds: (groups.offsets[presynaptic], groups.offsets[presynaptic &+ 1]))
      let first = presynaptic < Int(carry.input_count) ? 0 : currents &- gates
      for gate in 0..<gates { body(presynaptic &* gates &+ gate, isFresh, events, first &+ gate) }
    }
  }
}

// Models that have as many state variables share the code of the following functions.

/// Gradient and eligibility at the end of a window that has a target.
@inline(never) private func carryTaught<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ rows: CarriedRows, _ gradient: MutableRow
) {
  carryStates(state, vectors, rows, gradient, taught: true)
  if let synapses = rows.synapses { carrySynapses(state, rows, synapses) }
}

/// Eligibility alone: a window without a target.
@inline(never) private func carryUntaught<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ rows: CarriedRows
) {
  carryStates(state, vectors, rows, rows.carry.eligibility, taught: false)
  if let synapses = rows.synapses { carrySynapses(state, rows, synapses) }
}

/// `gradient` is touched only if the window is taught.
@inline(__always) private func carryStates<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ rows: CarriedRows, _ gradient: MutableRow, taught: Bool
) {
  let (k, lanes, width) = (State.size, Vectors.size &* Lanes.scalarCount, rows.width)
  let (times, values) = (rows.carry.events.pointee.times, rows.carry.events.pointee.values)
  let sources = rows.carry.scratch
  let entry = (1 &+ k) &* lanes
  let (eligibility, transition) = (rows.eligibility, rows.transition)

  @inline(__always) func treat(
    _ row: Int, isFresh: Bool, _ events: Range<Int32>, _ current: Int, added: MutableRow?
  ) {
    let place = eligibility + row &* k &* lanes
    let zero = State(repeating: .zero)
    var e: InlineArray<2, State> = [zero, zero]
    var g = Vectors(repeating: .zero)
    for vector in 0..<Vectors.size {
      let offset = vector &* Lanes.scalarCount
      if taught { g[row: vector] = gradient.lanes(row &* width &+ rows.neuron &+ offset) }
      if isFresh { continue }
      let old = State(Row(place + offset), stride: lanes)
      if taught {
        for m in 0..<k {
          g[row: vector] += rows.carry.adjoint.lanes(m &* width &+ rows.neuron &+ offset) * old[row: m]
        }
      }
      for j in 0..<k {
        var sum = added.map { $0.lanes(j &* lanes &+ offset) } ?? .zero
        for m in 0..<k { sum += transition.lanes((j &* k &+ m) &* lanes &+ offset) * old[row: m] }
        e[vector][row: j] = sum
      }
    }
    var event = events.lowerBound
    while event < events.upperBound {
      let source = sources + (Int(times[Int(event)]) &* rows.currents &+ current) &* entry
      let value = Lanes(repeating: values[Int(event)])
      for vector in 0..<Vectors.size {
        let offset = vector &* Lanes.scalarCount
        if taught { g[row: vector] += source.lanes(offset) * value }
        for j in 0..<k { e[vector][row: j] += source.lanes((1 &+ j) &* lanes &+ offset) * value }
      }
      event &+= 1
    }
    for vector in 0..<Vectors.size {
      let offset = vector &* Lanes.scalarCount
      if taught { gradient.store(g[row: vector], row &* width &+ rows.neuron &+ offset) }
      e[vector].store(place + offset, stride: lanes)
    }
  }

  rows.forEach(taught ? Row(gradient) : nil) { row, isFresh, events, current in
    treat(row, isFresh: isFresh, events, current, added: nil)
  }
  let first = rows.carry.presynaptic_count &* rows.gates
  for parameter in 0..<rows.parameters {
    treat(first &+ parameter, isFresh: false, 0..<0, 0, added: transition + (k &* k &+ parameter &* k) &* lanes)
    if taught {
      for vector in 0..<Vectors.size {
        let index = rows.neuron &+ vector &* Lanes.scalarCount
        let place = (first &+ parameter) &* width &+ index
        gradient.store(
          gradient.lanes(place) + rows.carry.parameter_gradient.lanes(parameter &* width &+ index), place)
      }
    }
  }
}

/// Gradient and eligibility of outputs that are carried; before the states' own, which it needs as they were.
@inline(never) private func carryOutputs<State: LaneArray, Vectors: LaneArray>(
  _ state: State.Type, _ vectors: Vectors.Type, _ rows: CarriedRows, _ outputEligibility: MutableRow, _ adjoint: Row,
  _ kept: Float
) {
  let (k, lanes, width) = (State.size, Vectors.size &* Lanes.scalarCount, rows.width)
  let (times, values) = (rows.carry.events.pointee.times, rows.carry.events.pointee.values)
  let (eligibility, transition) = (rows.eligibility, rows.transition)

  @inline(__always) func treat(
    _ row: Int, isFresh: Bool, _ events: Range<Int32>, _ current: Int, added: MutableRow?
  ) {
    for vector in 0..<Vectors.size {
      let offset = vector &* Lanes.scalarCount
      let place = row &* width &+ rows.neuron &+ offset
      let carried = outputEligibility.lanes(place)
      if let gradient = rows.carry.gradient {
        gradient.store(gradient.lanes(place) + adjoint.lanes(rows.neuron &+ offset) * carried, place)
      }
      var sum = carried * kept + (added.map { $0.lanes(offset) } ?? .zero)
      if !isFresh {
        let old = State(Row(eligibility + (row &* k &* lanes &+ offset)), stride: lanes)
        for m in 0..<k { sum += transition.lanes(m &* lanes &+ offset) * old[row: m] }
      }
      var event = events.lowerBound
      while event < events.upperBound {
        let source = (Int(times[Int(event)]) &* rows.currents &+ current) &* (1 &+ k) &* lanes
        sum += rows.carry.scratch.lanes(source &+ offset) * values[Int(event)]
        event &+= 1
      }
      outputEligibility.store(sum, place)
    }
  }

  rows.forEach(nil) { row, isFresh, events, current in
    treat(row, isFresh: isFresh, events, current, added: nil)
  }
  let first = rows.carry.presynaptic_count &* rows.gates
  for parameter in 0..<rows.parameters {
    treat(first &+ parameter, isFresh: false, 0..<0, 0, added: transition + (k &* k &+ parameter &* k) &* lanes)
  }
  if let synapses = rows.synapses { carrySynapseOutputs(rows, synapses, adjoint, kept) }
}
