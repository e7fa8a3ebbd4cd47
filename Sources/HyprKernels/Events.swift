internal import CSystem

/// target[i] += sum over events of value * rows[index * width + i].
func gather(
  _ target: MutableRow, _ width: Int, _ rows: Row, _ indices: UnsafePointer<Int32>, _ values: Row, _ count: Int
) {
  typealias Wide = InlineArray<4, Lanes>
  typealias Narrow = InlineArray<1, Lanes>
  var neuron = 0
  while neuron &+ Wide.size &* Lanes.scalarCount <= width {
    gather(Wide.self, target + neuron, width, rows + neuron, indices, values, count)
    neuron &+= Wide.size &* Lanes.scalarCount
  }
  while neuron < width {
    gather(Narrow.self, target + neuron, width, rows + neuron, indices, values, count)
    neuron &+= Lanes.scalarCount
  }
}

/// The same for some vectors of the target, which stay in registers.
@inline(__always) private func gather<Block: LaneArray>(
  _ block: Block.Type, _ target: MutableRow, _ width: Int, _ rows: Row, _ indices: UnsafePointer<Int32>, _ values: Row,
  _ count: Int
) {
  var sum = Block(Row(target), stride: Lanes.scalarCount)
  for event in 0..<count {
    let row = rows + Int(indices[event]) &* width
    let value = Lanes(repeating: values[event])
    for vector in 0..<Block.size {
      sum[row: vector] = sum[row: vector] + row.lanes(vector &* Lanes.scalarCount) * value
    }
  }
  sum.store(target, stride: Lanes.scalarCount)
}

/// The non-zero entries of `source`, in order; entry i becomes index `first` + i. Whole vectors are read.
func events(
  _ source: Row, _ count: Int, _ first: Int32, _ indices: UnsafeMutablePointer<Int32>, _ values: MutableRow
) -> Int {
  var list = EventList(indices: indices, values: values)
  var start = 0
  while start < count {
    list.append(source.lanes(start), from: first &+ Int32(truncatingIfNeeded: start), limit: count &- start)
    start &+= Lanes.scalarCount
  }
  return list.count
}

/// The same of (sample[i] - offset[i]) * scale[i]; -1 if one is not finite. The sample need not be aligned.
func sampleEvents(
  _ sample: Row, _ count: Int, _ offset: Row?, _ scale: Row?, _ indices: UnsafeMutablePointer<Int32>,
  _ values: MutableRow
) -> Int {
  var list = EventList(indices: indices, values: values)
  // x - x is +0, all bits zero, unless x is infinite or not a number.
  var suspicious = LaneBits.zero
  let whole = count &- count % Lanes.scalarCount
  var start = 0
  while start < whole {
    var value = unaligned(sample + start)
    if let offset { value = value - unaligned(offset + start) }
    if let scale { value = value * unaligned(scale + start) }
    suspicious |= unsafeBitCast(value - value, to: LaneBits.self)
    list.append(value, from: Int32(truncatingIfNeeded: start), limit: Lanes.scalarCount)
    start &+= Lanes.scalarCount
  }
  if whole < count {
    var value = Lanes.zero
    for index in whole..<count {
      value[index &- whole] = (sample[index] - (offset?[index] ?? 0)) * (scale?[index] ?? 1)
    }
    suspicious |= unsafeBitCast(value - value, to: LaneBits.self)
    list.append(value, from: Int32(truncatingIfNeeded: whole), limit: Lanes.scalarCount)
  }
  return suspicious == .zero ? list.count : -1
}

private struct EventList {
  let indices: UnsafeMutablePointer<Int32>
  let values: MutableRow
  var count = 0

  /// Appends those of the first `limit` lanes that are not zero; lane i has index `first` + i.
  @inline(__always) mutating func append(_ lanes: Lanes, from first: Int32, limit: Int) {
    var nonzero = lanes_nonzero(lanes)
    if limit < Lanes.scalarCount { nonzero &= (1 &<< UInt32(truncatingIfNeeded: limit)) &- 1 }
    while nonzero != 0 {
      let lane = nonzero.trailingZeroBitCount
      indices[count] = first &+ Int32(truncatingIfNeeded: lane)
      values[count] = lanes[lane]
      count &+= 1
      nonzero &= nonzero &- 1
    }
  }
}

@inline(__always) private func unaligned(_ source: Row) -> Lanes {
  UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
}

/// Orders the events of a window by presynaptic neuron: a counting sort, stable, so that each neuron's stay in the order of time.
func group(_ history: kernel_history, _ steps: Int, _ presynapticCount: Int, _ groups: inout kernel_groups) {
  let offsets = groups.offsets
  for index in 0...presynapticCount { offsets[index] = 0 }
  for event in history.starts[0]..<history.starts[steps] { offsets[Int(history.indices[event]) &+ 1] &+= 1 }
  // From the number of each neuron's events to where they start, one place late: filling moves it to where they end.
  var start: Int32 = 0
  groups.active_count = 0
  for index in 0..<presynapticCount {
    let count = offsets[index &+ 1]
    offsets[index &+ 1] = start
    start &+= count
    if count != 0 { groups.is_active[index] = true }
    if groups.is_active[index] {
      groups.active[groups.active_count] = Int32(truncatingIfNeeded: index)
      groups.active_count &+= 1
    }
  }
  for step in 0..<steps {
    for event in history.starts[step]..<history.starts[step &+ 1] {
      let index = Int(history.indices[event]) &+ 1
      let place = Int(offsets[index])
      groups.times[place] = Int32(truncatingIfNeeded: step)
      groups.values[place] = history.values[event]
      offsets[index] &+= 1
    }
  }
}

func allFinite(_ values: Row, _ count: Int) -> Bool {
  var poison: Float = 0
  for index in 0..<count { poison += values[index] - values[index] }
  return poison == 0
}
