internal import CSystem
internal import HyprCore

/// How a fresh layer of a neuron model starts, as the authors of the model published it. The neuron model says to which family of
/// set-ups it belongs, and how its own parameters are drawn.
struct InitialValues {
  /// As numbered by `Initialization` of the kernels, where the publications stand.
  private enum Family: Int32 {
    /// Weights uniform within Xavier's limit, W and V counted as one matrix; no biases; time constants of the readout normal around
    /// 20 steps, and trained.
    case xavier = 0
    /// W uniform within ±1/√n, V orthogonal, biases that start at 0; a fixed time constant of the readout of 3 steps.
    case orthogonal = 1
    /// Weights and biases uniform within ±1/√N; a fixed time constant of the readout of 3 steps.
    case gated = 2
  }

  private let family: Family

  init(_ facts: NeuronFacts) { family = Family(rawValue: facts.initialization) ?? .xavier }

  /// Whether a layer usually has a bias.
  var hasBias: Bool { family != .xavier }

  /// Whether a readout on top of the layer usually learns its time constants.
  var trainsReadoutTau: Bool { family == .xavier }

  /// Of input weights W [N, n].
  func weights(inputs: Int, neurons: Int, isRecurrent: Bool) -> Distribution {
    switch family {
    case .gated: .within(1 / Double(neurons).squareRoot())
    case .xavier: .within((6 / Double(inputs + (isRecurrent ? neurons : 0) + neurons)).squareRoot())
    case .orthogonal: .within(1 / Double(inputs).squareRoot())
    }
  }

  /// Of recurrent weights V [N, N]; nil: an orthogonal matrix.
  func recurrentWeights(inputs: Int, neurons: Int) -> Distribution? {
    family == .orthogonal ? nil : weights(inputs: inputs, neurons: neurons, isRecurrent: true)
  }

  /// nil: zeros.
  func biases(neurons: Int) -> Distribution? {
    family == .gated ? .within(1 / Double(neurons).squareRoot()) : nil
  }

  /// Of the weights [C, N] of a readout on top of the layer.
  func readoutWeights(neurons: Int, outputs: Int) -> Distribution {
    switch family {
    case .xavier: .within((6 / Double(neurons + outputs)).squareRoot())
    case .orthogonal, .gated: .within(1 / Double(neurons).squareRoot())
    }
  }

  /// Of the time constants of a readout on top of the layer; `tau` replaces the usual one.
  func readoutTau(_ tau: Double?) -> Distribution {
    switch family {
    case .xavier: .normal(tau ?? 20, 1)
    case .orthogonal, .gated: .uniform(tau ?? 3, tau ?? 3)
    }
  }
}

extension QuantityFacts {
  /// How first values are usually drawn; nil: the neuron model does not say.
  var usual: Distribution? {
    switch Int(distribution) {
    case KERNEL_DISTRIBUTION_UNIFORM: .uniform(first, second)
    case KERNEL_DISTRIBUTION_NORMAL: .normal(first, second)
    default: nil
    }
  }
}
