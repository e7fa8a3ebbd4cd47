internal import CModelFormat
internal import CSystem

/// Entries of the compressed rows of all layers, as a file states them before anything is checked.
struct CompressedRowsSize {
  private(set) var offsets = 0
  private(set) var elements = 0
  private var rows = 0

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
    // Vectors may be shared: what takes time shall not be more than the file's size allows.
    let rowSum = rows + tensor.row_offset_count
    // As many columns as a device has channels, whatever the file's size.
    let mostColumns = loader.file.count / 4 + (1 << 20)
    guard !tooWide && !tooMany && !tooLarge && columnSum < mostColumns && elementSum <= loader.file.count / 4,
      rowSum <= loader.file.count * 4
    else {
      let place: Text = layer == loader.hiddenCount ? "readout" : "layers[\(layer)]"
      throw loader.invalid(
        "\(place).\(field) has more stored elements, rows or columns than there is room for in the file")
    }
    (offsets, elements, rows) = (columnSum + 1, elementSum, rowSum)
  }
}
