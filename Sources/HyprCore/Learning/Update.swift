internal import CSystem

// The optimizer step on the gradient gathered since the last one.

extension Settings {
  /// The learning rate of the update that follows `updates` others.
  func learningRate(after updates: UInt64) -> Double {
    let progress = min(Double(updates) / scheduleUpdates, 1)
    switch schedule {
    case .constant: return learningRate
    case .linear: return learningRate * (1 - progress)
    case .cosine: return learningRate * (1 + system_cos(progress * .pi)) / 2
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

  /// Whether this session trains a tensor: its group is in the mask, and the model file allows it.
  func isTrained(_ tensor: TensorDescription) -> Bool { tensor.trainable && settings.trained.contains(tensor.group) }

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
    for tensor in model.pointee.tensors where isTrained(tensor) {
      let block = parameters.blocks[tensor.layer]
      guard let gradients = block.gradients else { continue }
      let start = tensor.firstRow * block.width
      let update = kernel_update(
        count: tensor.rowCount * block.width, parameters: block.values + start, gradients: gradients + start,
        moment1: block.moment1.map { $0 + start }, moment2: block.moment2.map { $0 + start },
        gradient_scale: Float(scale), learning_rate: Float(settings.learningRate(after: statistics.updates)),
        beta1: Float(settings.beta1), beta2: Float(settings.beta2), epsilon: Float(settings.epsilon),
        correction1: Float(1 / (1 - system_power(settings.beta1, number))),
        correction2: Float(1 / (1 - system_power(settings.beta2, number))),
        lower: tensor.bounds.lower, upper: tensor.bounds.upper, absolute: tensor.bounds.absolute)
      withUnsafePointer(to: update) { settings.optimizer == .adam ? kernels.adam($0) : kernels.gradient_descent($0) }
    }
  }
}
