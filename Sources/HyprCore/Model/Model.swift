internal import CModelFormat
internal import CSystem

/// One layer of neurons with its weights; the readout is the last one, a layer of leaky integrators.
///
/// All parameters of a layer are one matrix of `rowCount` rows, one column per neuron: `gateCount` rows per input, per recurrent
/// neuron and for the bias, then a row per neuron parameter. A presynaptic event thus touches one contiguous piece. Recurrent weights
/// of which the file stores only some have no rows: they come after the matrix, one by one.
struct LayerDescription {
  let neuron: Int32
  let facts: kernel_neuron
  let surrogate: kernel_surrogate
  let constants: UnsafeMutablePointer<Float>
  /// N
  let size: Int
  /// n
  let inputCount: Int
  let isRecurrent, hasBias: Bool
  /// Which recurrent weights there are; nil: none, or all of them, in rows.
  let synapses: SynapseMap?

  var stateCount: Int { Int(facts.state_count) }
  var parameterCount: Int { Int(facts.parameter_count) }
  /// Weights per pair of neurons: 1, or the gates of a gated cell.
  var gateCount: Int { Int(facts.gate_count) }
  /// Input currents of a neuron; inputs add to the first `gateCount` of them.
  var currentCount: Int { Int(facts.current_count) }
  /// The first current that recurrent events and the bias add to.
  var firstRecurrentCurrent: Int { currentCount - gateCount }
  /// J: presynaptic neurons, those of input, the layer itself and the bias; the layer itself comes last if it has no rows.
  var presynapticCount: Int { inputCount + (isRecurrent ? size : 0) + (hasBias ? 1 : 0) }
  /// Of those the ones that have rows: the first ones.
  var rowedCount: Int { presynapticCount - (synapses == nil ? 0 : size) }
  var weightRowCount: Int { rowedCount * gateCount }
  var synapseCount: Int { synapses?.count ?? 0 }
  var rowCount: Int { weightRowCount + parameterCount }

  /// N rounded up to whole vectors.
  func width(_ lanes: Int) -> Int { wholeVectors(size, lanes) }
}

/// A count of numbers with what fills the last vector.
func wholeVectors(_ count: Int, _ lanes: Int) -> Int { (count + lanes - 1) / lanes * lanes }

/// A named array of parameters: some rows of a layer's matrix, transposed at the boundary, or its synapses.
struct TensorDescription {
  let name: UnsafePointer<CChar>
  let layer: Int
  let group: TensorGroup
  let firstRow: Int
  /// 1 for vectors, the number of presynaptic neurons for weights.
  let columns: Int
  let isMatrix: Bool
  /// Of weights and biases those of the layer, gate by gate in the tensor: [gates * N, columns] or [gates * N].
  let gateCount: Int
  /// How much later the gates stand in the layer's rows, modulo their count: a layer's currents need not be in the tensor's order.
  let gateShift: Int
  /// N
  let size: Int
  /// Of the first element in the flat vector of all parameters.
  let offset: Int
  let trainable: Bool
  let bounds: kernel_quantity
  /// The elements in the file: float32, row-major, perhaps unaligned.
  let data: UnsafeRawPointer
  /// Where the elements belong, if the file stores only some: then the tensor has no rows.
  let synapses: SynapseMap?

  /// Rows of the layer's matrix.
  var rowCount: Int { synapses == nil ? columns * gateCount : 0 }
  var count: Int { synapses?.count ?? size * rowCount }
  var range: Range<Int> { offset..<offset + count }

  func value(_ index: Int) -> Float { data.loadUnaligned(fromByteOffset: index * 4, as: Float.self) }
}

/// A network as it stands in a model file. Immutable after loading; shared by sessions and threads, counted by reference.
public struct Model {
  var references: Int64 = 1
  /// Tests set those of another level.
  var kernels: kernel_table
  /// The file; it stays, because names and parameters are read from it and saving copies it.
  package let file: UnsafeRawBufferPointer
  package let root: OpaquePointer
  let layers: UnsafeBufferPointer<LayerDescription>
  let tensors: UnsafeBufferPointer<TensorDescription>
  /// Channels of a sample.
  public let inputSize: Int
  /// How samples become spikes; nil: they do not.
  let encoding: LevelCrossing.Description?
  let recommended: Options
  /// A checksum of the file: what belongs to another model is recognised.
  let identity: UInt64

  public var outputSize: Int { readout.size }
  /// Hidden layers.
  public var layerCount: Int { layers.count - 1 }
  public var parameterCount: Int { tensors[tensors.count - 1].range.upperBound }
  public var name: UnsafePointer<CChar> { format_name(root) }
  public var timeStep: Float { format_time_step(root) }

  var readout: LayerDescription { layers[layers.count - 1] }

  public func layerSize(_ layer: Int) -> Int { layer >= 0 && layer < layerCount ? layers[layer].size : 0 }
  public func layerNeuron(_ layer: Int) -> UnsafePointer<CChar>? {
    layer >= 0 && layer < layerCount ? layers[layer].facts.name : nil
  }
  public func inputName(_ channel: Int) -> UnsafePointer<CChar>? { format_channel_name(root, channel) }
  public func classLabel(_ output: Int) -> UnsafePointer<CChar>? { format_class_label(root, output) }
  public var metadataCount: Int { format_metadata_count(root) }
  public func metadataKey(_ index: Int) -> UnsafePointer<CChar>? { format_metadata_key(root, index) }
  public func metadataValue(_ index: Int) -> UnsafePointer<CChar>? { format_metadata_value(root, index) }

  /// Facts about one tensor; `trainable` is what the file says.
  public func tensor(_ index: Int) -> TensorFacts? {
    index >= 0 && index < tensors.count ? TensorFacts(tensors[index], trainable: tensors[index].trainable) : nil
  }

  public var tensorCount: Int { tensors.count }

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

  public var count: Int { rows * (columns ?? 1) }

  package init(name: UnsafePointer<CChar>, rows: Int, columns: Int?, offset: Int, trainable: Bool) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.offset = offset
    self.trainable = trainable
  }

  init(_ tensor: TensorDescription, trainable: Bool) {
    name = tensor.name
    rows = tensor.synapses?.count ?? tensor.size * tensor.gateCount
    columns = tensor.isMatrix && tensor.synapses == nil ? tensor.columns : nil
    offset = tensor.offset
    self.trainable = trainable
  }
}

extension UnsafeMutablePointer<Model> {
  func retain() { withUnsafeMutablePointer(to: &pointee.references) { system_retain($0) } }

  /// Gives up one reference; the last one frees the model.
  public func release() {
    guard withUnsafeMutablePointer(to: &pointee.references, { system_release($0) }) == 0 else { return }
    let file = UnsafeMutableRawPointer(mutating: pointee.file.baseAddress)
    system_free(file)
    system_free(self)
  }
}
