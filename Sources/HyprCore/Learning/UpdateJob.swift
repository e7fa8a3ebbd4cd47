internal import CSystem

/// The optimizer step on the gradient gathered since the last one, unless nothing was taught. It advances in ranges of parameters.
struct UpdateJob {
  private enum Stage { case norm, optimize, derive, done }

  private var stage = Stage.norm
  /// About how many multiply-adds were done.
  private(set) var done = 0
  /// Whether the gradient was dropped.
  private(set) var isSkipped = false
  /// Of the norm and the optimizer: a tensor and its next number.
  private var (tensor, start) = (0, 0)
  /// What is computed from the parameters: the next layer.
  private var layer = 0
  private var squareSum = 0.0
  /// Of the parameters and of what they are pulled to; 0 where nothing is added to the gradient or taken from them for it.
  private var valueSquares = 0.0
  /// The learning rate, and what else all tensors share; nil before it begins: then as the schedule says.
  private var rate: Double?
  private var step = kernel_update()
  private var changes = false

  @_optimize(speed) init(rate: Double? = nil) { self.rate = rate }

  /// Of a number in the norm, when it is moved, and of what is computed from a layer's parameters.
  private static var workOfNorm: Int { 2 }
  private static var workOfOptimizing: Int { 10 }
  private static func workOfDeriving(_ layer: borrowing Layer) -> Int { 20 * Int(layer.neuron.derived_count) * layer.shape.width }

  /// About how many multiply-adds it takes.
  @_optimize(speed) static func work(_ network: borrowing Network) -> Int {
    var work = 0
    for array in network.parameters.arrays { work += (workOfNorm + workOfOptimizing) * array.count }
    for layer in network.layers { work += workOfDeriving(layer) }
    return work
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done.
  @_optimize(speed) @inline(never) mutating func advance(_ learner: inout Learner, _ network: borrowing Network, work: Int) -> Bool {
    let arrays = network.parameters.arrays
    switch stage {
    case .norm:
      if learner.progress.gathered.steps == 0 {
        stage = .done
      } else if tensor == arrays.count {
        begin(&learner, network)
      } else {
        addSquares(UnsafePointer(arrays.baseAddress! + tensor), learner, network)
      }
    case .optimize:
      if tensor == arrays.count {
        learner.progress.statistics.updates += 1
        if learner.progress.gathered.areOfStream { learner.progress.statistics.scheduledUpdates += 1 }
        if !changes { learner.progress.statistics.unchangedUpdates += 1 }
        stage = .derive
      } else {
        // Whole lines of the cache.
        let array = UnsafePointer(arrays.baseAddress! + tensor)
        let count = min(array.pointee.count - start, max(work / (16 * UpdateJob.workOfOptimizing), 1) * 16)
        optimize(array, count, learner, network)
        goOn(count, of: array.pointee.count)
        done += UpdateJob.workOfOptimizing * count
      }
    case .derive:
      network.layers.baseAddress.map { ($0 + layer).pointee.deriveNext(network.kernels, network.parameters) }
      done += UpdateJob.workOfDeriving(network.layers[layer])
      layer += 1
      if layer == network.layers.count {
        stage = .done
        learner.progress.hasUpdate = network.parameters.areApart
      }
    case .done: break
    }
    guard stage == .done else { return true }
    learner.progress.gathered = GatheredTargets()
    return false
  }

  /// Past `count` numbers of the tensor.
  @_optimize(speed) private mutating func goOn(_ count: Int, of all: Int) {
    start += count
    if start >= all { (tensor, start) = (tensor + 1, 0) }
  }

  @_optimize(speed) private mutating func addSquares(
    _ array: UnsafePointer<TrainedArray>, _ learner: borrowing Learner, _ network: borrowing Network
  ) {
    // Always as many at a time: the sum has the same bits whatever the pieces.
    let count = min(array.pointee.count - start, 1 << 14)
    if learner.isTrained(tensor), let gradients = array.pointee.gradients {
      squareSum += network.kernels.pointee.square_sum(gradients + start, count)
      if learner.settings.weightDecay > 0 || learner.settings.anchorStrength > 0 {
        valueSquares += network.kernels.pointee.square_sum(array.pointee.values + start, count)
        if let anchor = array.pointee.anchor { valueSquares += network.kernels.pointee.square_sum(anchor + start, count) }
      }
    }
    goOn(count, of: array.pointee.count)
    done += UpdateJob.workOfNorm * count
  }

  /// When the norm is known. A gradient that is not finite, or with which something else might not stay so, is dropped and counted.
  @_optimize(speed) private mutating func begin(_ learner: inout Learner, _ network: borrowing Network) {
    let norm = squareSum.squareRoot() * learner.reductionScale
    let clip = learner.gradientLimit
    let scale = clip > 0 && norm > clip ? clip / norm : 1
    let rate = rate ?? learner.settings.learningRate(after: learner.progress.statistics.scheduledUpdates)
    self.rate = rate
    step = kernel_update(learner, gradientScale: learner.reductionScale * scale)
    guard keepsFinite(norm * scale, rate, learner) else {
      learner.progress.statistics.skippedUpdates += 1
      isSkipped = true
      network.dropOverflownTraces()
      network.parameters.clearGradients()
      stage = .done
      return
    }
    learner.progress.statistics.gradientNorm = norm
    (tensor, start) = (0, 0)
    stage = .optimize
  }

  /// Whether parameters and moments stay finite with a gradient of this length, which none of its elements exceeds; nor do moments,
  /// but that of momentum, exceed the longest of the gradients that they are made of. False if the length is not a number.
  private func keepsFinite(_ length: Double, _ rate: Double, _ learner: borrowing Learner) -> Bool {
    let (largest, mostRate) = (Double(Float.greatestFiniteMagnitude), max(rate * Option.largestRateFactor, 1))
    let values = valueSquares.squareRoot()
    // A factor that no float can be would end the gradient, too.
    guard step.gradient_scale.isNormal, values * max(mostRate * learner.settings.weightDecay, 1) < largest / 2 else { return false }
    let slope = min(length, Double(step.value_limit)) + (learner.settings.weightDecay + 2 * learner.settings.anchorStrength) * values
    // A step so much smaller than the largest number leaves even that as it is.
    switch learner.settings.optimizer {
    case .adam, .adamW: return slope * slope * Double(step.correction2) < largest
    case .momentum: return slope / (1 - learner.settings.beta1) * mostRate < largest / 1e8
    case .gradientDescent, .normalizedLeastMeanSquares: return slope * mostRate < largest / 1e8
    }
  }

  /// Moves the next `count` numbers of the tensor, where they are or to where those lie that come next.
  @_optimize(speed) private mutating func optimize(
    _ array: UnsafePointer<TrainedArray>, _ count: Int, _ learner: borrowing Learner, _ network: borrowing Network
  ) {
    guard let gradients = array.pointee.gradients else { return }
    let (values, nextValues) = (array.pointee.values + start, array.pointee.nextValues + start)
    guard learner.isTrained(tensor) else {
      if values != nextValues { nextValues.copy(from: values, count: count) }
      return (gradients + start).clear(count)
    }
    step.count = count
    (step.values, step.next_values) = (UnsafePointer(values), nextValues)
    step.gradients = gradients + start
    step.moment1 = array.pointee.moment1.map { ($0 + start).start }
    step.moment2 = array.pointee.moment2.map { ($0 + start).start }
    step.anchor = UnsafePointer(array.pointee.anchor.map { $0 + start })
    let rule = learner.resources.rules + tensor
    step.learning_rate = Float((rate ?? 0) * rule.pointee.rateFactor)
    (step.coupled_decay, step.decoupled_decay) = (rule.pointee.coupledDecay, rule.pointee.decoupledDecay)
    (step.lower, step.upper, step.absolute) = (rule.pointee.lower, rule.pointee.upper, rule.pointee.isAbsolute)
    if OptimizePieces.run(network.kernels, &step, learner.resources.pool) { changes = true }
  }
}

extension kernel_update {
  /// What all parameters share in the next update.
  fileprivate init(_ learner: borrowing Learner, gradientScale: Double) {
    self.init()
    let number = Double(learner.progress.statistics.updates + 1)
    let (first, second) = (learner.settings.beta1, learner.settings.beta2)
    rule = learner.settings.optimizer.rule
    gradient_scale = Float(gradientScale)
    value_limit = learner.settings.valueClip > 0 ? Float(learner.settings.valueClip) : .greatestFiniteMagnitude
    (beta1, beta2, epsilon) = (Float(first), Float(second), Float(learner.settings.epsilon))
    (complement1, complement2) = (Float(1 - first), Float(1 - second))
    correction1 = Float(1 / (1 - system_power(first, number)))
    correction2 = Float(1 / (1 - system_power(second, number)))
    anchor_strength = Float(learner.settings.anchorStrength)
    moment_size = learner.settings.learningMemoryType.size
    (rounding1, rounding2) = RoundingKeys(learner.progress.statistics.updates).keys
  }
}

extension Optimizer {
  /// The kernel's rule: AdamW is Adam with another decay, and the errors of normalized least mean squares were divided before.
  fileprivate var rule: Int32 {
    switch self {
    case .gradientDescent, .normalizedLeastMeanSquares: Int32(KERNEL_RULE_GRADIENT_DESCENT)
    case .momentum: Int32(KERNEL_RULE_MOMENTUM)
    case .adam, .adamW: Int32(KERNEL_RULE_ADAM)
    }
  }
}
