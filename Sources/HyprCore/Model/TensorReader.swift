internal import CModelFormat
internal import CSystem

/// Reads the tensors of one layer after the other, checks them, and gives them names and places in memory and in the flat vector.
struct TensorReader {
  /// Of a layer: from below, from itself, and the bias.
  static let mostProjections = 3

  let loader: ModelLoader
  let tensors: UnsafeMutablePointer<TensorDescription>
  let names: UnsafeMutablePointer<CChar>
  private let projections: UnsafeMutablePointer<ProjectionDescription>
  private var rows: CompressedRowsStorage
  private(set) var count = 0
  private var offset = 0

  init(
    loader: ModelLoader, tensors: UnsafeMutablePointer<TensorDescription>, names: UnsafeMutablePointer<CChar>,
    projections: UnsafeMutablePointer<ProjectionDescription>, rows: CompressedRowsStorage
  ) {
    self.loader = loader
    self.tensors = tensors
    self.names = names
    self.projections = projections
    self.rows = rows
  }

  /// Weights may be any finite number.
  private static var unbounded: kernel_quantity {
    var quantity = kernel_quantity()
    (quantity.lower, quantity.upper) = (-.greatestFiniteMagnitude, .greatestFiniteMagnitude)
    return quantity
  }

  /// The description of a layer with its tensors. `inputs` is the size of the layer below, nil for the first layer.
  mutating func layer(
    _ layer: Int, inputs: Int?, constants: UnsafeMutablePointer<Float>
  ) throws(Failure) -> LayerDescription {
    let (index, neuron) = try loader.neuron(of: layer)
    let surrogate = try loader.surrogate(of: layer, neuron)
    let isReadout = layer == loader.hiddenCount
    let weight = try require(layer, text(isReadout ? "weight" : "input_weight"))
    let gates = Int(neuron.gate_count)
    let (size, inputCount) = try matrixShape(weight, layer, inputs, gates: gates)
    let place = LayerPlace(index: layer, size: size, neuron: neuron)
    var list = ProjectionList(start: projections + layer * TensorReader.mostProjections)
    list.append(
      try projection(
        weight, place, from: layer == 0 ? .input : .layer(layer - 1), sourceSize: inputCount, delay: 0,
        group: isReadout ? .readout : .inputWeights))
    let recurrent = isReadout ? nil : find(layer, text("recurrent_weight"))
    if let recurrent {
      list.append(
        try projection(
          recurrent, place, from: .layer(layer), sourceSize: size, delay: 1, group: .recurrentWeights))
    }
    if let bias = find(layer, text("bias")) {
      list.append(
        try projection(
          bias, place, from: .one, sourceSize: 1, delay: 0, group: isReadout ? .readout : .biases))
    }
    let firstParameter = count
    var quantity = kernel_quantity()
    for parameter in 0..<neuron.parameter_count {
      guard loader.kernels.parameter(index, parameter, constants, &quantity) else { break }
      let tensor = try require(layer, quantity.name, isNeuron: true)
      let placement = try checkedPlacement(tensor, place, columns: nil, gates: 1)
      _ = try add(tensor, place, placement, isMatrix: false, isReadout ? .readoutTau : .neuronParameters, quantity)
    }
    var loops = kernel_loops()
    loader.kernels.loops(index, &loops)
    return LayerDescription(
      neuronIndex: index, neuron: neuron, loops: loops, surrogate: surrogate, constants: constants, size: size,
      projections: UnsafeBufferPointer(start: list.start, count: list.count), firstParameter: firstParameter,
      isHeard: !isReadout)
  }

  /// A layer whose tensors are being read.
  private struct LayerPlace {
    let index, size: Int
    let neuron: kernel_neuron
  }

  private struct ProjectionList {
    let start: UnsafeMutablePointer<ProjectionDescription>
    private(set) var count = 0

    init(start: UnsafeMutablePointer<ProjectionDescription>) { self.start = start }

    mutating func append(_ projection: ProjectionDescription) {
      (start + count).initialize(to: projection)
      count += 1
    }
  }

  private mutating func projection(
    _ found: Found, _ layer: LayerPlace, from source: ProjectionSource, sourceSize: Int, delay: Int, group: TensorGroup
  ) throws(Failure) -> ProjectionDescription {
    let gates = Int(layer.neuron.gate_count)
    let placement = try checkedPlacement(found, layer, columns: source == .one ? nil : sourceSize, gates: gates)
    let tensor = try add(found, layer, placement, isMatrix: source != .one, group, TensorReader.unbounded)
    // A cell with more currents than gates keeps what comes from below apart: it adds to the first ones, everything else to the last.
    let apart = Int(layer.neuron.current_count) - gates
    let fromBelow = delay == 0 && source != .one
    var currents = ProjectionDescription.Currents(repeating: 0)
    for gate in 0..<gates { currents[gate] = fromBelow ? (gate + apart) % gates : gate + apart }
    return ProjectionDescription(
      source: source, sourceSize: sourceSize, delay: delay, currents: currents, gateCount: gates, rows: placement.rows,
      tensor: tensor)
  }

  /// A tensor with the place where it stands, for messages and names.
  private struct Found {
    let tensor: format_tensor
    let layer: Int
    let isReadout: Bool
    let field: UnsafePointer<CChar>

    /// Made when it is said: texts are large.
    var path: Text { isReadout ? "readout.\(field)" : "layers[\(layer)].\(field)" }
  }

  private func require(_ layer: Int, _ field: UnsafePointer<CChar>, isNeuron: Bool = false) throws(Failure) -> Found {
    if let found = find(layer, field, isNeuron: isNeuron) { return found }
    let missing = Found(tensor: format_tensor(), layer: layer, isReadout: layer == loader.hiddenCount, field: field)
    throw loader.invalid("\(missing.path) is missing")
  }

  /// A tensor of the layer itself, or a parameter of its neuron model; the readout has both in one table.
  private func find(_ layer: Int, _ field: UnsafePointer<CChar>, isNeuron: Bool = false) -> Found? {
    var tensor = format_tensor()
    let root = loader.root
    let isReadout = layer == loader.hiddenCount
    let present =
      isReadout
      ? format_readout_tensor(root, field, &tensor)
      : isNeuron
        ? format_neuron_tensor(root, layer, field, &tensor)
        : format_layer_tensor(root, layer, field, &tensor)
    return present ? Found(tensor: tensor, layer: layer, isReadout: isReadout, field: field) : nil
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

  /// Where the elements of a tensor of a layer will lie; `columns`: nil for vectors.
  private mutating func checkedPlacement(
    _ found: Found, _ layer: LayerPlace, columns: Int?, gates: Int
  ) throws(Failure) -> Placement {
    var rows: CompressedRows?
    if found.tensor.layout == FORMAT_LAYOUT_SPARSE_ROWS, let columns {
      rows = try compressedRows(found, size: layer.size, columns: columns, gates: gates)
    }
    return Placement(
      size: layer.size, width: wholeVectors(layer.size, loader.kernels.lanes), columns: columns ?? 1, gateCount: gates,
      rows: rows)
  }

  /// Returns the tensor's index.
  private mutating func add(
    _ found: Found, _ layer: LayerPlace, _ placement: Placement, isMatrix: Bool, _ group: TensorGroup,
    _ bounds: kernel_quantity
  ) throws(Failure) -> Int {
    let (data, elementType) = try checkedData(found, placement, isMatrix: isMatrix)
    let scales = try checkedScales(found, elementType, rows: placement.size * placement.gateCount)
    let name = names + count * Model.nameCapacity
    writeName(found, to: name)
    let tensor = TensorDescription(
      name: name, layer: layer.index, group: group, isMatrix: isMatrix, placement: placement, offset: offset,
      trainable: found.tensor.trainable, bounds: bounds, elementType: elementType, data: data, scales: scales)
    try checkValues(tensor, found)
    (tensors + count).initialize(to: tensor)
    count += 1
    offset += tensor.count
    return count - 1
  }

  /// As users know it: "layer0.omega".
  @inline(never) private func writeName(_ found: Found, to name: UnsafeMutablePointer<CChar>) {
    let text: Text = found.isReadout ? found.path : "layer\(found.layer).\(found.field)"
    text.copy(to: name, size: Model.nameCapacity)
  }

  private func checkedData(
    _ found: Found, _ placement: Placement, isMatrix: Bool
  ) throws(Failure) -> (UnsafeRawPointer, ElementType) {
    let tensor = found.tensor
    guard let type = UInt8(exactly: tensor.element_type).flatMap(ElementType.init(rawValue:)) else {
      throw loader.unsupported(
        "\(found.path).element_type is \(Int(tensor.element_type)), expected 0 (Float32), 1 (Float16) or 2 (Int8)")
    }
    guard type == .float32 || isMatrix else {
      throw loader.unsupported(
        "\(found.path).element_type is \(Int(tensor.element_type)), expected 0 (Float32): it is no weight")
    }
    guard tensor.layout == FORMAT_LAYOUT_DENSE || placement.rows != nil else {
      throw loader.unsupported("\(found.path).layout is \(Int(tensor.layout)), expected 0 (Dense)")
    }
    let rowCount = placement.size * placement.gateCount
    try checkShape(found, rows: rowCount, columns: isMatrix ? placement.columns : nil)
    let (elements, tooMany) =
      placement.rows.map { ($0.count, false) } ?? rowCount.multipliedReportingOverflow(by: placement.columns)
    let (bytes, tooLarge) = elements.multipliedReportingOverflow(by: type.size)
    guard !tooMany, !tooLarge, tensor.byte_count == bytes, let data = tensor.data else {
      let expected = placement.rows.map { Double($0.count) } ?? Double(rowCount) * Double(placement.columns)
      throw loader.invalid("\(found.path).data has \(tensor.byte_count) bytes, expected \(expected * Double(type.size))")
    }
    return (data, type)
  }

  /// What numbers of the file are multiplied by.
  private func checkedScales(
    _ found: Found, _ type: ElementType, rows: Int
  ) throws(Failure) -> UnsafeBufferPointer<Float> {
    guard type == .int8 else { return UnsafeBufferPointer(start: nil, count: 0) }
    let scales = UnsafeBufferPointer(start: found.tensor.scales, count: found.tensor.scale_count)
    guard scales.count == 1 || scales.count == rows else {
      throw loader.invalid("\(found.path).scales has \(scales.count) numbers, expected 1 or \(rows), one per row")
    }
    for index in 0..<scales.count where !(scales[index] > 0 && scales[index].isFinite) {
      throw loader.invalid("\(found.path).scales[\(index)] is \(scales[index]), expected a finite number above 0")
    }
    return scales
  }

  private func checkShape(_ found: Found, rows: Int, columns: Int?) throws(Failure) {
    let tensor = found.tensor
    let shapeFits = columns.map { tensor.rank == 2 && Int(clamping: tensor.shape.1) == $0 } ?? (tensor.rank == 1)
    guard shapeFits, Int(clamping: tensor.shape.0) == rows else {
      throw otherShape(found, rows: rows, columns: columns)
    }
  }

  @inline(never) private func otherShape(_ found: Found, rows: Int, columns: Int?) -> Failure {
    let (tensor, expected) = (found.tensor, columns.map { ", \($0)]" as Text } ?? "]")
    let shape: Text = "[\(Int(clamping: tensor.shape.0)), \(Int(clamping: tensor.shape.1))] of rank \(tensor.rank)"
    return loader.invalid("\(found.path).shape is \(shape), expected [\(rows)\(expected)")
  }

  /// Checks where the stored elements of a weight matrix belong, and orders them by presynaptic neuron.
  private mutating func compressedRows(
    _ found: Found, size: Int, columns: Int, gates: Int
  ) throws(Failure) -> CompressedRows {
    let (tensor, rows) = (found.tensor, size * gates)
    let count = tensor.column_index_count
    try checkShape(found, rows: rows, columns: columns)
    guard tensor.row_offset_count == rows + 1, let offsets = tensor.row_offsets else {
      throw loader.invalid("\(found.path).row_offsets has \(tensor.row_offset_count) entries, expected \(rows + 1)")
    }
    guard let sources = tensor.column_indices else {
      throw loader.invalid("\(found.path) has no stored elements, expected at least one")
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
        guard column >= least && column < columns else {
          throw loader.invalid(
            "\(found.path).column_indices[\(element)] is \(column), expected \(least) to \(columns - 1), ascending in a row"
          )
        }
        least = column + 1
      }
    }
    return CompressedRows(
      count: count, rowOffsets: offsets, sources: sources, size: size, sourceSize: columns, gates: gates, &self.rows)
  }

  private func checkValues(_ tensor: TensorDescription, _ found: Found) throws(Failure) {
    for index in 0..<tensor.count {
      let value = tensor.value(index)
      if tensor.allows(value) { continue }
      throw loader.invalid("\(found.path)[\(index)] is \(value), \(tensor.problem(with: value))")
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
