internal import CSystem

// The P-stage of HYPR (arXiv 2506.14464): the gradient of a window and the eligibility at its end, in parallel over neurons.
//
// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
//   backward   q' and gI = ∂L/∂I of every step, from one sweep of the loss adjoint
//   carry      Φ and Φ B of every step, from one sweep of a unit adjoint per state variable
//   gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄

extension Session {
  /// Closes the open window: gathers its gradient, carries the eligibility over and, if that is when, updates the parameters.
  mutating func closeWindow() {
    guard let learner, learner.steps > 0 else { return }
    let taught = learner.hasTarget
    var outputAdjoint = taught ? UnsafePointer(learner.outputError) : nil
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let layer = layers[index]
      guard let state = layer.learning else { continue }
      if let outputAdjoint { sweepLoss(layer, learner, outputAdjoint) }
      sweepTransition(layer, learner)
      carry(layer, state, learner, taught: taught)
      if let above = outputAdjoint, index > 0 {
        projectDown(layer, learner, above, to: layers[index - 1].width)
        outputAdjoint = UnsafePointer(learner.outputAdjoint)
      }
      layer.copySlot(from: learner.steps, to: 0)
    }
    slot = 0
    gatherStatistics(learner)
    self.learner?.steps = 0
    if settings.update == .window { update() }
  }

  /// The loss adjoint backwards through the window.
  private func sweepLoss(_ layer: Layer, _ learner: Learner, _ outputAdjoint: UnsafePointer<Float>) {
    let description = layer.description
    learner.adjoint.update(repeating: 0, count: description.stateCount * layer.width)
    learner.parameterGradient.update(repeating: 0, count: description.parameterCount * layer.width)
    sweep(
      layer, learner, outputAdjoint, adjoint: learner.adjoint, into: learner.currentAdjoint, stride: layer.width,
      parameters: learner.parameterGradient, stride: layer.width)
  }

  /// One unit adjoint per state variable: rows of Φ, and Φ B and Φ F of every step.
  private func sweepTransition(_ layer: Layer, _ learner: Learner) {
    let width = layer.width
    let count = layer.description.stateCount
    learner.transition.update(repeating: 0, count: count * count * width)
    learner.parameterCarry.update(repeating: 0, count: layer.description.parameterCount * count * width)
    for state in 0..<count {
      let adjoint = learner.transition + state * count * width
      (adjoint + state * width).update(repeating: 1, count: width)
      sweep(
        layer, learner, nil, adjoint: adjoint, into: learner.carryAdjoint + state * width, stride: count * width,
        parameters: learner.parameterCarry + state * width, stride: count * width)
    }
  }

  private func sweep(
    _ layer: Layer, _ learner: Learner, _ outputAdjoint: UnsafePointer<Float>?, adjoint: UnsafeMutablePointer<Float>,
    into currentAdjoint: UnsafeMutablePointer<Float>, stride: Int, parameters: UnsafeMutablePointer<Float>,
    stride parameterStride: Int, instantaneous: Bool = false
  ) {
    let sweep = kernel_sweep(
      steps: learner.steps, output_adjoint: outputAdjoint, adjoint: adjoint, current_adjoint: currentAdjoint,
      current_stride: stride, instantaneous: instantaneous, parameter_gradient: parameters,
      parameter_stride: parameterStride)
    withUnsafePointer(to: layer.view) { view in withUnsafePointer(to: sweep) { kernels.sweep(view, $0) } }
  }

  /// Gradient and eligibility: first what comes through the state at the start of the window, then the window's own events.
  private func carry(_ layer: Layer, _ state: LayerLearning, _ learner: Learner, taught: Bool) {
    let width = layer.width
    let description = layer.description
    let eligibilityStride = description.stateCount * width
    let pass = kernel_carry(
      width: width, rows: state.activeRows, row_count: state.activeCount.pointee, eligibility: state.eligibility,
      transition: learner.transition, gradient: taught ? state.gradients : nil, adjoint: taught ? learner.adjoint : nil)
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
      for event in 0..<count { state.activate(rows[event]) }
    }
    let firstParameter = description.presynapticCount
    if taught {
      add(learner.parameterGradient, to: state.gradients + firstParameter * width, description.parameterCount * width)
    }
    add(
      learner.parameterCarry, to: state.eligibility + firstParameter * eligibilityStride,
      description.parameterCount * eligibilityStride)
  }

  /// ℓ of the layer below: through gI of this layer, or with spatial credit through the same step only (D ℓ).
  private func projectDown(_ layer: Layer, _ learner: Learner, _ outputAdjoint: UnsafePointer<Float>, to width: Int) {
    if settings.credit == .spatial {
      learner.adjoint.update(repeating: 0, count: layer.description.stateCount * layer.width)
      sweep(
        layer, learner, outputAdjoint, adjoint: learner.adjoint, into: learner.currentAdjoint, stride: layer.width,
        parameters: learner.parameterGradient, stride: layer.width, instantaneous: true)
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
      statistics.lossSum += Double(learner.losses[step])
      statistics.correctSteps += learner.correct[step] ? 1 : 0
    }
    statistics.taughtSteps += UInt64(taught)
    self.learner?.gathered += taught
  }
}

private func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { target[index] += source[index] }
}
