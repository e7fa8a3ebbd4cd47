internal import CSystem

/// targets[t][j] += sum_i w[j][i] sources[t][i]: adjoints of a current through the weights of a projection to some outputs of its
/// source, `rows`, for `steps` steps. `transposed` NULL: each step by itself.
func project(
  _ targets: MutableRow, _ targetStride: Int, _ projection: UnsafePointer<kernel_projection>, _ rows: Range<Int>,
  _ layer: UnsafePointer<kernel_layer>, _ sources: Row, _ sourceStride: Int, _ steps: Int, _ transposed: MutableRow?
) {
  let weights = projection.pointee.weights
  let (size, width) = (layer.pointee.size, layer.pointee.width)
  if let compressed = projection.pointee.compressed {
    for step in 0..<steps {
      projectCompressed(
        targets + step &* targetStride, compressed.pointee, rows, weights, sources + step &* sourceStride)
    }
  } else if let transposed {
    projectSteps(targets, targetStride, weights, rows, size, width, sources, sourceStride, steps, transposed)
  } else {
    for step in 0..<steps {
      projectStep(targets + step &* targetStride, weights, rows, width, sources + step &* sourceStride)
    }
  }
}

/// A block of rows is transposed once, so that each lane is one presynaptic neuron and no sum goes across lanes.
private func projectSteps(
  _ targets: MutableRow, _ targetStride: Int, _ weights: Row, _ rows: Range<Int>, _ size: Int, _ width: Int, _ sources: Row,
  _ sourceStride: Int, _ steps: Int, _ transposed: MutableRow
) {
  var first = rows.lowerBound
  while first < rows.upperBound {
    for lane in 0..<Lanes.scalarCount {
      let row = first &+ lane
      for index in 0..<size {
        transposed[index &* Lanes.scalarCount &+ lane] = row < rows.upperBound ? weights[row &* width &+ index] : 0
      }
    }
    var step = 0
    while step < steps {
      // Four steps share the loads of the weights, and hide each other's latency.
      if step &+ 4 <= steps {
        project(
          InlineArray<4, Lanes>.self, targets + (step &* targetStride &+ first), targetStride, transposed, size,
          sources + step &* sourceStride, sourceStride)
        step &+= 4
      } else {
        project(
          InlineArray<1, Lanes>.self, targets + (step &* targetStride &+ first), targetStride, transposed, size,
          sources + step &* sourceStride, sourceStride)
        step &+= 1
      }
    }
    first &+= Lanes.scalarCount
  }
}

@inline(__always) private func project<Steps: LaneArray>(
  _ steps: Steps.Type, _ targets: MutableRow, _ targetStride: Int, _ transposed: MutableRow, _ size: Int,
  _ sources: Row, _ sourceStride: Int
) {
  var sums = Steps(Row(targets), stride: targetStride)
  for index in 0..<size {
    let weights = transposed.lanes(index &* Lanes.scalarCount)
    for step in 0..<Steps.size {
      sums[row: step] = sums[row: step] + weights * sources[step &* sourceStride &+ index]
    }
  }
  sums.store(targets, stride: targetStride)
}

/// One step alone is not worth a transposition: four rows at a time, and their sums across lanes.
private func projectStep(_ target: MutableRow, _ weights: Row, _ rows: Range<Int>, _ width: Int, _ source: Row) {
  typealias Sums = InlineArray<4, Lanes>
  var first = rows.lowerBound
  while first < rows.upperBound {
    // Rows past the end are the last one again: their sums are not kept.
    @inline(__always) func row(_ index: Int) -> Row { weights + min(first &+ index, rows.upperBound &- 1) &* width }
    let (one, two, three, four) = (row(0), row(1), row(2), row(3))
    var sums = Sums(repeating: .zero)
    var neuron = 0
    while neuron < width {
      let adjoint = source.lanes(neuron)
      sums[0] += one.lanes(neuron) * adjoint
      sums[1] += two.lanes(neuron) * adjoint
      sums[2] += three.lanes(neuron) * adjoint
      sums[3] += four.lanes(neuron) * adjoint
      neuron &+= Lanes.scalarCount
    }
    for index in 0..<min(4, rows.upperBound &- first) { target[first &+ index] += lanes_sum(sums[index]) }
    first &+= 4
  }
}

/// The same over the weights that there are.
private func projectCompressed(
  _ targets: MutableRow, _ compressed: kernel_compressed, _ rows: Range<Int>, _ weights: Row, _ adjoints: Row
) {
  for neuron in rows {
    // Two sums hide each other's latency.
    var (one, other): (Float, Float) = (0, 0)
    var element = Int(compressed.offsets[neuron])
    let end = Int(compressed.offsets[neuron &+ 1])
    while element &+ 2 <= end {
      one += weights[element] * adjoints[Int(compressed.targets[element])]
      other += weights[element &+ 1] * adjoints[Int(compressed.targets[element &+ 1])]
      element &+= 2
    }
    if element < end { one += weights[element] * adjoints[Int(compressed.targets[element])] }
    targets[neuron] += one + other
  }
}
