internal import CSystem

// The end of a window for projections that hold only some weights: `kernel_compressed`.

/// One column of a block's table, with what belongs together side by side: a vector of one number for the gradient of a weight and k
/// for its eligibility, [q'[m], Φ[0][m], Φ[1][m], ...] for each state m and then [gI, (Φ B)[0], (Φ B)[1], ...] for each step.
struct NeuronTable {
  let base: MutableRow
  let states: Int

  static func size(states: Int, steps: Int) -> Int { (states &+ steps) &* stride(states) }

  /// Whole vectors with room for 1 + k numbers.
  @inline(__always) static func stride(_ states: Int) -> Int {
    (1 &+ states &+ Lanes.scalarCount &- 1) / Lanes.scalarCount &* Lanes.scalarCount
  }

  /// Takes the column of a neuron, with the sources of the current that a projection adds to.
  @inline(never) fileprivate func fill(_ block: CarriedBlock, _ neuron: Int, current: Int) {
    let (lane, lanes) = (neuron &- block.neuron, block.lanes)
    let stride = NeuronTable.stride(states)
    var place = 0
    while place < (states &+ block.carry.pointee.steps) &* stride {
      base.store(.zero, place)
      place &+= Lanes.scalarCount
    }
    for state in 0..<states {
      let vector = base + state &* stride
      vector[0] = block.adjoints[state &* lanes &+ lane]
      for row in 0..<states { vector[1 &+ row] = block.transition[(row &* states &+ state) &* lanes &+ lane] }
    }
    for step in 0..<block.carry.pointee.steps {
      let vector = base + (states &+ step) &* stride
      let source = block.sources + (step &* block.stepStride &+ current &* block.currentStride &+ lane)
      for piece in 0...states { vector[piece] = source[piece &* lanes] }
    }
  }
}

extension CarriedBlock {
  /// Calls `body` for neurons of the block onto which the projection has weights, with these.
  @inline(__always) fileprivate func forEachNeuron(
    _ rows: kernel_compressed, _ part: CarriedRows, _ body: (_ neuron: Int, _ elements: Range<Int>) -> Void
  ) {
    let part = part.rows(of: min(lanes, layer.pointee.size &- neuron))
    for neuron in neuron &+ part.lowerBound..<max(neuron &+ part.upperBound, neuron &+ part.lowerBound) {
      let range = Range(uncheckedBounds: (Int(rows.row_offsets[neuron]), Int(rows.row_offsets[neuron &+ 1])))
      if !range.isEmpty { body(neuron, range) }
    }
  }
}

extension kernel_projection {
  /// The events of a weight; nil if it never had one: then its eligibility is zero.
  @inline(__always) fileprivate func events(of element: Int, _ rows: kernel_compressed) -> Range<Int>? {
    let presynaptic = Int(rows.sources[element])
    guard is_active[presynaptic] else { return nil }
    let offsets = events.pointee.offsets
    return Range(uncheckedBounds: (Int(offsets[presynaptic]), Int(offsets[presynaptic &+ 1])))
  }
}

/// Gradient and eligibility of the weights onto a block of neurons, when its table holds the states' sources.
@inline(never) func carryCompressed<State: LaneArray>(
  _ state: State.Type, _ block: CarriedBlock, _ projection: UnsafePointer<kernel_projection>, _ part: CarriedRows
) {
  guard let rows = projection.pointee.compressed?.pointee else { return }
  let k = State.size
  let vectors = NeuronTable.stride(k) / Lanes.scalarCount
  let taught = block.carry.pointee.taught
  let gradient = projection.pointee.gradient!
  let (times, values) = (projection.pointee.events.pointee.times, projection.pointee.events.pointee.values)
  let table = block.neuronTable
  // As constants: the compiler knows k here, and not in the table.
  let (states, steps) = (Row(table.base), Row(table.base + k &* vectors &* Lanes.scalarCount))
  block.forEachNeuron(rows, part) { neuron, range in
    table.fill(block, neuron, current: projection.pointee.current)
    let eligibility = block.eligibility(of: projection, elements: range)
    for element in range {
      guard let events = projection.pointee.events(of: element, rows) else { continue }
      let e = eligibility + element &* k
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
      if taught {
        // The next ones' places are all over the gradient.
        if element &+ 8 < range.upperBound { lanes_prefetch(gradient + Int(rows.places[element &+ 8])) }
        gradient[Int(rows.places[element])] += sums[0][0]
      }
      for state in 0..<k {
        e[state] = sums[(1 &+ state) / Lanes.scalarCount][(1 &+ state) % Lanes.scalarCount]
      }
    }
    block.keep(eligibility, of: projection, elements: range)
  }
}

/// The same for outputs that are carried, when the table holds their sources; before the states' own, which it needs as they were.
@inline(never) func carryCompressedOutputs(
  _ block: CarriedBlock, _ projection: UnsafePointer<kernel_projection>, _ part: CarriedRows, _ kept: Float
) {
  guard let rows = projection.pointee.compressed?.pointee, let outputEligibility = projection.pointee.output_eligibility
  else { return }
  let (k, carry) = (block.states, block.carry.pointee)
  let gradient = projection.pointee.gradient!
  let (times, values) = (projection.pointee.events.pointee.times, projection.pointee.events.pointee.values)
  block.forEachNeuron(rows, part) { neuron, range in
    let lane = neuron &- block.neuron
    let sources = block.sources + (projection.pointee.current &* block.currentStride &+ lane)
    let eligibility = block.eligibility(of: projection, elements: range)
    for element in range {
      guard let events = projection.pointee.events(of: element, rows) else { continue }
      let carried = block.outputEligibility(outputEligibility, element: element)
      if carry.taught { gradient[Int(rows.places[element])] += carry.carried_adjoint[neuron] * carried }
      var sum = carried * kept
      for state in 0..<k {
        sum += block.adjoints[state &* block.lanes &+ lane] * eligibility[element &* k &+ state]
      }
      for event in events { sum += sources[Int(times[event]) &* block.stepStride] * values[event] }
      block.keepOutputEligibility(sum, outputEligibility, element: element)
    }
  }
}
