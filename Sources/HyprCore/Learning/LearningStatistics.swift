/// What a learning session counts. The first group counts from the last clear.
struct LearningStatistics {
  var taughtSteps: UInt64 = 0
  var correctSteps: UInt64 = 0
  /// Sum of the weights of the taught steps.
  var weight = 0.0
  /// Each loss times its weight.
  var lossSum = 0.0

  /// Of the first targets since the optimizer began: what learning started from.
  private(set) var firstSteps: UInt64 = 0
  private var firstWeight = 0.0
  private var firstLossSum = 0.0

  var updates: UInt64 = 0
  /// Those on what the stream taught: the learning rate falls with them, not with what is only rehearsed.
  var scheduledUpdates: UInt64 = 0
  var skippedUpdates: UInt64 = 0
  /// Those that left every parameter as it was.
  var unchangedUpdates: UInt64 = 0
  var gradientNorm = 0.0

  /// Of a step: that of a class times that of a target, rounded.
  private static let leastWeight = 0.99 * smallestWeight * smallestWeight

  /// Targets that count as the first ones.
  private static var mostFirstSteps: UInt64 { 32 }

  var meanLoss: Double { weight > 0 ? lossSum / weight : 0 }
  var firstMeanLoss: Double { firstWeight > 0 ? firstLossSum / firstWeight : 0 }

  mutating func count(_ target: Target) {
    taughtSteps += 1
    correctSteps += target.correct ? 1 : 0
    weight += target.weight
    lossSum += target.loss
    if firstSteps < LearningStatistics.mostFirstSteps { addFirst(1, target.weight, target.loss) }
  }

  private mutating func addFirst(_ steps: UInt64, _ weight: Double, _ loss: Double) {
    firstSteps += steps
    firstWeight += weight
    firstLossSum += loss
  }

  /// The optimizer begins again.
  mutating func clearUpdates() {
    (updates, unchangedUpdates, scheduledUpdates) = (0, 0, 0)
    (firstSteps, firstWeight, firstLossSum) = (0, 0, 0)
  }

  mutating func clear() { (taughtSteps, correctSteps, weight, lossSum) = (0, 0, 0, 0) }

  /// Adds what another session counted of the first group.
  mutating func add(_ other: LearningStatistics) {
    taughtSteps += other.taughtSteps
    correctSteps += other.correctSteps
    weight += other.weight
    lossSum += other.lossSum
    if firstSteps < LearningStatistics.mostFirstSteps { addFirst(other.firstSteps, other.firstWeight, other.firstLossSum) }
  }

  mutating func walkState(_ stream: inout StateStream) {
    taughtSteps = stream.count(taughtSteps)
    correctSteps = stream.count(correctSteps)
    weight = stream.sum(weight, of: LearningStatistics.leastWeight)
    lossSum = stream.sum(lossSum)
    firstSteps = stream.count(firstSteps)
    firstWeight = stream.sum(firstWeight, of: LearningStatistics.leastWeight)
    firstLossSum = stream.sum(firstLossSum)
    updates = stream.count(updates)
    scheduledUpdates = stream.count(scheduledUpdates)
    skippedUpdates = stream.count(skippedUpdates)
    unchangedUpdates = stream.count(unchangedUpdates)
    gradientNorm = stream.sum(gradientNorm)
  }
}
