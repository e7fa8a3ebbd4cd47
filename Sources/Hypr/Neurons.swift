public import CHypr
internal import HyprCore

extension hypr_quantity {
  init(_ facts: QuantityFacts) {
    self.init(
      struct_size: 0, name: facts.name, lower: facts.lower, upper: facts.upper, default_value: facts.standard,
      absolute: facts.absolute ? 1 : 0, distribution: facts.distribution, first: facts.first, second: facts.second)
  }
}

@c @implementation public func hypr_neuron_count() -> Int { NeuronCatalogue().count }

@c @implementation public func hypr_neuron_info(_ index: Int, _ neuron: UnsafeMutablePointer<hypr_neuron>?)
  -> hypr_status
{
  guard let neuron, isComplete(neuron) else { return invalidArgument }
  guard let facts = NeuronCatalogue().facts(index) else { return notFound }
  fill(
    neuron,
    with: hypr_neuron(
      struct_size: 0, name: facts.name, state_count: facts.stateCount, parameter_count: facts.parameterCount,
      constant_count: facts.constantCount, gate_count: facts.gateCount, spiking: facts.spiking ? 1 : 0,
      has_reset: facts.hasReset ? 1 : 0, surrogate: facts.surrogate, initialization: facts.initialization))
  return ok
}

@c @implementation public func hypr_neuron_find(_ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?)
  -> hypr_status
{
  guard let name, let index else { return invalidArgument }
  guard let found = NeuronCatalogue().find(name) else { return notFound }
  index.pointee = found
  return ok
}

@c @implementation public func hypr_neuron_state(_ neuron: Int, _ index: Int) -> UnsafePointer<CChar>? {
  NeuronCatalogue().state(neuron, index)
}

@c @implementation public func hypr_neuron_parameter(
  _ neuron: Int, _ index: Int, _ quantity: UnsafeMutablePointer<hypr_quantity>?
) -> hypr_status {
  answer { write(NeuronCatalogue().parameter(neuron, index), into: quantity) }
}

@c @implementation public func hypr_neuron_constant(
  _ neuron: Int, _ index: Int, _ quantity: UnsafeMutablePointer<hypr_quantity>?
) -> hypr_status {
  answer { write(NeuronCatalogue().constant(neuron, index), into: quantity) }
}

private func write(_ facts: QuantityFacts?, into quantity: UnsafeMutablePointer<hypr_quantity>?) -> hypr_status {
  guard let quantity, isComplete(quantity) else { return invalidArgument }
  guard let facts else { return notFound }
  fill(quantity, with: hypr_quantity(facts))
  return ok
}
