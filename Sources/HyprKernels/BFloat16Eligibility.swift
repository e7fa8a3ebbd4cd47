internal import CSystem

// Eligibility that is kept as bfloat16 (`kernel_carry.expanded`): what is at work is float32, in the same layout, and rounded
// afterwards.

extension CarriedBlock {
  /// That of the states of these neurons, [row][k][lanes], by the projection's weights in some rows.
  @inline(__always) func eligibility(of projection: UnsafePointer<kernel_projection>, _ rows: CarriedRows) -> MutableRow {
    let kept = kernel_eligibility_block(projection.pointee.eligibility, neuron)
    guard let expanded = carry.pointee.expanded else { return kept.assumingMemoryBound(to: Float.self) }
    expandRows(kept.assumingMemoryBound(to: UInt16.self), to: expanded, projection, rows)
    return expanded
  }

  /// Keeps what those rows have become.
  @inline(__always) func keep(_ eligibility: MutableRow, of projection: UnsafePointer<kernel_projection>, _ rows: CarriedRows) {
    if carry.pointee.expanded != nil { roundRows(eligibility, projection, rows) }
  }

  /// That by the neurons' own parameters, [parameter][k][lanes].
  var parameterEligibility: MutableRow {
    let kept = kernel_eligibility_block(layer.pointee.parameter_eligibility, neuron)
    guard let expanded = carry.pointee.expanded else { return kept.assumingMemoryBound(to: Float.self) }
    expand(kept.assumingMemoryBound(to: UInt16.self), to: expanded, parameters &* states &* lanes)
    return expanded
  }

  func keepParameters(_ eligibility: MutableRow) {
    guard carry.pointee.expanded != nil else { return }
    let kept = kernel_eligibility_block(layer.pointee.parameter_eligibility, neuron).assumingMemoryBound(to: UInt16.self)
    round(eligibility, to: kept, parameters &* states &* lanes)
  }

  /// That of one neuron by weights of compressed rows: behind what is returned element e has its k numbers at e * k.
  @inline(__always) func eligibility(of projection: UnsafePointer<kernel_projection>, elements: Range<Int>) -> MutableRow {
    let kept = projection.pointee.eligibility.values!
    guard let expanded = carry.pointee.expanded else { return kept.assumingMemoryBound(to: Float.self) }
    let first = elements.lowerBound &* states
    expandElements(kept.assumingMemoryBound(to: UInt16.self) + first, to: expanded, elements.count &* states)
    return expanded - first
  }

  @inline(__always) func keep(_ eligibility: MutableRow, of projection: UnsafePointer<kernel_projection>, elements: Range<Int>) {
    guard carry.pointee.expanded != nil else { return }
    let halves = projection.pointee.eligibility.values!.assumingMemoryBound(to: UInt16.self)
    let first = elements.lowerBound &* states
    roundElements(eligibility + first, to: halves + first, elements.count &* states)
  }

  /// That of outputs, which is read and kept number by number.
  @inline(__always) func outputEligibility(_ kept: UnsafeMutableRawPointer, _ place: Int) -> Lanes {
    carry.pointee.expanded == nil
      ? kept.assumingMemoryBound(to: Float.self).lanes(place) : lanes_of_bfloat16(kept.assumingMemoryBound(to: UInt16.self) + place)
  }

  @inline(__always) func keepOutputEligibility(_ value: Lanes, _ kept: UnsafeMutableRawPointer, _ place: Int) {
    if carry.pointee.expanded == nil {
      kept.assumingMemoryBound(to: Float.self).store(value, place)
    } else {
      lanes_store_bfloat16(kept.assumingMemoryBound(to: UInt16.self) + place, value, carry.pointee.rounding)
    }
  }

  @inline(__always) func outputEligibility(_ kept: UnsafeMutableRawPointer, element: Int) -> Float {
    carry.pointee.expanded == nil
      ? kept.assumingMemoryBound(to: Float.self)[element] : bfloat16_value(kept.assumingMemoryBound(to: UInt16.self)[element])
  }

  @inline(__always) func keepOutputEligibility(_ value: Float, _ kept: UnsafeMutableRawPointer, element: Int) {
    if carry.pointee.expanded == nil {
      kept.assumingMemoryBound(to: Float.self)[element] = value
    } else {
      kept.assumingMemoryBound(to: UInt16.self)[element] = bfloat16_rounded(value, carry.pointee.rounding)
    }
  }

  /// Numbers that fill no vectors.
  @inline(never) private func expandElements(_ kept: UnsafeMutablePointer<UInt16>, to expanded: MutableRow, _ count: Int) {
    for index in 0..<count { expanded[index] = bfloat16_value(kept[index]) }
  }

  @inline(never) private func roundElements(_ eligibility: MutableRow, to kept: UnsafeMutablePointer<UInt16>, _ count: Int) {
    for index in 0..<count { kept[index] = bfloat16_rounded(eligibility[index], carry.pointee.rounding) }
  }

  // ---- Whole vectors

  /// Rows that are zero have nothing to read.
  @inline(never) private func expandRows(
    _ kept: UnsafeMutablePointer<UInt16>, to expanded: MutableRow, _ projection: UnsafePointer<kernel_projection>,
    _ rows: CarriedRows
  ) {
    let count = states &* lanes
    forEachRow(projection, rows, nil) { row, isFresh, _ in
      if !isFresh { expand(kept + row &* count, to: expanded + row &* count, count) }
    }
  }

  @inline(never) private func roundRows(
    _ eligibility: MutableRow, _ projection: UnsafePointer<kernel_projection>, _ rows: CarriedRows
  ) {
    let kept = kernel_eligibility_block(projection.pointee.eligibility, neuron).assumingMemoryBound(to: UInt16.self)
    let count = states &* lanes
    forEachRow(projection, rows, nil) { row, _, _ in
      round(eligibility + row &* count, to: kept + row &* count, count)
    }
  }

  @inline(never) private func expand(_ kept: UnsafeMutablePointer<UInt16>, to expanded: MutableRow, _ count: Int) {
    var index = 0
    while index < count {
      expanded.store(lanes_of_bfloat16(kept + index), index)
      index &+= Lanes.scalarCount
    }
  }

  @inline(never) private func round(_ eligibility: MutableRow, to kept: UnsafeMutablePointer<UInt16>, _ count: Int) {
    let key = carry.pointee.rounding
    var index = 0
    while index < count {
      lanes_store_bfloat16(kept + index, eligibility.lanes(index), key)
      index &+= Lanes.scalarCount
    }
  }
}

extension kernel_eligibility {
  /// The number at an index of all.
  @inline(__always) func number(_ index: Int) -> Float {
    element_size == 4
      ? values.assumingMemoryBound(to: Float.self)[index] : bfloat16_value(values.assumingMemoryBound(to: UInt16.self)[index])
  }

  @inline(__always) func lanes(_ index: Int) -> Lanes {
    element_size == 4
      ? values.assumingMemoryBound(to: Float.self).lanes(index)
      : lanes_of_bfloat16(values.assumingMemoryBound(to: UInt16.self) + index)
  }
}
