internal import CSystem

// The P-stage of HYPR (arXiv 2506.14464): the gradient of a window and the eligibility at its end, in parallel over neurons.
//
// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
//   backward   q' and gI = ∂L/∂I of every step, from one sweep of the loss adjoint
//   carry      Φ and Φ B of every step, from one sweep of a unit adjoint per state variable, and with them in one pass
//     gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, and the adjoint that so reaches z' meets its own
// eligibility e_z, which comes from one more unit sweep. With filtered credit the top layer carries, in the place of e_z, the
// eligibility of its outputs as the readout remembers them: ε̄ = Σ κ̄^(t1 - t) ∂z/∂(parameters) over all steps t until now.

extension Session {
  /// Closes the open window: gathers its gradient, carries the eligibility over and, if that is when, updates the parameters.
  /// With `updating` false the parameters stay, whenever updates are due.
  mutating func closeWindow(updating: Bool = true) {
    guard let learner = self.learner?.pointee, learner.steps > 0, let first = layers.baseAddress else { return }
    let taught = learner.hasTarget
    var outputAdjoint = taught ? learner.outputError : nil
    // κ̄ of the outputs that the layer carries; 0: only those of the last step.
    var outputDecay: Float = 0
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let layer = first + index
      if let outputAdjoint {
        addSpikeRatePenalty(layer, learner, to: outputAdjoint)
        sweepLoss(layer, learner, outputAdjoint)
      }
      carry(layer, learner, taught: taught, outputDecay: outputDecay)
      if settings.credit == .filtered && index == layers.count - 1 { outputDecay = filterReadout(layer, learner) }
      if let above = outputAdjoint, index > 0 {
        projectDown(layer, learner, above, to: first[index - 1].width)
        outputAdjoint = learner.outputAdjoint
      }
      layer.pointee.copySlot(from: learner.steps, to: 0)
    }
    slot = 0
    gatherStatistics(learner)
    self.learner?.pointee.steps = 0
    if updating && settings.update == .window { update() }
  }

  /// The loss adjoint backwards through the window.
  private func sweepLoss(
    _ layer: UnsafePointer<Layer>, _ learner: Learner, _ outputAdjoint: UnsafeMutablePointer<Float>
  ) {
    let width = layer.pointee.width
    learner.adjoint.update(repeating: 0, count: layer.pointee.description.stateCount * width)
    learner.parameterGradient.update(repeating: 0, count: layer.pointee.description.parameterCount * width)
    guard settings.credit == .recurrent && layer.pointee.description.isRecurrent else {
      sweep(layer, learner, 0..<learner.steps, outputAdjoint)
      return
    }
    let (size, currents) = (layer.pointee.description.size, layer.pointee.description.currentCount)
    let rowWidth = layer.pointee.description.gateCount * width
    for step in stride(from: learner.steps - 1, through: 0, by: -1) {
      sweep(layer, learner, step..<step + 1, outputAdjoint)
      // What this step's current owes to the outputs of the step before it.
      let adjoint = learner.currentAdjoint + (step * currents + layer.pointee.description.firstRecurrentCurrent) * width
      if let synapses = layer.pointee.view.pointee.synapses {
        kernels.project_synapses(learner.startAdjoint, synapses, layer.pointee.description.gateCount, width, adjoint)
      } else {
        kernels.project(
          learner.startAdjoint, width, layer.pointee.parameters + layer.pointee.description.inputCount * rowWidth, size,
          rowWidth, adjoint, rowWidth, 1, learner.transposed)
      }
      if step > 0 { add(learner.startAdjoint, to: outputAdjoint + (step - 1) * width, size) }
    }
  }

  private func sweep(
    _ layer: UnsafePointer<Layer>, _ learner: Learner, _ steps: Range<Int>, _ outputAdjoint: UnsafePointer<Float>,
    instantaneous: Bool = false
  ) {
    let sweep = kernel_sweep(
      first: steps.lowerBound, last: steps.upperBound, output_adjoint: outputAdjoint, adjoint: learner.adjoint,
      current_adjoint: learner.currentAdjoint, instantaneous: instantaneous,
      parameter_gradient: learner.parameterGradient)
    withUnsafePointer(to: sweep) { kernels.sweep(layer.pointee.view, $0) }
  }

  /// Gradient and eligibility of the layer at the end of the window.
  private func carry(_ layer: UnsafePointer<Layer>, _ learner: Learner, taught: Bool, outputDecay: Float) {
    guard let state = layer.pointee.learning else { return }
    let events = layer.pointee.events
    let rowed = layer.pointee.description.rowedCount
    var groups = kernel_groups(
      offsets: learner.offsets, times: learner.times, values: learner.values, row_count: rowed,
      is_active: state.isActive, active: learner.active, active_count: 0)
    let history = kernel_history(starts: events.starts, indices: events.indices, values: events.values)
    let presynaptic = layer.pointee.description.presynapticCount
    withUnsafePointer(to: history) { kernels.group($0, learner.steps, presynaptic, &groups) }
    withUnsafePointer(to: groups) { groups in
      let pass = kernel_carry(
        first: 0, last: layer.pointee.width, size: layer.pointee.description.size, steps: learner.steps,
        presynaptic_count: rowed, input_count: Int32(truncatingIfNeeded: layer.pointee.description.inputCount),
        events: groups, eligibility: state.eligibility, gradient: taught ? state.gradients : nil,
        adjoint: learner.adjoint, current_adjoint: learner.currentAdjoint,
        parameter_gradient: learner.parameterGradient, output_eligibility: state.outputEligibility,
        output_adjoint: learner.startAdjoint, output_decay: outputDecay, scratch: learner.carryScratch)
      // A synapse takes about as long as ten neurons of a row.
      let elements =
        layer.pointee.description.rowCount * layer.pointee.width + 10 * layer.pointee.description.synapseCount
      let work = elements * layer.pointee.description.stateCount
      run(
        CarryJob(
          kernel: kernels.carry, view: layer.pointee.view, pass: pass, block: blockSize,
          scratchSize: learner.carryScratchSize, pieces: pieces(of: work)))
    }
  }

  /// The adjoint q' of the readout's state before the window, as it reaches the outputs that the state is made of:
  /// W_oᵀ (1 - κ) q'. Returns κ̄, the mean of κ: by it the readout forgets them in a step.
  private func filterReadout(_ readout: UnsafePointer<Layer>, _ learner: Learner) -> Float {
    let (width, size) = (readout.pointee.width, readout.pointee.description.size)
    let decay = readout.pointee.view.pointee.derived + Int(KERNEL_INTEGRATOR_DECAY) * width
    let gain = readout.pointee.view.pointee.derived + Int(KERNEL_INTEGRATOR_GAIN) * width
    var sum: Float = 0
    for index in 0..<size {
      sum += decay[index]
      learner.adjoint[index] *= gain[index]
    }
    kernels.project(
      learner.startAdjoint, width, readout.pointee.parameters, readout.pointee.description.inputCount, width,
      learner.adjoint, width, 1, learner.transposed)
    return sum / Float(size)
  }

  /// ℓ of the layer below: through gI of this layer, or with spatial credit through the same step only (D ℓ).
  private func projectDown(
    _ layer: UnsafePointer<Layer>, _ learner: Learner, _ outputAdjoint: UnsafePointer<Float>, to widthBelow: Int
  ) {
    let (width, description) = (layer.pointee.width, layer.pointee.description)
    if settings.credit == .spatial {
      learner.adjoint.update(repeating: 0, count: description.stateCount * width)
      sweep(layer, learner, 0..<learner.steps, outputAdjoint, instantaneous: true)
    }
    kernels.project(
      learner.outputAdjoint, widthBelow, layer.pointee.parameters, description.inputCount,
      description.gateCount * width, learner.currentAdjoint, description.currentCount * width, learner.steps,
      learner.transposed)
  }

  private mutating func gatherStatistics(_ learner: Learner) {
    for step in 0..<learner.steps where learner.taught[step] {
      statistics.taughtSteps += 1
      statistics.correctSteps += learner.correct[step] ? 1 : 0
      statistics.weight += learner.weights[step]
      statistics.lossSum += learner.losses[step]
      self.learner?.pointee.batchWeight += learner.weights[step]
      self.learner?.pointee.batchLoss += learner.losses[step]
      self.learner?.pointee.gatheredWeight += learner.weights[step]
    }
  }
}

private func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { target[index] += source[index] }
}
