internal import CSystem

/// What a session needs to learn beside its network: targets of the open window, what was gathered since the last update, and the
/// working memory of the end of a window.
struct Learner {
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

  /// Steps in the open window; step i lies between slots i and i + 1.
  var steps = 0
  /// Steps since the state was reset, counted until they are more than a window.
  var sequenceSteps = 0
  /// Sum of the weights of the taught steps whose gradient was gathered since the last update.
  var gatheredWeight = 0.0
  /// Weighted sum of the losses, and sum of the weights, since the batch being learnt began.
  var batchLoss = 0.0
  var batchWeight = 0.0
  var statistics = LearningStatistics()

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
    if arena.isMeasuring { return }
    for index in 0..<model.tensors.count {
      trainable[index] = model.tensors[index].trainable && settings.rateFactor(model.tensors[index].group) > 0
    }
    classWeights.update(repeating: 1, count: model.outputSize)
  }

  /// A step was made: it has no target yet.
  mutating func beginStep() {
    targets.begin(steps)
    steps += 1
    sequenceSteps = min(sequenceSteps + 1, settings.window + 1)
  }

  /// Whether the model file allows it, its group has a learning rate, and the host has not frozen it.
  func isTrained(_ tensor: Int) -> Bool { trainable[tensor] && !frozen[tensor] }

  /// What brings the gathered sum to the gradient that the options define.
  var reductionScale: Double {
    guard gatheredWeight > 0, settings.reduction == .mean else { return 1 }
    return 1 / max(gatheredWeight, smallestClassWeight)
  }

  /// Counts the targets of the window that is being closed.
  mutating func gatherTargets() {
    for step in 0..<steps where targets.taught[step] {
      let (weight, loss) = (targets.weights[step], targets.losses[step])
      statistics.taughtSteps += 1
      statistics.correctSteps += targets.correct[step] ? 1 : 0
      statistics.weight += weight
      statistics.lossSum += loss
      batchWeight += weight
      batchLoss += loss
      gatheredWeight += weight
    }
  }

  mutating func walkState(_ stream: inout StateStream) {
    let outputs = targets.outputs
    statistics.walkState(&stream)
    steps = stream.integer(steps, in: 0...settings.window)
    sequenceSteps = stream.integer(sequenceSteps, in: steps...settings.window + 1)
    gatheredWeight = stream.sum(gatheredWeight)
    stream.flags(frozen, tensors.count)
    stream.rows(classWeights, 1, size: outputs, width: outputs) { _, weight in classWeightProblem(weight) == nil }
    targets.walkState(&stream, steps: steps)
  }
}

/// The smallest class weight but 0: small enough to mean nothing, and large enough to divide by.
let smallestClassWeight = 1e-6

/// Why a class weight is not allowed; nil if it is.
func classWeightProblem(_ weight: Float) -> Text? {
  weight == 0 || (weight >= Float(smallestClassWeight) && weight <= 1e6) ? nil : "expected 0, or 1e-6 to 1e6"
}
