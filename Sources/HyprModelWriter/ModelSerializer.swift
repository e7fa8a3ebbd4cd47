import CModelWriter
import CSystem

extension ModelDescription {
  /// The bytes of the `.hypr` file. Equal descriptions give equal bytes; tensor data is aligned to 64 bytes relative to their
  /// start.
  ///
  /// - Throws: ``ModelWriterError`` for names that the schema does not have, shapes that do not match their values, files of
  ///   2 GiB or more, and for want of memory.
  /// - Complexity: O(size of the file) time and memory.
  public func serialized() throws(ModelWriterError) -> [UInt8] {
    let serializer = try ModelSerializer()
    return try serializer.serialize(self)
  }
}

/// Feeds one model description to the C writer.
private final class ModelSerializer {
  private let writer: OpaquePointer

  init() throws(ModelWriterError) {
    guard let writer = writer_create() else { throw .outOfMemory }
    self.writer = writer
  }

  deinit { writer_free(writer) }

  func serialize(_ model: ModelDescription) throws(ModelWriterError) -> [UInt8] {
    try tell(model)
    switch writer_begin(writer) {
    case WRITER_OK: break
    case WRITER_TOO_LARGE: throw .tooLarge
    default: throw .outOfMemory
    }
    try tell(model)
    var size = 0
    guard let bytes = writer_finish(writer, &size) else { preconditionFailure("both passes tell the same model") }
    defer { system_free(bytes) }
    return Array(UnsafeRawBufferPointer(start: bytes, count: size))
  }

  /// Of both passes.
  private func tell(_ model: ModelDescription) throws(ModelWriterError) {
    writer_set_format_version(writer, model.formatVersion)
    writer_set_time_step(writer, model.timeStep)
    if !model.name.isEmpty { writer_set_name(writer, model.name) }
    if let input = model.input { try add(input) }
    for (index, layer) in model.layers.enumerated() { try add(layer, at: "layer \(index)") }
    if let readout = model.readout { try add(readout) }
    for label in model.classLabels { writer_add_class_label(writer, label) }
    for option in model.options { writer_add_option(writer, option.name, option.value) }
    for entry in model.entries { writer_add_metadata(writer, entry.name, entry.value) }
    for exemplar in model.exemplars { exemplar.add(to: writer) }
  }

  private func add(_ input: InputDescription) throws(ModelWriterError) {
    guard let size = UInt32(exactly: input.size) else { throw .badShape(place: "input size", shape: [input.size]) }
    for (place, values) in [("input scale", input.scale), ("input offset", input.offset)] {
      guard let values, values.count != input.size else { continue }
      throw .countMismatch(place: place, expected: input.size, actual: values.count)
    }
    if !input.channelNames.isEmpty && input.channelNames.count != input.size {
      throw .countMismatch(place: "channel names", expected: input.size, actual: input.channelNames.count)
    }
    writer_set_input(writer, size, input.scale, input.offset)
    for name in input.channelNames { writer_add_channel_name(writer, name) }
    for stage in input.conditioning { stage.add(to: writer) }
    input.encoding?.add(to: writer)
    if let range = input.trainedRange {
      guard range.lower.count == range.upper.count else {
        throw .countMismatch(place: "trained range", expected: range.lower.count, actual: range.upper.count)
      }
      writer_set_trained_range(writer, range.lower, range.upper, range.lower.count)
    }
  }

  private func add(_ layer: LayerDescription, at place: String) throws(ModelWriterError) {
    var record = writer_layer()
    record.input_weight = try add(layer.inputWeight, at: "\(place) input weight")
    record.recurrent_weight = try add(layer.recurrentWeight, at: "\(place) recurrent weight")
    record.bias = try add(layer.bias, at: "\(place) bias")
    try add(layer.neuron, at: place)
    if let surrogate = layer.surrogate {
      record.has_surrogate = true
      record.surrogate_kind = surrogate.kind.rawValue
      record.has_surrogate_slope = surrogate.slope != nil
      record.surrogate_slope = surrogate.slope ?? 0
      record.has_surrogate_scale = surrogate.scale != nil
      record.surrogate_scale = surrogate.scale ?? 0
    }
    record.reset = layer.reset.rawValue
    let isAdded = layer.name.withCString { name in
      record.name = layer.name.isEmpty ? nil : name
      return writer_add_layer(writer, &record)
    }
    precondition(isAdded, "the layer has an input weight and an open neuron model")
  }

  private func add(_ neuron: NeuronDescription, at place: String) throws(ModelWriterError) {
    guard let constants = ModelSchema.constantNames(of: neuron.name),
      let parameters = ModelSchema.parameterNames(of: neuron.name),
      writer_begin_neuron(writer, neuron.name)
    else {
      throw .unknownNeuron(place: place, name: neuron.name, allowed: ModelSchema.neuronNames)
    }
    for constant in neuron.constantList {
      guard constants.contains(constant.name) else {
        throw .unknownConstant(place: place, neuron: neuron.name, name: constant.name, allowed: constants)
      }
      guard writer_neuron_constant(writer, constant.name, constant.value) else {
        throw .duplicate(place: place, name: constant.name)
      }
    }
    for parameter in neuron.parameterList {
      guard parameters.contains(parameter.name) else {
        throw .unknownParameter(place: place, neuron: neuron.name, name: parameter.name, allowed: parameters)
      }
      let tensor = try add(parameter.value, at: "\(place) \(parameter.name)")
      guard writer_neuron_parameter(writer, parameter.name, tensor) else {
        throw .duplicate(place: place, name: parameter.name)
      }
    }
  }

  private func add(_ readout: ReadoutDescription) throws(ModelWriterError) {
    let weight = try add(readout.weight, at: "readout weight")
    let bias = try add(readout.bias, at: "readout bias")
    let tau = try add(readout.tau, at: "readout tau")
    let isSet = writer_set_readout(writer, readout.kind, weight, bias, tau)
    precondition(isSet, "the readout has a weight")
  }

  /// The handle of the tensor in the file; 0 for `nil`.
  private func add(_ tensor: TensorDescription?, at place: String) throws(ModelWriterError) -> writer_tensor {
    guard let tensor else { return 0 }
    let shape = tensor.shape.compactMap { UInt32(exactly: $0) }
    guard shape.count == tensor.shape.count, (1...4).contains(shape.count) else {
      throw .badShape(place: place, shape: tensor.shape)
    }
    guard let rows = tensor.rows else {
      var count = 1
      for size in tensor.shape {
        let product = count.multipliedReportingOverflow(by: size)
        guard !product.overflow else { throw .badShape(place: place, shape: tensor.shape) }
        count = product.partialValue
      }
      guard count == tensor.values.count else {
        throw .countMismatch(place: place, expected: count, actual: tensor.values.count)
      }
      return withElements(tensor.values) { elements in
        writer_add_tensor(writer, elements, shape, shape.count, tensor.trainable, nil)
      }
    }
    return rows.offsets.withUnsafeBufferPointer { offsets in
      rows.columns.withUnsafeBufferPointer { columns in
        var stored = writer_rows(
          offsets: offsets.baseAddress, offset_count: offsets.count, columns: columns.baseAddress,
          column_count: columns.count)
        return withElements(tensor.values) { elements in
          writer_add_tensor(writer, elements, shape, shape.count, tensor.trainable, &stored)
        }
      }
    }
  }

  private func withElements(_ values: [Float], _ call: (UnsafePointer<writer_elements>) -> writer_tensor) -> writer_tensor {
    values.withUnsafeBufferPointer { values in
      var elements = writer_elements(
        type: FORMAT_ELEMENT_FLOAT32, data: values.baseAddress, count: values.count, scales: nil, scale_count: 0)
      return call(&elements)
    }
  }
}
