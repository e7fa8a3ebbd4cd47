internal import CSystem

// The optimizer step on the gradient gathered since the last one.

extension Settings {
  /// The learning rate of the update that follows `updates` others.
  func learningRate(after updates: UInt64) -> Double {
    let progress = min(Double(updates) / scheduleUpdates, 1)
    let warmth = warmUpUpdates == 0 ? 1 : min((Double(updates) + 1) / warmUpUpdates, 1)
    switch schedule {
    case .constant: return learningRate * warmth
    case .linear: return learningRate * warmth * (1 - progress)
    case .cosine: return learningRate * warmth * (1 + system_cos(progress * .pi)) / 2
    }
  }
}

extension Session {
  /// What brings the gathered sum to the gradient that the options define.
  var reductionScale: Double {
    guard let learner, learner.pointee.gatheredWeight > 0, settings.reduction == .mean else { return 1 }
    return 1 / max(learner.pointee.gatheredWeight, smallestWeight * smallestWeight)
  }

  /// One optimizer step, unless nothing was taught. A gradient that is not finite is dropped and counted.
  mutating func update() {
    guard let learner, learner.pointee.gatheredWeight > 0 else { return }
    let norm = gradientNorm() * reductionScale
    if norm.isFinite {
      step(scale: reductionScale * clipFactor(norm))
      statistics.updates += 1
      statistics.gradientNorm = norm
      deriveAll()
    } else {
      statistics.skippedUpdates += 1
      dropOverflownTraces()
      parameters.clearGradients()
    }
    learner.pointee.gatheredWeight = 0
  }

  /// An eligibility that has overflown would spoil every later gradient: its layer begins again.
  private func dropOverflownTraces() {
    for layer in layers {
      guard let learning = layer.learning else { continue }
      // What an earlier sequence left overflown counts as zero.
      learning.eraseInactive(layer.description, width: layer.width, blockSize: blockSize)
      if !learning.isFinite(layer.description, width: layer.width, kernels) { layer.eraseTraces() }
    }
  }

  private func clipFactor(_ norm: Double) -> Double {
    settings.gradientClip > 0 && norm > settings.gradientClip ? settings.gradientClip / norm : 1
  }

  /// Euclidean norm of the gathered sum over all trained tensors.
  private func gradientNorm() -> Double {
    var sum = 0.0
    for index in 0..<model.pointee.tensors.count where isTrained(index) {
      let tensor = model.pointee.tensors[index]
      let block = parameters.blocks[tensor.layer]
      guard let gradients = block.gradients else { continue }
      let run = block.run(of: tensor)
      sum += kernels.square_sum(gradients + run.lowerBound, run.count)
    }
    return sum.squareRoot()
  }

  private func step(scale: Double) {
    let number = Double(statistics.updates + 1)
    let rate = settings.learningRate(after: statistics.updates)
    let (beta1, beta2) = (settings.beta1, settings.beta2)
    let decouples = settings.optimizer == .adamW
    var update = kernel_update()
    update.rule = settings.optimizer.rule
    update.gradient_scale = Float(scale)
    update.value_limit = settings.valueClip > 0 ? Float(settings.valueClip) : .greatestFiniteMagnitude
    (update.beta1, update.beta2, update.epsilon) = (Float(beta1), Float(beta2), Float(settings.epsilon))
    (update.complement1, update.complement2) = (Float(1 - beta1), Float(1 - beta2))
    update.correction1 = Float(1 / (1 - system_power(beta1, number)))
    update.correction2 = Float(1 / (1 - system_power(beta2, number)))
    update.anchor_strength = Float(settings.anchorStrength)
    for index in 0..<model.pointee.tensors.count {
      let tensor = model.pointee.tensors[index]
      guard isTrained(index) else {
        parameters.clearGradients(of: tensor)
        continue
      }
      let block = parameters.blocks[tensor.layer]
      let start = block.run(of: tensor).lowerBound
      update.count = block.run(of: tensor).count
      update.parameters = block.values + start
      update.gradients = block.gradients.map { $0 + start }
      update.moment1 = block.moment1.map { $0 + start }
      update.moment2 = block.moment2.map { $0 + start }
      update.anchor = UnsafePointer(block.anchor.map { $0 + start })
      update.learning_rate = Float(rate * settings.rateFactor(tensor.group))
      let decay = tensor.isMatrix ? Float(settings.weightDecay) : 0
      (update.coupled_decay, update.decoupled_decay) = decouples ? (0, decay) : (decay, 0)
      (update.lower, update.upper, update.absolute) = (tensor.bounds.lower, tensor.bounds.upper, tensor.bounds.absolute)
      run(OptimizeJob(kernel: kernels.optimize, update: update, pieces: pieces(of: update.count)))
    }
  }
}

extension Optimizer {
  /// The kernel's rule: AdamW is Adam with another decay.
  fileprivate var rule: Int32 {
    switch self {
    case .gradientDescent: Int32(KERNEL_RULE_GRADIENT_DESCENT)
    case .momentum: Int32(KERNEL_RULE_MOMENTUM)
    case .adam, .adamW: Int32(KERNEL_RULE_ADAM)
    }
  }
}
