internal import CSystem

// The P-stage of HYPR (arXiv 2506.14464): the gradient of a window and the eligibility at its end, in parallel over neurons.
//
// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
//   backward   q' and gI = ∂L/∂I of every step, from one sweep of the loss adjoint
//   carry      Φ and Φ B of every step, from one sweep of a unit adjoint per state variable
//   gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, and the adjoint that so reaches z' meets its own
// eligibility e_z, which comes from one more unit sweep.

extension Session {
  /// Closes the open window: gathers its gradient, carries the eligibility over and, if that is when, updates the parameters.
  /// With `updating` false the parameters stay, whenever updates are due.
  mutating func closeWindow(updating: Bool = true) {
    guard let learner, learner.steps > 0 else { return }
    let taught = learner.hasTarget
    var outputAdjoint = taught ? learner.outputError : nil
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let layer = layers[index]
      guard let state = layer.learning else { continue }
      if let outputAdjoint { sweepLoss(layer, learner, outputAdjoint) }
      sweepTransition(layer, learner)
      if state.outputEligibility != nil { sweepOutput(layer, learner) }
      carry(layer, state, learner, taught: taught)
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
      kernels.project(
        learner.startAdjoint, layer.parameters + description.inputCount * layer.width, description.size,
        learner.currentAdjoint + step * layer.width, layer.width)
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

  /// A unit adjoint of z at the end of the window.
  private func sweepOutput(_ layer: Layer, _ learner: Learner) {
    guard let output = learner.outputCarry else { return }
    let width = layer.width
    output.unit.update(repeating: 0, count: learner.steps * width)
    (output.unit + (learner.steps - 1) * width).update(repeating: 1, count: layer.description.size)
    output.transition.update(repeating: 0, count: layer.description.stateCount * width)
    output.parameters.update(repeating: 0, count: layer.description.parameterCount * width)
    let paths = SweepPaths(
      adjoint: output.transition, currentAdjoint: output.currentAdjoint, currentStride: width,
      parameters: output.parameters, parameterStride: width)
    sweep(layer, 0..<learner.steps, output.unit, paths)
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
  private func carry(_ layer: Layer, _ state: LayerLearning, _ learner: Learner, taught: Bool) {
    let width = layer.width
    let description = layer.description
    let eligibilityStride = description.stateCount * width
    let pass = kernel_carry(
      width: width, rows: state.activeRows, row_count: state.activeCount.pointee, eligibility: state.eligibility,
      transition: learner.transition, gradient: taught ? state.gradients : nil, adjoint: taught ? learner.adjoint : nil,
      output_eligibility: state.outputEligibility, output_transition: learner.outputCarry?.transition,
      output_adjoint: learner.startAdjoint)
    withUnsafePointer(to: pass) { kernels.carry(description.neuron, $0) }

    let events = layer.events
    for step in 0..<learner.steps {
      let (rows, values) = (events.rows + events.starts[step], events.values + events.starts[step])
      let count = events.count(step)
      if taught {
        kernels.scatter(state.gradients, width, learner.currentAdjoint + step * width, width, rows, values, count)
      }
      kernels.scatter(
        state.eligibility, eligibilityStride, learner.carryAdjoint + step * eligibilityStride, eligibilityStride, rows,
        values, count)
      if let eligibility = state.outputEligibility, let output = learner.outputCarry {
        kernels.scatter(eligibility, width, output.currentAdjoint + step * width, width, rows, values, count)
      }
      for event in 0..<count { state.activate(rows[event]) }
    }
    let firstParameter = description.presynapticCount
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
      kernels.project(target, layer.parameters, inputCount, learner.currentAdjoint + step * layer.width, layer.width)
      (target + inputCount).update(repeating: 0, count: width - inputCount)
    }
  }

  private mutating func gatherStatistics(_ learner: Learner) {
    var taught = 0
    for step in 0..<learner.steps where learner.taught[step] {
      taught += 1
      statistics.lossSum += learner.losses[step]
      self.learner?.batchLoss += learner.losses[step]
      statistics.correctSteps += learner.correct[step] ? 1 : 0
    }
    statistics.taughtSteps += UInt64(taught)
    self.learner?.batchTaught += taught
    self.learner?.gathered += taught
  }
}

private func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { target[index] += source[index] }
}
