import Foundation
import HyprModelWriter
import Testing

/// A network with float64 reference numbers (oracle/README.md).
struct GoldenNet: CustomTestStringConvertible {
  let name: String
  let neurons: [String]
  let windows: [Int]
  let inputs: [[Float]]
  let labels: [Int]
  let model: ModelDescription
  /// The weights of which only some elements are stored, such as "layer0.input_weight".
  let sparse: Set<String>
  private let file: SafetensorsFile

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../oracle/golden")

  /// The models that must have golden numbers: all but one that is added to a copy of the project to see that this can be done.
  static let models = NeuronTests.models.filter {
    $0.writtenName != ProcessInfo.processInfo.environment["HYPR_SCRATCH_NEURON"]
  }

  /// The schema's name of each model of the oracle.
  static let schemaNames = Dictionary(uniqueKeysWithValues: NeuronTests.models.map { ($0.writtenName, $0.name) })

  private static let resets: [String: ResetKind] = [
    "none": .none, "subtract": .subtract, "set": .set, "delayed_subtract": .delayedSubtract, "delayed_set": .delayedSet,
  ]
  private static let surrogates: [String: SurrogateKind] = [
    "double_gaussian": .doubleGaussian, "slayer": .slayer, "triangle": .triangle, "fast_sigmoid": .fastSigmoid,
    "arc_tangent": .arcTangent, "straight_through": .straightThrough,
  ]

  /// All golden nets.
  static let all: [GoldenNet] = {
    let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return names.filter { $0.hasSuffix(".safetensors") }.map { try! GoldenNet($0) }
  }()

  var testDescription: String { name }

  init(_ fileName: String) throws {
    let file = try SafetensorsFile(GoldenNet.folder.appending(path: fileName))
    self.file = file
    name = fileName.replacing(".safetensors", with: "")
    neurons = file.metadata["neurons"]!.components(separatedBy: ",")
    windows = file.metadata["windows"]!.components(separatedBy: ",").map { Int($0)! }
    let input = file.arrays["input"]!
    inputs = GoldenNet.rows(input).map { $0.map(Float.init) }
    labels = file.arrays["labels"]!.values.map { Int($0) }
    sparse = Set(file.metadata["sparse"]?.components(separatedBy: ",") ?? [])
    model = try GoldenNet.description(file, neurons, sparse)
  }

  private static func description(_ file: SafetensorsFile, _ neurons: [String], _ sparse: Set<String>) throws
    -> ModelDescription
  {
    var layers: [LayerDescription] = []
    for (index, neuron) in neurons.enumerated() {
      func tensor(_ name: String) -> TensorDescription? {
        let name = "layer\(index).\(name)"
        let tensor = tensorDescription(file, name)
        return sparse.contains(name) ? tensor!.sparse { tensor!.values[$0] != 0 } : tensor
      }
      let schemaName = schemaNames[neuron] ?? neuron
      let settings = file.metadata["layer\(index).constants"]!.components(separatedBy: ",").map {
        $0.components(separatedBy: "=")
      }
      let allowed = ModelSchema.constantNames(of: schemaName)!
      let constants = settings.filter { allowed.contains($0[0]) }.map { (name: $0[0], value: Float($0[1])!) }
      let parameters = ModelSchema.parameterNames(of: schemaName)!.map { (name: $0, tensor: tensor($0)!) }
      var layer = LayerDescription(
        neuron: NeuronDescription(schemaName, constants: constants, parameters: parameters),
        inputWeight: tensor("input_weight")!, recurrentWeight: tensor("recurrent_weight"), bias: tensor("bias"))
      func setting(_ name: String) -> String? { settings.first { $0[0] == name }?[1] }
      if let reset = setting("reset") { layer.reset = resets[reset]! }
      if let kind = setting("surrogate") {
        layer.surrogate = SurrogateDescription(
          surrogates[kind]!, slope: setting("surrogate_slope").map { Float($0)! },
          scale: setting("surrogate_scale").map { Float($0)! })
      }
      layers.append(layer)
    }
    let readout = ReadoutDescription(
      weight: tensorDescription(file, "readout.weight")!, bias: tensorDescription(file, "readout.bias"),
      tau: tensorDescription(file, "readout.tau"))
    return ModelDescription(layers: layers, readout: readout)
  }

  private static func tensorDescription(_ file: SafetensorsFile, _ name: String) -> TensorDescription? {
    file.arrays["parameter/\(name)"].map { TensorDescription(shape: $0.shape, values: $0.values.map(Float.init)) }
  }

  private static func rows(_ array: SafetensorsFile.Array) -> [[Double]] {
    let size = array.shape.dropFirst().reduce(1, *)
    return (0..<array.shape[0]).map { Array(array.values[$0 * size..<($0 + 1) * size]) }
  }

  /// Whether nothing depends on a tensor: the reset potential of a layer that is not set to it.
  func isUnused(_ tensor: String) -> Bool {
    model.layers.indices.contains {
      guard tensor == "layer\($0).reset_potential" else { return false }
      return [.none, .subtract, .delayedSubtract].contains(model.layers[$0].reset)
    }
  }

  var loss: Double { file.arrays["loss"]!.values[0] }
  var outputs: [[Double]] { GoldenNet.rows(file.arrays["forward/output"]!) }
  func spikes(_ layer: Int) -> [[Double]] { GoldenNet.rows(file.arrays["forward/layer\(layer).spikes"]!) }
  func states(_ layer: Int) -> [[Double]] { GoldenNet.rows(file.arrays["forward/layer\(layer).state"]!) }

  var sequenceLabel: Int { Int(file.arrays["sequence_label"]!.values[0]) }
  var targets: [[Float]] { GoldenNet.rows(file.arrays["target"]!).map { $0.map(Float.init) } }
  var errors: [[Float]] { GoldenNet.rows(file.arrays["error"]!).map { $0.map(Float.init) } }
  var classWeights: [Float] { file.arrays["class_weights"]!.values.map(Float.init) }
  func value(ofLoss loss: String) -> Double? { file.arrays["loss_value/\(loss)"]?.values[0] }

  /// The gradient of all stored elements, in the order of the flat vector, with another loss than the cross-entropy of every step.
  func gradient(ofLoss loss: String, _ credit: String, window: Int) -> [Double]? {
    file.arrays["loss_gradient/\(loss)/\(credit)/\(window)"].map { gradient in
      let tensors = flatOrder.map { (name: $0, count: file.arrays["parameter/\($0)"]!.values.count) }
      precondition(gradient.values.count == tensors.map(\.count).reduce(0, +))
      var start = 0
      return tensors.flatMap { name, count in
        defer { start += count }
        return stored(name, Array(gradient.values[start..<start + count]))
      }
    }
  }

  /// The gradient of a tensor's stored elements by the rule `kind`, such as "window/10" or "local_bptt".
  func gradient(_ kind: String, _ tensor: String) -> [Double]? {
    file.arrays["gradient/\(kind)/\(tensor)"].map { stored(tensor, $0.values) }
  }

  /// Of a tensor's elements, those that are stored, row by row. What is stored is not zero.
  private func stored(_ tensor: String, _ elements: [Double]) -> [Double] {
    guard sparse.contains(tensor) else { return elements }
    return zip(elements, file.arrays["parameter/\(tensor)"]!.values).filter { $0.1 != 0 }.map(\.0)
  }

  /// The names of all tensors as the flat vector has them.
  private var flatOrder: [String] {
    let layers = model.layers.enumerated().flatMap { index, layer in
      (["input_weight", "recurrent_weight", "bias"] + layer.neuron.parameters.map(\.name)).map { "layer\(index).\($0)" }
    }
    return (layers + ["readout.weight", "readout.bias", "readout.tau"]).filter { file.arrays["parameter/\($0)"] != nil }
  }
}

/// ‖a - b‖ / ‖b‖; 0 if both are zero.
func relativeError(_ a: [Float], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  let difference = zip(a, b).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }
  let size = b.reduce(0) { $0 + $1 * $1 }
  return difference == 0 ? 0 : (difference / size).squareRoot()
}
