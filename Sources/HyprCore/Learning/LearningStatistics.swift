/// What a learning session counts. The first group counts from the last clear.
struct LearningStatistics {
  var taughtSteps: UInt64 = 0
  var correctSteps: UInt64 = 0
  /// Sum of the weights of the taught steps.
  var weight = 0.0
  /// Each loss times its weight.
  var lossSum = 0.0

  var updates: UInt64 = 0
  /// Those on what the stream taught: the learning rate falls with them, not with what is only rehearsed.
  var scheduledUpdates: UInt64 = 0
  var skippedUpdates: UInt64 = 0
  /// Those that left every parameter as it was.
  var unchangedUpdates: UInt64 = 0
  var gradientNorm = 0.0

  /// Of a step: that of a class times that of a target, rounded.
  private static let leastWeight = 0.99 * smallestWeight * smallestWeight

  var meanLoss: Double { weight > 0 ? lossSum / weight : 0 }

  mutating func count(_ target: Target) {
    taughtSteps += 1
    correctSteps += target.correct ? 1 : 0
    weight += target.weight
    lossSum += target.loss
  }

  /// The optimizer begins again.
  mutating func clearUpdates() { (updates, unchangedUpdates, scheduledUpdates) = (0, 0, 0) }

  mutating func clear() { (taughtSteps, correctSteps, weight, lossSum) = (0, 0, 0, 0) }

  /// Adds what another session counted of the first group.
  mutating func add(_ other: LearningStatistics) {
    taughtSteps += other.taughtSteps
    correctSteps += other.correctSteps
    weight += other.weight
    lossSum += other.lossSum
  }

  mutating func walkState(_ stream: inout StateStream) {
    taughtSteps = stream.count(taughtSteps)
    correctSteps = stream.count(correctSteps)
    weight = stream.sum(weight, of: LearningStatistics.leastWeight)
    lossSum = stream.sum(lossSum)
    updates = stream.count(updates)
    scheduledUpdates = stream.count(scheduledUpdates)
    skippedUpdates = stream.count(skippedUpdates)
    unchangedUpdates = stream.count(unchangedUpdates)
    gradientNorm = stream.sum(gradientNorm)
  }
}
