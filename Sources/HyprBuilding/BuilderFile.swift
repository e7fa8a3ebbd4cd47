internal import CModelFormat
internal import CModelWriter
internal import CSystem
public import HyprCore

// The file: what was given and drawn is told to the writer, and the loader judges what it wrote.
extension ModelBuilder {
  /// Builds the file, and keeps it until something is changed; equal builders and seeds give equal bytes. Returns its size.
  public mutating func build(seed: UInt64) throws(Failure) -> Int {
    let model = try make(seed: seed)
    forgetBuilt()
    built = model
    return model.pointee.file.count
  }

  /// A model with what was given and what the seed draws; the builder stays as it is.
  func make(seed: UInt64) throws(Failure) -> UnsafeMutablePointer<Model> {
    defer { forgetDrawn() }
    try draw(seed: seed)
    try encode()
    return try Model.adopt(try write(), message)
  }

  /// The file that was built; good until something is changed.
  public func builtFile() throws(Failure) -> UnsafeRawBufferPointer {
    guard let built else {
      throw message.failure(.wrongState, "no file was built since the last change")
    }
    return built.pointee.file
  }

  /// Copies the file that was built.
  public func copyFile(to buffer: UnsafeMutableRawPointer, size: Int) throws(Failure) {
    let file = try builtFile()
    guard size >= file.count, let start = file.baseAddress else {
      throw message.failure(.bufferTooSmall, "size is \(size: size) bytes, expected \(file.count)")
    }
    buffer.copyMemory(from: start, byteCount: file.count)
  }

  /// Writes the file that was built; the path then holds it, or what it held before.
  public func saveFile(to path: UnsafePointer<CChar>) throws(Failure) {
    let file = try builtFile()
    guard let start = file.baseAddress else { return }
    var replacement = system_replacement()
    system_replacement_begin(&replacement, path)
    system_replacement_write(&replacement, start, file.count)
    system_replacement_check(&replacement, start, file.count)
    let error = system_replacement_end(&replacement)
    if error != 0 { throw notWritten(path, replacement.step, error, message) }
  }

  /// The bytes of the file, in memory of their own.
  private func write() throws(Failure) -> UnsafeRawBufferPointer {
    guard let writer = writer_create() else { throw noMemory() }
    defer { writer_free(writer) }
    tell(writer)
    switch writer_begin(writer) {
    case WRITER_OK: break
    case WRITER_TOO_LARGE: throw invalid("the model is too large: a .hypr file holds less than 2 GiB")
    default: throw noMemory()
    }
    tell(writer)
    var size = 0
    guard let bytes = writer_finish(writer, &size) else { throw noMemory() }
    return UnsafeRawBufferPointer(start: bytes, count: size)
  }

  private func noMemory() -> Failure { message.failure(.outOfMemory, "no memory for the model file") }

  /// Both passes of the writer.
  private func tell(_ writer: OpaquePointer) {
    // The lowest one that covers what is written.
    writer_set_format_version(writer, UInt32(input.conditioning.count > 0 ? Model.conditioningVersion : 1))
    writer_set_time_step(writer, timeStep)
    if let name, name.pointee != 0 { writer_set_name(writer, name) }
    tellInput(writer)
    for index in 0..<layers.count { tell(writer, layers[index]) }
    if let readout { tell(writer, readout) }
    for index in 0..<classLabels.count { writer_add_class_label(writer, classLabels[index]) }
    for index in 0..<options.count { writer_add_option(writer, options[index].name, options[index].value) }
    for index in 0..<metadata.count { writer_add_metadata(writer, metadata[index].key, metadata[index].value) }
    for index in 0..<exemplars.count {
      var stored = exemplars[index].stored
      writer_add_exemplar(writer, &stored)
    }
  }

  private func tellInput(_ writer: OpaquePointer) {
    guard input.exists else { return }
    writer_set_input(writer, UInt32(truncatingIfNeeded: inputCount), input.scale, input.offset)
    for index in 0..<input.names.count { writer_add_channel_name(writer, input.names[index]) }
    for index in 0..<input.conditioning.count {
      var stage = input.conditioning[index]
      writer_add_conditioning(writer, &stage)
    }
    if input.encoding.kind != FORMAT_ENCODING_NONE {
      var encoding = input.encoding
      writer_set_encoding(writer, &encoding)
    }
    if let lower = input.trainedLower, let upper = input.trainedUpper { writer_set_trained_range(writer, lower, upper, inputCount) }
  }

  private func tell(_ writer: OpaquePointer, _ layer: UnsafeMutablePointer<BuilderLayer>) {
    var record = writer_layer()
    record.input_weight = tensor(writer, layer, BuilderLayer.weight)
    record.recurrent_weight = tensor(writer, layer, BuilderLayer.recurrentWeight)
    record.bias = tensor(writer, layer, BuilderLayer.bias)
    if layer.pointee.isReadout {
      let tau = tensor(writer, layer, BuilderLayer.firstParameter)
      _ = writer_set_readout(
        writer, UInt8(truncatingIfNeeded: FORMAT_READOUT_LEAKY_INTEGRATOR), record.input_weight, record.bias, tau)
      return
    }
    _ = writer_begin_neuron(writer, layer.pointee.facts.name)
    let catalogue = NeuronCatalogue()
    for index in 0..<layer.pointee.facts.constantCount {
      guard let value = layer.pointee.constants[index], let constant = catalogue.constant(layer.pointee.neuron, index)
      else { continue }
      _ = writer_neuron_constant(writer, constant.name, value)
    }
    for parameter in 0..<layer.pointee.facts.parameterCount {
      let slot = BuilderLayer.firstParameter + parameter
      _ = writer_neuron_parameter(writer, layer.pointee.tensors[slot].field, tensor(writer, layer, slot))
    }
    record.name = UnsafePointer(layer.pointee.name)
    record.has_surrogate = layer.pointee.hasSurrogate
    record.surrogate_kind = UInt8(truncatingIfNeeded: layer.pointee.surrogate)
    record.has_surrogate_slope = layer.pointee.surrogateSlope != nil
    record.surrogate_slope = layer.pointee.surrogateSlope ?? 0
    record.has_surrogate_scale = layer.pointee.surrogateScale != nil
    record.surrogate_scale = layer.pointee.surrogateScale ?? 0
    record.reset = UInt8(truncatingIfNeeded: layer.pointee.reset)
    _ = writer_add_layer(writer, &record)
  }

  /// The handle of a tensor; 0: the layer does not have it.
  private func tensor(_ writer: OpaquePointer, _ layer: UnsafeMutablePointer<BuilderLayer>, _ slot: Int)
    -> writer_tensor
  {
    let tensor = layer.pointee.tensors + slot
    guard tensor.pointee.isPresent, let values = tensor.pointee.drawn ?? tensor.pointee.given else { return 0 }
    let trainable = isTrainable(layer, slot)
    let shape: InlineArray<2, UInt32> = [
      UInt32(truncatingIfNeeded: tensor.pointee.rows), UInt32(truncatingIfNeeded: tensor.pointee.columns ?? 1),
    ]
    let rank = tensor.pointee.columns == nil ? 1 : 2
    let rows = tensor.pointee.drawnRows ?? tensor.pointee.stored
    let encoded = tensor.pointee.encoded
    var elements = writer_elements(
      type: format_element_type(tensor.pointee.elementType.rawValue),
      data: encoded.map { UnsafeRawPointer($0.data) } ?? UnsafeRawPointer(values),
      count: rows?.count ?? tensor.pointee.elementCount, scales: encoded?.scales.map { UnsafePointer($0) },
      scale_count: encoded?.scaleCount ?? 0)
    return shape.span.withUnsafeBufferPointer { shape in
      guard let rows else { return writer_add_tensor(writer, &elements, shape.baseAddress, rank, trainable, nil) }
      var stored = writer_rows(
        offsets: rows.offsets, offset_count: rows.offsetCount, columns: rows.columns, column_count: rows.count)
      return writer_add_tensor(writer, &elements, shape.baseAddress, rank, trainable, &stored)
    }
  }
}
