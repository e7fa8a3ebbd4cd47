import HyprModelWriter
import HyprToolKit

/// A repeatable generator (SplitMix64, Steele, Lea & Flood 2014); Swift's own cannot be seeded.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Networks that fire, with random weights, and random data for them.
struct RandomNet {
  var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(state: seed) }

  mutating func uniform(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &generator) }
  }

  mutating func matrix(_ rows: Int, _ columns: Int, scale: Float) -> TensorDescription {
    TensorDescription(shape: [rows, columns], values: uniform(rows * columns, -scale...scale))
  }

  mutating func layer(_ neuron: String, inputs: Int, size: Int, recurrent: Bool = true, bias: Bool = true)
    -> LayerDescription
  {
    // Ranges of the parameters, and a weight scale with which the model fires.
    let model = NeuronTests.models.first { $0.name == neuron }!
    let ranges: [(name: String, range: ClosedRange<Float>)]
    let scale: Float
    switch neuron {
    case "BRF", "RF": (ranges, scale) = ([("omega", 3...12), ("b_offset", 0.1...1)], 80)
    case "LIF": (ranges, scale) = ([("tau_m", 4...15)], 10)
    case "LIFHard": (ranges, scale) = ([("p_u", 0.1...0.9)], 10)
    case "ALIF": (ranges, scale) = ([("tau_m", 4...15), ("tau_a", 4...15)], 2)
    case "BRFExponential": (ranges, scale) = ([("omega", 3...12), ("b_offset", 0.1...1)], 80)
    case "GeneralLIF": (ranges, scale) = ([("tau_m", 4...15)] + RandomNet.membrane, 10)
    case "CubaLIF": (ranges, scale) = ([("tau_syn", 3...9), ("tau_m", 4...15)] + RandomNet.membrane, 20)
    case "CubaALIF":
      ranges =
        [("tau_syn", 3...9), ("tau_m", 4...15)] + RandomNet.membrane + [("tau_a", 4...15), ("adaptation", 0.1...0.5)]
      scale = 20
    case "IF": (ranges, scale) = (RandomNet.membrane.filter { $0.name != "leak_potential" }, 1)
    case "LI": (ranges, scale) = ([("tau", 3...15)], 3)
    case "GRU": (ranges, scale) = ([("candidate_bias", -0.5...0.5)], 2)
    case "LSTM": (ranges, scale) = ([], 2)
    case "EFAdLIF", "SEAdLIF":
      (ranges, scale) = ([("p_u", 0.1...0.9), ("p_w", 0.1...0.9), ("a", 0.1...0.9), ("b", 0.1...1.9)], 12)
    default: (ranges, scale) = (RandomNet.usualRanges(model), 10)
    }
    let parameters = ranges.map { (name: $0.name, tensor: TensorDescription(uniform(size, $0.range))) }
    let rows = size * model.gates
    return LayerDescription(
      neuron: NeuronDescription(neuron, parameters: parameters), inputWeight: matrix(rows, inputs, scale: scale),
      recurrentWeight: recurrent ? matrix(rows, size, scale: scale / 4) : nil,
      bias: bias ? TensorDescription(uniform(rows, -0.2...0.2)) : nil)
  }

  /// Where the model itself says that parameters usually begin.
  private static func usualRanges(_ model: NeuronModel) -> [(name: String, range: ClosedRange<Float>)] {
    model.parameters.map { parameter in
      switch parameter.drawn! {
      case .uniform(let low, let high): (parameter.name, Float(low)...Float(high))
      case .normal(let mean, let deviation): (parameter.name, Float(mean - deviation)...Float(mean + deviation))
      }
    }
  }

  private static let membrane: [(name: String, range: ClosedRange<Float>)] = [
    ("resistance", 0.5...2), ("leak_potential", -0.2...0.2), ("threshold", 0.5...1.5), ("reset_potential", -0.3...0.3),
  ]

  mutating func model(_ neurons: [String], sizes: [Int]) -> ModelDescription {
    let layers = neurons.indices.map { layer(neurons[$0], inputs: sizes[$0], size: sizes[$0 + 1]) }
    let (hidden, outputs) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
    return ModelDescription(
      layers: layers,
      readout: ReadoutDescription(
        weight: matrix(outputs, hidden, scale: 2), bias: TensorDescription(uniform(outputs, -0.2...0.2)),
        tau: TensorDescription(uniform(outputs, 3...15))))
  }

  /// [steps][size], half of the entries exactly zero.
  mutating func inputs(_ steps: Int, _ size: Int) -> [[Float]] {
    (0..<steps).map { _ in uniform(size, -1...1).map { $0 < 0 ? 0 : $0 } }
  }

  /// [steps]; a third of them negative: no target.
  mutating func labels(_ steps: Int, _ classes: Int) -> [Int] {
    (0..<steps).map { _ in
      Int.random(in: 0..<3, using: &generator) == 0 ? -1 : Int.random(in: 0..<classes, using: &generator)
    }
  }
}
