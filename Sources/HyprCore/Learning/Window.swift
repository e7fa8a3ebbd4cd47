internal import CSystem

// The P-stage of HYPR (arXiv 2506.14464): the gradient of a window and the eligibility at its end, in parallel over neurons.
//
// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
//   backward   q' and gI = ∂L/∂I of every step, from one sweep of the loss adjoint
//   carry      Φ and Φ B of every step, from one sweep of a unit adjoint per state variable
//   gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, and the adjoint that so reaches z' meets its own
// eligibility e_z, which comes from one more unit sweep. With filtered credit the top layer carries, in the place of e_z, the
// eligibility of its outputs as the readout remembers them: ε̄ = Σ κ̄^(t1 - t) ∂z/∂(parameters) over all steps t until now.

extension Session {
  /// Closes the open window: gathers its gradient, carries the eligibility over and, if that is when, updates the parameters.
  /// With `updating` false the parameters stay, whenever updates are due.
  mutating func closeWindow(updating: Bool = true) {
    guard let learner, learner.steps > 0 else { return }
    let taught = learner.hasTarget
    var outputAdjoint = taught ? learner.outputError : nil
    // κ̄ of the outputs that the layer carries; 0: only those of the last step.
    var outputDecay: Float = 0
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let layer = layers[index]
      guard let state = layer.learning else { continue }
      if let outputAdjoint {
        addSpikeRatePenalty(layer, learner, to: outputAdjoint)
        sweepLoss(layer, learner, outputAdjoint)
      }
      sweepTransition(layer, learner)
      let keptOutput = state.outputEligibility == nil ? 0 : sweepOutput(layer, learner, decay: outputDecay)
      carry(layer, state, learner, taught: taught, keptOutput: keptOutput)
      if settings.credit == .filtered && index == layers.count - 1 { outputDecay = filterReadout(layer, learner) }
      if let above = outputAdjoint, index > 0 {
        projectDown(layer, learner, above, to: layers[index - 1].width)
        outputAdjoint = learner.outputAdjoint
      }
      layer.copySlot(from: learner.steps, to: 0)
    }
    slot = 0
    gatherStatistics(learner)
    self.learner?.steps = 0
    if updating && settings.update == .window { update() }
  }

  /// The loss adjoint backwards through the window.
  private func sweepLoss(_ layer: Layer, _ learner: Learner, _ outputAdjoint: UnsafeMutablePointer<Float>) {
    let description = layer.description
    learner.adjoint.update(repeating: 0, count: description.stateCount * layer.width)
    learner.parameterGradient.update(repeating: 0, count: description.parameterCount * layer.width)
    let paths = SweepPaths(
      adjoint: learner.adjoint, currentAdjoint: learner.currentAdjoint, currentStride: layer.width,
      parameters: learner.parameterGradient, parameterStride: layer.width)
    guard settings.credit == .recurrent && description.isRecurrent else {
      sweep(layer, 0..<learner.steps, outputAdjoint, paths)
      return
    }
    for step in stride(from: learner.steps - 1, through: 0, by: -1) {
      sweep(layer, step..<step + 1, outputAdjoint, paths)
      // What this step's current owes to the outputs of the step before it.
      let width = description.gateCount * layer.width
      kernels.project(
        learner.startAdjoint, layer.parameters + description.inputCount * width, description.size,
        learner.currentAdjoint + (step * description.currentCount + description.firstRecurrentCurrent) * layer.width,
        width)
      if step > 0 { add(learner.startAdjoint, to: outputAdjoint + (step - 1) * layer.width, description.size) }
    }
    (learner.startAdjoint + description.size).update(repeating: 0, count: layer.width - description.size)
  }

  /// One unit adjoint per state variable: rows of Φ, and Φ B and Φ F of every step.
  private func sweepTransition(_ layer: Layer, _ learner: Learner) {
    let width = layer.width
    let count = layer.description.stateCount
    learner.transition.update(repeating: 0, count: count * count * width)
    learner.parameterCarry.update(repeating: 0, count: layer.description.parameterCount * count * width)
    for state in 0..<count {
      let adjoint = learner.transition + state * count * width
      // Not of padding neurons: their eligibility stays zero, whatever their parameters would do.
      (adjoint + state * width).update(repeating: 1, count: layer.description.size)
      let paths = SweepPaths(
        adjoint: adjoint, currentAdjoint: learner.carryAdjoint + state * width, currentStride: count * width,
        parameters: learner.parameterCarry + state * width, parameterStride: count * width)
      sweep(layer, 0..<learner.steps, nil, paths)
    }
  }

  /// An adjoint of z that is one at the end of the window and `decay` times smaller at every step before. Returns what is left of
  /// it before the window.
  private func sweepOutput(_ layer: Layer, _ learner: Learner, decay: Float) -> Float {
    guard let output = learner.outputCarry else { return 0 }
    let width = layer.width
    var weight: Float = 1
    for step in stride(from: learner.steps - 1, through: 0, by: -1) {
      let row = output.adjoint + step * width
      row.update(repeating: weight, count: layer.description.size)
      (row + layer.description.size).update(repeating: 0, count: width - layer.description.size)
      weight *= decay
    }
    output.transition.update(repeating: 0, count: layer.description.stateCount * width)
    output.parameters.update(repeating: 0, count: layer.description.parameterCount * width)
    let paths = SweepPaths(
      adjoint: output.transition, currentAdjoint: output.currentAdjoint, currentStride: width,
      parameters: output.parameters, parameterStride: width)
    sweep(layer, 0..<learner.steps, output.adjoint, paths)
    return weight
  }

  /// The adjoint q' of the readout's state before the window, as it reaches the outputs that the state is made of:
  /// W_oᵀ (1 - κ) q'. Returns κ̄, the mean of κ: by it the readout forgets them in a step.
  private func filterReadout(_ readout: Layer, _ learner: Learner) -> Float {
    let (width, size) = (readout.width, readout.description.size)
    let decay = readout.view.derived + Int(KERNEL_INTEGRATOR_DECAY) * width
    let gain = readout.view.derived + Int(KERNEL_INTEGRATOR_GAIN) * width
    var sum: Float = 0
    for index in 0..<size {
      sum += decay[index]
      learner.adjoint[index] *= gain[index]
    }
    let inputCount = readout.description.inputCount
    kernels.project(learner.startAdjoint, readout.parameters, inputCount, learner.adjoint, width)
    let padded = layers[layers.count - 2].width
    (learner.startAdjoint + inputCount).update(repeating: 0, count: padded - inputCount)
    return sum / Float(size)
  }

  /// Where a sweep takes its adjoint from and what it fills.
  private struct SweepPaths {
    let adjoint, currentAdjoint: UnsafeMutablePointer<Float>
    let currentStride: Int
    let parameters: UnsafeMutablePointer<Float>
    let parameterStride: Int
  }

  private func sweep(
    _ layer: Layer, _ steps: Range<Int>, _ outputAdjoint: UnsafePointer<Float>?, _ paths: SweepPaths,
    instantaneous: Bool = false
  ) {
    let sweep = kernel_sweep(
      first: steps.lowerBound, last: steps.upperBound, output_adjoint: outputAdjoint, adjoint: paths.adjoint,
      current_adjoint: paths.currentAdjoint, current_stride: paths.currentStride, instantaneous: instantaneous,
      parameter_gradient: paths.parameters, parameter_stride: paths.parameterStride)
    withUnsafePointer(to: layer.view) { view in withUnsafePointer(to: sweep) { kernels.sweep(view, $0) } }
  }

  /// Gradient and eligibility: first what comes through the state at the start of the window, then the window's own events.
  private func carry(
    _ layer: Layer, _ state: LayerLearning, _ learner: Learner, taught: Bool, keptOutput: Float
  ) {
    let width = layer.width
    let description = layer.description
    let eligibilityStride = description.stateCount * width
    let pass = kernel_carry(
      width: width, rows: state.activeRows, row_count: state.activeCount.pointee, eligibility: state.eligibility,
      transition: learner.transition, gradient: taught ? state.gradients : nil, adjoint: taught ? learner.adjoint : nil,
      output_eligibility: state.outputEligibility, output_transition: learner.outputCarry?.transition,
      output_adjoint: learner.startAdjoint, output_decay: keptOutput)
    withUnsafePointer(to: pass) { kernels.carry(description.neuron, $0) }

    for step in 0..<learner.steps {
      layer.forEachGroup(step) { events in
        let current = step * description.currentCount + events.firstCurrent
        if taught {
          scatter(events, to: state.gradients, description.gateCount * width, learner.currentAdjoint + current * width)
        }
        scatter(
          events, to: state.eligibility, description.gateCount * eligibilityStride,
          learner.carryAdjoint + current * eligibilityStride)
        if let eligibility = state.outputEligibility, let output = learner.outputCarry {
          scatter(events, to: eligibility, description.gateCount * width, output.currentAdjoint + current * width)
        }
        for event in 0..<events.count { state.activate(events.indices[event], gates: description.gateCount) }
      }
    }
    let firstParameter = description.weightRowCount
    if taught {
      add(learner.parameterGradient, to: state.gradients + firstParameter * width, description.parameterCount * width)
    }
    add(
      learner.parameterCarry, to: state.eligibility + firstParameter * eligibilityStride,
      description.parameterCount * eligibilityStride)
    if let eligibility = state.outputEligibility, let output = learner.outputCarry {
      add(output.parameters, to: eligibility + firstParameter * width, description.parameterCount * width)
    }
  }

  /// Adds the piece of every event, its value times `source`, to that event's piece of `target`.
  private func scatter(
    _ events: EventGroup, to target: UnsafeMutablePointer<Float>, _ width: Int, _ source: UnsafePointer<Float>
  ) {
    kernels.scatter(target, width, source, width, events.indices, events.values, events.count)
  }

  /// ℓ of the layer below: through gI of this layer, or with spatial credit through the same step only (D ℓ).
  private func projectDown(_ layer: Layer, _ learner: Learner, _ outputAdjoint: UnsafePointer<Float>, to width: Int) {
    if settings.credit == .spatial {
      learner.adjoint.update(repeating: 0, count: layer.description.stateCount * layer.width)
      let paths = SweepPaths(
        adjoint: learner.adjoint, currentAdjoint: learner.currentAdjoint, currentStride: layer.width,
        parameters: learner.parameterGradient, parameterStride: layer.width)
      sweep(layer, 0..<learner.steps, outputAdjoint, paths, instantaneous: true)
    }
    let inputCount = layer.description.inputCount
    for step in 0..<learner.steps {
      let target = learner.outputAdjoint + step * width
      kernels.project(
        target, layer.parameters, inputCount,
        learner.currentAdjoint + step * layer.description.currentCount * layer.width,
        layer.description.gateCount * layer.width)
      (target + inputCount).update(repeating: 0, count: width - inputCount)
    }
  }

  private mutating func gatherStatistics(_ learner: Learner) {
    for step in 0..<learner.steps where learner.taught[step] {
      statistics.taughtSteps += 1
      statistics.correctSteps += learner.correct[step] ? 1 : 0
      statistics.weight += learner.weights[step]
      statistics.lossSum += learner.losses[step]
      self.learner?.batchWeight += learner.weights[step]
      self.learner?.batchLoss += learner.losses[step]
      self.learner?.gatheredWeight += learner.weights[step]
    }
  }
}

private func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { target[index] += source[index] }
}
