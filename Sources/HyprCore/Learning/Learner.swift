internal import CSystem

/// What a network needs to learn from a stream: targets of the open windows, and what was gathered since the last update.
struct Learner: ~Copyable {
  private let settingsPlace: UnsafePointer<Settings>
  /// The session's, read where they are: they are large.
  var settings: Settings { unsafeAddress { settingsPlace } }
  let history: History
  let tensors: UnsafeBufferPointer<TensorDescription>
  let targets: Targets
  let resources: LearningResources
  #if HYPR_REHEARSAL
    /// Only if something depends on it.
    let reference: UnsafeMutablePointer<ReferenceNetwork>?
  #else
    var reference: UnsafeMutablePointer<ReferenceNetwork>? { nil }
  #endif
  /// [C]: sums over the outputs of a sequence.
  let scores: UnsafeMutablePointer<Double>
  /// What was taught, by class, and of values.
  let classes: ClassFrequencies
  let values: ValueMoments
  /// How many steps more are made before a full window is closed; 0 while a batch is learnt, whose labels come in time.
  var labelDelay: Int
  /// Whether the end of a window waits for the steps of the next one; not while a batch is learnt.
  var defers: Bool
  /// That can be open at a time.
  let mostSteps: Int
  var progress = LearningProgress()

  /// Lays one out. (Not inlined, as it is large: what is laid out after it has its stack then.)
  @inline(never) static func place(
    _ arena: inout Arena, _ model: Model, _ settings: Settings, at settingsPlace: UnsafePointer<Settings>,
    _ resources: LearningResources, _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) -> UnsafeMutablePointer<Learner> {
    let place = arena.allocate(Learner.self, 1, .scratch)
    let learner = Learner(&arena, model, settings, at: settingsPlace, resources, reference)
    if !arena.isMeasuring { place.initialize(to: learner) }
    return place
  }

  @inline(__always) private init(
    _ arena: inout Arena, _ model: Model, _ settings: Settings, at settingsPlace: UnsafePointer<Settings>,
    _ resources: LearningResources, _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) {
    self.settingsPlace = settingsPlace
    self.resources = resources
    #if HYPR_REHEARSAL
      self.reference = reference
    #endif
    history = History(settings)
    (labelDelay, defers) = (settings.labelDelay, settings.defers)
    mostSteps = settings.window + settings.labelDelay
    tensors = model.tensors
    let lanes = model.kernels.pointee.lanes
    targets = Targets(&arena, outputs: model.outputSize, lanes: lanes, window: settings.window, history)
    scores = arena.allocate(Double.self, model.outputSize, .scratch)
    classes = ClassFrequencies(&arena, classes: model.outputSize)
    values = ValueMoments(&arena, outputs: model.outputSize)
  }

  var adjoints: Adjoints { resources.adjoints }
  var classWeights: UnsafeMutablePointer<Float> { resources.classWeights }

  /// A step was made from a slot: it has no target yet.
  @_optimize(speed) @inline(__always) mutating func beginStep(from slot: Int) {
    targets.begin(slot)
    progress.steps += 1
    progress.sequenceSteps = min(progress.sequenceSteps + 1, mostSteps + 1)
  }

  /// Teaches a step a class.
  @_optimize(speed) @inline(__always) mutating func set(label: Int, weight: Float, _ step: Int) {
    targets.set(label: label, weight: classWeights[label] * weight, step)
  }

  /// Whether the model file allows it, its group has a learning rate, and the host has not frozen it.
  func isTrained(_ tensor: Int) -> Bool { resources.trainable[tensor] && !resources.frozen[tensor] }

  /// What brings the gathered sum to the gradient that the options define.
  var reductionScale: Double {
    let gathered = progress.gathered
    guard gathered.steps > 0 else { return 1 }
    switch settings.reduction {
    case .mean: return 1 / max(gathered.weight, smallestWeight * smallestWeight)
    case .sum: return 1
    case .meanOverSteps: return 1 / gathered.steps
    }
  }

  /// How long that gradient may be; 0: as long as it is. A mean over steps may be as much longer as their weights are, or the limit
  /// would take from them what they add.
  var gradientLimit: Double {
    let meanWeight = settings.reduction == .meanOverSteps ? progress.gathered.weight * reductionScale : 1
    return settings.gradientClip * meanWeight
  }

  mutating func walkState(_ stream: inout StateStream) {
    progress.walkState(&stream, mostSteps: mostSteps, defers: settings.defers)
    walkRounding(&stream)
    classes.walkState(&stream)
    values.walkState(&stream)
    if stream.isInput {
      progress.firstPage = 0
      progress.page = slots(ofOpen: openCount - 1).lowerBound
    }
    stream.flags(resources.frozen, tensors.count)
    let outputs = targets.outputs
    stream.rows(classWeights, 1, size: outputs, width: outputs) { _, weight in weightProblem(weight) == nil }
    for index in 0..<openCount {
      let slots = slots(ofOpen: index)
      targets.walkState(&stream, slots.lowerBound..<slots.upperBound)
      reference?.pointee.walkState(&stream, slots.lowerBound..<slots.upperBound)
    }
    reference?.pointee.walkState(&stream)
    resources.taught?.walkState(&stream)
    resources.comparison?.pointee.walkState(&stream, defers: settings.defers)
  }
}

extension Learner {
  /// Where chance decides how numbers are rounded: how many windows there were; updates are counted anyway.
  mutating func walkRounding(_ stream: inout StateStream) {
    if settings.learningMemoryType != .float32 { progress.windows = stream.count(progress.windows) }
  }
}

/// Keys by which bfloat16 numbers are rounded, others with every count (bfloat16.h).
struct RoundingKeys {
  let keys: (UInt32, UInt32)

  @_optimize(speed) init(_ count: UInt64) {
    var random = SplitMix64(seed: count)
    let bits = random.next()
    keys = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
  }
}

/// How far learning is.
struct LearningProgress {
  /// Steps in the open windows.
  var steps = 0
  /// The first slots of the pages of the first open window, and of the one that the last step is of.
  var firstPage = 0
  var page = 0
  /// Steps since the state was reset, counted until they are more than can be open.
  var sequenceSteps = 0
  /// Whether an update has written values beside those in use, which take their place when the next window is full.
  var hasUpdate = false
  /// What the gradient that was gathered since the last update is of.
  var gathered = GatheredTargets()
  /// Weighted sum of the losses, and sum of the weights, since the batch being learnt began.
  var batchLoss = 0.0
  var batchWeight = 0.0
  var statistics = LearningStatistics()
  /// Whose end was computed since the optimizer began.
  var windows: UInt64 = 0

  /// What eligibility that is kept as bfloat16 is rounded by at the end of the next window.
  @_optimize(speed) var rounding: UInt32 { RoundingKeys(windows).keys.0 }

  mutating func count(_ target: Target) {
    statistics.count(target)
    batchWeight += target.weight
    batchLoss += target.loss
    if target.weight > 0 { gathered.add(GatheredTargets(weight: target.weight, steps: 1, areOfStream: true)) }
  }

  fileprivate mutating func walkState(_ stream: inout StateStream, mostSteps: Int, defers: Bool) {
    statistics.walkState(&stream)
    if defers { hasUpdate = stream.flag(hasUpdate) }
    steps = stream.integer(steps, in: 0...mostSteps)
    sequenceSteps = stream.integer(sequenceSteps, in: steps...mostSteps + 1)
    gathered.weight = stream.sum(gathered.weight)
    gathered.steps = stream.sum(gathered.steps)
    gathered.areOfStream = stream.flag(gathered.areOfStream)
  }
}

/// The targets of a gradient that have a weight: what it is divided by.
struct GatheredTargets {
  /// Their sum.
  var weight = 0.0
  /// How many they are; one that is rehearsed counts for as much as its share.
  var steps = 0.0
  /// Whether any is of the stream, not rehearsed.
  var areOfStream = false

  mutating func add(_ other: GatheredTargets) {
    weight += other.weight
    steps += other.steps
    areOfStream = areOfStream || other.areOfStream
  }
}

/// The smallest weight but 0, of a class or of a target: the product of both can be divided by.
let smallestWeight = 1e-6

/// Why a weight of a class or of a target is not allowed; nil if it is.
func weightProblem(_ weight: Float) -> Text? {
  weight == 0 || (weight >= Float(smallestWeight) && weight <= 1e6) ? nil : "expected 0, or 1e-6 to 1e6"
}
