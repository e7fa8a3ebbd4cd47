internal import CSystem

// What neuron models say of themselves, and their derived values: the same at every CPU level, so only the module of the baseline
// has it.
#if !HYPR_V3 && !HYPR_V4
  func fillFacts(_ table: inout kernel_table) {
    table.neuron = { neuron, facts in
      guard let found = visitNeuronModel(neuron, Facts()) else { return false }
      facts.pointee = found
      return true
    }
    table.state = { neuron, index in visitNeuronModel(neuron, StateName(index: Int(index))) ?? nil }
    table.constant = { neuron, index, quantity in
      guard let found = visitNeuronModel(neuron, ConstantFacts(index: Int(index))) ?? nil else { return false }
      quantity.pointee = found
      return true
    }
    table.parameter = { neuron, index, constants, quantity in
      let visitor = ParameterFacts(index: Int(index), constants: constants)
      guard let found = visitNeuronModel(neuron, visitor) ?? nil else { return false }
      quantity.pointee = found
      return true
    }
    table.surrogate = { kind, surrogate in
      guard let found = SurrogateKind(rawValue: kind) else { return false }
      surrogate.pointee = found.standard
      return true
    }
    table.derive = { neuron, layer in visitNeuronModel(neuron, Derive(layer: layer)) }
  }

  private struct Facts: NeuronVisitor {
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_neuron {
      kernel_neuron(
        name: Model.name.text, state_count: Int32(truncatingIfNeeded: Model.State.size),
        parameter_count: Int32(truncatingIfNeeded: Model.Parameters.size),
        constant_count: Int32(truncatingIfNeeded: Model.Constants.count),
        derived_count: Int32(truncatingIfNeeded: Model.Derived.size),
        tape_count: Int32(truncatingIfNeeded: Model.Tape.size),
        current_count: Int32(truncatingIfNeeded: Model.Currents.size),
        gate_count: Int32(truncatingIfNeeded: Model.gateCount),
        spiking: Model.spiking, surrogate_kind: Model.surrogate.rawValue, initialization: Model.initialization.rawValue)
    }
  }

  private struct StateName: NeuronVisitor {
    let index: Int
    func visit<Model: NeuronModel>(_ model: Model.Type) -> UnsafePointer<CChar>? { Model.states[index] }
  }

  private struct ConstantFacts: NeuronVisitor {
    let index: Int
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_quantity? { Model.Constants.quantity(index) }
  }

  private struct ParameterFacts: NeuronVisitor {
    let index: Int
    let constants: Row?
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_quantity? {
      if let constants { return Model.parameter(index, Model.Constants(constants)) }
      let count = Model.Constants.count
      return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count)) { defaults in
        guard let start = defaults.baseAddress else { return nil }
        for constant in 0..<count { start[constant] = Model.Constants.quantity(constant)?.default_value ?? 0 }
        return Model.parameter(index, Model.Constants(start))
      }
    }
  }

  private struct Derive: NeuronVisitor {
    let layer: UnsafePointer<kernel_layer>
    func visit<Model: NeuronModel>(_ model: Model.Type) {
      let layer = layer.pointee
      let constants = Model.Constants(layer.constants)
      for neuron in 0..<layer.width {
        // The core's array is written here only through `derived`; a column of parameters is read.
        let parameters = Column(base: MutableRow(mutating: layer.parameters + neuron), stride: layer.width)
        Model.derive(parameters, constants, into: Column(base: layer.derived + neuron, stride: layer.width))
      }
    }
  }
#endif
