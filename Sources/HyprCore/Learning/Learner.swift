internal import CSystem

/// What a session needs to learn beside its network: targets of the open window, what was gathered since the last update, and the
/// working memory of the end of a window.
struct Learner: ~Copyable {
  let settings: Settings
  let tensors: UnsafeBufferPointer<TensorDescription>
  let targets: Targets
  let adjoints: Adjoints
  let pool: ThreadPool?
  /// One flag per tensor: whether the model file and the options let it be trained.
  let trainable: UnsafeMutablePointer<Bool>
  /// One flag per tensor: whether the host keeps it as it is.
  let frozen: UnsafeMutablePointer<Bool>
  /// [C]: factors on the loss of a target that is a class.
  let classWeights: UnsafeMutablePointer<Float>
  /// [C]: sums over the outputs of a sequence.
  let scores: UnsafeMutablePointer<Double>

  /// One per tensor: how it is moved.
  let rules: UnsafeMutablePointer<TensorRule>
  var progress = LearningProgress()

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    self.settings = settings
    tensors = model.tensors
    let lanes = model.kernels.pointee.lanes
    targets = Targets(&arena, outputs: model.outputSize, lanes: lanes, window: settings.window)
    adjoints = Adjoints(&arena, model, settings)
    pool = settings.threads > 1 ? ThreadPool(&arena, threads: settings.threads) : nil
    trainable = arena.allocate(Bool.self, model.tensors.count, .scratch)
    frozen = arena.allocate(Bool.self, model.tensors.count, .scratch)
    classWeights = arena.allocate(Float.self, model.outputSize, .scratch)
    scores = arena.allocate(Double.self, model.outputSize, .scratch)
    rules = arena.allocate(TensorRule.self, model.tensors.count, .scratch)
    if arena.isMeasuring { return }
    for index in 0..<model.tensors.count {
      (rules + index).initialize(to: TensorRule(model.tensors[index], settings))
      trainable[index] = model.tensors[index].isTrainable(settings)
    }
    classWeights.update(repeating: 1, count: model.outputSize)
  }

  /// A step was made: it has no target yet.
  @_optimize(speed) @inline(__always) mutating func beginStep() {
    targets.begin(progress.steps)
    progress.steps += 1
    progress.sequenceSteps = min(progress.sequenceSteps + 1, settings.window + 1)
  }

  /// Whether the model file allows it, its group has a learning rate, and the host has not frozen it.
  func isTrained(_ tensor: Int) -> Bool { trainable[tensor] && !frozen[tensor] }

  /// What brings the gathered sum to the gradient that the options define.
  var reductionScale: Double {
    let gathered = progress.gathered
    guard gathered.steps > 0 else { return 1 }
    switch settings.reduction {
    case .mean: return 1 / max(gathered.weight, smallestWeight * smallestWeight)
    case .sum: return 1
    case .meanOverSteps: return 1 / Double(gathered.steps)
    }
  }

  /// Counts the targets of the window that is being closed, which is empty afterwards.
  @_optimize(speed) mutating func gatherTargets() {
    for step in 0..<progress.steps where targets.kinds[step] != .none {
      progress.count(
        Target(loss: targets.losses[step], weight: targets.weights[step], correct: targets.correct[step]))
    }
    progress.steps = 0
  }

  mutating func walkState(_ stream: inout StateStream) {
    progress.walkState(&stream, window: settings.window)
    stream.flags(frozen, tensors.count)
    let outputs = targets.outputs
    stream.rows(classWeights, 1, size: outputs, width: outputs) { _, weight in weightProblem(weight) == nil }
    targets.walkState(&stream, steps: progress.steps)
  }
}

/// How far learning is.
struct LearningProgress {
  /// Steps in the open window; step i lies between slots i and i + 1.
  var steps = 0
  /// Steps since the state was reset, counted until they are more than a window.
  var sequenceSteps = 0
  /// What the gradient that was gathered since the last update is of.
  var gathered = GatheredTargets()
  /// Weighted sum of the losses, and sum of the weights, since the batch being learnt began.
  var batchLoss = 0.0
  var batchWeight = 0.0
  var statistics = LearningStatistics()

  fileprivate mutating func count(_ target: Target) {
    statistics.count(target)
    batchWeight += target.weight
    batchLoss += target.loss
    if target.weight > 0 { gathered.add(GatheredTargets(weight: target.weight, steps: 1)) }
  }

  fileprivate mutating func walkState(_ stream: inout StateStream, window: Int) {
    statistics.walkState(&stream)
    steps = stream.integer(steps, in: 0...window)
    sequenceSteps = stream.integer(sequenceSteps, in: steps...window + 1)
    gathered.weight = stream.sum(gathered.weight)
    gathered.steps = stream.count(gathered.steps)
  }
}

/// The targets of a gradient that have a weight: what it is divided by.
struct GatheredTargets {
  /// Their sum.
  var weight = 0.0
  var steps: UInt64 = 0

  mutating func add(_ other: GatheredTargets) {
    weight += other.weight
    steps += other.steps
  }
}

/// How the optimizer treats a tensor.
struct TensorRule {
  /// On the learning rate.
  let rateFactor: Double
  /// Weight decay that is added to the gradient, and that is taken from the parameter directly.
  let coupledDecay, decoupledDecay: Float
  let lower, upper: Float
  let isAbsolute: Bool

  init(_ tensor: TensorDescription, _ settings: Settings) {
    rateFactor = settings.rateFactor(tensor.group)
    let decay = tensor.isMatrix ? Float(settings.weightDecay) : 0
    (coupledDecay, decoupledDecay) = settings.optimizer == .adamW ? (0, decay) : (decay, 0)
    (lower, upper, isAbsolute) = (tensor.bounds.lower, tensor.bounds.upper, tensor.bounds.absolute)
  }
}

/// The smallest weight but 0, of a class or of a target: the product of both can be divided by.
let smallestWeight = 1e-6

/// Why a weight of a class or of a target is not allowed; nil if it is.
func weightProblem(_ weight: Float) -> Text? {
  weight == 0 || (weight >= Float(smallestWeight) && weight <= 1e6) ? nil : "expected 0, or 1e-6 to 1e6"
}
