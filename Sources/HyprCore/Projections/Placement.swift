/// Where the elements of a tensor lie in memory. At the boundary tensors are row-major, postsynaptic neuron first; inside they lie
/// presynaptic neuron by presynaptic neuron, in rows of `width` numbers, a matrix per gate.
struct Placement {
  /// N
  let size: Int
  /// N in whole vectors.
  let width: Int
  /// Presynaptic neurons; 1 of biases and neuron parameters.
  let columns: Int
  let gateCount: Int
  /// Which elements there are; nil: all.
  let rows: CompressedRows?

  /// Elements of the tensor.
  var count: Int { rows?.count ?? gateCount * size * columns }

  /// Numbers in memory, with padding.
  func storedCount(lanes: Int) -> Int {
    if let rows { return wholeVectors(rows.count, lanes) }
    let (matrix, tooWide) = columns.multipliedReportingOverflow(by: width)
    let (count, tooMany) = matrix.multipliedReportingOverflow(by: gateCount)
    // The arena says that there is no room for so many.
    return tooWide || tooMany ? .max : count
  }

  /// The place of an element.
  @inline(__always) func place(_ element: Int) -> Int {
    if let rows { return Int(rows.places[element]) }
    let (row, column) = element.quotientAndRemainder(dividingBy: columns)
    let (gate, neuron) = gateCount == 1 ? (0, row) : row.quotientAndRemainder(dividingBy: size)
    return (gate * columns + column) * width + neuron
  }

  /// All elements in their order with their places.
  @inline(__always) func forEach(_ body: (_ element: Int, _ place: Int) -> Void) {
    if let rows {
      for element in 0..<rows.count { body(element, Int(rows.places[element])) }
      return
    }
    var element = 0
    for gate in 0..<gateCount {
      for neuron in 0..<size {
        for column in 0..<columns {
          body(element, (gate * columns + column) * width + neuron)
          element += 1
        }
      }
    }
  }
}
