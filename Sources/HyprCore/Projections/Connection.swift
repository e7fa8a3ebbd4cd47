/// What an element of a tensor is of, however many neurons there are beside it; that of a bias or a neuron parameter comes from
/// presynaptic neuron 0.
struct Connection {
  let gate, neuron, presynaptic: Int
}

/// The connections of all elements of a tensor, in their order.
struct Connections: Sequence, IteratorProtocol {
  private let placement: Placement
  private var (element, row) = (0, 0)

  init(_ placement: Placement) { self.placement = placement }

  @inline(never) mutating func next() -> (connection: Connection, element: Int)? {
    guard element < placement.count else { return nil }
    let presynaptic: Int
    if let rows = placement.rows {
      while element == Int(rows.rowOffsets[row + 1]) { row += 1 }
      presynaptic = Int(rows.sources[element])
    } else {
      (row, presynaptic) = element.quotientAndRemainder(dividingBy: placement.columns)
    }
    let (gate, neuron) = row.quotientAndRemainder(dividingBy: placement.size)
    element += 1
    return (Connection(gate: gate, neuron: neuron, presynaptic: presynaptic), element - 1)
  }
}

extension Placement {
  /// The element of a connection; nil: it is not stored.
  @inline(never) func element(of connection: Connection) -> Int? {
    let row = connection.gate * size + connection.neuron
    guard let rows else { return row * columns + connection.presynaptic }
    // They ascend in a row.
    let last = Int(rows.rowOffsets[row + 1])
    var (first, end) = (Int(rows.rowOffsets[row]), last)
    while first < end {
      let middle = (first + end) / 2
      if Int(rows.sources[middle]) < connection.presynaptic { first = middle + 1 } else { end = middle }
    }
    return first < last && Int(rows.sources[first]) == connection.presynaptic ? first : nil
  }

  /// Copies a number per element to where a placement that stores all these connections has it; nil: there are none.
  @inline(never) func copy(_ numbers: KeptNumbers?, to target: KeptNumbers?, _ other: Placement) {
    guard let numbers, let target else { return }
    for (connection, element) in Connections(self) {
      if let found = other.element(of: connection) { target[other.place(found)] = numbers[place(element)] }
    }
  }
}
