internal import CModelFormat
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

  init(_ arena: inout Arena, _ size: CompressedRowsSize) {
    offsets = arena.allocate(Int32.self, size.offsets, .scratch)
    targets = arena.allocate(Int32.self, size.elements, .scratch)
    places = arena.allocate(Int32.self, size.elements, .scratch)
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

/// Entries of the compressed rows of all layers, as a file states them before anything is checked.
struct CompressedRowsSize {
  private(set) var offsets = 0
  private(set) var elements = 0

  init(_ loader: ModelLoader) throws(Failure) {
    for layer in 0...loader.hiddenCount {
      let isReadout = layer == loader.hiddenCount
      try add(loader, layer, isReadout ? "weight" : "input_weight")
      if !isReadout { try add(loader, layer, "recurrent_weight") }
    }
  }

  private mutating func add(_ loader: ModelLoader, _ layer: Int, _ field: StaticString) throws(Failure) {
    var tensor = format_tensor()
    let isPresent =
      layer == loader.hiddenCount
      ? format_readout_tensor(loader.root, text(field), &tensor)
      : format_layer_tensor(loader.root, layer, text(field), &tensor)
    guard isPresent, tensor.layout == FORMAT_LAYOUT_SPARSE_ROWS else { return }
    // Columns and gates are checked later: here only that a small file does not want much memory.
    let gates = max(1, Int(clamping: try loader.neuron(of: layer).facts.gate_count))
    let columns = Int(clamping: tensor.rank == 2 ? tensor.shape.1 : 0)
    let (gated, tooWide) = columns.multipliedReportingOverflow(by: gates)
    let (columnSum, tooMany) = offsets.addingReportingOverflow(gated)
    let (elementSum, tooLarge) = elements.addingReportingOverflow(tensor.column_index_count)
    // As many columns as a device has channels, whatever the file's size.
    let mostColumns = loader.file.count / 4 + (1 << 20)
    guard !tooWide && !tooMany && !tooLarge && columnSum < mostColumns && elementSum <= loader.file.count / 4 else {
      let place: Text = layer == loader.hiddenCount ? "readout" : "layers[\(layer)]"
      throw loader.invalid(
        "\(place).\(field) has more stored elements or columns than there is room for in the file")
    }
    (offsets, elements) = (columnSum + 1, elementSum)
  }
}
