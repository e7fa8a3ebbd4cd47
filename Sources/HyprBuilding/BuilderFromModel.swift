internal import CModelFormat
internal import CSystem
public import HyprCore

// A builder with all that a loaded model has, so that it can be changed. The loader has checked the file.
extension ModelBuilder {
  public static func create(
    from model: UnsafeMutablePointer<Model>, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<ModelBuilder> {
    let builder = try create(inputs: model.pointee.inputSize, message)
    do throws(Failure) {
      try builder.pointee.take(model.pointee)
      try builder.pointee.takeExemplars(model)
      return builder
    } catch {
      let reason = message.failure(error, "\(whole: builder.pointee.messageText)")
      free(builder)
      throw reason
    }
  }

  private mutating func take(_ model: Model) throws(Failure) {
    let root = model.root
    try setName(model.name)
    timeStep = model.timeStep
    try takeInput(root)
    for index in 0..<model.layerCount { try takeLayer(model, index) }
    var tensor = format_tensor()
    let hasBias = format_readout_tensor(root, text("bias"), &tensor)
    try setReadout(outputs: model.outputSize, hasBias: hasBias, tau: nil)
    if let readout { try takeTensors(model, readout, layers.count) }
    for index in 0..<format_class_label_count(root) {
      guard classLabels.hasRoom() else { throw outOfMemory() }
      classLabels.append(try copy(format_class_label(root, index) ?? text("")))
    }
    for index in 0..<format_option_count(root) {
      try recommend(format_option_name(root, index) ?? text(""), format_option_value(root, index))
    }
    for index in 0..<format_metadata_count(root) {
      try setMetadata(format_metadata_key(root, index) ?? text(""), format_metadata_value(root, index) ?? text(""))
    }
  }

  private mutating func takeInput(_ root: OpaquePointer) throws(Failure) {
    var info = format_input_info()
    guard format_input(root, &info) else { return }
    input.isDescribed = true
    if let scale = info.scale { input.scale = try copy(scale, info.scale_count) }
    if let offset = info.offset { input.offset = try copy(offset, info.offset_count) }
    for channel in 0..<info.channel_name_count {
      guard input.names.hasRoom() else { throw outOfMemory() }
      input.names.append(try copy(format_channel_name(root, channel) ?? text("")))
    }
    var encoding = format_encoding()
    if format_get_encoding(root, &encoding) { input.encoding = try copy(encoding) }
    for index in 0..<info.conditioning_count {
      var stage = format_conditioning()
      if format_get_conditioning(root, index, &stage) { try append(stage) }
    }
    if let lower = info.trained_lower { input.trainedLower = try copy(lower, info.trained_lower_count) }
    if let upper = info.trained_upper { input.trainedUpper = try copy(upper, info.trained_upper_count) }
  }

  private mutating func takeLayer(_ model: Model, _ index: Int) throws(Failure) {
    let root = model.root
    var info = format_layer_info()
    _ = format_layer(root, index, &info)
    var tensor = format_tensor()
    var settings = LayerSettings()
    settings.name = info.name
    settings.isRecurrent = format_layer_tensor(root, index, text("recurrent_weight"), &tensor)
    settings.hasBias = format_layer_tensor(root, index, text("bias"), &tensor)
    settings.reset = info.reset
    settings.surrogate = info.surrogate_kind
    settings.surrogateSlope = info.surrogate_slope
    settings.surrogateScale = info.surrogate_scale
    try addLayer(info.neuron_name ?? text(""), size: model.layerSize(index), settings)
    let layer = layers[index]
    let catalogue = NeuronCatalogue()
    for place in 0..<layer.pointee.facts.constantCount {
      var value: Float = 0
      guard let constant = catalogue.constant(layer.pointee.neuron, place),
        format_neuron_constant(root, index, constant.name, &value)
      else { continue }
      layer.pointee.constants[place] = value
    }
    try takeTensors(model, layer, index)
  }

  private func takeTensors(_ model: Model, _ layer: UnsafeMutablePointer<BuilderLayer>, _ index: Int) throws(Failure) {
    let root = model.root
    for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
      let place = layer.pointee.tensors + slot
      var found = format_tensor()
      let isFound =
        layer.pointee.isReadout
        ? format_readout_tensor(root, place.pointee.field, &found)
        : slot < BuilderLayer.firstParameter
          ? format_layer_tensor(root, index, place.pointee.field, &found)
          : format_neuron_tensor(root, index, place.pointee.field, &found)
      guard isFound, let tensor = model.findTensor(name(layer, index, slot)) else { continue }
      place.pointee.trainable = found.trainable
      if found.layout == FORMAT_LAYOUT_SPARSE_ROWS, let offsets = found.row_offsets {
        let copiedOffsets: UnsafeMutablePointer<UInt32> = try copy(offsets, found.row_offset_count)
        guard
          let columns: UnsafeMutablePointer<UInt32> =
            found.column_indices.map({ copied($0, found.column_index_count) }) ?? allocated(0)
        else {
          system_free(copiedOffsets)
          throw outOfMemory()
        }
        place.pointee.stored = StoredRows(
          offsets: copiedOffsets, columns: columns, offsetCount: found.row_offset_count, count: found.column_index_count
        )
      }
      guard let values: UnsafeMutablePointer<Float> = allocated(place.pointee.count) else { throw outOfMemory() }
      model.readTensor(tensor, into: values)
      place.pointee.source = .given(values)
      guard let type = model.tensor(tensor)?.elementType else { continue }
      place.pointee.elementType = type
      // One scale of a whole tensor becomes that of each row.
      if type == .int8, let scales = found.scales {
        guard let copy: UnsafeMutablePointer<Float> = allocated(place.pointee.rows) else { throw outOfMemory() }
        for row in 0..<place.pointee.rows { copy[row] = scales[found.scale_count == 1 ? 0 : row] }
        place.pointee.scales = copy
      }
    }
  }
}
