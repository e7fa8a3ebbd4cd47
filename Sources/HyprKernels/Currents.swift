internal import CSystem

// I = Σ W x + Σ V z' + b: what the events of a step bring to the input currents of a layer, projection by projection.

/// Fills the currents of the step from slot `from` to slot `to`.
func gatherCurrents(_ layer: UnsafePointer<kernel_layer>, from: Int, to: Int) {
  let width = layer.pointee.width
  for index in 0..<layer.pointee.projection_count {
    let projection = layer.pointee.projections + index
    let events = projection.pointee.source.pointee.slot(projection.pointee.delay == 0 ? to : from)
    let currents = layer.pointee.currents + projection.pointee.current &* width
    let weights = projection.pointee.weights
    if let rows = projection.pointee.compressed {
      gatherCompressed(currents, width, rows.pointee, weights, events, begins: projection.pointee.begins)
    } else {
      gather(currents, width, weights, events, begins: projection.pointee.begins)
    }
  }
}

/// target[i] += sum over events of value * rows[index * width + i]; from zero if this begins the sum.
private func gather(_ target: MutableRow, _ width: Int, _ rows: Row, _ events: EventList, begins: Bool) {
  var neuron = 0
  @inline(__always) func add<Block: LaneArray>(_ block: Block.Type) {
    gather(block, target + neuron, width, rows + neuron, events, begins)
    neuron &+= Block.size &* Lanes.scalarCount
  }
  while neuron < width {
    // As many vectors as there are registers for: the list of events is read once for all of them.
    switch (width &- neuron) / Lanes.scalarCount {
    case 8...: add(InlineArray<8, Lanes>.self)
    case 4...: add(InlineArray<4, Lanes>.self)
    case 3: add(InlineArray<3, Lanes>.self)
    case 2: add(InlineArray<2, Lanes>.self)
    default: add(InlineArray<1, Lanes>.self)
    }
  }
}

/// The same for some vectors of the target, which stay in registers.
@inline(__always) private func gather<Block: LaneArray>(
  _ block: Block.Type, _ target: MutableRow, _ width: Int, _ rows: Row, _ events: EventList, _ begins: Bool
) {
  var sum = begins ? Block(repeating: .zero) : Block(Row(target), stride: Lanes.scalarCount)
  for event in 0..<events.count {
    let row = rows + Int(events.indices[event]) &* width
    let value = Lanes(repeating: events.values[event])
    for vector in 0..<Block.size {
      sum[row: vector] = sum[row: vector] + row.lanes(vector &* Lanes.scalarCount) * value
    }
  }
  sum.store(target, stride: Lanes.scalarCount)
}

/// The same over the weights that there are.
private func gatherCompressed(
  _ target: MutableRow, _ width: Int, _ rows: kernel_compressed, _ weights: Row, _ events: EventList, begins: Bool
) {
  if begins {
    for neuron in 0..<width { target[neuron] = 0 }
  }
  for event in 0..<events.count {
    let neuron = Int(events.indices[event])
    let value = events.values[event]
    for element in Int(rows.offsets[neuron])..<Int(rows.offsets[neuron &+ 1]) {
      target[Int(rows.targets[element])] += weights[element] * value
    }
  }
}
