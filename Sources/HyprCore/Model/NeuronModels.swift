internal import CSystem

// What tools that make models need to know of neuron models, by their names in the schema.

/// Weights per pair of neurons: 1, or the gates of a gated cell; 1 for a name that is not known.
public func neuronGateCount(_ name: UnsafePointer<CChar>) -> Int {
  guard let (_, facts) = neuronModel(named: name, kernelTable()) else { return 1 }
  return Int(facts.gate_count)
}

/// Whether the model leaves the reset to the layer.
public func neuronHasReset(_ name: UnsafePointer<CChar>) -> Bool {
  let kernels = kernelTable()
  guard let (neuron, facts) = neuronModel(named: name, kernels) else { return false }
  var quantity = kernel_quantity()
  for index in 0..<facts.constant_count where kernels.constant(neuron, index, &quantity) && isReset(quantity) {
    return true
  }
  return false
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
