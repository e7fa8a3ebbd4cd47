internal import CSystem

// What a neuron model says of itself beside its equations.

/// The names of a model's state variables: at most four.
struct StateNames {
  typealias Text = UnsafePointer<CChar>

  /// nil past the last one.
  let texts: (Text?, Text?, Text?, Text?)

  init(_ first: StaticString, _ second: StaticString? = nil, _ third: StaticString? = nil, _ fourth: StaticString? = nil) {
    texts = (first.text, second?.text, third?.text, fourth?.text)
  }
}

/// The published set-ups that the first weights of a layer follow, and the biases, and the readout on top of it.
enum Initialization: Int32 {
  /// Resonators and threshold adaptation (Higuchi et al. 2024, arXiv 2402.14603): weights uniform within Xavier's limit, W and V
  /// counted as one matrix; no biases; time constants of the readout normal around 20 steps, and trained.
  case xavier = 0
  /// Adaptive LIF (Baronig et al. 2024, arXiv 2408.07517): W uniform within ±1/√n, V orthogonal, biases that start at 0; a fixed time
  /// constant of the readout of 3 steps.
  case orthogonal = 1
  /// Gated cells (much as PyTorch does): weights and biases uniform within ±1/√N; a fixed time constant of the readout of 3 steps.
  case gated = 2
}

extension kernel_distribution {
  static func uniform(_ low: Double, _ high: Double) -> Self {
    .init(kind: Int32(KERNEL_DISTRIBUTION_UNIFORM), first: low, second: high)
  }

  static func normal(_ mean: Double, _ deviation: Double) -> Self {
    .init(kind: Int32(KERNEL_DISTRIBUTION_NORMAL), first: mean, second: deviation)
  }
}

/// The constants of a layer, stored in the order of `quantity`.
protocol NeuronConstants {
  static func quantity(_ index: Int) -> kernel_quantity?
  init(_ values: Row)
}

/// Of models that have none.
struct NoConstants: NeuronConstants {
  init(_ values: Row) {}
  static func quantity(_ index: Int) -> kernel_quantity? { nil }
}

extension NeuronConstants {
  static var count: Int {
    var count = 0
    while quantity(count) != nil { count += 1 }
    return count
  }
}

extension kernel_quantity {
  /// A parameter or constant with its bounds, both allowed; `absolute` bounds hold for the magnitude. `drawn` says how the first
  /// values of a parameter are usually drawn: bounds hold for them, too.
  init(
    _ name: StaticString, from lower: Float, to upper: Float, default value: Float, absolute: Bool = false,
    drawn distribution: kernel_distribution = kernel_distribution()
  ) {
    self.init(
      name: name.text, lower: lower, upper: upper, default_value: value, absolute: absolute, distribution: distribution)
  }
}
