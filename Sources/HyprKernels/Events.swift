internal import CSystem

extension kernel_source {
  /// The events of a slot.
  @inline(__always) func slot(_ slot: Int) -> EventList {
    EventList(indices: indices + slot &* size, values: values + slot &* size, count: counts[slot])
  }
}

/// Lists the outputs that are not zero in a slot of a source. Whole vectors are read.
@inline(never) func listEvents(_ outputs: Row, _ source: UnsafePointer<kernel_source>, slot: Int) {
  var list = source.pointee.slot(slot)
  list.count = 0
  list.appendNonzero(source.pointee.size, valuesOf: outputs) { outputs.lanes($0) }
  source.pointee.counts[slot] = list.count
}

/// Writes index and value of those (sample[i] - offset[i]) * scale[i] that are not zero; -1 if one is not finite. The sample need not be
/// aligned.
func sampleEvents(
  _ sample: Row, _ count: Int, _ offset: Row?, _ scale: Row?, _ indices: UnsafeMutablePointer<Int32>,
  _ values: MutableRow
) -> Int {
  var list = EventList(indices: indices, values: values, count: 0)
  let whole = count &- count % Lanes.scalarCount
  if offset == nil && scale == nil {
    list.appendNonzero(whole, valuesOf: sample) { unaligned(sample + $0) }
    for index in whole..<count { list.append(sample[index], at: index) }
  } else {
    var start = 0
    while start < whole {
      var value = unaligned(sample + start)
      if let offset { value = value - unaligned(offset + start) }
      if let scale { value = value * unaligned(scale + start) }
      for lane in 0..<Lanes.scalarCount { list.append(value[lane], at: start &+ lane) }
      start &+= Lanes.scalarCount
    }
    for index in whole..<count {
      list.append((sample[index] - (offset?[index] ?? 0)) * (scale?[index] ?? 1), at: index)
    }
  }
  return allFinite(Row(values), list.count) ? list.count : -1
}

/// Entries that are not zero: their places, ascending, and their values.
struct EventList {
  let indices: UnsafeMutablePointer<Int32>
  let values: MutableRow
  var count: Int

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
        indices[count] = Int32(truncatingIfNeeded: index)
        values[count] = source[index]
        count &+= 1
        nonzero &= nonzero &- 1
      }
      start &+= shift
    }
  }

  /// Written always, counted only if not zero: no branch to mispredict.
  @inline(__always) mutating func append(_ value: Float, at index: Int) {
    indices[count] = Int32(truncatingIfNeeded: index)
    values[count] = value
    count &+= value == 0 ? 0 : 1
  }
}

/// Groups the events of `steps` slots from `first` on by presynaptic neuron: a counting sort, stable, so that each neuron's stay in the
/// order of time. It does the parts `begin` to `end` - 1 of 2 * steps: counting first, then filling.
func group(
  _ source: kernel_source, _ first: Int, _ steps: Int, _ begin: Int, _ end: Int, _ isActive: UnsafeMutablePointer<Bool>,
  _ groups: inout kernel_groups
) {
  let offsets = groups.offsets
  if begin == 0 {
    for index in 0...source.size { offsets[index] = 0 }
  }
  var step = begin
  while step < min(end, steps) {
    let events = source.slot(first &+ step)
    for event in 0..<events.count { offsets[Int(events.indices[event]) &+ 1] &+= 1 }
    step &+= 1
  }
  if begin < steps && step == steps { findPlaces(source, isActive, &groups) }
  while step < end {
    let events = source.slot(first &+ step &- steps)
    for event in 0..<events.count {
      let index = Int(events.indices[event]) &+ 1
      let place = Int(offsets[index])
      groups.times[place] = Int32(truncatingIfNeeded: step &- steps)
      groups.values[place] = events.values[event]
      offsets[index] &+= 1
    }
    step &+= 1
  }
}

/// Between counting and filling: where the events of each neuron go, and who had any.
@inline(__always) private func findPlaces(
  _ source: kernel_source, _ isActive: UnsafeMutablePointer<Bool>, _ groups: inout kernel_groups
) {
  let offsets = groups.offsets
  // From the number of each neuron's events to where they start, one place late: filling moves it to where they end.
  var start: Int32 = 0
  var (active, fresh) = (0, 0)
  for index in 0..<source.size {
    let count = offsets[index &+ 1]
    offsets[index &+ 1] = start
    start &+= count
    if isActive[index] {
      groups.members[active] = Int32(truncatingIfNeeded: index)
      active &+= 1
    } else if count > 0 {
      isActive[index] = true
      fresh &+= 1
      groups.members[source.size &- fresh] = Int32(truncatingIfNeeded: index)
    }
  }
  (groups.active_count, groups.fresh_count) = (active, fresh)
}

@inline(__always) private func unaligned(_ source: Row) -> Lanes {
  UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
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
  var rest: UInt32 = 0
  for index in whole..<count { rest |= (values[index] - values[index]).bitPattern }
  return rest == 0 && (whole == 0 || suspicious == .zero)
}
