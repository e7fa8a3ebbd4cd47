internal import CSystem

/// target[i] += sum over events of value * rows[index * stride + i].
func gather(
  _ target: MutableRow, _ width: Int, _ rows: Row, _ stride: Int, _ indices: UnsafePointer<Int32>, _ values: Row,
  _ count: Int
) {
  var neuron = 0
  while neuron < width {
    var sum = target.lanes(neuron)
    for event in 0..<count { sum += rows.lanes(Int(indices[event]) &* stride &+ neuron) * values[event] }
    target.store(sum, neuron)
    neuron &+= Lanes.scalarCount
  }
}

/// rows[index * stride + i] += value * source[i] for every event.
func scatter(
  _ rows: MutableRow, _ stride: Int, _ source: Row, _ width: Int, _ indices: UnsafePointer<Int32>, _ values: Row,
  _ count: Int
) {
  for event in 0..<count {
    let row = rows + Int(indices[event]) &* stride
    let value = values[event]
    var neuron = 0
    while neuron < width {
      row.store(row.lanes(neuron) + source.lanes(neuron) * value, neuron)
      neuron &+= Lanes.scalarCount
    }
  }
}

/// target[j] = sum_i rows[j * width + i] * vector[i].
func project(_ target: MutableRow, _ rows: Row, _ count: Int, _ vector: Row, _ width: Int) {
  for index in 0..<count {
    let row = rows + index &* width
    var sum = Lanes.zero
    var neuron = 0
    while neuron < width {
      sum += row.lanes(neuron) * vector.lanes(neuron)
      neuron &+= Lanes.scalarCount
    }
    target[index] = sum.sum()
  }
}

/// The non-zero entries of `source`, in order; entry i becomes index `first` + i.
func events(
  _ source: Row, _ count: Int, _ first: Int32, _ indices: UnsafeMutablePointer<Int32>, _ values: MutableRow
) -> Int {
  var found = 0
  for index in 0..<count {
    // Written always, counted only if not zero: no branch to mispredict. There is room for `count` entries.
    indices[found] = first &+ Int32(truncatingIfNeeded: index)
    values[found] = source[index]
    found &+= source[index] == 0 ? 0 : 1
  }
  return found
}

func allFinite(_ values: Row, _ count: Int) -> Bool {
  var poison: Float = 0
  for index in 0..<count { poison += values[index] - values[index] }
  return poison == 0
}
