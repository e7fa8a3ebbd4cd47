// Which elements of an int8 tensor share a scale: those of a row, or all of them.
extension TensorDescription {
  private var hasScaleOfRows: Bool { scales.count > 1 }

  /// The scale of an element.
  func scaleIndex(of element: Int) -> Int {
    guard hasScaleOfRows else { return 0 }
    guard let rows = placement.rows else { return element / placement.columns }
    // The last row that begins at the element or before.
    var (first, last) = (0, scales.count)
    while first < last {
      let middle = (first + last) / 2
      if Int(rows.rowOffsets[middle]) <= element { first = middle + 1 } else { last = middle }
    }
    return first - 1
  }

  /// The elements that have a scale.
  func elements(ofScale index: Int) -> Range<Int> {
    guard hasScaleOfRows else { return 0..<count }
    guard let rows = placement.rows else { return index * placement.columns..<(index + 1) * placement.columns }
    return Int(rows.rowOffsets[index])..<Int(rows.rowOffsets[index + 1])
  }

  /// Bytes of what saving writes at a place.
  func byteCount(at place: TensorPlace) -> Int {
    place.isOfScales ? scales.count * MemoryLayout<Float>.stride : count * elementType.size
  }
}
