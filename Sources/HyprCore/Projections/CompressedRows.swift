internal import CSystem

/// Which weights of a projection a model file stores, in two orders: by postsynaptic neuron as in the file, and by presynaptic neuron as
/// weights lie in memory. `kernel_compressed` says how the arrays are to be read; of a gated layer they hold one gate after the other.
struct CompressedRows {
  let count: Int
  /// By postsynaptic neuron; in the file.
  let rowOffsets, sources: UnsafePointer<UInt32>
  /// By presynaptic neuron.
  let offsets, targets: UnsafeMutablePointer<Int32>
  /// Of the file's elements in the order by presynaptic neuron.
  let places: UnsafeMutablePointer<Int32>

  /// Orders the checked elements of `gates` matrices [size, sourceSize] by presynaptic neuron: a counting sort, stable, so that the weights
  /// of a neuron are in the order of their targets.
  init(
    count: Int, rowOffsets: UnsafePointer<UInt32>, sources: UnsafePointer<UInt32>, size: Int, sourceSize: Int,
    gates: Int, _ storage: inout CompressedRowsStorage
  ) {
    self.count = count
    self.rowOffsets = rowOffsets
    self.sources = sources
    (offsets, targets, places) = storage.take(columns: gates * sourceSize, elements: count)
    for gate in 0..<gates {
      let (row, columns) = (gate * size, offsets + gate * sourceSize)
      let elements = Int(rowOffsets[row])..<Int(rowOffsets[row + size])
      // From the number of each neuron's weights to where they start, one place late: filling moves it to where they end.
      (columns + 1).clear(sourceSize)
      columns[0] = Int32(elements.lowerBound)
      for element in elements { columns[Int(sources[element]) + 1] += 1 }
      var start = Int32(elements.lowerBound)
      for neuron in 0..<sourceSize {
        let count = columns[neuron + 1]
        columns[neuron + 1] = start
        start += count
      }
      for target in 0..<size {
        for element in Int(rowOffsets[row + target])..<Int(rowOffsets[row + target + 1]) {
          let source = Int(sources[element]) + 1
          places[element] = columns[source]
          targets[Int(columns[source])] = Int32(target)
          columns[source] += 1
        }
      }
    }
  }

  /// The matrix of one gate as kernels see it.
  func view(gate: Int, size: Int, sourceSize: Int) -> kernel_compressed {
    kernel_compressed(
      offsets: offsets + gate * sourceSize, targets: targets, row_offsets: rowOffsets + gate * size, sources: sources,
      places: places)
  }
}

/// Room for the compressed rows of all layers of a model.
struct CompressedRowsStorage {
  private var offsets, targets, places: UnsafeMutablePointer<Int32>

  init(_ arena: inout Arena, offsets: Int, elements: Int) {
    self.offsets = arena.allocate(Int32.self, offsets, .scratch)
    targets = arena.allocate(Int32.self, elements, .scratch)
    places = arena.allocate(Int32.self, elements, .scratch)
  }

  fileprivate mutating func take(
    columns: Int, elements: Int
  ) -> (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) {
    let taken = (offsets, targets, places)
    offsets += columns + 1
    targets += elements
    places += elements
    return taken
  }
}
