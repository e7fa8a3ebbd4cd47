internal import CModelFormat
internal import CSystem

/// Reads the tensors of one layer after the other, checks them, and gives them names, rows and places in the flat vector.
struct TensorReader {
  let loader: ModelLoader
  let tensors: UnsafeMutablePointer<TensorDescription>
  let names: UnsafeMutablePointer<CChar>
  private var synapses: SynapseStorage
  private(set) var count = 0
  private var offset = 0

  init(
    loader: ModelLoader, tensors: UnsafeMutablePointer<TensorDescription>, names: UnsafeMutablePointer<CChar>,
    synapses: SynapseStorage
  ) {
    self.loader = loader
    self.tensors = tensors
    self.names = names
    self.synapses = synapses
  }

  /// Weights may be any finite number.
  private static var unbounded: kernel_quantity {
    kernel_quantity(
      name: text("weight"), lower: -.greatestFiniteMagnitude, upper: .greatestFiniteMagnitude, default_value: 0,
      absolute: false, distribution: kernel_distribution())
  }

  /// The description of a layer with its tensors. `inputs` is the size of the layer below, nil for the first layer.
  mutating func layer(
    _ layer: Int, inputs: Int?, constants: UnsafeMutablePointer<Float>
  ) throws(Failure) -> LayerDescription {
    let (neuron, facts) = try loader.neuron(of: layer)
    let surrogate = try loader.surrogate(of: layer, facts)
    let isReadout = layer == loader.hiddenCount
    let weight = try require(layer, text(isReadout ? "weight" : "input_weight"))
    let gates = Int(facts.gate_count)
    let (size, inputCount) = try matrixShape(weight, layer, inputs, gates: gates)
    // Recurrent events add to the last currents in the order of the tensor's gates, inputs to the first ones.
    let inputOrder = Gates(count: gates, shift: Int(facts.current_count) - gates)
    let order = Gates(count: gates, shift: 0)
    var row = 0
    try add(
      weight, layer, size: size, columns: inputCount, inputOrder, &row, isReadout ? TensorGroup.readout : .inputWeights,
      TensorReader.unbounded)
    let recurrent = isReadout ? nil : find(layer, text("recurrent_weight"))
    var synapses: SynapseMap?
    if let recurrent {
      if recurrent.tensor.layout == FORMAT_LAYOUT_SPARSE_ROWS {
        synapses = try synapseMap(recurrent, size: size, gates: gates)
      }
      try add(
        recurrent, layer, size: size, columns: size, order, &row, .recurrentWeights, TensorReader.unbounded, synapses)
    }
    let bias = find(layer, text("bias"))
    if let bias {
      try add(
        bias, layer, size: size, columns: nil, order, &row, isReadout ? TensorGroup.readout : .biases,
        TensorReader.unbounded)
    }
    var quantity = kernel_quantity()
    for index in 0..<facts.parameter_count {
      guard loader.kernels.parameter(neuron, index, constants, &quantity) else { break }
      let group: TensorGroup = isReadout ? .readoutTau : .neuronParameters
      let tensor = try require(layer, quantity.name, isNeuron: true)
      try add(tensor, layer, size: size, columns: nil, Gates(count: 1, shift: 0), &row, group, quantity)
    }
    return LayerDescription(
      neuron: neuron, facts: facts, surrogate: surrogate, constants: constants, size: size, inputCount: inputCount,
      isRecurrent: recurrent != nil, hasBias: bias != nil, synapses: synapses)
  }

  /// A tensor with the place where it stands, for messages and names.
  private struct Found {
    let tensor: format_tensor
    let field: UnsafePointer<CChar>
    let path: Text
  }

  private func require(_ layer: Int, _ field: UnsafePointer<CChar>, isNeuron: Bool = false) throws(Failure) -> Found {
    if let found = find(layer, field, isNeuron: isNeuron) { return found }
    let path = path(layer, field)
    throw loader.invalid("\(path) is missing")
  }

  private func path(_ layer: Int, _ field: UnsafePointer<CChar>) -> Text {
    layer == loader.hiddenCount ? "readout.\(field)" : "layers[\(layer)].\(field)"
  }

  /// A tensor of the layer itself, or a parameter of its neuron model; the readout has both in one table.
  private func find(_ layer: Int, _ field: UnsafePointer<CChar>, isNeuron: Bool = false) -> Found? {
    var tensor = format_tensor()
    let root = loader.root
    let present =
      layer == loader.hiddenCount
      ? format_readout_tensor(root, field, &tensor)
      : isNeuron
        ? format_neuron_tensor(root, layer, field, &tensor)
        : format_layer_tensor(root, layer, field, &tensor)
    return present ? Found(tensor: tensor, field: field, path: path(layer, field)) : nil
  }

  /// N and n of a weight matrix.
  private func matrixShape(
    _ found: Found, _ layer: Int, _ inputs: Int?, gates: Int
  ) throws(Failure) -> (Int, Int) {
    let tensor = found.tensor
    guard tensor.rank == 2 else { throw loader.invalid("\(found.path).shape has rank \(tensor.rank), expected 2") }
    let (rows, columns) = (Int(clamping: tensor.shape.0), Int(clamping: tensor.shape.1))
    if min(rows, columns) < 1 || max(rows, columns) > Model.largestCount {
      throw loader.invalid(
        "\(found.path).shape is [\(rows), \(columns)], expected sizes from 1 to \(Model.largestCount)")
    }
    if let inputs, columns != inputs {
      throw loader.invalid(
        "\(found.path).shape is [\(rows), \(columns)], expected \(inputs) columns, the size of the layer below")
    }
    guard rows % gates == 0 else {
      throw loader.invalid(
        "\(found.path).shape is [\(rows), \(columns)], expected a multiple of \(gates) rows, one per gate")
    }
    return (rows / gates, columns)
  }

  /// How many gates a tensor has, and how much later they stand in the layer's rows.
  private struct Gates {
    let count, shift: Int
  }

  private mutating func add(
    _ found: Found, _ layer: Int, size: Int, columns: Int?, _ gates: Gates, _ row: inout Int, _ group: TensorGroup,
    _ bounds: kernel_quantity, _ synapses: SynapseMap? = nil
  ) throws(Failure) {
    let data = try checkedData(found, rows: size * gates.count, columns: columns, stored: synapses?.count)
    let name = names + count * Model.nameCapacity
    let isReadout = layer == loader.hiddenCount
    let text: Text = isReadout ? "readout.\(found.field)" : "layer\(layer).\(found.field)"
    text.copy(to: name, size: Model.nameCapacity)
    let tensor = TensorDescription(
      name: name, layer: layer, group: group, firstRow: row, columns: columns ?? 1, isMatrix: columns != nil,
      gateCount: gates.count, gateShift: gates.shift, size: size, offset: offset, trainable: found.tensor.trainable,
      bounds: bounds, data: data, synapses: synapses)
    try checkValues(tensor, found)
    (tensors + count).initialize(to: tensor)
    count += 1
    row += tensor.rowCount
    offset += tensor.count
  }

  /// `stored`: how many elements there are, if not all.
  private func checkedData(_ found: Found, rows: Int, columns: Int?, stored: Int?) throws(Failure) -> UnsafeRawPointer {
    let tensor = found.tensor
    guard tensor.element_type == FORMAT_ELEMENT_FLOAT32 else {
      throw loader.unsupported("\(found.path).element_type is \(Int(tensor.element_type)), expected 0 (Float32)")
    }
    guard tensor.layout == FORMAT_LAYOUT_DENSE || stored != nil else {
      throw loader.unsupported("\(found.path).layout is \(Int(tensor.layout)), expected 0 (Dense)")
    }
    try checkShape(found, rows: rows, columns: columns)
    let (elements, tooMany) = stored.map { ($0, false) } ?? rows.multipliedReportingOverflow(by: columns ?? 1)
    let (bytes, tooLarge) = elements.multipliedReportingOverflow(by: 4)
    guard !tooMany, !tooLarge, tensor.byte_count == bytes, let data = tensor.data else {
      let expected = stored.map { Double($0) } ?? Double(rows) * Double(columns ?? 1)
      throw loader.invalid("\(found.path).data has \(tensor.byte_count) bytes, expected \(expected * 4)")
    }
    return data
  }

  private func checkShape(_ found: Found, rows: Int, columns: Int?) throws(Failure) {
    let tensor = found.tensor
    let shapeFits = columns.map { tensor.rank == 2 && Int(clamping: tensor.shape.1) == $0 } ?? (tensor.rank == 1)
    guard shapeFits, Int(clamping: tensor.shape.0) == rows else {
      let shape: Text = columns.map { "[\(rows), \($0)]" } ?? "[\(rows)]"
      let found: Text =
        "\(found.path).shape is [\(Int(clamping: tensor.shape.0)), \(Int(clamping: tensor.shape.1))] of rank \(tensor.rank)"
      throw loader.invalid("\(found), expected \(shape)")
    }
  }

  /// Checks where the stored elements of a recurrent weight belong, and orders them by presynaptic neuron.
  private mutating func synapseMap(_ found: Found, size: Int, gates: Int) throws(Failure) -> SynapseMap {
    let (tensor, rows) = (found.tensor, size * gates)
    let count = tensor.column_index_count
    try checkShape(found, rows: rows, columns: size)
    guard tensor.row_offset_count == rows + 1, let offsets = tensor.row_offsets else {
      throw loader.invalid("\(found.path).row_offsets has \(tensor.row_offset_count) entries, expected \(rows + 1)")
    }
    guard let sources = tensor.column_indices else {
      throw loader.invalid("\(found.path) has no stored elements, expected at least one, or no recurrent weight")
    }
    guard offsets[0] == 0 else {
      throw loader.invalid("\(found.path).row_offsets[0] is \(Int(clamping: offsets[0])), expected 0")
    }
    for row in 1...rows where offsets[row] < offsets[row - 1] || Int(clamping: offsets[row]) > count {
      throw loader.invalid(
        "\(found.path).row_offsets[\(row)] is \(Int(clamping: offsets[row])), expected \(Int(offsets[row - 1])) to \(count)"
      )
    }
    guard Int(offsets[rows]) == count else {
      throw loader.invalid(
        "\(found.path).column_indices has \(count) entries, expected \(Int(offsets[rows])), the last of row_offsets")
    }
    for row in 0..<rows {
      var least = 0
      for element in Int(offsets[row])..<Int(offsets[row + 1]) {
        let column = Int(clamping: sources[element])
        guard column >= least && column < size else {
          throw loader.invalid(
            "\(found.path).column_indices[\(element)] is \(column), expected \(least) to \(size - 1), ascending in a row"
          )
        }
        least = column + 1
      }
    }
    return SynapseMap(count: count, rowOffsets: offsets, sources: sources, size: size, gates: gates, &synapses)
  }

  private func checkValues(_ tensor: TensorDescription, _ found: Found) throws(Failure) {
    for index in 0..<tensor.count {
      let value = tensor.value(index)
      if tensor.allows(value) { continue }
      throw loader.invalid("\(found.path)[\(index)] is \(value), \(tensor.problem(with: value))")
    }
  }

  /// Saving writes each tensor back to its place in the file, so no two may share bytes.
  func checkOverlap() throws(Failure) {
    for one in 0..<count {
      for other in 0..<one {
        let (a, b) = (tensors[one], tensors[other])
        if a.data < b.data + b.count * 4 && b.data < a.data + a.count * 4 {
          throw loader.invalid("\(a.name) and \(b.name) share bytes of the file, expected each to have its own")
        }
      }
    }
  }
}

extension TensorDescription {
  func allows(_ value: Float) -> Bool {
    let size = bounds.absolute ? value.magnitude : value
    return value.isFinite && size >= bounds.lower && size <= bounds.upper
  }

  /// Why a value is not allowed. Not what tells whether it is: texts are large.
  func problem(with value: Float) -> Text {
    guard value.isFinite else { return "expected a finite number" }
    return bounds.absolute
      ? "expected a magnitude from \(bounds.lower) to \(bounds.upper)"
      : "expected \(bounds.lower) to \(bounds.upper)"
  }

  /// A value that is allowed everywhere: what padding neurons hold.
  var padding: Float { min(max(bounds.default_value, bounds.lower), bounds.upper) }
}

package func text(_ literal: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}
