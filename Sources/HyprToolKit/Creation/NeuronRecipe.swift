/// How a fresh layer of a neuron model starts, as the authors of the model published it.
struct NeuronRecipe {
  /// The two families of published set-ups.
  enum Family {
    /// Resonators and threshold adaptation (Higuchi et al. 2024, arXiv 2402.14603): weights uniform within Xavier's limit, W
    /// and V counted as one matrix; no biases; time constants of the readout normal around 20 steps, and trained.
    case xavier
    /// Adaptive LIF (Baronig et al. 2024, arXiv 2408.07517): W uniform within ±1/√n, V orthogonal, biases that start at 0; a fixed
    /// time constant of the readout of 3 steps.
    case orthogonal
    /// Gated cells (much as PyTorch does): weights and biases uniform within ±1/√N; a fixed time constant of the readout of 3 steps.
    case gated
  }

  let family: Family
  /// By the parameter's name in the schema.
  let parameters: [String: Distribution]

  /// The recipe of a neuron model by its name in the schema. A model without one of its own takes `xavier` weights, and the
  /// values of its parameters must be given.
  init(_ neuron: String) {
    switch neuron {
    case "RF", "BRF", "BRFExponential":
      family = .xavier
      parameters = ["omega": .uniform(3, 5), "b_offset": .uniform(0.1, 1)]
    case "LIF":
      family = .xavier
      parameters = ["tau_m": .normal(20, 0.5)]
    case "ALIF":
      family = .xavier
      parameters = ["tau_m": .normal(20, 0.5), "tau_a": .normal(7, 0.2)]
    case "GeneralLIF":
      family = .xavier
      parameters = NeuronRecipe.membrane
    case "CubaLIF":
      family = .xavier
      parameters = NeuronRecipe.membrane.merging(["tau_syn": .normal(5, 0.2)]) { $1 }
    case "CubaALIF":
      family = .xavier
      parameters = NeuronRecipe.membrane.merging([
        "tau_syn": .normal(5, 0.2), "tau_a": .normal(100, 5), "adaptation": .uniform(1, 1),
      ]) { $1 }
    case "IF":
      family = .xavier
      parameters = NeuronRecipe.membrane
    case "LI":
      family = .xavier
      parameters = ["tau": .normal(20, 1)]
    case "GRU", "LSTM":
      family = .gated
      parameters = ["candidate_bias": .uniform(0, 0)]
    case "LIFHard":
      family = .orthogonal
      parameters = ["p_u": .uniform(0, 1)]
    case "EFAdLIF", "SEAdLIF":
      family = .orthogonal
      parameters = ["p_u": .uniform(0, 1), "p_w": .uniform(0, 1), "a": .uniform(0, 1), "b": .uniform(0, 2)]
    default:
      family = .xavier
      parameters = [:]
    }
  }

  /// Potentials relative to a threshold of 1, as NIR and its simulators start.
  private static let membrane: [String: Distribution] = [
    "tau_m": .normal(20, 0.5), "resistance": .uniform(1, 1), "leak_potential": .uniform(0, 0),
    "threshold": .uniform(1, 1),
    "reset_potential": .uniform(0, 0),
  ]

  var hasBias: Bool { family != .xavier }

  /// Biases [count].
  func biases(_ count: Int, neurons: Int, _ random: inout RandomNumbers) -> [Float] {
    guard family == .gated else { return [Float](repeating: 0, count: count) }
    let limit = 1 / Double(neurons).squareRoot()
    return Distribution.uniform(-limit, limit).values(count, &random)
  }

  /// Input weights W [N, n] and recurrent weights V [N, N], of gated cells gate by gate.
  func weights(
    inputs: Int, neurons: Int, gates: Int, recurrent: Bool, _ random: inout RandomNumbers
  ) -> (input: [Float], recurrent: [Float]?) {
    switch family {
    case .gated:
      let distribution = Distribution.uniform(-1 / Double(neurons).squareRoot(), 1 / Double(neurons).squareRoot())
      let input = distribution.values(gates * neurons * inputs, &random)
      return (input, recurrent ? distribution.values(gates * neurons * neurons, &random) : nil)
    case .xavier:
      let limit = (6 / Double(inputs + (recurrent ? neurons : 0) + neurons)).squareRoot()
      let distribution = Distribution.uniform(-limit, limit)
      let input = distribution.values(neurons * inputs, &random)
      return (input, recurrent ? distribution.values(neurons * neurons, &random) : nil)
    case .orthogonal:
      let limit = 1 / Double(inputs).squareRoot()
      let input = Distribution.uniform(-limit, limit).values(neurons * inputs, &random)
      return (input, recurrent ? OrthogonalMatrix.random(neurons, &random) : nil)
    }
  }

  /// Weights [C, N] of a readout on top of this layer.
  func readoutWeights(neurons: Int, outputs: Int, _ random: inout RandomNumbers) -> [Float] {
    let limit =
      switch family {
      case .xavier: (6 / Double(neurons + outputs)).squareRoot()
      case .orthogonal, .gated: 1 / Double(neurons).squareRoot()
      }
    return Distribution.uniform(-limit, limit).values(outputs * neurons, &random)
  }

  /// Time constants of a readout on top of this layer, and whether they are trained; `tau` replaces the usual one.
  func readoutTau(_ tau: Double?) -> (distribution: Distribution, trainable: Bool) {
    switch family {
    case .xavier: (.normal(tau ?? 20, 1), true)
    case .orthogonal, .gated: (.uniform(tau ?? 3, tau ?? 3), false)
    }
  }
}
