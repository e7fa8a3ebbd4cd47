internal import CSystem

// The pieces of a `WindowJob` in one layer.

extension WindowJob {
  /// Groups the events of the layer's projections.
  @_optimize(speed) func begin(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network) {
    if taught {
      if self.layer == network.layers.count - 1 {
        learner.targets.complete(steps, network, smoothing: learner.settings.labelSmoothing)
      }
      addSpikeRatePenalty(layer, learner, to: credit.outputs)
      if sweepsRecurrently(layer, learner) { clearAdjoints(layer, learner) }
    }
    learner.adjoints.events.group(layer, steps: steps, network.kernels)
  }

  @_optimize(speed) private func clearAdjoints(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) {
    let shape = layer.pointee.shape
    learner.adjoints.states.clear(shape.states * shape.width)
    learner.adjoints.parameters.clear(layer.pointee.description.parameterCount * shape.width)
  }

  /// The loss adjoint backwards through some steps.
  @_optimize(speed) private func sweep(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ steps: Range<Int>, instantaneous: Bool = false
  ) {
    let width = layer.pointee.shape.width
    let adjoints = learner.adjoints
    var pass = kernel_sweep(
      first_neuron: 0, last_neuron: width, first: steps.lowerBound, last: steps.upperBound, count: 1,
      output_adjoint: credit.outputs, output_stride: width, adjoint: adjoints.states, adjoint_spacing: 0,
      adjoint_stride: width, gradient: adjoints.parameters, gradient_spacing: 0, gradient_stride: width,
      currents: adjoints.currents, step_stride: layer.pointee.description.currentCount * width, current_stride: width, current_spacing: 0,
      instantaneous: instantaneous)
    layer.pointee.description.loops.sweep(layer.pointee.view, &pass)
  }

  /// The same for one step of all neurons, and what its currents owe to the outputs of the step before it.
  @_optimize(speed) func sweepRecurrently(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network, step: Int) {
    let width = layer.pointee.shape.width
    sweep(layer, learner, step..<step + 1)
    guard let recurrent = layer.pointee.description.recurrent else { return }
    let target = step > 0 ? credit.outputs + (step - 1) * width : learner.adjoints.carriedOutputs
    if step == 0 { target.clear(width) }
    project(layer.pointee.projection(recurrent), layer, learner, network, step..<step + 1, to: target, stride: width)
  }

  /// Adds the adjoints of the currents through the weights of a projection to those of the outputs that it listens to.
  @_optimize(speed) private func project(
    _ projection: UnsafePointer<Projection>, _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network,
    _ steps: Range<Int>, to targets: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let width = layer.pointee.shape.width
    let stepStride = layer.pointee.description.currentCount * width
    for gate in 0..<projection.pointee.description.gateCount {
      let sources =
        learner.adjoints.currents + (steps.lowerBound * stepStride + projection.pointee.description.currents[gate] * width)
      network.kernels.pointee.project(
        targets, stride, projection.pointee.gates + gate, layer.pointee.view, sources, stepStride, steps.count, learner.adjoints.transposed)
    }
  }

  /// Gradient and eligibility of some neurons at the end of the window.
  @_optimize(speed) func carry(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network, _ neurons: Range<Int>
  ) {
    let adjoints = learner.adjoints
    var pieces = CarryPieces(
      kernel: layer.pointee.description.loops.carry, view: layer.pointee.view,
      pass: kernel_carry(
        first: neurons.lowerBound, last: neurons.upperBound, steps: steps, taught: taught,
        carries_outputs: layer.pointee.eligibility?.outputs != nil,
        loss: taught && !sweepsRecurrently(layer, learner) ? credit.outputs : nil, keeps_loss: self.layer > 0,
        adjoint: adjoints.states, current_adjoint: adjoints.currents, parameter_gradient: adjoints.parameters,
        carried_adjoint: adjoints.carriedOutputs, output_decay: credit.outputDecay,
        sweep: layer.pointee.description.loops.sweep, scratch: adjoints.carryScratch),
      block: 2 * layer.pointee.shape.lanes, scratchSize: adjoints.carryScratchSize)
    pieces.run(learner.pool, work: layer.pointee.carryWork)
  }

  /// ℓ of the layer below: through gI of this layer, or with spatial credit through the same step only (D ℓ); and how it carries its
  /// outputs.
  @_optimize(speed) func handDown(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network) -> LayerCredit {
    let isReadout = self.layer == network.layers.count - 1
    let filtered = learner.settings.credit == .filtered && isReadout
    let decay = filtered ? filterReadout(layer, learner, network) : 0
    let next = LayerCredit(outputs: learner.adjoints.outputs, outputDecay: decay)
    guard taught && self.layer > 0 else { return next }
    if learner.settings.credit == .spatial {
      clearAdjoints(layer, learner)
      sweep(layer, learner, 0..<steps, instantaneous: true)
    }
    let widthBelow = network.layers[self.layer - 1].shape.width
    next.outputs.clear(steps * widthBelow)
    project(layer.pointee.projection(0), layer, learner, network, 0..<steps, to: next.outputs, stride: widthBelow)
    return next
  }

  /// The adjoint q' of the readout's state before the window, as it reaches the outputs that the state is made of:
  /// W_oᵀ (1 - κ) q'. Returns κ̄, the mean of κ: by it the readout forgets them in a step.
  private func filterReadout(_ readout: UnsafePointer<Layer>, _ learner: borrowing Learner, _ network: borrowing Network) -> Float {
    let (width, size) = (readout.pointee.shape.width, readout.pointee.shape.size)
    let (adjoints, derived) = (learner.adjoints, readout.pointee.view.pointee.derived)
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
        adjoints.carriedOutputs, width, projection.pointee.gates, readout.pointee.view, adjoints.states, width, 1, adjoints.transposed)
    }
    return sum / Float(size)
  }
}
