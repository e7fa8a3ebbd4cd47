internal import CSystem

/// The optimizer step on the gradient gathered since the last one, unless nothing was taught. It advances in ranges of parameters.
struct UpdateJob {
  private enum Stage {
    /// The norm of the gradient: tensor, and its next number.
    case norm(Int, Int)
    case optimize(Int, Int)
    /// What is computed from the parameters: the next layer.
    case derive(Int)
    case done
  }

  private var stage: Stage
  private var squareSum = 0.0
  private var step = kernel_update()

  init(_ learner: Learner) { stage = learner.gatheredWeight > 0 ? .norm(0, 0) : .done }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done.
  mutating func advance(_ learner: inout Learner, _ network: Network, work: Int) -> Bool {
    let arrays = network.parameters.arrays
    switch stage {
    case .norm(let tensor, let start):
      guard tensor < arrays.count else {
        begin(&learner, network)
        break
      }
      // Always as many at a time: the sum has the same bits whatever the pieces.
      let array = arrays[tensor]
      let count = learner.isTrained(tensor) ? min(array.count - start, 1 << 14) : array.count - start
      if let gradients = array.gradients, learner.isTrained(tensor) {
        squareSum += network.kernels.pointee.square_sum(gradients + start, count)
      }
      stage = start + count < array.count ? .norm(tensor, start + count) : .norm(tensor + 1, 0)
    case .optimize(let tensor, let start):
      guard tensor < arrays.count else {
        learner.statistics.updates += 1
        stage = .derive(0)
        break
      }
      // Whole lines of the cache.
      let count = min(arrays[tensor].count - start, max(work / 16, 1) * 16)
      optimize(tensor, start..<start + count, learner, network)
      stage = start + count < arrays[tensor].count ? .optimize(tensor, start + count) : .optimize(tensor + 1, 0)
    case .derive(let layer):
      network.layers[layer].derive(network.kernels)
      stage = layer + 1 < network.layers.count ? .derive(layer + 1) : .done
    case .done: break
    }
    guard case .done = stage else { return true }
    learner.gatheredWeight = 0
    return false
  }

  /// When the norm is known. A gradient that is not finite is dropped and counted.
  private mutating func begin(_ learner: inout Learner, _ network: Network) {
    let norm = squareSum.squareRoot() * learner.reductionScale
    guard norm.isFinite else {
      learner.statistics.skippedUpdates += 1
      dropOverflownTraces(network)
      network.parameters.clearGradients()
      stage = .done
      return
    }
    learner.statistics.gradientNorm = norm
    let clip = learner.settings.gradientClip
    let scale = clip > 0 && norm > clip ? clip / norm : 1
    step = kernel_update(
      learner.settings, after: learner.statistics.updates, gradientScale: learner.reductionScale * scale)
    stage = .optimize(0, 0)
  }

  /// An eligibility that has overflown would spoil every later gradient: its layer begins again.
  private func dropOverflownTraces(_ network: Network) {
    for layer in network.layers {
      // What an earlier sequence left overflown counts as zero.
      layer.eraseInactive()
      if !layer.tracesAreFinite(network.kernels) { layer.eraseTraces() }
    }
  }

  private func optimize(_ tensor: Int, _ range: Range<Int>, _ learner: Learner, _ network: Network) {
    let part = network.parameters.arrays[tensor].part(range)
    guard learner.isTrained(tensor) else { return part.clearGradients() }
    let settings = learner.settings
    let facts = learner.tensors[tensor]
    var update = step
    update.count = part.count
    update.parameters = part.values
    update.gradients = part.gradients
    update.moment1 = part.moment1
    update.moment2 = part.moment2
    update.anchor = UnsafePointer(part.anchor)
    update.learning_rate = Float(
      settings.learningRate(after: learner.statistics.updates) * settings.rateFactor(facts.group))
    let decay = facts.isMatrix ? Float(settings.weightDecay) : 0
    (update.coupled_decay, update.decoupled_decay) = settings.optimizer == .adamW ? (0, decay) : (decay, 0)
    (update.lower, update.upper, update.absolute) = (facts.bounds.lower, facts.bounds.upper, facts.bounds.absolute)
    OptimizePieces(kernel: network.kernels.pointee.optimize, update: update).run(learner.pool)
  }
}

extension kernel_update {
  /// What all parameters share in the update that follows `updates` others.
  fileprivate init(_ settings: Settings, after updates: UInt64, gradientScale: Double) {
    self.init()
    let number = Double(updates + 1)
    let (first, second) = (settings.beta1, settings.beta2)
    rule = settings.optimizer.rule
    gradient_scale = Float(gradientScale)
    value_limit = settings.valueClip > 0 ? Float(settings.valueClip) : .greatestFiniteMagnitude
    (beta1, beta2, epsilon) = (Float(first), Float(second), Float(settings.epsilon))
    (complement1, complement2) = (Float(1 - first), Float(1 - second))
    correction1 = Float(1 / (1 - system_power(first, number)))
    correction2 = Float(1 / (1 - system_power(second, number)))
    anchor_strength = Float(settings.anchorStrength)
  }
}

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
