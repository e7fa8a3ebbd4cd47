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

/// The neuron models that this build of the library has, by index. The order is of no consequence outside of a running process.
public struct NeuronCatalogue {
  private let kernels: kernel_table

  /// All levels have the same models.
  public init() {
    var table = kernel_table()
    kernel_table_fill(&table, 1)
    kernels = table
  }

  public var count: Int {
    var count = 0
    var number: Int32 = 0
    while let next = nextNeuron(from: number, kernels) { (count, number) = (count + 1, next.number + 1) }
    return count
  }

  /// The index of a model by its name, whatever its case and without regard to `_` and `-`; nil if there is none.
  public func find(_ name: UnsafePointer<CChar>) -> Int? {
    var index = 0
    while let model = model(index) {
      if isSpelling(name, of: model.facts.name) { return index }
      index += 1
    }
    return nil
  }

  private func isSpelling(_ text: UnsafePointer<CChar>, of name: UnsafePointer<CChar>) -> Bool {
    func next(_ place: inout UnsafePointer<CChar>) -> CChar {
      while place.pointee == 0x5F || place.pointee == 0x2D { place += 1 }
      let letter = place.pointee
      if letter != 0 { place += 1 }
      return letter >= 0x41 && letter <= 0x5A ? letter + 0x20 : letter
    }
    var (one, other) = (text, name)
    while true {
      let letter = next(&one)
      if letter != next(&other) { return false }
      if letter == 0 { return true }
    }
  }

  /// nil past the end, as all that follow.
  public func facts(_ index: Int) -> NeuronFacts? {
    guard let (number, facts) = model(index) else { return nil }
    let reset = resetIndex(number, facts)
    return NeuronFacts(
      name: facts.name, stateCount: Int(facts.state_count), parameterCount: Int(facts.parameter_count),
      constantCount: Int(facts.constant_count) - (reset == nil ? 0 : 1), gateCount: Int(facts.gate_count),
      spiking: facts.spiking, hasReset: reset != nil,
      surrogate: facts.spiking ? format_surrogate_name(facts.surrogate_kind) : text(""),
      initialization: facts.initialization)
  }

  /// The name of a state variable.
  public func state(_ neuron: Int, _ index: Int) -> UnsafePointer<CChar>? {
    guard let names = model(neuron)?.facts.state_names else { return nil }
    return switch index {
    case 0: names.0
    case 1: names.1
    case 2: names.2
    case 3: names.3
    default: nil
    }
  }

  public func parameter(_ neuron: Int, _ index: Int) -> QuantityFacts? {
    guard let (number, facts) = model(neuron), index >= 0 && index < facts.parameter_count else { return nil }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: Int(facts.constant_count) + 1) { defaults in
      guard let defaults = defaults.baseAddress else { return nil }
      var quantity = kernel_quantity()
      for constant in 0..<facts.constant_count {
        guard kernels.constant(number, constant, &quantity) else { return nil }
        defaults[Int(constant)] = quantity.default_value
      }
      return kernels.parameter(number, Int32(index), defaults, &quantity) ? QuantityFacts(quantity) : nil
    }
  }

  public func constant(_ neuron: Int, _ index: Int) -> QuantityFacts? {
    guard let (number, facts) = model(neuron), index >= 0 && index < facts.constant_count else { return nil }
    var place = Int32(index)
    if let reset = resetIndex(number, facts), reset <= place { place += 1 }
    var quantity = kernel_quantity()
    return kernels.constant(number, place, &quantity) ? QuantityFacts(quantity) : nil
  }

  /// A model by its place among those of this build: its number in the registry, and its facts.
  private func model(_ index: Int) -> (number: Int32, facts: kernel_neuron)? {
    guard index >= 0 else { return nil }
    var found = nextNeuron(from: 0, kernels)
    var place = 0
    while let model = found, place < index {
      found = nextNeuron(from: model.number + 1, kernels)
      place += 1
    }
    return found
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

/// The first neuron model of this build from a number in the registry on; nil past the end.
func nextNeuron(from first: Int32, _ kernels: kernel_table) -> (number: Int32, facts: kernel_neuron)? {
  var number = first
  var facts = kernel_neuron()
  while kernels.neuron(number, &facts) {
    if facts.name != nil { return (number, facts) }
    number += 1
  }
  return nil
}

/// The number and the facts of a neuron model; nil if this build has none of that name.
func neuronModel(named name: UnsafePointer<CChar>, _ kernels: kernel_table) -> (index: Int32, facts: kernel_neuron)? {
  var number: Int32 = 0
  while let (found, facts) = nextNeuron(from: number, kernels) {
    if equal(facts.name, name) { return (found, facts) }
    number = found + 1
  }
  return nil
}

/// The kernels for this processor.
func kernelTable() -> kernel_table {
  var table = kernel_table()
  kernel_table_select(&table)
  return table
}
