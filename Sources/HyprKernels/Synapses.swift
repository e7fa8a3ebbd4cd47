internal import CSystem

// The recurrent weights of a layer that holds only some of them: `kernel_synapses`.

/// target[gate][i] += sum over events of value * weight, over their synapses; the events are those of the layer itself.
@inline(never) func gatherSynapses(
  _ target: MutableRow, _ width: Int, _ synapses: UnsafePointer<kernel_synapses>, gates: Int,
  _ indices: UnsafePointer<Int32>, _ values: Row, _ count: Int
) {
  let synapses = synapses.pointee
  for gate in 0..<gates {
    let currents = target + gate &* width
    let offsets = synapses.offsets + gate &* synapses.size
    for event in 0..<count {
      let neuron = Int(indices[event] &- synapses.first)
      let value = values[event]
      for synapse in Int(offsets[neuron])..<Int(offsets[neuron &+ 1]) {
        currents[Int(synapses.targets[synapse])] += synapses.weights[synapse] * value
      }
    }
  }
}

/// targets[j] = sum over gates and the synapses from neuron j of weight * adjoint, then zeros up to the width.
func projectSynapses(
  _ targets: MutableRow, _ synapses: kernel_synapses, gates: Int, _ width: Int, _ adjoints: Row
) {
  for neuron in synapses.size..<width { targets[neuron] = 0 }
  for neuron in 0..<synapses.size {
    // Two sums hide each other's latency.
    var (one, other): (Float, Float) = (0, 0)
    for gate in 0..<gates {
      let offsets = synapses.offsets + (gate &* synapses.size &+ neuron)
      let adjoints = adjoints + gate &* width
      var synapse = Int(offsets[0])
      let end = Int(offsets[1])
      while synapse &+ 2 <= end {
        one += synapses.weights[synapse] * adjoints[Int(synapses.targets[synapse])]
        other += synapses.weights[synapse &+ 1] * adjoints[Int(synapses.targets[synapse &+ 1])]
        synapse &+= 2
      }
      if synapse < end { one += synapses.weights[synapse] * adjoints[Int(synapses.targets[synapse])] }
    }
    targets[neuron] = one + other
  }
}

/// Floats of working memory behind the table of a block: what `NeuronTable` holds.
func synapseScratch(states: Int, steps: Int) -> Int { (states &+ steps) &* NeuronTable.stride(states) }

/// One column of a block's table, with what belongs together side by side: a vector of one number for the gradient of a synapse and k
/// for its eligibility, [q'[m], Φ[0][m], Φ[1][m], ...] for each state m and then [gI, (Φ B)[0], (Φ B)[1], ...] for each step.
private struct NeuronTable {
  let base: MutableRow
  let states, stride: Int

  /// Whole vectors with room for 1 + k numbers.
  @inline(__always) static func stride(_ states: Int) -> Int {
    (1 &+ states &+ Lanes.scalarCount &- 1) / Lanes.scalarCount &* Lanes.scalarCount
  }

  init(_ rows: CarriedRows) {
    base = rows.synapseScratch
    states = rows.states
    stride = NeuronTable.stride(states)
  }

  /// Takes the column of a neuron, with the sources of the current that one of its gates adds to.
  @inline(never) func fill(_ rows: CarriedRows, _ neuron: Int, current: Int) {
    let lane = neuron &- rows.neuron
    var place = 0
    while place < (states &+ rows.carry.steps) &* stride {
      base.store(.zero, place)
      place &+= Lanes.scalarCount
    }
    for state in 0..<states {
      let vector = base + state &* stride
      vector[0] = rows.carry.adjoint[state &* rows.width &+ neuron]
      for row in 0..<states { vector[1 &+ row] = rows.transition[(row &* states &+ state) &* rows.lanes &+ lane] }
    }
    for step in 0..<rows.carry.steps {
      let vector = base + (states &+ step) &* stride
      let source = rows.carry.scratch + ((step &* rows.currents &+ current) &* (1 &+ states) &* rows.lanes &+ lane)
      for piece in 0...states { vector[piece] = source[piece &* rows.lanes] }
    }
  }
}

extension CarriedRows {
  /// Calls `body` for every neuron of the block and gate that have synapses, with these and the current that they add to.
  @inline(__always) fileprivate func forEachNeuron(
    _ synapses: kernel_synapses, _ body: (_ neuron: Int, _ current: Int, _ synapses: Range<Int>) -> Void
  ) {
    for gate in 0..<gates {
      let offsets = synapses.row_offsets + gate &* synapses.size
      for neuron in neuron..<min(neuron &+ lanes, synapses.size) {
        let range = Range(uncheckedBounds: (Int(offsets[neuron]), Int(offsets[neuron &+ 1])))
        if !range.isEmpty { body(neuron, currents &- gates &+ gate, range) }
      }
    }
  }

  /// The events of a synapse; nil if it never had one: then its eligibility is zero.
  @inline(__always) fileprivate func events(_ synapse: Int, _ synapses: kernel_synapses) -> Range<Int>? {
    let presynaptic = Int(synapses.first) &+ Int(synapses.sources[synapse])
    let groups = carry.events.pointee
    guard groups.is_active[presynaptic] else { return nil }
    return Range(uncheckedBounds: (Int(groups.offsets[presynaptic]), Int(groups.offsets[presynaptic &+ 1])))
  }
}

/// Gradient and eligibility of the synapses onto a block of neurons at the end of a window, when its table holds the states' sources.
@inline(never) func carrySynapses<State: LaneArray>(
  _ state: State.Type, _ rows: CarriedRows, _ synapses: UnsafePointer<kernel_synapses>
) {
  let synapses = synapses.pointee
  guard let eligibility = synapses.eligibility else { return }
  let k = State.size
  let vectors = NeuronTable.stride(k) / Lanes.scalarCount
  let gradient = rows.carry.gradient == nil ? nil : synapses.gradient
  let (times, values) = (rows.carry.events.pointee.times, rows.carry.events.pointee.values)
  let table = NeuronTable(rows)
  // As constants: the compiler knows k here, and not in the table.
  let (states, steps) = (Row(table.base), Row(table.base + k &* vectors &* Lanes.scalarCount))
  rows.forEachNeuron(synapses) { neuron, current, range in
    table.fill(rows, neuron, current: current)
    for synapse in range {
      guard let events = rows.events(synapse, synapses) else { continue }
      let e = eligibility + synapse &* k
      var sums: InlineArray<2, Lanes> = [.zero, .zero]
      for state in 0..<k {
        for vector in 0..<vectors {
          sums[vector] += states.lanes((state &* vectors &+ vector) &* Lanes.scalarCount) * e[state]
        }
      }
      for event in events {
        let source = steps + Int(times[event]) &* vectors &* Lanes.scalarCount
        for vector in 0..<vectors { sums[vector] += source.lanes(vector &* Lanes.scalarCount) * values[event] }
      }
      if let gradient {
        // The next ones' places are all over the gradient.
        if synapse &+ 8 < range.upperBound { lanes_prefetch(gradient + Int(synapses.places[synapse &+ 8])) }
        gradient[Int(synapses.places[synapse])] += sums[0][0]
      }
      for state in 0..<k {
        e[state] = sums[(1 &+ state) / Lanes.scalarCount][(1 &+ state) % Lanes.scalarCount]
      }
    }
  }
}

/// The same for outputs that are carried, when the table holds their sources; before the states' own, which it needs as they were.
@inline(never) func carrySynapseOutputs(
  _ rows: CarriedRows, _ synapses: UnsafePointer<kernel_synapses>, _ adjoint: Row, _ kept: Float
) {
  let synapses = synapses.pointee
  guard let eligibility = synapses.eligibility, let outputEligibility = synapses.output_eligibility else { return }
  let k = rows.states
  let gradient = rows.carry.gradient == nil ? nil : synapses.gradient
  let (times, values) = (rows.carry.events.pointee.times, rows.carry.events.pointee.values)
  rows.forEachNeuron(synapses) { neuron, current, range in
    let lane = neuron &- rows.neuron
    let sources = rows.carry.scratch + (current &* (1 &+ k) &* rows.lanes &+ lane)
    for synapse in range {
      guard let events = rows.events(synapse, synapses) else { continue }
      let carried = outputEligibility[synapse]
      if let gradient { gradient[Int(synapses.places[synapse])] += adjoint[neuron] * carried }
      var sum = carried * kept
      for state in 0..<k {
        sum += rows.transition[state &* rows.lanes &+ lane] * eligibility[synapse &* k &+ state]
      }
      for event in events {
        sum += sources[Int(times[event]) &* rows.currents &* (1 &+ k) &* rows.lanes] * values[event]
      }
      outputEligibility[synapse] = sum
    }
  }
}
