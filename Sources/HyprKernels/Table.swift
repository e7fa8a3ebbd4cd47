internal import CSystem

// This folder is compiled as one module per CPU level: Package.swift.
#if HYPR_V4
  @c @implementation
  internal func kernel_table_fill_v4(_ table: UnsafeMutablePointer<kernel_table>) { fill(&table.pointee, level: 4) }
#elseif HYPR_V3
  @c @implementation
  internal func kernel_table_fill_v3(_ table: UnsafeMutablePointer<kernel_table>) { fill(&table.pointee, level: 3) }
#else
  @c @implementation
  internal func kernel_table_fill_baseline(_ table: UnsafeMutablePointer<kernel_table>) {
    fill(&table.pointee, level: 1)
  }
#endif

private func fill(_ table: inout kernel_table, level: Int32) {
  table.level = level
  table.lanes = Lanes.scalarCount
  table.neuron = { index, neuron in
    guard let found = visitNeuronModel(index, Description()) else { return false }
    neuron.pointee = found
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
  table.sample = { sampleEvents($0, $1, $2, $3, $4, $5) }
  table.events = { listEvents($0, $1, slot: $2) }
  table.finite = { allFinite($0, $1) }
  #if HYPR_LEARNING
    table.carry_scratch = { neuron, steps in
      carryScratch(
        states: Int(neuron.pointee.state_count), parameters: Int(neuron.pointee.parameter_count),
        currents: Int(neuron.pointee.current_count), steps: steps)
    }
    table.group = { group($0.pointee, $1, $2, $3, &$4.pointee) }
    table.project = { project($0, $1, $2, $3, $4, $5, $6, $7) }
    table.softmax = { softmax($0, $1, $2, $3, $4) }
    table.square_sum = { squareSum($0, $1) }
    table.optimize = { optimize($0.pointee) }
  #endif
}

// One visitor per entry of the table that depends on the neuron model.

private struct Description: NeuronVisitor {
  func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_neuron {
    var neuron = kernel_neuron(
      name: Model.name.text, state_count: Int32(truncatingIfNeeded: Model.State.size),
      parameter_count: Int32(truncatingIfNeeded: Model.Parameters.size),
      constant_count: Int32(truncatingIfNeeded: Model.Constants.count),
      derived_count: Int32(truncatingIfNeeded: Model.Derived.size),
      tape_count: Int32(truncatingIfNeeded: Model.Tape.size),
      current_count: Int32(truncatingIfNeeded: Model.Currents.size),
      gate_count: Int32(truncatingIfNeeded: Model.gateCount),
      spiking: Model.spiking, surrogate_kind: Model.surrogate.rawValue, derive: Model.deriveLoop, step: Model.stepLoop,
      sweep: nil, carry: nil)
    #if HYPR_LEARNING
      (neuron.sweep, neuron.carry) = (Model.sweepLoop, Model.carryLoop)
    #endif
    return neuron
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
