internal import CSystem

/// targets[t][j] = sum_i rows[j][i] sources[t][i]: adjoints of currents through the weights to the presynaptic outputs, for all
/// steps of a window.
///
/// A block of rows is transposed once, so that each lane is one presynaptic neuron and no sum goes across lanes.
func project(
  _ targets: MutableRow, _ targetStride: Int, _ rows: Row, _ count: Int, _ width: Int, _ sources: Row,
  _ sourceStride: Int, _ steps: Int, _ transposed: MutableRow
) {
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
