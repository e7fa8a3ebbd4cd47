/// How a fresh layer of a neuron model starts, as the authors of the model published it.
struct NeuronRecipe {
  let initialization: Initialization
  /// By the parameter's name in the schema.
  let parameters: [String: Distribution]

  init(_ neuron: NeuronModel) {
    initialization = neuron.initialization
    parameters = Dictionary(
      uniqueKeysWithValues: neuron.parameters.compactMap { parameter in
        parameter.drawn.map { (parameter.name, $0) }
      })
  }

  var hasBias: Bool { initialization != .xavier }

  /// Biases [count].
  func biases(_ count: Int, neurons: Int, _ random: inout RandomNumbers) -> [Float] {
    guard initialization == .gated else { return [Float](repeating: 0, count: count) }
    let limit = 1 / Double(neurons).squareRoot()
    return Distribution.uniform(-limit, limit).values(count, &random)
  }

  /// Input weights W [N, n] and recurrent weights V [N, N], of gated cells gate by gate.
  func weights(
    inputs: Int, neurons: Int, gates: Int, recurrent: Bool, _ random: inout RandomNumbers
  ) -> (input: [Float], recurrent: [Float]?) {
    switch initialization {
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
      switch initialization {
      case .xavier: (6 / Double(neurons + outputs)).squareRoot()
      case .orthogonal, .gated: 1 / Double(neurons).squareRoot()
      }
    return Distribution.uniform(-limit, limit).values(outputs * neurons, &random)
  }

  /// Time constants of a readout on top of this layer, and whether they are trained; `tau` replaces the usual one.
  func readoutTau(_ tau: Double?) -> (distribution: Distribution, trainable: Bool) {
    switch initialization {
    case .xavier: (.normal(tau ?? 20, 1), true)
    case .orthogonal, .gated: (.uniform(tau ?? 3, tau ?? 3), false)
    }
  }
}
