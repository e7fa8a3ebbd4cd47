internal import CSystem

/// target[i] += sum over events of value * rows[index * width + i].
func gather(
  _ target: MutableRow, _ width: Int, _ rows: Row, _ indices: UnsafePointer<Int32>, _ values: Row, _ count: Int
) {
  typealias Wide = InlineArray<8, Lanes>
  typealias Middle = InlineArray<2, Lanes>
  typealias Narrow = InlineArray<1, Lanes>
  var neuron = 0
  while neuron &+ Wide.size &* Lanes.scalarCount <= width {
    gather(Wide.self, target + neuron, width, rows + neuron, indices, values, count)
    neuron &+= Wide.size &* Lanes.scalarCount
  }
  while neuron &+ Middle.size &* Lanes.scalarCount <= width {
    gather(Middle.self, target + neuron, width, rows + neuron, indices, values, count)
    neuron &+= Middle.size &* Lanes.scalarCount
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
  var list = EventList(indices: indices, values: values, first: first)
  list.appendNonzero(count, valuesOf: source) { source.lanes($0) }
  return list.count
}

/// The same of (sample[i] - offset[i]) * scale[i]; -1 if one is not finite. The sample need not be aligned.
func sampleEvents(
  _ sample: Row, _ count: Int, _ offset: Row?, _ scale: Row?, _ indices: UnsafeMutablePointer<Int32>,
  _ values: MutableRow
) -> Int {
  var list = EventList(indices: indices, values: values, first: 0)
  // x - x is +0, all bits zero, unless x is infinite or not a number.
  var suspicious = LaneBits.zero
  let whole = count &- count % Lanes.scalarCount
  if offset == nil && scale == nil {
    list.appendNonzero(whole, valuesOf: sample) { start in
      let value = unaligned(sample + start)
      suspicious |= unsafeBitCast(value - value, to: LaneBits.self)
      return value
    }
  } else {
    var start = 0
    while start < whole {
      var value = unaligned(sample + start)
      if let offset { value = value - unaligned(offset + start) }
      if let scale { value = value * unaligned(scale + start) }
      suspicious |= unsafeBitCast(value - value, to: LaneBits.self)
      for lane in 0..<Lanes.scalarCount { list.append(value[lane], at: start &+ lane) }
      start &+= Lanes.scalarCount
    }
  }
  for index in whole..<count {
    let value = (sample[index] - (offset?[index] ?? 0)) * (scale?[index] ?? 1)
    suspicious[0] |= (value - value).bitPattern
    list.append(value, at: index)
  }
  return suspicious == .zero ? list.count : -1
}

private struct EventList {
  let indices: UnsafeMutablePointer<Int32>
  let values: MutableRow
  /// Added to every index.
  let first: Int32
  var count = 0

  /// Appends the entries below `end` that are not zero; `lanes` gives whole vectors of them.
  @inline(__always) mutating func appendNonzero(_ end: Int, valuesOf source: Row, _ lanes: (_ start: Int) -> Lanes) {
    let word = 64
    var start = 0
    while start < end {
      // A bit for each of many entries first: then one branch per word is mispredicted, not one per vector.
      var nonzero: UInt64 = 0
      var shift = 0
      while shift < word && start &+ shift < end {
        nonzero |= UInt64(lanes_nonzero(lanes(start &+ shift))) &<< UInt64(truncatingIfNeeded: shift)
        shift &+= Lanes.scalarCount
      }
      if end &- start < shift { nonzero &= (1 &<< UInt64(truncatingIfNeeded: end &- start)) &- 1 }
      while nonzero != 0 {
        let index = start &+ nonzero.trailingZeroBitCount
        indices[count] = first &+ Int32(truncatingIfNeeded: index)
        values[count] = source[index]
        count &+= 1
        nonzero &= nonzero &- 1
      }
      start &+= shift
    }
  }

  /// Written always, counted only if not zero: no branch to mispredict.
  @inline(__always) mutating func append(_ value: Float, at index: Int) {
    indices[count] = first &+ Int32(truncatingIfNeeded: index)
    values[count] = value
    count &+= value == 0 ? 0 : 1
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
    let wasActive = groups.is_active[index]
    if !wasActive && count == 0 { continue }
    groups.is_active[index] = true
    if index < groups.row_count {
      let entry = Int32(truncatingIfNeeded: index)
      groups.active[groups.active_count] = wasActive ? entry : ~entry
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
  var suspicious = LaneBits.zero
  let whole = count &- count % Lanes.scalarCount
  var start = 0
  while start < whole {
    let value = unaligned(values + start)
    suspicious |= unsafeBitCast(value - value, to: LaneBits.self)
    start &+= Lanes.scalarCount
  }
  for index in whole..<count { suspicious[0] |= (values[index] - values[index]).bitPattern }
  return suspicious == .zero
}
