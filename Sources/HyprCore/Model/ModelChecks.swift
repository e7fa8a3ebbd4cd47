internal import CModelFormat
internal import CSystem

// The semantic checks of everything in a model file that is not a tensor.

extension ModelLoader {
  func checkHeader() throws(Failure) {
    let version = Int(clamping: format_version(root))
    if version == 0 { throw invalid("format_version is 0 or missing, expected 1 to \(Model.formatVersion)") }
    if version > Model.formatVersion {
      throw unsupported("format_version is \(version), this library reads up to \(Model.formatVersion)")
    }
    let step = format_time_step(root)
    if !(step >= 0 && step.isFinite) {
      throw invalid("time_step is \(step), expected a finite number of seconds, 0 or more")
    }
    if hiddenCount < 1 || hiddenCount > Model.mostLayers {
      throw invalid("layers has \(hiddenCount) entries, expected 1 to \(Model.mostLayers)")
    }
    var kind: format_readout_kind = 0
    if !format_readout(root, &kind) { throw invalid("readout is missing") }
    if kind != FORMAT_READOUT_LEAKY_INTEGRATOR {
      throw unsupported("readout.kind is \(Int(kind)), expected 0 (LeakyIntegrator)")
    }
  }

  /// The neuron model of a layer; of the readout past the last one.
  func neuron(of layer: Int) throws(Failure) -> (index: Int32, facts: kernel_neuron) {
    var name: UnsafePointer<CChar>?
    var info = format_layer_info()
    if layer < hiddenCount {
      _ = format_layer(root, layer, &info)
      name = info.neuron_name
    }
    let wanted = layer == hiddenCount ? text("LI") : name
    if let found = wanted.flatMap({ neuronModel(named: $0, kernels) }) { return found }
    if info.neuron_type == 0 { throw invalid("layers[\(layer)].neuron is missing") }
    if let name { throw unsupported("layers[\(layer)].neuron is \(name), which this build of the library leaves out") }
    throw unsupported("layers[\(layer)].neuron is type \(Int(info.neuron_type)), which this library does not know")
  }

  /// The surrogate of a layer: the file's, completed by the standard values of its kind.
  func surrogate(of layer: Int, _ facts: kernel_neuron) throws(Failure) -> kernel_surrogate {
    var info = format_layer_info()
    if layer < hiddenCount { _ = format_layer(root, layer, &info) }
    let kind = info.surrogate_kind == FORMAT_SURROGATE_MODEL_DEFAULT ? facts.surrogate_kind : info.surrogate_kind
    var surrogate = kernel_surrogate()
    guard kernels.surrogate(kind, &surrogate) else {
      throw unsupported("layers[\(layer)].surrogate.kind is \(Int(kind)), which this library does not know")
    }
    if info.has_surrogate_slope { surrogate.slope = info.surrogate_slope }
    if info.has_surrogate_scale { surrogate.scale = info.surrogate_scale }
    let values: InlineArray<2, (Float, StaticString)> = [(surrogate.slope, "slope"), (surrogate.scale, "scale")]
    for index in 0..<2 where !(values[index].0 > 0 && values[index].0 <= 1e6) {
      let (value, name) = values[index]
      throw invalid("layers[\(layer)].surrogate.\(name) is \(value), expected above 0 and at most 1e6")
    }
    return surrogate
  }

  func readConstants(_ layer: Int, into values: UnsafeMutablePointer<Float>) throws(Failure) {
    let (neuron, facts) = try neuron(of: layer)
    var info = format_layer_info()
    if layer < hiddenCount { _ = format_layer(root, layer, &info) }
    var quantity = kernel_quantity()
    for index in 0..<facts.constant_count {
      guard kernels.constant(neuron, index, &quantity) else { break }
      var value: Float = 0
      var stated = format_neuron_constant(root, layer, quantity.name, &value)
      // The reset is said by the layer. A model that leaves the choice has a constant of that name.
      if isReset(quantity) {
        stated = info.reset != FORMAT_RESET_MODEL_DEFAULT
        value = Float(info.reset)
        if value > quantity.upper {
          throw unsupported("layers[\(layer)].reset is \(Int(info.reset)), which this library does not know")
        }
        info.reset = FORMAT_RESET_MODEL_DEFAULT
      }
      values[Int(index)] = stated ? value : quantity.default_value
      if !(values[Int(index)] >= quantity.lower && values[Int(index)] <= quantity.upper) {
        throw invalid(
          "layers[\(layer)].neuron.\(quantity.name) is \(value), expected \(quantity.lower) to \(quantity.upper)")
      }
    }
    if info.reset != FORMAT_RESET_MODEL_DEFAULT {
      throw unsupported(
        "layers[\(layer)].reset is \(Int(info.reset)), but \(facts.name) leaves no choice: expected 0 (ModelDefault)")
    }
  }

  /// How the file wants values to become spikes.
  func readEncoding() throws(Failure) -> format_encoding {
    var encoding = format_encoding()
    if format_get_encoding(root, &encoding) || encoding.kind == FORMAT_ENCODING_NONE { return encoding }
    // Of a known kind, it has no table.
    guard format_encoding_name(encoding.kind).pointee == 0 else { throw invalid("input.encoding is missing") }
    throw unsupported("input.encoding is type \(Int(encoding.kind)), which this library does not know")
  }

  /// Returns the number of channels; `columns`: inputs of the first layer.
  func checkInput(columns: Int, _ encoding: format_encoding) throws(Failure) -> Int {
    var input = format_input_info()
    guard format_input(root, &input) else { return columns }
    let inputCount = Int(clamping: input.size)
    if encoding.kind != FORMAT_ENCODING_NONE {
      try SignalChecks(message, channels: inputCount, isFile: true).check(encoding, "input.encoding.")
    }
    let perChannel = encoding.inputsPerChannel
    if columns % perChannel != 0 || inputCount != columns / perChannel {
      let found: Text = "input.size is \(inputCount)"
      let encoded: Text = perChannel == 1 ? "" : ", \(perChannel) for each channel"
      throw invalid("\(found), but layers[0].input_weight has \(columns) columns\(encoded)")
    }
    let counts: InlineArray<5, (Int, StaticString)> = [
      (input.channel_name_count, "channel_names"), (input.scale_count, "scale"), (input.offset_count, "offset"),
      (input.trained_lower_count, "trained_lower"), (input.trained_upper_count, "trained_upper"),
    ]
    for index in 0..<5 where counts[index].0 != 0 && counts[index].0 != inputCount {
      throw invalid("input.\(counts[index].1) has \(counts[index].0) entries, expected none or \(inputCount)")
    }
    for channel in 0..<inputCount {
      if let scale = input.scale, !scale[channel].isFinite || scale[channel] == 0 {
        throw invalid("input.scale[\(channel)] is \(scale[channel]), expected a finite number other than 0")
      }
      if let offset = input.offset, !offset[channel].isFinite {
        throw invalid("input.offset[\(channel)] is \(offset[channel]), expected a finite number")
      }
    }
    try checkConditioning(channels: inputCount)
    return inputCount
  }

  private func checkConditioning(channels: Int) throws(Failure) {
    var input = format_input_info()
    _ = format_input(root, &input)
    let checks = SignalChecks(message, channels: channels, isFile: true)
    guard (input.trained_lower == nil) == (input.trained_upper == nil) else {
      throw invalid("input has one of trained_lower and trained_upper, expected both or none")
    }
    if let lower = input.trained_lower, let upper = input.trained_upper { try checks.checkRange(lower, upper, "input.trained_") }
    let count = input.conditioning_count
    if count == 0 { return }
    guard count <= Model.mostConditioning else {
      throw invalid("input.conditioning has \(count) stages, expected at most \(Model.mostConditioning)")
    }
    // A reader of the version before would leave the stages out.
    guard format_version(root) >= Model.conditioningVersion else {
      throw invalid("format_version is \(Int(format_version(root))), expected \(Model.conditioningVersion) or above with conditioning")
    }
    for index in 0..<count {
      var stage = format_conditioning()
      if !format_get_conditioning(root, index, &stage) {
        guard stage.kind != 0 && format_conditioning_name(stage.kind).pointee == 0 else {
          throw invalid("input.conditioning[\(index)].kind is missing")
        }
        throw unsupported("input.conditioning[\(index)].kind is type \(Int(stage.kind)), which this library does not know")
      }
      try checks.check(stage, timeStep: format_time_step(root), "input.conditioning[\(index)].")
    }
  }

  func checkLabels(_ outputCount: Int) throws(Failure) {
    let count = format_class_label_count(root)
    if count != 0 && count != outputCount {
      throw invalid("class_labels has \(count) entries, expected none or \(outputCount)")
    }
  }

  /// The options that the file recommends. Names of other versions are left out, and those that are the host's decision.
  func readOptions() throws(Failure) -> Options {
    var options = Options()
    for index in 0..<format_option_count(root) {
      guard let name = format_option_name(root, index), let option = Option(name: name), !option.isOfHost
      else {
        continue
      }
      let value = format_option_value(root, index)
      guard option.allows(value) else {
        throw invalid("recommended_options[\(index)]: \(option.problem(with: value))")
      }
      options.set(option, value)
    }
    return options
  }
}
