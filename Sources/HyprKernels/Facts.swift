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
    table.derive = { layer in visitNeuronModel(layer.pointee.neuron, Derive(layer: layer)) }
  }

  private struct Facts: NeuronVisitor {
    static var leftOut: kernel_neuron? { kernel_neuron() }
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_neuron {
      kernel_neuron(
        name: Model.name.text, state_names: Model.states.texts, state_count: Int32(truncatingIfNeeded: Model.State.size),
        parameter_count: Int32(truncatingIfNeeded: Model.Parameters.size),
        constant_count: Int32(truncatingIfNeeded: Model.Constants.count),
        derived_count: Int32(truncatingIfNeeded: Model.Derived.size),
        tape_count: Int32(truncatingIfNeeded: StepRecord<Model>.size),
        current_count: Int32(truncatingIfNeeded: Model.Currents.size),
        gate_count: Int32(truncatingIfNeeded: Model.gateCount),
        spiking: Model.spiking, surrogate_kind: Model.surrogate.rawValue, initialization: Model.initialization.rawValue)
    }
  }

  private struct ConstantFacts: NeuronVisitor {
    let index: Int
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_quantity? { Model.Constants.quantity(index) }
  }

  private struct ParameterFacts: NeuronVisitor {
    let index: Int
    let constants: Row
    func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_quantity? {
      Model.parameter(index, Model.Constants(constants))
    }
  }

  private struct Derive: NeuronVisitor {
    let layer: UnsafePointer<kernel_layer>
    func visit<Model: NeuronModel>(_ model: Model.Type) {
      let layer = layer.pointee
      let constants = Model.Constants(layer.constants)
      var neuron = 0
      while neuron < layer.width {
        let parameters = Model.Parameters(layer.parameters + neuron, stride: layer.width)
        Model.derive(parameters, constants).store(layer.derived + neuron, stride: layer.width)
        neuron &+= Lanes.scalarCount
      }
    }
  }
#endif
