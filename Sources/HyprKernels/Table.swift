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
    if kernel_has_level(1) { fill(&table.pointee, level: 1) }
    fillFacts(&table.pointee)
  }
#endif

private func fill(_ table: inout kernel_table, level: Int32) {
  table.level = level
  table.lanes = Lanes.scalarCount
  table.loops = { neuron, loops in
    if let found = visitNeuronModel(neuron, Loops()) { loops.pointee = found }
  }
  table.sample = { sampleEvents($0, $1, $2, $3, $4, $5) }
  table.events = { listEvents($0, $1, slot: $2) }
  table.finite = { allFinite($0, $1) }
  #if HYPR_LEARNING
    table.carry_scratch = { neuron, steps, carriesOutputs, hasCompressed in
      carryScratch(neuron.pointee, steps: steps, carriesOutputs: carriesOutputs, hasCompressed: hasCompressed)
    }
    table.group = { group($0.pointee, $1, $2, $3, $4, $5, &$6.pointee) }
    table.project = { project($0, $1, $2, Range(uncheckedBounds: ($3, $4)), $5, $6, $7, $8, $9) }
    table.normalize = { normalizeErrors($0, $1.pointee) }
    table.cross_entropy = { crossEntropy($0.pointee) }
    table.softmax = { _ = softmax($0, $1, $2) }
    table.square_sum = { squareSum($0, $1) }
    table.optimize = { optimize($0.pointee) }
  #endif
}

private struct Loops: NeuronVisitor {
  func visit<Model: NeuronModel>(_ model: Model.Type) -> kernel_loops {
    #if HYPR_LEARNING
      kernel_loops(step: Model.stepLoop, sweep: Model.sweepLoop, carry: carryLoop(states: Model.State.size))
    #else
      kernel_loops(step: Model.stepLoop, sweep: nil, carry: nil)
    #endif
  }
}
