internal import CModelFormat
internal import CSystem

/// What the neuron models of this library say of themselves.
public struct NeuronFacts {
  /// The member of the schema's union.
  public let name: UnsafePointer<CChar>
  /// k, p, and the constants of a layer; its reset, which the schema's layer says, is not among them.
  public let stateCount, parameterCount, constantCount: Int
  /// Weights per pair of neurons: 1, or the gates of a gated cell.
  public let gateCount: Int
  public let spiking: Bool
  /// Whether the model leaves the reset to the layer.
  public let hasReset: Bool
  /// The schema's name of the surrogate it was published with; "" if it does not spike.
  public let surrogate: UnsafePointer<CChar>
  /// How the weights of a fresh layer are usually drawn, as numbered in hypr.h.
  public let initialization: Int32
}

/// A parameter of a neuron model, or a constant.
public struct QuantityFacts {
  public let name: UnsafePointer<CChar>
  /// Both allowed. Where those of a parameter depend on constants: with their defaults.
  public let lower, upper, standard: Float
  /// Whether bounds hold for the magnitude.
  public let absolute: Bool
  /// How first values are usually drawn, as numbered in hypr.h.
  public let distribution: Int32
  public let first, second: Double

  init(_ quantity: kernel_quantity) {
    name = quantity.name
    (lower, upper, standard) = (quantity.lower, quantity.upper, quantity.default_value)
    absolute = quantity.absolute
    (distribution, first, second) = (
      quantity.distribution.kind, quantity.distribution.first, quantity.distribution.second
    )
  }
}

/// The neuron models that this library has, by index. The order is of no consequence outside of a running process.
public struct NeuronCatalogue {
  private let kernels: kernel_table

  /// All levels have the same models.
  public init() {
    var table = kernel_table()
    kernel_table_fill(&table, 1)
    kernels = table
  }

  public var count: Int {
    var count: Int32 = 0
    var facts = kernel_neuron()
    while kernels.neuron(count, &facts) { count += 1 }
    return Int(count)
  }

  /// The index of a model by its name in the schema; nil if there is none.
  public func find(_ name: UnsafePointer<CChar>) -> Int? {
    neuronModel(named: name, kernels).map { Int($0.index) }
  }

  /// nil past the end, as all that follow.
  public func facts(_ neuron: Int) -> NeuronFacts? {
    guard let facts = kernelFacts(neuron) else { return nil }
    let reset = resetIndex(Int32(neuron), facts)
    return NeuronFacts(
      name: facts.name, stateCount: Int(facts.state_count), parameterCount: Int(facts.parameter_count),
      constantCount: Int(facts.constant_count) - (reset == nil ? 0 : 1), gateCount: Int(facts.gate_count),
      spiking: facts.spiking, hasReset: reset != nil,
      surrogate: facts.spiking ? format_surrogate_name(facts.surrogate_kind) : text(""),
      initialization: facts.initialization)
  }

  /// The name of a state variable.
  public func state(_ neuron: Int, _ index: Int) -> UnsafePointer<CChar>? {
    guard let facts = kernelFacts(neuron), index >= 0 && index < facts.state_count else { return nil }
    let names = facts.state_names
    return switch index {
    case 0: names.0
    case 1: names.1
    case 2: names.2
    default: names.3
    }
  }

  public func parameter(_ neuron: Int, _ index: Int) -> QuantityFacts? {
    guard let facts = kernelFacts(neuron), index >= 0 && index < facts.parameter_count else { return nil }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: Int(facts.constant_count) + 1) { defaults in
      guard let defaults = defaults.baseAddress else { return nil }
      var quantity = kernel_quantity()
      for constant in 0..<facts.constant_count {
        guard kernels.constant(Int32(neuron), constant, &quantity) else { return nil }
        defaults[Int(constant)] = quantity.default_value
      }
      return kernels.parameter(Int32(neuron), Int32(index), defaults, &quantity) ? QuantityFacts(quantity) : nil
    }
  }

  public func constant(_ neuron: Int, _ index: Int) -> QuantityFacts? {
    var quantity = kernel_quantity()
    guard let facts = kernelFacts(neuron), index >= 0 && index < facts.constant_count else { return nil }
    var place = Int32(index)
    if let reset = resetIndex(Int32(neuron), facts), reset <= place { place += 1 }
    return kernels.constant(Int32(neuron), place, &quantity) ? QuantityFacts(quantity) : nil
  }

  private func kernelFacts(_ neuron: Int) -> kernel_neuron? {
    var facts = kernel_neuron()
    guard let index = Int32(exactly: neuron), index >= 0, kernels.neuron(index, &facts) else { return nil }
    return facts
  }

  private func resetIndex(_ neuron: Int32, _ facts: kernel_neuron) -> Int32? {
    var quantity = kernel_quantity()
    for index in 0..<facts.constant_count where kernels.constant(neuron, index, &quantity) && isReset(quantity) {
      return index
    }
    return nil
  }
}

/// Whether a constant is the layer's reset: said in the schema by the layer, not by the neuron model.
func isReset(_ constant: kernel_quantity) -> Bool { equal(constant.name, "reset") }

/// The index and the facts of a neuron model; nil if there is none of that name.
func neuronModel(named name: UnsafePointer<CChar>, _ kernels: kernel_table) -> (index: Int32, facts: kernel_neuron)? {
  var index: Int32 = 0
  var facts = kernel_neuron()
  while kernels.neuron(index, &facts) {
    if equal(facts.name, name) { return (index, facts) }
    index += 1
  }
  return nil
}

/// The kernels for this processor.
func kernelTable() -> kernel_table {
  var table = kernel_table()
  kernel_table_select(&table)
  return table
}
