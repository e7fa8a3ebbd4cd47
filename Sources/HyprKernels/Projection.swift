internal import CSystem

/// targets[t][j] = sum_i rows[j][i] sources[t][i]: adjoints of currents through the weights to the presynaptic outputs, for all
/// steps of a window.
///
/// A block of rows is transposed once, so that each lane is one presynaptic neuron and no sum goes across lanes.
func project(
  _ targets: MutableRow, _ targetStride: Int, _ rows: Row, _ count: Int, _ width: Int, _ sources: Row,
  _ sourceStride: Int, _ steps: Int, _ transposed: MutableRow
) {
  if steps < 4 {
    for step in 0..<steps {
      projectStep(targets + step &* targetStride, rows, count, width, sources + step &* sourceStride)
    }
    return
  }
  var first = 0
  while first < count {
    for lane in 0..<Lanes.scalarCount {
      let row = first &+ lane
      for index in 0..<width {
        transposed[index &* Lanes.scalarCount &+ lane] = row < count ? rows[row &* width &+ index] : 0
      }
    }
    var step = 0
    while step < steps {
      // Four steps share the loads of the weights, and hide each other's latency.
      if step &+ 4 <= steps {
        project(
          InlineArray<4, Lanes>.self, targets + (step &* targetStride &+ first), targetStride, transposed, width,
          sources + step &* sourceStride, sourceStride)
        step &+= 4
      } else {
        project(
          InlineArray<1, Lanes>.self, targets + (step &* targetStride &+ first), targetStride, transposed, width,
          sources + step &* sourceStride, sourceStride)
        step &+= 1
      }
    }
    first &+= Lanes.scalarCount
  }
}

/// One step alone is not worth a transposition: four rows at a time, and their sums across lanes.
private func projectStep(_ target: MutableRow, _ rows: Row, _ count: Int, _ width: Int, _ source: Row) {
  typealias Sums = InlineArray<4, Lanes>
  var first = 0
  while first < count {
    // Rows past the end are the last one again: their sums are not kept.
    @inline(__always) func row(_ index: Int) -> Row { rows + min(first &+ index, count &- 1) &* width }
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
    for index in 0..<min(4, count &- first) { target[first &+ index] = sums[index].sum() }
    first &+= 4
  }
  let padded = (count &+ Lanes.scalarCount &- 1) / Lanes.scalarCount &* Lanes.scalarCount
  for index in count..<padded { target[index] = 0 }
}

@inline(__always) private func project<Steps: LaneArray>(
  _ steps: Steps.Type, _ targets: MutableRow, _ targetStride: Int, _ transposed: MutableRow, _ width: Int,
  _ sources: Row, _ sourceStride: Int
) {
  var sums = Steps(repeating: .zero)
  for index in 0..<width {
    let weights = transposed.lanes(index &* Lanes.scalarCount)
    for step in 0..<Steps.size {
      sums[row: step] = sums[row: step] + weights * sources[step &* sourceStride &+ index]
    }
  }
  sums.store(targets, stride: targetStride)
}
