public import CHypr
internal import HyprCore

typealias ModelPointer = UnsafeMutablePointer<Model>

extension OpaquePointer {
  /// The model behind a handle; the handle is its address.
  var model: ModelPointer { ModelPointer(self) }
}

@c @implementation public func hypr_model_load(
  _ path: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> hypr_status {
  hypr_model_load_file_diagnosed(path, out, nil, 0)
}

@c @implementation public func hypr_model_load_buffer(
  _ data: UnsafeRawPointer?, _ size: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> hypr_status {
  hypr_model_load_diagnosed(data, size, out, nil, 0)
}

@c @implementation public func hypr_model_load_diagnosed(
  _ data: UnsafeRawPointer?, _ size: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ messageSize: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: messageSize)
  guard let out else { return message.failure(.invalidArgument, "out is NULL").status }
  out.pointee = nil
  guard let data, size >= 0 else { return message.failure(.invalidArgument, "data is NULL").status }
  return status { () throws(Failure) in
    out.pointee = OpaquePointer(try Model.load(UnsafeRawBufferPointer(start: data, count: size), message))
  }
}

@c @implementation public func hypr_model_load_file_diagnosed(
  _ path: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CChar>?, _ messageSize: Int
) -> hypr_status {
  let message = MessageBuffer(message, size: messageSize)
  guard let out else { return message.failure(.invalidArgument, "out is NULL").status }
  out.pointee = nil
  guard let path else { return message.failure(.invalidArgument, "path is NULL").status }
  return status { () throws(Failure) in out.pointee = OpaquePointer(try Model.load(path: path, message)) }
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

@c @implementation public func hypr_model_metadata_count(_ model: OpaquePointer?) -> Int {
  model?.model.pointee.metadataCount ?? 0
}

@c @implementation public func hypr_model_metadata_key(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  model?.model.pointee.metadataKey(index)
}

@c @implementation public func hypr_model_metadata_value(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>?
{
  model?.model.pointee.metadataValue(index)
}
