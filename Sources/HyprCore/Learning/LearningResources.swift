internal import CSystem

/// What the learners of a session share: how tensors are moved, what classes weigh, threads, and the working memory of the end of a
/// window, which one of them uses at a time.
struct LearningResources {
  /// One flag per tensor: whether the model file and the options let it be trained.
  let trainable: UnsafeMutablePointer<Bool>
  /// One flag per tensor: whether the host keeps it as it is.
  let frozen: UnsafeMutablePointer<Bool>
  /// One per tensor: how it is moved.
  let rules: UnsafeMutablePointer<TensorRule>
  /// [C]: factors on the loss of a target that is a class.
  let classWeights: UnsafeMutablePointer<Float>
  #if HYPR_REHEARSAL
    /// Only if what is not taught is held, and if learning is guarded.
    let taught: TaughtClasses?
    let comparison: UnsafeMutablePointer<ReferenceComparison>?
  #else
    var taught: TaughtClasses? { nil }
    var comparison: UnsafeMutablePointer<ReferenceComparison>? { nil }
  #endif
  let adjoints: Adjoints
  let pool: ThreadPool?

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let tensors = model.tensors
    trainable = arena.allocate(Bool.self, tensors.count, .scratch)
    frozen = arena.allocate(Bool.self, tensors.count, .scratch)
    rules = arena.allocate(TensorRule.self, tensors.count, .scratch)
    classWeights = arena.allocate(Float.self, model.outputSize, .scratch)
    #if HYPR_REHEARSAL
      let outputs = model.outputSize
      if settings.needsReference(outputs: outputs) {
        let block = LossBlock(&arena, width: wholeVectors(outputs, model.kernels.pointee.lanes))
        taught =
          settings.holdsUntaught(outputs: outputs)
          ? TaughtClasses(&arena, model, weight: settings.holdUntaught, block) : nil
        comparison = settings.guards ? arena.place(ReferenceComparison(&arena, classes: outputs, settings, block)) : nil
      } else {
        (taught, comparison) = (nil, nil)
      }
    #endif
    adjoints = Adjoints(&arena, model, settings)
    pool = settings.threads > 1 ? ThreadPool(&arena, threads: settings.threads) : nil
    if arena.isMeasuring { return }
    for index in 0..<tensors.count {
      (rules + index).initialize(to: TensorRule(tensors[index], settings))
      trainable[index] = tensors[index].isTrainable(settings)
    }
    classWeights.update(repeating: 1, count: model.outputSize)
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

  fileprivate init(_ tensor: TensorDescription, _ settings: Settings) {
    rateFactor = settings.rateFactor(tensor.group)
    let decay = tensor.isMatrix ? Float(settings.weightDecay) : 0
    (coupledDecay, decoupledDecay) = settings.optimizer == .adamW ? (0, decay) : (decay, 0)
    (lower, upper, isAbsolute) = (tensor.bounds.lower, tensor.bounds.upper, tensor.bounds.absolute)
  }
}
