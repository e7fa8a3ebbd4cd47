internal import CSystem

/// What a session counts of its steps, since the last clear.
struct RunStatistics {
  var steps: UInt64 = 0
  /// One per hidden layer.
  let layers: UnsafeMutableBufferPointer<SpikeCounts>
  var inputs: InputRanges

  /// Lays one out. (Not inlined, as what is laid out after it has its stack then.)
  @inline(never) static func place(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ network: borrowing Network
  ) -> UnsafeMutablePointer<RunStatistics> {
    let place = arena.allocate(RunStatistics.self, 1, .scratch)
    let statistics = RunStatistics(&arena, model.pointee, network)
    if !arena.isMeasuring { place.initialize(to: statistics) }
    return place
  }

  private init(_ arena: inout Arena, _ model: Model, _ network: borrowing Network) {
    let count = model.layerCount
    layers = UnsafeMutableBufferPointer(start: arena.allocate(SpikeCounts.self, count, .scratch), count: count)
    for index in 0..<count {
      let counts = SpikeCounts(&arena, model.layers[index], events: arena.isMeasuring ? nil : network.layers[index].events)
      if !arena.isMeasuring { layers.initializeElement(at: index, to: counts) }
    }
    inputs = InputRanges(&arena, model)
  }

  /// Counts a step that gave what stands in a slot.
  @_optimize(speed) @inline(__always) mutating func count(_ network: borrowing Network, slot: Int) {
    if inputs.isDue(steps) { network.input.count(slot, in: &inputs) }
    steps &+= 1
    for layer in layers { layer.count(slot) }
  }

  mutating func clear() {
    steps = 0
    for layer in layers { layer.clear() }
    inputs.clear()
  }

  /// Adds what another session counted.
  mutating func add(_ other: RunStatistics) {
    steps += other.steps
    for index in 0..<layers.count { layers[index].add(other.layers[index]) }
    inputs.add(other.inputs)
  }

  mutating func walkState(_ stream: inout StateStream) {
    steps = stream.count(steps)
    for layer in layers { layer.walkState(&stream) }
    inputs.walkState(&stream)
  }
}

/// Statistics as a host reads them.
public struct StatisticsReport {
  public let steps: UInt64
  public var taughtSteps, correctSteps, updates, skippedUpdates, unchangedUpdates: UInt64
  public var meanLoss, gradientNorm, learningRate: Double
  /// The mean loss of always saying how often each class comes, or the mean of the values; 0 if both were taught, something else,
  /// or nothing.
  public var chanceLoss: Double
}

extension Session {
  public mutating func statisticsReport() -> StatisticsReport {
    #if HYPR_LEARNING
      finishClosing()
    #endif
    var report = StatisticsReport(
      steps: statistics.pointee.steps, taughtSteps: 0, correctSteps: 0, updates: 0, skippedUpdates: 0, unchangedUpdates: 0,
      meanLoss: 0, gradientNorm: 0, learningRate: settings.firstLearningRate, chanceLoss: 0)
    #if HYPR_LEARNING
      if let counted = learner?.pointee.progress.statistics {
        (report.taughtSteps, report.correctSteps) = (counted.taughtSteps, counted.correctSteps)
        (report.updates, report.skippedUpdates) = (counted.updates, counted.skippedUpdates)
        report.unchangedUpdates = counted.unchangedUpdates
        (report.meanLoss, report.gradientNorm) = (counted.meanLoss, counted.gradientNorm)
        report.learningRate = settings.learningRate(after: counted.scheduledUpdates)
        if let learner {
          let (classes, values) = (learner.pointee.classes, learner.pointee.values)
          if classes.taught == Double(counted.taughtSteps) {
            report.chanceLoss = classes.chanceLoss(smoothing: Double(settings.labelSmoothing))
          } else if values.taught == counted.taughtSteps {
            report.chanceLoss = values.chanceLoss
          }
        }
      }
    #endif
    return report
  }

  /// How busy the neurons of a hidden layer were since the last clear.
  public mutating func activity(_ layer: Int) -> LayerActivity {
    statistics.pointee.layers[layer].activity(steps: statistics.pointee.steps)
  }

  /// How far the values of a channel reached since the last clear.
  public mutating func inputRange(_ channel: Int) -> InputRange { statistics.pointee.inputs.range(channel) }

  public mutating func clearStatistics() {
    statistics.pointee.clear()
    #if HYPR_LEARNING
      finishClosing()
      learner?.pointee.progress.statistics.clear()
      learner?.pointee.classes.clear()
      learner?.pointee.values.clear()
      rehearsal?.pointee.gauge.clear()
    #endif
  }
}
