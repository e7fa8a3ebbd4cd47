internal import CModelFormat
internal import CSystem
internal import HyprCore

/// Which elements of a matrix there are: the schema's SparseRows.
struct StoredRows {
  let offsets, columns: UnsafeMutablePointer<UInt32>
  /// Of offsets: the rows and one.
  let offsetCount: Int
  let count: Int

  func free() {
    system_free(offsets)
    system_free(columns)
  }
}

/// A tensor of the network that is being built.
struct BuilderTensor {
  enum Source {
    /// Drawn as is usual for the neuron model, times a factor.
    case usual(times: Double)
    case range(Double, Double)
    /// The elements, in memory of their own.
    case given(UnsafeMutablePointer<Float>)
  }

  /// The schema's name.
  let field: UnsafePointer<CChar>
  /// Whether the layer has it.
  var isPresent: Bool
  let rows: Int
  /// nil: a vector.
  let columns: Int?
  var source = Source.usual(times: 1)
  /// The part of the elements that is kept, each with this probability.
  var density = 1.0
  /// Which elements there are; nil: all, or those that are kept.
  var stored: StoredRows?
  /// nil: as is usual.
  var trainable: Bool?
  /// How the file stores the elements.
  var elementType = ElementType.float32
  /// Of int8, one per row: those of the file that the builder was made from, in memory of their own; nil: there are none.
  var scales: UnsafeMutablePointer<Float>?
  /// What a build has drawn, while it lasts.
  var drawn: UnsafeMutablePointer<Float>?
  var drawnRows: StoredRows?
  /// The elements as a build stores them; nil: as they are.
  var encoded: EncodedElements?

  init(_ field: UnsafePointer<CChar>, rows: Int, columns: Int?, isPresent: Bool) {
    self.field = field
    self.rows = rows
    self.columns = columns
    self.isPresent = isPresent
  }

  /// Of the whole matrix: below 2^51.
  var elementCount: Int { rows * (columns ?? 1) }
  /// Of what there is before anything is left out by chance.
  var count: Int { stored?.count ?? elementCount }

  var given: UnsafeMutablePointer<Float>? {
    if case .given(let values) = source { values } else { nil }
  }

  mutating func forgetDrawn() {
    system_free(drawn)
    drawnRows?.free()
    encoded?.free()
    (drawn, drawnRows, encoded) = (nil, nil, nil)
  }

  mutating func free() {
    forgetDrawn()
    system_free(given)
    system_free(scales)
    stored?.free()
  }
}

/// What a layer is told beside its neuron model and its size; the values of the C struct `hypr_layer_settings`.
public struct LayerSettings {
  public var name: UnsafePointer<CChar>?
  public var isRecurrent = true
  public var inputDensity = 1.0
  public var recurrentDensity = 1.0
  /// nil: as is usual for the neuron model.
  public var hasBias: Bool?
  /// The schema's ResetKind and SurrogateKind.
  public var reset: Int32 = 0
  public var surrogate: Int32 = 0
  /// 0: those of the kind.
  public var surrogateSlope: Float = 0
  public var surrogateScale: Float = 0

  public init() {}
}

/// A layer of the network that is being built; the readout is the last one, a layer of leaky integrators.
struct BuilderLayer {
  /// In the catalogue.
  let neuron: Int
  let facts: NeuronFacts
  let isReadout: Bool
  let size: Int
  let inputCount: Int
  /// In memory of its own; nil: none.
  var name: UnsafeMutablePointer<CChar>?
  var reset: Int32 = 0
  var surrogate: Int32 = 0
  /// nil: that of the kind.
  var surrogateSlope, surrogateScale: Float?
  /// Time constant of a readout in steps; nil: as is usual for the neuron model below it.
  var tau: Double?
  /// [constantCount]; nil: the default.
  let constants: UnsafeMutablePointer<Float?>
  /// Weight, recurrent weight, bias, then the parameters of the neuron model.
  let tensors: UnsafeMutablePointer<BuilderTensor>

  static let (weight, recurrentWeight, bias, firstParameter) = (0, 1, 2, 3)

  var tensorCount: Int { BuilderLayer.firstParameter + facts.parameterCount }
  var initialValues: InitialValues { InitialValues(facts) }
  var hasSurrogate: Bool { surrogate != 0 || surrogateSlope != nil || surrogateScale != nil }

  /// A layer in memory of its own; nil: there is none.
  static func make(
    _ neuron: Int, _ facts: NeuronFacts, size: Int, inputCount: Int, isReadout: Bool = false
  ) -> UnsafeMutablePointer<BuilderLayer>? {
    let tensorCount = firstParameter + facts.parameterCount
    guard let place: UnsafeMutablePointer<BuilderLayer> = allocated(1) else { return nil }
    guard let constants: UnsafeMutablePointer<Float?> = allocated(facts.constantCount) else {
      system_free(place)
      return nil
    }
    guard let tensors: UnsafeMutablePointer<BuilderTensor> = allocated(tensorCount) else {
      system_free(constants)
      system_free(place)
      return nil
    }
    constants.initialize(repeating: nil, count: facts.constantCount)
    let catalogue = NeuronCatalogue()
    for slot in 0..<tensorCount {
      let isMatrix = slot == weight || slot == recurrentWeight
      let field =
        switch slot {
        case weight: text(isReadout ? "weight" : "input_weight")
        case recurrentWeight: text("recurrent_weight")
        case bias: text("bias")
        default: catalogue.parameter(neuron, slot - firstParameter)?.name ?? text("")
        }
      (tensors + slot).initialize(
        to: BuilderTensor(
          field, rows: slot < firstParameter ? facts.gateCount * size : size,
          columns: isMatrix ? (slot == weight ? inputCount : size) : nil,
          isPresent: slot != recurrentWeight || !isReadout))
    }
    place.initialize(
      to: BuilderLayer(
        neuron: neuron, facts: facts, isReadout: isReadout, size: size, inputCount: inputCount, constants: constants,
        tensors: tensors))
    return place
  }

  static func free(_ layer: UnsafeMutablePointer<BuilderLayer>) {
    for slot in 0..<layer.pointee.tensorCount { layer.pointee.tensors[slot].free() }
    system_free(layer.pointee.tensors)
    system_free(layer.pointee.constants)
    system_free(layer.pointee.name)
    system_free(layer)
  }
}
