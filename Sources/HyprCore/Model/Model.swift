internal import CModelFormat
internal import CSystem

/// One layer: neurons and the projections onto them; the readout is the last one, a layer of leaky integrators.
struct LayerDescription {
  /// The neuron model: its number in the library, what it says of itself, and its loops.
  let neuronIndex: Int32
  let neuron: kernel_neuron
  let loops: kernel_loops
  let surrogate: kernel_surrogate
  let constants: UnsafeMutablePointer<Float>
  /// N
  let size: Int
  /// From below, from the layer itself and the bias: those that there are.
  let projections: UnsafeBufferPointer<ProjectionDescription>
  /// Of the neuron's first parameter, an index of `Model.tensors`; the others follow.
  let firstParameter: Int
  /// Whether a layer listens to the outputs: the one above, or itself.
  let isHeard: Bool

  var stateCount: Int { Int(neuron.state_count) }
  var parameterCount: Int { Int(neuron.parameter_count) }
  var currentCount: Int { Int(neuron.current_count) }
  /// n: inputs, or neurons of the layer below.
  var inputCount: Int { projections[0].sourceSize }
  /// The projection from the layer itself; nil: it is not recurrent.
  var recurrent: Int? {
    for index in 0..<projections.count where projections[index].delay == 1 { return index }
    return nil
  }
  var hasCompressedRows: Bool {
    for projection in projections where projection.rows != nil { return true }
    return false
  }
  var hasBias: Bool {
    for projection in projections where projection.source == .one { return true }
    return false
  }
  /// Matrices of weights: one per projection and gate.
  var matrixCount: Int {
    var count = 0
    for projection in projections { count += projection.gateCount }
    return count
  }
}

/// Where in the file the elements of a tensor begin, or their scales.
struct TensorPlace {
  /// Sorted, places are in the order of the file.
  let key: UInt64

  init(_ tensor: Int, at start: Int, isOfScales: Bool) {
    key = UInt64(start) << 32 | UInt64(tensor) << 1 | (isOfScales ? 1 : 0)
  }
  init(key: UInt64) { self.key = key }

  var start: Int { Int(key >> 32) }
  var tensor: Int { Int(key >> 1 & 0x7fff_ffff) }
  var isOfScales: Bool { key & 1 == 1 }
}

/// A named array of parameters.
struct TensorDescription {
  let name: UnsafePointer<CChar>
  let layer: Int
  let group: TensorGroup
  let isMatrix: Bool
  /// Where its elements lie in memory.
  let placement: Placement
  /// Of the first element in the flat vector of all parameters.
  let offset: Int
  let trainable: Bool
  let bounds: kernel_quantity
  let elementType: ElementType
  /// The elements in the file, row-major, perhaps unaligned.
  let data: UnsafeRawPointer
  /// In the file; of int8: one for all elements, or one for each row.
  let scales: UnsafeBufferPointer<Float>

  var count: Int { placement.count }

  func value(_ index: Int) -> Float {
    elementType.read(scales.isEmpty ? 1 : scales[scaleIndex(of: index)], at: data + index * elementType.size)
  }

  /// Whether the file and the options of a session let it be trained.
  func isTrainable(_ settings: Settings) -> Bool { trainable && settings.rateFactor(group) > 0 }

  /// Whether updates write its values beside those in use: what may change, be it by going back to the reference.
  func keepsNext(_ settings: Settings) -> Bool { settings.defers && (settings.guards || isTrainable(settings)) }
}

/// A network as it stands in a model file. Immutable after loading; shared by sessions and threads, counted by reference.
public struct Model {
  var references = 1
  /// Whether file and block were allocated, and are freed with the model; otherwise they are the host's.
  let ownsMemory: Bool
  let kernels: UnsafePointer<kernel_table>
  /// The file; it stays, because names and parameters are read from it and saving copies it.
  package let file: UnsafeRawBufferPointer
  package let root: OpaquePointer
  let layers: UnsafeBufferPointer<LayerDescription>
  let tensors: UnsafeBufferPointer<TensorDescription>
  /// A `TensorPlace.key` for all that saving writes, in the order of the file.
  let places: UnsafeBufferPointer<UInt64>
  /// Channels of a sample.
  public let inputSize: Int
  /// How values become spikes, or no encoding.
  let encoding: format_encoding
  let recommended: Options
  /// A checksum of the file: what belongs to another model is recognised.
  let identity: UInt64

  public var outputSize: Int { readout.size }
  /// Bytes of its file.
  public var fileSize: Int { file.count }
  /// n of the first layer: what a sample becomes.
  public var firstLayerInputs: Int { layers[0].inputCount }
  /// Hidden layers.
  public var layerCount: Int { layers.count - 1 }
  public var parameterCount: Int {
    let last = tensors[tensors.count - 1]
    return last.offset + last.count
  }
  public var name: UnsafePointer<CChar> { format_name(root) }
  public var timeStep: Float { format_time_step(root) }

  var readout: LayerDescription { layers[layers.count - 1] }

  public func layerSize(_ layer: Int) -> Int { layer >= 0 && layer < layerCount ? layers[layer].size : 0 }
  public func layerNeuron(_ layer: Int) -> UnsafePointer<CChar>? {
    layer >= 0 && layer < layerCount ? layers[layer].neuron.name : nil
  }
  public func inputName(_ channel: Int) -> UnsafePointer<CChar>? { format_channel_name(root, channel) }
  public func classLabel(_ output: Int) -> UnsafePointer<CChar>? { format_class_label(root, output) }
  /// The range [channels] of the conditioned values in training; nil: unknown.
  public var trainedRange: (lower: UnsafePointer<Float>, upper: UnsafePointer<Float>)? {
    var info = format_input_info()
    guard format_input(root, &info), let lower = info.trained_lower, let upper = info.trained_upper else { return nil }
    return (lower, upper)
  }
  /// Stages of conditioning.
  var conditioningCount: Int {
    var info = format_input_info()
    return format_input(root, &info) ? info.conditioning_count : 0
  }
  func conditioning(_ index: Int) -> format_conditioning {
    var stage = format_conditioning()
    _ = format_get_conditioning(root, index, &stage)
    return stage
  }
  public var metadataCount: Int { format_metadata_count(root) }
  public func metadataKey(_ index: Int) -> UnsafePointer<CChar>? { format_metadata_key(root, index) }
  public func metadataValue(_ index: Int) -> UnsafePointer<CChar>? { format_metadata_value(root, index) }

  /// The value that the file recommends for an option; nil: none.
  package func recommendation(for option: Option) -> Double? { recommended.given(option) }

  /// Facts about one tensor; `trainable` is what the file says.
  public func tensor(_ index: Int) -> TensorFacts? {
    index >= 0 && index < tensors.count ? TensorFacts(tensors[index], trainable: tensors[index].trainable) : nil
  }

  public var tensorCount: Int { tensors.count }

  /// The matrix of which a tensor has the stored elements; nil: it has all elements.
  public func sparseShape(_ index: Int) -> (rows: Int, columns: Int)? {
    guard index >= 0 && index < tensors.count, tensors[index].placement.rows != nil else { return nil }
    let placement = tensors[index].placement
    return (placement.gateCount * placement.size, placement.columns)
  }

  /// The elements of a tensor, row-major.
  public func readTensor(_ index: Int, into target: UnsafeMutablePointer<Float>) {
    let tensor = tensors[index]
    for element in 0..<tensor.count { target[element] = tensor.value(element) }
  }

  public func findTensor(_ name: UnsafePointer<CChar>) -> Int? {
    for index in 0..<tensors.count where equal(name, tensors[index].name) { return index }
    return nil
  }
}

/// A tensor as users see it: row-major, [rows] or [rows, columns]; [stored elements] if the file stores only some.
public struct TensorFacts {
  public let name: UnsafePointer<CChar>
  public let rows: Int
  public let columns: Int?
  public let offset: Int
  public let trainable: Bool
  /// How the model file stores its elements.
  public let elementType: ElementType

  public var count: Int { rows * (columns ?? 1) }

  package init(name: UnsafePointer<CChar>, rows: Int, columns: Int?, offset: Int, trainable: Bool, _ elementType: ElementType) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.offset = offset
    self.trainable = trainable
    self.elementType = elementType
  }

  init(_ tensor: TensorDescription, trainable: Bool) {
    name = tensor.name
    let placement = tensor.placement
    rows = placement.rows?.count ?? placement.size * placement.gateCount
    columns = tensor.isMatrix && placement.rows == nil ? placement.columns : nil
    offset = tensor.offset
    self.trainable = trainable
    elementType = tensor.elementType
  }
}

extension UnsafeMutablePointer<Model> {
  package func retain() { withUnsafeMutablePointer(to: &pointee.references) { system_retain($0) } }

  /// Gives up one reference; the last one frees the model.
  public func release() {
    guard withUnsafeMutablePointer(to: &pointee.references, { system_release($0) }) == 0, pointee.ownsMemory else { return }
    let file = UnsafeMutableRawPointer(mutating: pointee.file.baseAddress)
    system_free(file)
    system_free(self)
  }
}
