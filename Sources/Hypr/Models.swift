public import CHypr
internal import HyprCore

typealias ModelPointer = UnsafeMutablePointer<Model>

extension OpaquePointer {
  /// The model behind a handle; the handle is its address.
  var model: ModelPointer { ModelPointer(self) }
}

@c @implementation public func hypr_model_load(
  _ path: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    guard let path else { throw message.isNull("path") }
    return try Model.load(path: path, message)
  }
}

@c @implementation public func hypr_model_load_buffer(
  _ data: UnsafeRawPointer?, _ size: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    try Model.load(try file(data, size, message), message)
  }
}

/// The bytes of a model file that the host has in memory.
private func file(_ data: UnsafeRawPointer?, _ size: Int, _ message: MessageBuffer) throws(Failure) -> UnsafeRawBufferPointer {
  guard let data else { throw message.isNull("data") }
  guard size >= 0 else { throw message.failure(.invalidArgument, "size is too large") }
  return UnsafeRawBufferPointer(start: data, count: size)
}

@c @implementation public func hypr_model_memory_size(
  _ data: UnsafeRawPointer?, _ size: Int, _ bytes: UnsafeMutablePointer<Int>?, _ alignment: UnsafeMutablePointer<Int>?,
  _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  status { () throws(Failure) in
    let message = MessageBuffer(message, size: message_size)
    guard let bytes else { throw message.isNull("bytes") }
    bytes.pointee = try Model.memorySize(inPlace: try file(data, size, message), message)
    alignment?.pointee = Session.memoryAlignment
  }
}

@c @implementation public func hypr_model_create_in(
  _ data: UnsafeRawPointer?, _ size: Int, _ memory: UnsafeMutableRawPointer?, _ bytes: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?, _ message_size: Int
) -> hypr_status {
  create(out, message, message_size) { message throws(Failure) in
    try Model.load(inPlace: try file(data, size, message), in: try block(memory, bytes, message), message)
  }
}

@c @implementation public func hypr_model_free(_ model: OpaquePointer?) { model?.model.release() }

@c @implementation public func hypr_model_input_size(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.inputSize ?? 0
}
@c @implementation public func hypr_model_output_size(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.outputSize ?? 0
}
@c @implementation public func hypr_model_layer_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.layerCount ?? 0
}

@c @implementation public func hypr_model_parameter_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.parameterCount ?? 0
}

@c @implementation public func hypr_model_layer_size(_ model: OpaquePointer?, _ layer: Int) -> Int {
  model?.model.pointee.layerSize(layer) ?? 0
}

@c @implementation public func hypr_model_layer_neuron(_ model: OpaquePointer?, _ layer: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.layerNeuron(layer)
}

@c @implementation public func hypr_model_name(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
  model?.model.pointee.name ?? ("" as StaticString).text
}

@c @implementation public func hypr_model_time_step(_ model: OpaquePointer?) -> Float {
  model?.model.pointee.timeStep ?? 0
}

@c @implementation public func hypr_model_input_name(_ model: OpaquePointer?, _ channel: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.inputName(channel)
}

@c @implementation public func hypr_model_class_label(_ model: OpaquePointer?, _ output: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.classLabel(output)
}

@c @implementation public func hypr_model_trained_range(
  _ model: OpaquePointer?, _ lower: UnsafeMutablePointer<Float>?, _ upper: UnsafeMutablePointer<Float>?, _ count: Int
) -> hypr_status {
  guard let model = model?.model, let lower, let upper else { return invalidArgument }
  guard let range = model.pointee.trainedRange else { return notFound }
  guard count == model.pointee.inputSize else { return hypr_status(HYPR_ERROR_SIZE_MISMATCH) }
  for channel in 0..<count { (lower[channel], upper[channel]) = (range.lower[channel], range.upper[channel]) }
  return ok
}

@c @implementation public func hypr_model_first_layer_inputs(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.firstLayerInputs ?? 0
}

@c @implementation public func hypr_model_metadata_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.metadataCount ?? 0
}

@c @implementation public func hypr_model_metadata_key(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.metadataKey(index)
}

@c @implementation public func hypr_model_metadata_value(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.metadataValue(index)
}

@c @implementation public func hypr_model_tensor_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.tensorCount ?? 0
}

@c @implementation public func hypr_model_tensor_info(
  _ model: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_tensor_info>?
) -> hypr_status {
  guard let model = model?.model, let info, isComplete(info) else { return invalidArgument }
  guard let tensor = model.pointee.tensor(index) else { return notFound }
  fill(info, with: hypr_tensor_info(tensor))
  return ok
}

@c @implementation public func hypr_model_find_tensor(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?
) -> hypr_status {
  guard let model = model?.model, let name, let index else { return invalidArgument }
  guard let found = model.pointee.findTensor(name) else { return notFound }
  index.pointee = found
  return ok
}

@c @implementation public func hypr_model_tensor_values(
  _ model: OpaquePointer?, _ index: Int, _ out: UnsafeMutablePointer<Float>?, _ size: Int
) -> hypr_status {
  guard let model = model?.model, let out else { return invalidArgument }
  guard let tensor = model.pointee.tensor(index) else { return notFound }
  guard size == tensor.count else { return hypr_status(HYPR_ERROR_SIZE_MISMATCH) }
  return answer {
    model.pointee.readTensor(index, into: out)
    return ok
  }
}

@c @implementation public func hypr_model_exemplar_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.exemplarCount ?? 0
}

@c @implementation public func hypr_model_exemplar_info(
  _ model: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_exemplar_info>?
) -> hypr_status {
  guard let model = model?.model, let info, isComplete(info) else { return invalidArgument }
  guard index >= 0 && index < model.pointee.exemplarCount else { return notFound }
  fill(info, with: hypr_exemplar_info(model.pointee.exemplar(index)))
  return ok
}

extension hypr_exemplar_info {
  fileprivate init(_ exemplar: Exemplar) {
    self.init(
      struct_size: 0, steps: exemplar.stepCount, taught_steps: exemplar.taughtStepCount(), bytes: exemplar.byteCount,
      label: exemplar.lastLabel.map { Int32(truncatingIfNeeded: $0) } ?? -1,
      starts_sequence: exemplar.startsSequence ? 1 : 0)
  }
}
