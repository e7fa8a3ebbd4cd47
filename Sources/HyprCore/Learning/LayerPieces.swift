internal import CSystem

// The pieces of a `WindowJob` in one layer.

extension WindowJob {
  /// Makes the layer's adjoints zero, and groups the events of its projections.
  func begin(_ layer: UnsafePointer<Layer>, _ learner: Learner, _ network: Network) {
    let (shape, adjoints) = (layer.pointee.shape, learner.adjoints)
    if taught {
      addSpikeRatePenalty(layer, learner, to: credit.outputs)
      adjoints.states.update(repeating: 0, count: shape.states * shape.width)
      adjoints.parameters.update(repeating: 0, count: layer.pointee.description.parameterCount * shape.width)
    }
    for index in 0..<layer.pointee.projections.count {
      let projection = layer.pointee.projections[index]
      guard let learning = projection.learning else { continue }
      let groups = adjoints.groups + index
      for gate in 0..<projection.description.gateCount { projection.gates[gate].events = UnsafePointer(groups) }
      // Step i lies between slots i and i + 1.
      network.kernels.pointee.group(
        projection.gates.pointee.source, 1 - projection.description.delay, steps, learning.isActive, groups)
    }
  }

  /// The loss adjoint backwards through some steps, for some neurons.
  func sweep(
    _ layer: UnsafePointer<Layer>, _ learner: Learner, _ neurons: Range<Int>, _ steps: Range<Int>,
    instantaneous: Bool = false
  ) {
    let (width, first) = (layer.pointee.shape.width, neurons.lowerBound)
    let adjoints = learner.adjoints
    var pass = kernel_sweep(
      first_neuron: first, last_neuron: min(neurons.upperBound, width), first: steps.lowerBound, last: steps.upperBound,
      count: 1, output_adjoint: credit.outputs + first, output_stride: width, adjoint: adjoints.states + first,
      adjoint_spacing: 0, adjoint_stride: width, gradient: adjoints.parameters + first, gradient_spacing: 0,
      gradient_stride: width, currents: adjoints.currents + first,
      step_stride: layer.pointee.description.currentCount * width, current_stride: width, current_spacing: 0,
      instantaneous: instantaneous)
    layer.pointee.description.loops.sweep(layer.pointee.view, &pass)
  }

  /// The same for one step of all neurons, and what its currents owe to the outputs of the step before it.
  func sweepRecurrently(_ layer: UnsafePointer<Layer>, _ learner: Learner, _ network: Network, step: Int) {
    let width = layer.pointee.shape.width
    sweep(layer, learner, 0..<width, step..<step + 1)
    guard let recurrent = layer.pointee.description.recurrent else { return }
    let target = step > 0 ? credit.outputs + (step - 1) * width : learner.adjoints.carriedOutputs
    if step == 0 { target.update(repeating: 0, count: width) }
    project(layer.pointee.projections[recurrent], layer, learner, network, step..<step + 1, to: target, stride: width)
  }

  /// Adds the adjoints of the currents through the weights of a projection to those of the outputs that it listens to.
  private func project(
    _ projection: Projection, _ layer: UnsafePointer<Layer>, _ learner: Learner, _ network: Network,
    _ steps: Range<Int>, to targets: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let width = layer.pointee.shape.width
    let stepStride = layer.pointee.description.currentCount * width
    for gate in 0..<projection.description.gateCount {
      let sources =
        learner.adjoints.currents + (steps.lowerBound * stepStride + projection.description.currents[gate] * width)
      network.kernels.pointee.project(
        targets, stride, projection.gates + gate, width, sources, stepStride, steps.count, learner.adjoints.transposed)
    }
  }

  /// Gradient and eligibility of some neurons at the end of the window.
  func carry(_ layer: UnsafePointer<Layer>, _ learner: Learner, _ neurons: Range<Int>) {
    let (shape, adjoints) = (layer.pointee.shape, learner.adjoints)
    let pass = kernel_carry(
      first: neurons.lowerBound, last: min(neurons.upperBound, shape.width), steps: steps, taught: taught,
      carries_outputs: layer.pointee.eligibility?.outputs != nil, adjoint: adjoints.states,
      current_adjoint: adjoints.currents, parameter_gradient: adjoints.parameters,
      output_adjoint: adjoints.carriedOutputs, output_decay: credit.outputDecay, scratch: adjoints.carryScratch)
    CarryPieces(
      kernel: layer.pointee.description.loops.carry, view: layer.pointee.view, pass: pass, block: 2 * shape.lanes,
      scratchSize: adjoints.carryScratchSize
    ).run(learner.pool, work: layer.pointee.eligibilityCount * shape.states)
  }

  /// ℓ of the layer below: through gI of this layer, or with spatial credit through the same step only (D ℓ); and how it carries its
  /// outputs.
  func handDown(_ layer: UnsafePointer<Layer>, _ learner: Learner, _ network: Network) -> LayerCredit {
    let isReadout = self.layer == network.layers.count - 1
    let filtered = learner.settings.credit == .filtered && isReadout
    let decay = filtered ? filterReadout(layer, learner, network) : 0
    let next = LayerCredit(outputs: learner.adjoints.outputs, outputDecay: decay)
    guard taught && self.layer > 0 else { return next }
    if learner.settings.credit == .spatial {
      let shape = layer.pointee.shape
      learner.adjoints.states.update(repeating: 0, count: shape.states * shape.width)
      sweep(layer, learner, 0..<shape.width, 0..<steps, instantaneous: true)
    }
    let widthBelow = network.layers[self.layer - 1].shape.width
    next.outputs.update(repeating: 0, count: steps * widthBelow)
    project(layer.pointee.projections[0], layer, learner, network, 0..<steps, to: next.outputs, stride: widthBelow)
    return next
  }

  /// The adjoint q' of the readout's state before the window, as it reaches the outputs that the state is made of:
  /// W_oᵀ (1 - κ) q'. Returns κ̄, the mean of κ: by it the readout forgets them in a step.
  private func filterReadout(_ readout: UnsafePointer<Layer>, _ learner: Learner, _ network: Network) -> Float {
    let (width, size) = (readout.pointee.shape.width, readout.pointee.shape.size)
    let (adjoints, derived) = (learner.adjoints, readout.pointee.view.pointee.derived)
    let (decay, gain) = (derived + Int(KERNEL_INTEGRATOR_DECAY) * width, derived + Int(KERNEL_INTEGRATOR_GAIN) * width)
    var sum: Float = 0
    for index in 0..<size {
      sum += decay[index]
      adjoints.states[index] *= gain[index]
    }
    if taught {
      let projection = readout.pointee.projections[0]
      adjoints.carriedOutputs.update(repeating: 0, count: projection.description.sourceSize)
      network.kernels.pointee.project(
        adjoints.carriedOutputs, width, projection.gates, width, adjoints.states, width, 1, adjoints.transposed)
    }
    return sum / Float(size)
  }
}
