/// A spiking network as a value: everything that a `.hypr` file holds, in plain Swift.
///
/// Fill it in and call ``serialized()`` for the bytes of the file. Neuron models, their constants and their parameters go by the
/// names in the schema (`include/hypr.fbs`, see ``ModelSchema``), which also states all ranges and defaults.
///
/// Shapes: `n` inputs of a layer, `N` its neurons, `C` outputs; all tensors are row-major with the postsynaptic neuron first.
/// Only what a file cannot express is refused here. A loader checks the rest: that shapes fit together and numbers are in range.
public struct ModelDescription: Equatable, Sendable {
  /// Version of the file format, normally 1.
  public var formatVersion: UInt32 = 1
  /// For people.
  public var name = ""
  /// Seconds between two samples; 0: unknown.
  public var timeStep: Float = 0
  /// What one sample is; `nil`: the first layer's inputs, taken as they are.
  public var input: InputDescription?
  /// From the input to the readout.
  public var layers: [LayerDescription]
  /// How the spikes of the last layer become outputs.
  public var readout: ReadoutDescription?
  /// None, or one per output.
  public var classLabels: [String] = []
  /// Learning options recommended for this model, by their names in `hypr.h`; enumerated options by their number.
  public var recommendedOptions: [(name: String, value: Double)] {
    get { options.map { ($0.name, $0.value) } }
    set { options = newValue.map { NamedNumber(name: $0.name, value: $0.value) } }
  }
  /// Free text, in this order: producer, licence, data set.
  public var metadata: [(key: String, value: String)] {
    get { entries.map { ($0.name, $0.value) } }
    set { entries = newValue.map { Named(name: $0.key, value: $0.value) } }
  }

  /// Stretches that sessions may rehearse.
  public var exemplars: [ExemplarDescription] = []

  var options: [NamedNumber] = []
  var entries: [Named<String>] = []

  /// A model of these layers and this readout.
  public init(name: String = "", layers: [LayerDescription] = [], readout: ReadoutDescription? = nil) {
    self.name = name
    self.layers = layers
    self.readout = readout
  }
}

/// One layer: input current `I = W x + V z' + b`, then the neuron model.
public struct LayerDescription: Equatable, Sendable {
  /// For people; need not be unique.
  public var name = ""
  /// The neuron model with its constants and parameters.
  public var neuron: NeuronDescription
  /// Its surrogate derivative; `nil`: the model's own.
  public var surrogate: SurrogateDescription?
  /// What a spike does to the membrane, for neuron models that leave the choice.
  public var reset = ResetKind.modelDefault
  /// W, `[N, n]`.
  public var inputWeight: TensorDescription
  /// V, `[N, N]`, for the layer's own spikes of the step before; `nil`: no recurrence.
  public var recurrentWeight: TensorDescription?
  /// b, `[N]`; `nil`: no bias.
  public var bias: TensorDescription?

  /// A layer of these neurons.
  public init(
    name: String = "", neuron: NeuronDescription, inputWeight: TensorDescription,
    recurrentWeight: TensorDescription? = nil, bias: TensorDescription? = nil
  ) {
    self.name = name
    self.neuron = neuron
    self.inputWeight = inputWeight
    self.recurrentWeight = recurrentWeight
    self.bias = bias
  }
}

/// A neuron model by its name in the schema.
public struct NeuronDescription: Equatable, Sendable {
  /// The schema's name of the model: "LIF", "BRF", ...
  public var name: String
  /// Constants of the layer by their schema names. One that is left out has the model's default.
  public var constants: [(name: String, value: Float)] {
    get { constantList.map { ($0.name, $0.value) } }
    set { constantList = newValue.map { Named(name: $0.name, value: $0.value) } }
  }
  /// Trainable parameters by their schema names, each `[N]`. A loader wants all that the model has.
  public var parameters: [(name: String, tensor: TensorDescription)] {
    get { parameterList.map { ($0.name, $0.value) } }
    set { parameterList = newValue.map { Named(name: $0.name, value: $0.tensor) } }
  }

  var constantList: [Named<Float>] = []
  var parameterList: [Named<TensorDescription>] = []

  /// A neuron model with these constants and parameters.
  public init(
    _ name: String, constants: [(name: String, value: Float)] = [],
    parameters: [(name: String, tensor: TensorDescription)] = []
  ) {
    self.name = name
    self.constants = constants
    self.parameters = parameters
  }
}

/// How the spikes of the last layer become outputs: `y = kappa y' + (1 - kappa) (W z + b)`, `kappa = exp(-1 / |tau|)`.
public struct ReadoutDescription: Equatable, Sendable {
  /// The kind of readout, by its number in the schema's `ReadoutKind`; 0: leaky integrator.
  public var kind: UInt8 = 0
  /// W, `[C, N]`.
  public var weight: TensorDescription
  /// b, `[C]`; `nil`: no bias.
  public var bias: TensorDescription?
  /// Time constants in steps, `[C]`; a leaky integrator needs them.
  public var tau: TensorDescription?

  /// A leaky integrator.
  public init(weight: TensorDescription, bias: TensorDescription? = nil, tau: TensorDescription? = nil) {
    self.weight = weight
    self.bias = bias
    self.tau = tau
  }
}

/// A tensor of floats.
public struct TensorDescription: Equatable, Sendable {
  /// Sizes of the dimensions, the slowest first.
  public var shape: [Int]
  /// The elements, row-major; as many as the product of the shape, or as are stored of a sparse tensor.
  public var values: [Float]
  /// Whether learning may change it.
  public var trainable: Bool
  /// Which elements are stored; `nil`: all. Only weights may have this.
  public var rows: SparseRows?

  /// A tensor of these values.
  public init(shape: [Int], values: [Float], trainable: Bool = true) {
    self.shape = shape
    self.values = values
    self.trainable = trainable
  }

  /// A vector of these values.
  public init(_ values: [Float], trainable: Bool = true) {
    self.init(shape: [values.count], values: values, trainable: trainable)
  }
}

/// Which elements of a matrix are stored: the schema's `SparseRows`. The others do not exist.
public struct SparseRows: Equatable, Sendable {
  /// Where each row starts in the stored elements, and where the last one ends.
  public var offsets: [UInt32]
  /// The column of each stored element, ascending in a row.
  public var columns: [UInt32]

  /// Stored elements at these places.
  public init(offsets: [UInt32], columns: [UInt32]) {
    self.offsets = offsets
    self.columns = columns
  }
}

extension TensorDescription {
  /// This matrix with only those elements stored that `isStored` chooses by their index, row-major.
  ///
  /// - Precondition: All elements of the matrix are stored.
  public func sparse(where isStored: (_ index: Int) -> Bool) -> TensorDescription {
    precondition(shape.count == 2 && rows == nil, "a matrix of which all elements are stored")
    var result = self
    var stored = SparseRows(offsets: [0], columns: [])
    result.values = []
    for row in 0..<shape[0] {
      for column in 0..<shape[1] where isStored(row * shape[1] + column) {
        stored.columns.append(UInt32(column))
        result.values.append(values[row * shape[1] + column])
      }
      stored.offsets.append(UInt32(result.values.count))
    }
    result.rows = stored
    return result
  }
}

/// A value with a name: the tuples of the public interface in a form that can be compared.
struct Named<Value: Equatable & Sendable>: Equatable, Sendable {
  var name: String
  var value: Value
}

typealias NamedNumber = Named<Double>
