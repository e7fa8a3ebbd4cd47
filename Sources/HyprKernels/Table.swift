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
    fillFacts(&table.pointee)
  }
#endif

private func fill(_ table: inout kernel_table, level: Int32) {
  table.level = level
  table.lanes = Lanes.scalarCount
  table.step = { layer, step in visitNeuronModel(layer.pointee.neuron, Step(layer: layer, step: step)) ?? false }
  table.sweep = { layer, sweep in visitNeuronModel(layer.pointee.neuron, Sweep(layer: layer, sweep: sweep)) }
  table.carry = { layer, carry in visitNeuronModel(layer.pointee.neuron, Carry(layer: layer, carry: carry)) }
  table.carry_scratch = { neuron, steps, hasSynapses in
    visitNeuronModel(neuron, CarryScratch(steps: steps, hasSynapses: hasSynapses)) ?? 0
  }
  table.sample = { sampleEvents($0, $1, $2, $3, $4, $5) }
  table.events = { events($0, $1, $2, $3, $4) }
  table.group = { group($0.pointee, $1, $2, &$3.pointee) }
  table.project = { project($0, $1, $2, $3, $4, $5, $6, $7, $8) }
  table.project_synapses = { projectSynapses($0, $1.pointee, gates: $2, $3, $4) }
  table.softmax = { softmax($0, $1, $2, $3, $4) }
  table.finite = { allFinite($0, $1) }
  table.square_sum = { squareSum($0, $1) }
  table.optimize = { optimize($0.pointee) }
}

// One visitor per entry of the table that depends on the neuron model.

private struct Step: NeuronVisitor {
  let layer: UnsafePointer<kernel_layer>
  let step: UnsafePointer<kernel_step>
  func visit<Model: NeuronModel>(_ model: Model.Type) -> Bool {
    NeuronLoops<Model>.step(layer.pointee, step.pointee)
  }
}

private struct Sweep: NeuronVisitor {
  let layer: UnsafePointer<kernel_layer>
  let sweep: UnsafePointer<kernel_sweep>
  func visit<Model: NeuronModel>(_ model: Model.Type) { NeuronLoops<Model>.sweep(layer.pointee, sweep.pointee) }
}

private struct Carry: NeuronVisitor {
  let layer: UnsafePointer<kernel_layer>
  let carry: UnsafePointer<kernel_carry>
  func visit<Model: NeuronModel>(_ model: Model.Type) { NeuronLoops<Model>.carry(layer.pointee, carry.pointee) }
}

private struct CarryScratch: NeuronVisitor {
  let steps: Int
  let hasSynapses: Bool
  func visit<Model: NeuronModel>(_ model: Model.Type) -> Int {
    NeuronLoops<Model>.carryScratch(steps: steps, hasSynapses: hasSynapses)
  }
}
