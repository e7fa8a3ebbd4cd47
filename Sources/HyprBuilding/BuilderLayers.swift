internal import CModelFormat
internal import CSystem
public import HyprCore

extension NeuronCatalogue {
  /// "LIF, LIFHard, ..."
  public var names: Text {
    var list: Text = ""
    var neuron = 0
    while let facts = facts(neuron) {
      list = neuron == 0 ? "\(facts.name)" : "\(list), \(facts.name)"
      neuron += 1
    }
    return list
  }
}

// Layers and the readout, and the constants of their neuron models.
extension ModelBuilder {
  /// Adds a layer on top.
  public mutating func addLayer(
    _ neuron: UnsafePointer<CChar>, size: Int, _ settings: LayerSettings
  ) throws(Failure) {
    guard readout == nil else { throw message.failure(.wrongState, "the readout is on top, expected layers before it") }
    guard layers.count < Model.mostLayers else {
      throw invalid("\(layers.count + 1) layers, expected at most \(Model.mostLayers)")
    }
    let catalogue = NeuronCatalogue()
    guard let found = catalogue.find(neuron), let facts = catalogue.facts(found) else {
      throw message.failure(.notFound, "there is no neuron model \"\(neuron)\"; known are \(catalogue.names)")
    }
    guard size >= 1 && size <= Model.largestCount else {
      throw invalid("\(size) neurons in a layer, expected 1 to \(Model.largestCount)")
    }
    try check(settings)
    guard layers.hasRoom(),
      let layer = BuilderLayer.make(found, facts, size: size, inputCount: topSize)
    else { throw outOfMemory() }
    if let name = settings.name, name.pointee != 0 {
      guard let copy = copied(name) else {
        BuilderLayer.free(layer)
        throw outOfMemory()
      }
      layer.pointee.name = copy
    }
    layer.pointee.reset = settings.reset
    layer.pointee.surrogate = settings.surrogate
    layer.pointee.surrogateSlope = settings.surrogateSlope == 0 ? nil : settings.surrogateSlope
    layer.pointee.surrogateScale = settings.surrogateScale == 0 ? nil : settings.surrogateScale
    layer.pointee.tensors[BuilderLayer.weight].density = settings.inputDensity
    layer.pointee.tensors[BuilderLayer.recurrentWeight].density = settings.recurrentDensity
    layer.pointee.tensors[BuilderLayer.recurrentWeight].isPresent = settings.isRecurrent
    layer.pointee.tensors[BuilderLayer.bias].isPresent = settings.hasBias ?? layer.pointee.initialValues.hasBias
    forgetBuilt()
    layers.append(layer)
  }

  private func check(_ settings: LayerSettings) throws(Failure) {
    let densities: InlineArray<2, (Double, StaticString)> = [
      (settings.inputDensity, "input_density"), (settings.recurrentDensity, "recurrent_density"),
    ]
    for index in 0..<2 where !(densities[index].0 > 0 && densities[index].0 <= 1) {
      throw invalid("\(densities[index].1) is \(densities[index].0), expected above 0 and at most 1")
    }
    guard settings.isRecurrent || settings.recurrentDensity == 1 else {
      throw invalid(
        "recurrent_density is \(settings.recurrentDensity), expected 1 in a layer without recurrent weights")
    }
    guard settings.reset >= 0 && settings.reset <= FORMAT_RESET_DELAYED_SET else {
      throw invalid("the reset is \(Int(settings.reset)), expected 0 to \(Int(FORMAT_RESET_DELAYED_SET))")
    }
    guard settings.surrogate >= 0 && settings.surrogate <= FORMAT_SURROGATE_STRAIGHT_THROUGH else {
      throw invalid(
        "the surrogate is \(Int(settings.surrogate)), expected 0 to \(Int(FORMAT_SURROGATE_STRAIGHT_THROUGH))")
    }
  }

  /// Outputs of the last layer; inputs of the first, if there is none.
  private var topSize: Int { layers.count == 0 ? firstInputCount : layers[layers.count - 1].pointee.size }

  /// Adds the readout. It has a bias unless `hasBias` is false; `tau` in steps, nil: as is usual for the neuron
  /// model below.
  public mutating func setReadout(outputs: Int, hasBias: Bool?, tau: Double?) throws(Failure) {
    guard layers.count > 0 else {
      throw message.failure(.wrongState, "there is no layer below the readout, expected layers first")
    }
    guard readout == nil else { throw message.failure(.wrongState, "there is a readout already") }
    guard outputs >= 1 && outputs <= Model.largestCount else {
      throw invalid("\(outputs) outputs, expected 1 to \(Model.largestCount)")
    }
    if let tau, !tau.isFinite { throw message.failure(.notFinite, "tau is \(tau), expected a finite number of steps") }
    let below = layers[layers.count - 1]
    let catalogue = NeuronCatalogue()
    guard let neuron = catalogue.find(text("LI")), let facts = catalogue.facts(neuron) else {
      throw message.failure(
        .modelUnsupported, "this library does not have the neuron model LI, which the readout is made of")
    }
    guard let layer = BuilderLayer.make(neuron, facts, size: outputs, inputCount: below.pointee.size, isReadout: true)
    else {
      throw outOfMemory()
    }
    layer.pointee.tensors[BuilderLayer.bias].isPresent = hasBias ?? true
    layer.pointee.tau = tau
    forgetBuilt()
    readout = layer
  }

  /// Takes away the readout and what is for its outputs, or if there is none the last layer, with all that was said of it.
  public mutating func removeTop() throws(Failure) {
    guard readout != nil || layers.count > 0 else { throw message.failure(.wrongState, "there is no layer to remove") }
    forgetBuilt()
    if let readout {
      BuilderLayer.free(readout)
      self.readout = nil
      ModelBuilder.free(&classLabels)
      clearExemplars()
    } else {
      BuilderLayer.free(layers[layers.count - 1])
      layers.removeLast()
    }
  }

  /// Sets a constant of a layer's neuron model, by a name such as "layer0.threshold".
  public mutating func setConstant(_ name: UnsafePointer<CChar>, _ value: Float) throws(Failure) {
    guard let (layer, field) = layer(of: name), !layer.pointee.isReadout else {
      throw message.failure(.notFound, "there is no constant \(name)")
    }
    let catalogue = NeuronCatalogue()
    var index = 0
    var known: Text = "none"
    while let constant = catalogue.constant(layer.pointee.neuron, index), !equal(constant.name, field) {
      known = index == 0 ? "\(constant.name)" : "\(known), \(constant.name)"
      index += 1
    }
    guard index < layer.pointee.facts.constantCount else {
      throw message.failure(
        .notFound, "there is no constant \(name); the constants of \(layer.pointee.facts.name) are: \(known)")
    }
    guard value.isFinite else { throw message.failure(.notFinite, "\(name) is \(value), expected a finite number") }
    forgetBuilt()
    layer.pointee.constants[index] = value
  }
}
