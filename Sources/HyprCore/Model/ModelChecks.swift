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

  /// How the file wants samples to become spikes.
  func readEncoding() throws(Failure) -> LevelCrossingDescription? {
    var input = format_input_info()
    guard format_input(root, &input), input.encoding_type != 0 else { return nil }
    guard let name = input.encoding, equal(name, "LevelCrossing") else {
      throw unsupported("input.encoding is \(input.encoding), which this library does not have")
    }
    var count = 0
    guard let thresholds = format_encoding_values(root, "thresholds", &count),
      count == 1 || count == Int(clamping: input.size)
    else {
      throw invalid("input.encoding.thresholds has \(count) entries, expected 1 or \(Int(clamping: input.size))")
    }
    for channel in 0..<count where !(thresholds[channel] > 0 && thresholds[channel].isFinite) {
      throw invalid("input.encoding.thresholds[\(channel)] is \(thresholds[channel]), expected a finite number above 0")
    }
    var output: Float = 0
    _ = format_encoding_constant(root, "output", &output)
    guard output == 0 || output == 1 else {
      throw unsupported("input.encoding.output is \(Int(output)), which this library does not know")
    }
    return LevelCrossingDescription(thresholds: thresholds, thresholdCount: count, isOnOff: output == 1)
  }

  /// Returns the number of channels; `columns`: inputs of the first layer.
  func checkInput(columns: Int, _ encoding: LevelCrossingDescription?) throws(Failure) -> Int {
    var input = format_input_info()
    guard format_input(root, &input) else { return columns }
    let inputCount = Int(clamping: input.size)
    let perChannel = encoding.map { $0.inputsPerChannel } ?? 1
    if columns % perChannel != 0 || inputCount != columns / perChannel {
      let found: Text = "input.size is \(inputCount)"
      let encoded: Text = perChannel == 1 ? "" : ", two for each channel"
      throw invalid("\(found), but layers[0].input_weight has \(columns) columns\(encoded)")
    }
    let counts: InlineArray<3, (Int, StaticString)> = [
      (input.channel_name_count, "channel_names"), (input.scale_count, "scale"), (input.offset_count, "offset"),
    ]
    for index in 0..<3 where counts[index].0 != 0 && counts[index].0 != inputCount {
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
    return inputCount
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
