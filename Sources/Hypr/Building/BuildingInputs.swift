public import CHypr
internal import HyprBuilding
internal import HyprCore

// What is done to a sample before the first layer.

@c @implementation public func hypr_builder_set_input_scale(
  _ builder: OpaquePointer?, _ scale: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    if scale == nil && count != 0 { throw builder.isNull("scale") }
    try builder.setInputScale(scale, count)
  }
}

@c @implementation public func hypr_builder_set_input_offset(
  _ builder: OpaquePointer?, _ offset: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    if offset == nil && count != 0 { throw builder.isNull("offset") }
    try builder.setInputOffset(offset, count)
  }
}

@c @implementation public func hypr_builder_set_input_names(
  _ builder: OpaquePointer?, _ names: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    try builder.setTexts(names, count, "names") { builder, names, count throws(Failure) in
      try builder.setInputNames(names, count)
    }
  }
}

@c @implementation public func hypr_builder_set_level_crossing(
  _ builder: OpaquePointer?, _ thresholds: UnsafePointer<Float>?, _ count: Int, _ output: Int32
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    if thresholds == nil && count != 0 { throw builder.isNull("thresholds") }
    try builder.setLevelCrossing(thresholds, count, output)
  }
}

@c @implementation public func hypr_builder_set_encoding(
  _ builder: OpaquePointer?, _ encoding: UnsafePointer<hypr_encoding>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let encoding else { throw builder.isNull("encoding") }
    let told = try builder.checkedContents(of: encoding, "encoding")
    var settings = EncodingSettings(
      kind: told.kind, output: told.output, fields: told.fields,
      thresholds: try builder.floats(told.thresholds, told.threshold_count, "encoding.thresholds"),
      centers: try builder.floats(told.centers, told.center_count, "encoding.centers"),
      widths: try builder.floats(told.widths, told.width_count, "encoding.widths"))
    if told.cutoff != 0 { settings.cutoff = told.cutoff < 0 ? 0 : told.cutoff }
    try builder.setEncoding(settings)
  }
}

@c @implementation public func hypr_builder_add_conditioning(
  _ builder: OpaquePointer?, _ stage: UnsafePointer<hypr_conditioning>?
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    guard let stage else { throw builder.isNull("stage") }
    let told = try builder.checkedContents(of: stage, "stage")
    var settings = ConditioningSettings(
      kind: told.kind, timeConstants: try builder.floats(told.time_constants, told.time_constant_count, "stage.time_constants"),
      deviations: try builder.floats(told.deviations, told.deviation_count, "stage.deviations"),
      lower: try builder.floats(told.lower, told.lower_count, "stage.lower"),
      upper: try builder.floats(told.upper, told.upper_count, "stage.upper"))
    if told.largest_gain != 0 { settings.largestGain = told.largest_gain }
    if told.limit != 0 { settings.limit = told.limit }
    try builder.addConditioning(settings)
  }
}

@c @implementation public func hypr_builder_clear_conditioning(_ builder: OpaquePointer?) -> hypr_status {
  withBuilder(builder) { builder in builder.clearConditioning() }
}

@c @implementation public func hypr_builder_set_trained_range(
  _ builder: OpaquePointer?, _ lower: UnsafePointer<Float>?, _ upper: UnsafePointer<Float>?, _ count: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    if lower == nil && count != 0 { throw builder.isNull("lower") }
    if upper == nil && count != 0 { throw builder.isNull("upper") }
    try builder.setTrainedRange(lower, upper, count)
  }
}

@c @implementation public func hypr_builder_fit_input(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    try builder.fitInput(try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message))
  }
}

@c @implementation public func hypr_builder_widen_trained_range(
  _ builder: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int
) -> hypr_status {
  withBuilder(builder) { builder throws(Failure) in
    try builder.widenTrainedRange(try samples(inputs, steps, sequences, channels: builder.inputCount, builder.message))
  }
}
