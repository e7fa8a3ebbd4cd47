internal import CSystem

/// What is counted of rehearsed targets, by class, since the last clear: how much of each is still known.
struct RehearsalGauge {
  /// What was counted of a class.
  struct Counts {
    var taughtSteps: UInt64 = 0
    var correctSteps: UInt64 = 0
    /// Sum of the losses, without weights.
    var lossSum = 0.0

    var meanLoss: Double { taughtSteps > 0 ? lossSum / Double(taughtSteps) : 0 }

    mutating func add(_ other: Counts) {
      taughtSteps += other.taughtSteps
      correctSteps += other.correctSteps
      lossSum += other.lossSum
    }
  }

  /// [classes + 1]; the last one of targets that are no class.
  let counts: UnsafeMutablePointer<Counts>
  private let classes: Int

  init(_ arena: inout Arena, classes: Int) {
    self.classes = classes
    counts = arena.allocate(Counts.self, classes + 1, .rehearsal)
  }

  /// Counts the targets of some steps of a window whose gradient was gathered.
  func count(_ targets: Targets, _ steps: Range<Int>) {
    for step in steps where targets.kinds[step].counts && targets.weights[step] > 0 {
      let place = counts + (targets.kinds[step] == .label ? Int(targets.labels[step]) : classes)
      place.pointee.taughtSteps += 1
      place.pointee.correctSteps += targets.correct[step] ? 1 : 0
      place.pointee.lossSum += targets.losses[step] / targets.weights[step]
    }
  }

  /// What another one counted, which may have fewer classes.
  func take(_ other: RehearsalGauge) {
    clear()
    for label in 0..<other.classes { counts[label] = other.counts[label] }
    counts[classes] = other.counts[other.classes]
  }

  func clear() { counts.clear(classes + 1) }

  func walkState(_ stream: inout StateStream) {
    for label in 0...classes {
      var counted = counts[label]
      counted.taughtSteps = stream.count(counted.taughtSteps)
      counted.correctSteps = stream.count(counted.correctSteps)
      counted.lossSum = stream.sum(counted.lossSum)
      if stream.mode == .read { counts[label] = counted }
    }
  }
}
