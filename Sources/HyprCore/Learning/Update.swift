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
    guard let learner, learner.gathered > 0, settings.reduction == .mean else { return 1 }
    return 1 / Double(learner.gathered)
  }

  /// One optimizer step, unless nothing was taught. A gradient that is not finite is dropped and counted.
  mutating func update() {
    guard let learner, learner.gathered > 0 else { return }
    let norm = gradientNorm() * reductionScale
    if norm.isFinite {
      step(scale: reductionScale * clipFactor(norm))
      statistics.updates += 1
      statistics.gradientNorm = norm
      deriveAll()
    } else {
      statistics.skippedUpdates += 1
    }
    parameters.clearGradients()
    self.learner?.gathered = 0
  }

  /// Whether this session trains a tensor: its group has a learning rate, and the model file allows it.
  func isTrained(_ tensor: TensorDescription) -> Bool { tensor.trainable && settings.rateFactor(tensor.group) > 0 }

  private func clipFactor(_ norm: Double) -> Double {
    settings.gradientClip > 0 && norm > settings.gradientClip ? settings.gradientClip / norm : 1
  }

  /// Euclidean norm of the gathered sum over all trained tensors.
  private func gradientNorm() -> Double {
    var sum = 0.0
    for tensor in model.pointee.tensors where isTrained(tensor) {
      let block = parameters.blocks[tensor.layer]
      guard let gradients = block.gradients else { continue }
      sum += kernels.square_sum(gradients + tensor.firstRow * block.width, tensor.rowCount * block.width)
    }
    return sum.squareRoot()
  }

  private func step(scale: Double) {
    let number = Double(statistics.updates + 1)
    let rate = settings.learningRate(after: statistics.updates)
    for tensor in model.pointee.tensors where isTrained(tensor) {
      let block = parameters.blocks[tensor.layer]
      guard let gradients = block.gradients else { continue }
      let start = tensor.firstRow * block.width
      let decay = tensor.isMatrix ? settings.weightDecay : 0
      let update = kernel_update(
        rule: settings.optimizer.rule, count: tensor.rowCount * block.width, parameters: block.values + start,
        gradients: gradients + start, moment1: block.moment1.map { $0 + start }, moment2: block.moment2.map { $0 + start },
        gradient_scale: Float(scale),
        value_limit: settings.valueClip > 0 ? Float(settings.valueClip) : .greatestFiniteMagnitude,
        learning_rate: Float(rate * settings.rateFactor(tensor.group)), beta1: Float(settings.beta1),
        beta2: Float(settings.beta2), epsilon: Float(settings.epsilon),
        correction1: Float(1 / (1 - system_power(settings.beta1, number))),
        correction2: Float(1 / (1 - system_power(settings.beta2, number))),
        coupled_decay: settings.optimizer == .adamW ? 0 : Float(decay),
        decoupled_decay: settings.optimizer == .adamW ? Float(decay) : 0, anchor: block.anchor.map { $0 + start },
        anchor_strength: Float(settings.anchorStrength), lower: tensor.bounds.lower, upper: tensor.bounds.upper,
        absolute: tensor.bounds.absolute)
      withUnsafePointer(to: update) { kernels.optimize($0) }
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
