public import CHypr
internal import HyprBuilding
internal import HyprCore

// Layers, the readout, and their arrays.

@c @implementation public func hypr_builder_add_layer(
  _ builder: OpaquePointer?, _ neuron: UnsafePointer<CChar>?, _ size: Int,
  _ settings: UnsafePointer<hypr_layer_settings>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let neuron else { throw builder.isNull("neuron") }
    var wanted = LayerSettings()
    if let settings {
      let settings = try builder.checkedContents(of: settings, "settings")
      wanted.name = settings.name
      wanted.isRecurrent = try builder.flag(settings.recurrent, "settings.recurrent")
      wanted.hasBias = try builder.choice(settings.bias, "settings.bias")
      wanted.inputDensity = settings.input_density
      wanted.recurrentDensity = settings.recurrent_density
      wanted.reset = settings.reset
      wanted.surrogate = settings.surrogate
      wanted.surrogateSlope = settings.surrogate_slope
      wanted.surrogateScale = settings.surrogate_scale
    }
    try builder.addLayer(neuron, size: size, wanted)
  }
}

@c @implementation public func hypr_builder_set_readout(
  _ builder: OpaquePointer?, _ outputs: Int, _ bias: Int32, _ tau: Double
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    try builder.setReadout(outputs: outputs, hasBias: try builder.choice(bias, "bias"), tau: tau == 0 ? nil : tau)
  }
}

@c @implementation public func hypr_builder_remove_top(_ builder: OpaquePointer?) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in try builder.removeTop() }
}

@c @implementation public func hypr_builder_set_constant(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ value: Float
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setConstant(name, value)
  }
}

@c @implementation public func hypr_builder_set_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ values: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let values else { throw builder.isNull("values") }
    try builder.setTensor(name, values, count)
  }
}

@c @implementation public func hypr_builder_draw_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ low: Double, _ high: Double
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.drawTensor(name, from: low, to: high)
  }
}

@c @implementation public func hypr_builder_set_tensor_rows(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ row_offsets: UnsafePointer<UInt32>?,
  _ row_offset_count: Int, _ column_indices: UnsafePointer<UInt32>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let row_offsets else { throw builder.isNull("row_offsets") }
    try builder.setRows(name, row_offsets, row_offset_count, column_indices, count)
  }
}

@c @implementation public func hypr_builder_set_trainable(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ trainable: Int32
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    try builder.setTrainable(name, try builder.flag(trainable, "trainable"))
  }
}

@c @implementation public func hypr_builder_set_element_type(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ element_type: Int32
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let type = UInt8(exactly: element_type).flatMap(ElementType.init(rawValue:)) else {
      throw builder.message.failure(
        .invalidArgument, "element_type is \(Int(element_type)), expected a HYPR_ELEMENT constant, 0 to 2")
    }
    try builder.setElementType(name, type)
  }
}

@c @implementation public func hypr_builder_tensor_count(_ builder: OpaquePointer?) -> Int {
  guard hasBuilder, let builder else { return 0 }
  return BuilderPointer(builder).pointee.tensorCount
}

@c @implementation public func hypr_builder_tensor_info(
  _ builder: OpaquePointer?, _ index: Int, _ info: UnsafeMutablePointer<hypr_tensor_info>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let info else { throw builder.isNull("info") }
    guard isComplete(info) else {
      throw builder.message.failure(.invalidArgument, "info.struct_size is not set to sizeof(hypr_tensor_info)")
    }
    guard let tensor = builder.tensor(index) else {
      throw builder.message.failure(
        .notFound, "index is \(size: index), expected below the tensor count \(builder.tensorCount)")
    }
    fill(info, with: hypr_tensor_info(tensor))
  }
}

@c @implementation public func hypr_builder_get_tensor(
  _ builder: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ values: UnsafeMutablePointer<Float>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let name else { throw builder.isNull("name") }
    guard let values else { throw builder.isNull("values") }
    try builder.readTensor(name, into: values, count)
  }
}
