internal import CSystem

// What errors are divided by with normalized least mean squares (`kernel_normalization`).

/// Divides the error of every output in every step by epsilon plus the squared norm of that output's derivative by the weights onto it,
/// which is their eligibility in that step: e = κ e' + (1 - κ) x.
func normalizeErrors(_ layer: UnsafePointer<kernel_layer>, _ pass: kernel_normalization) {
  var neuron = pass.first
  while neuron < pass.last {
    normalizeVector(layer, pass, neuron)
    neuron &+= Lanes.scalarCount
  }
}

/// Of a vector of outputs. A row's eligibility goes through the whole window before the next row's.
private func normalizeVector(_ layer: UnsafePointer<kernel_layer>, _ pass: kernel_normalization, _ neuron: Int) {
  let (width, lanes) = (layer.pointee.width, Lanes.scalarCount)
  let decay = (layer.pointee.derived + Int(KERNEL_INTEGRATOR_DECAY) &* width).lanes(neuron)
  let gain = (layer.pointee.derived + Int(KERNEL_INTEGRATOR_GAIN) &* width).lanes(neuron)
  let squares = pass.scratch
  for step in 0..<pass.steps { squares.store(.zero, step &* lanes) }

  @inline(__always) func addRow(_ start: Lanes, _ groups: kernel_groups, _ row: Int) {
    var e = start
    var event = Int(groups.offsets[row])
    let end = Int(groups.offsets[row &+ 1])
    for step in 0..<pass.steps {
      e *= decay
      if event < end && Int(groups.times[event]) == step {
        e += gain * groups.values[event]
        event &+= 1
      }
      squares.store(squares.lanes(step &* lanes) + e * e, step &* lanes)
    }
  }

  for index in 0..<layer.pointee.projection_count {
    let projection = layer.pointee.projections + index
    let groups = projection.pointee.events.pointee
    if let rows = projection.pointee.compressed?.pointee {
      // A weight at a time, in the lane of its output.
      for lane in 0..<min(lanes, max(layer.pointee.size &- neuron, 0)) {
        for element in Int(rows.row_offsets[neuron &+ lane])..<Int(rows.row_offsets[neuron &+ lane &+ 1]) {
          let source = Int(rows.sources[element])
          guard projection.pointee.is_active[source] else { continue }
          var (e, event) = (projection.pointee.eligibility.number(element), Int(groups.offsets[source]))
          for step in 0..<pass.steps {
            e *= decay[lane]
            if event < Int(groups.offsets[source &+ 1]) && Int(groups.times[event]) == step {
              e += gain[lane] * groups.values[event]
              event &+= 1
            }
            squares[step &* lanes &+ lane] += e * e
          }
        }
      }
      continue
    }
    let eligibility = projection.pointee.eligibility
    let block = neuron / eligibility.block &* eligibility.block
    let stride = kernel_eligibility_neurons(eligibility, block)
    let first = block &* eligibility.rows &* eligibility.states &+ neuron &- block
    for position in 0..<groups.active_count {
      let row = Int(groups.members[position])
      addRow(eligibility.lanes(first &+ row &* stride), groups, row)
    }
    for position in 0..<groups.fresh_count {
      addRow(.zero, groups, Int(groups.members[projection.pointee.source.pointee.size &- 1 &- position]))
    }
  }
  for step in 0..<pass.steps {
    let place = step &* width &+ neuron
    pass.errors.store(pass.errors.lanes(place) / (squares.lanes(step &* lanes) + pass.epsilon), place)
  }
}
