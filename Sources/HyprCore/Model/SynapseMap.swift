internal import CModelFormat
internal import CSystem

/// Which recurrent weights of a layer a model file stores, in two orders: by postsynaptic neuron as in the file, and by presynaptic
/// neuron as weights lie in memory, so that a spike reads one piece. `kernel_synapses` says how the arrays are to be read.
struct SynapseMap {
  let count: Int
  /// By postsynaptic neuron; in the file.
  let rowOffsets, sources: UnsafePointer<UInt32>
  /// By presynaptic neuron, gate by gate.
  let offsets, targets: UnsafeMutablePointer<Int32>
  /// Of the file's elements in the other order.
  let places: UnsafeMutablePointer<Int32>

  /// Orders the checked elements of a layer of `size` neurons by presynaptic neuron: a counting sort, stable, so that the synapses of
  /// a neuron are in the order of their targets.
  init(
    count: Int, rowOffsets: UnsafePointer<UInt32>, sources: UnsafePointer<UInt32>, size: Int, gates: Int,
    _ storage: inout SynapseStorage
  ) {
    self.count = count
    self.rowOffsets = rowOffsets
    self.sources = sources
    (offsets, targets, places) = storage.take(rows: gates * size, synapses: count)
    for gate in 0..<gates {
      let (rows, columns) = (gate * size, offsets + gate * size)
      let elements = Int(rowOffsets[rows])..<Int(rowOffsets[rows + size])
      // From the number of each neuron's synapses to where they start, one place late: filling moves it to where they end.
      (columns + 1).update(repeating: 0, count: size)
      columns[0] = Int32(elements.lowerBound)
      for element in elements { columns[Int(sources[element]) + 1] += 1 }
      var start = Int32(elements.lowerBound)
      for neuron in 0..<size {
        let count = columns[neuron + 1]
        columns[neuron + 1] = start
        start += count
      }
      for target in 0..<size {
        for element in Int(rowOffsets[rows + target])..<Int(rowOffsets[rows + target + 1]) {
          let source = Int(sources[element]) + 1
          places[element] = columns[source]
          targets[Int(columns[source])] = Int32(target)
          columns[source] += 1
        }
      }
    }
  }
}

/// Room for the maps of all layers of a model.
struct SynapseStorage {
  private var offsets, targets, places: UnsafeMutablePointer<Int32>

  init(_ arena: inout Arena, _ size: SynapseStorageSize) {
    offsets = arena.allocate(Int32.self, size.offsets, .scratch)
    targets = arena.allocate(Int32.self, size.synapses, .scratch)
    places = arena.allocate(Int32.self, size.synapses, .scratch)
  }

  fileprivate mutating func take(
    rows: Int, synapses: Int
  ) -> (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) {
    let taken = (offsets, targets, places)
    offsets += rows + 1
    targets += synapses
    places += synapses
    return taken
  }
}

/// Entries of the maps of all layers, as a file states them before anything is checked.
struct SynapseStorageSize {
  private(set) var offsets = 0
  private(set) var synapses = 0

  init(_ loader: ModelLoader) throws(Failure) {
    for layer in 0..<loader.hiddenCount {
      var tensor = format_tensor()
      guard format_layer_tensor(loader.root, layer, text("recurrent_weight"), &tensor),
        tensor.layout == FORMAT_LAYOUT_SPARSE_ROWS
      else { continue }
      offsets += tensor.row_offset_count
      synapses += tensor.column_index_count
      // Every row has elements of its own in the input weight, and every synapse one: a small file must not want much memory.
      if max(offsets, synapses) > loader.file.count / 4 {
        throw loader.invalid(
          "layers[\(layer)].recurrent_weight has more stored elements or rows than there is room for in the file")
      }
    }
  }
}
