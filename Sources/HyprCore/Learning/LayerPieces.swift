internal import CSystem

// The pieces of a `WindowJob` in one layer. What not every window needs is not inlined into it.

extension WindowJob {
  /// ∂loss/∂y, to be normalized; of values as if half the squared difference were the loss, however many outputs there are.
  @inline(never) func takeErrors(_ learner: borrowing Learner) {
    guard let errors = learner.adjoints.normalizedErrors else { return }
    let targets = learner.targets
    for step in 0..<steps {
      let factor = targets.kinds[first + step] == .values ? Float(targets.outputs) / 2 : 1
      let (taken, place) = (targets.error(first + step), errors + step * targets.width)
      for index in 0..<targets.width { place[index] = taken[index] * factor }
    }
  }

  /// Normalizes them for some outputs.
  @inline(never) func normalize(
    _ readout: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network, _ outputs: Range<Int>
  ) {
    guard let errors = learner.adjoints.normalizedErrors else { return }
    var pass = kernel_normalization(
      first: outputs.lowerBound, last: outputs.upperBound, steps: steps, epsilon: Float(learner.settings.epsilon), errors: errors,
      scratch: learner.adjoints.carryScratch)
    network.kernels.pointee.normalize(readout.pointee.windowView, &pass)
  }

  /// Before a sweep of the loss adjoint.
  @_optimize(speed) func clearAdjoints(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) {
    let shape = layer.pointee.shape
    learner.adjoints.states.clear(shape.states * shape.width)
    learner.adjoints.parameters.clear(layer.pointee.description.parameterCount * shape.width)
  }

  /// The loss adjoint of some neurons, whole vectors of them, backwards through some steps.
  @_optimize(speed) func sweep(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ steps: Range<Int>, _ neurons: Range<Int>,
    instantaneous: Bool = false
  ) {
    let (width, first) = (layer.pointee.shape.width, neurons.lowerBound)
    let adjoints = learner.adjoints
    var pass = kernel_sweep(
      first_neuron: first, last_neuron: neurons.upperBound, first: steps.lowerBound, last: steps.upperBound, count: 1,
      output_adjoint: credit.outputs + first, output_stride: width, adjoint: adjoints.states + first, adjoint_spacing: 0,
      adjoint_stride: width, gradient: adjoints.parameters + first, gradient_spacing: 0, gradient_stride: width,
      currents: adjoints.currents + first, step_stride: layer.pointee.description.currentCount * width,
      current_stride: width, current_spacing: 0, instantaneous: instantaneous)
    kernel_sweep_neurons(layer.pointee.description.loops.sweep, layer.pointee.windowView, &pass, layer.pointee.shape.lanes)
  }

  /// The same for one step of all neurons, and what its currents owe to the outputs of the step before it.
  @_optimize(speed) @inline(never) func sweepRecurrently(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network, step: Int
  ) {
    let width = layer.pointee.shape.width
    sweep(layer, learner, step..<step + 1, 0..<width)
    guard let recurrent = layer.pointee.description.recurrent else { return }
    let target = step > 0 ? credit.outputs + (step - 1) * width : credit.carriedOutputs
    if step == 0 { target.clear(width) }
    project(
      layer.pointee.projection(recurrent), 0..<layer.pointee.shape.size, layer, learner, network, step..<step + 1, to: target,
      stride: width, transposed: nil)
  }

  /// Adds the adjoints of the currents through some rows of a projection's weights to those of the outputs that it listens to.
  @_optimize(speed) @inline(never) private func project(
    _ projection: UnsafePointer<Projection>, _ rows: Range<Int>, _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner,
    _ network: borrowing Network, _ steps: Range<Int>, to targets: UnsafeMutablePointer<Float>, stride: Int,
    transposed: UnsafeMutablePointer<Float>?
  ) {
    let width = layer.pointee.shape.width
    let stepStride = layer.pointee.description.currentCount * width
    for gate in 0..<projection.pointee.description.gateCount {
      let sources =
        learner.adjoints.currents
        + (steps.lowerBound * stepStride + projection.pointee.description.currents[gate] * width)
      network.kernels.pointee.project(
        targets, stride, projection.pointee.gates + gate, rows.lowerBound, rows.upperBound, layer.pointee.windowView, sources,
        stepStride, steps.count, transposed)
    }
  }

  /// Gradient and eligibility of some neurons at the end of the window.
  @_optimize(speed) func carry(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ neurons: Range<Int>) {
    let (all, width) = (layer.pointee.carryWork, layer.pointee.shape.width)
    var pieces = CarryPieces(
      kernel: layer.pointee.description.loops.carry, view: layer.pointee.windowView, pass: carryPass(layer, learner, neurons),
      block: 2 * layer.pointee.shape.lanes, scratchSize: learner.adjoints.carryScratchSize,
      expandedSize: learner.adjoints.expandedSize)
    pieces.run(learner.resources.pool, work: neurons.count == width ? all : all / width * neurons.count)
  }

  /// What the kernel is told of these neurons.
  @_optimize(speed) func carryPass(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ neurons: Range<Int>
  ) -> kernel_carry {
    let adjoints = learner.adjoints
    return kernel_carry(
      part: Int32(KERNEL_CARRY_ALL), matrix: 0, begin: 0, end: 0, first: neurons.lowerBound, last: neurons.upperBound,
      steps: steps, taught: taught, carries_outputs: layer.pointee.eligibility?.outputs != nil,
      loss: taught && !sweepsRecurrently(layer, learner) ? credit.outputs : nil, keeps_loss: self.layer > 0,
      adjoint: adjoints.states, current_adjoint: adjoints.currents, parameter_gradient: adjoints.parameters,
      carried_adjoint: credit.carriedOutputs, output_decay: credit.outputDecay,
      sweep: layer.pointee.description.loops.sweep, scratch: adjoints.carryScratch, expanded: adjoints.expanded,
      rounding: adjoints.expanded == nil ? 0 : learner.progress.rounding)
  }

  /// ℓ of some neurons of the layer below, whole vectors of them: through gI of this layer, which with spatial credit knows the
  /// same step only (D ℓ).
  @_optimize(speed) func handDown(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network, _ rows: Range<Int>
  ) {
    let width = network.layers[self.layer - 1].shape.width
    let (projection, targets) = (layer.pointee.projection(0), learner.adjoints.outputs)
    // Of all rows at once: step by step for some of them it takes longer than what is then added.
    if rows.lowerBound == 0 { targets.clear(steps * width) }
    project(
      projection, rows, layer, learner, network, 0..<steps, to: targets, stride: width,
      transposed: steps < 4 ? nil : learner.adjoints.transposed)
  }

  /// What reaches the layer below, whose ℓ is there.
  func creditBelow(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network
  ) -> LayerCredit {
    let isReadout = self.layer == network.layers.count - 1
    let decay = learner.settings.credit == .filtered && isReadout ? filterReadout(layer, learner, network) : 0
    return LayerCredit(
      outputs: learner.adjoints.outputs, carriedOutputs: learner.adjoints.carriedOutputs, outputDecay: decay)
  }

  /// The adjoint q' of the readout's state before the window, as it reaches the outputs that the state is made of:
  /// W_oᵀ (1 - κ) q'. Returns κ̄, the mean of κ: by it the readout forgets them in a step.
  @inline(never) private func filterReadout(
    _ readout: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network
  ) -> Float {
    let (width, size) = (readout.pointee.shape.width, readout.pointee.shape.size)
    let (adjoints, derived) = (learner.adjoints, readout.pointee.windowView.pointee.derived)
    let (decay, gain) = (derived + Int(KERNEL_INTEGRATOR_DECAY) * width, derived + Int(KERNEL_INTEGRATOR_GAIN) * width)
    var sum: Float = 0
    for index in 0..<size {
      sum += decay[index]
      adjoints.states[index] *= gain[index]
    }
    if taught {
      let projection = readout.pointee.projection(0)
      adjoints.carriedOutputs.clear(projection.pointee.description.sourceSize)
      network.kernels.pointee.project(
        adjoints.carriedOutputs, width, projection.pointee.gates, 0, projection.pointee.description.sourceSize,
        readout.pointee.windowView, adjoints.states, width, 1, nil)
    }
    return sum / Float(size)
  }
}
