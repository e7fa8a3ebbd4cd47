internal import CSystem

/// How often each class was taught since the last clear, and with what weight: how good guessing would be.
struct ClassFrequencies {
  private let classes: Int
  /// [C]
  private let counts: UnsafeMutablePointer<UInt64>
  private let weights: UnsafeMutablePointer<Double>

  init(_ arena: inout Arena, classes: Int) {
    self.classes = classes
    counts = arena.allocate(UInt64.self, classes, .scratch)
    weights = arena.allocate(Double.self, classes, .scratch)
  }

  @_optimize(speed) func count(_ label: Int, weight: Double) {
    counts[label] &+= 1
    weights[label] += weight
  }

  func clear() {
    counts.update(repeating: 0, count: classes)
    weights.update(repeating: 0, count: classes)
  }

  func add(_ other: ClassFrequencies) {
    for label in 0..<classes {
      counts[label] += other.counts[label]
      weights[label] += other.weights[label]
    }
  }

  /// Becomes what another session counted, of as many classes at most.
  func take(_ other: ClassFrequencies) {
    clear()
    counts.update(from: other.counts, count: other.classes)
    weights.update(from: other.weights, count: other.classes)
  }

  func walkState(_ stream: inout StateStream) {
    for label in 0..<classes { counts[label] = stream.count(counts[label]) }
    for label in 0..<classes { weights[label] = stream.sum(weights[label]) }
  }

  /// How often any class was taught.
  var taught: Double {
    var sum = 0.0
    for label in 0..<classes { sum += Double(counts[label]) }
    return sum
  }

  /// How often the class was that came most often.
  var mostFrequent: Double {
    var most: UInt64 = 0
    for label in 0..<classes { most = max(most, counts[label]) }
    return Double(most)
  }

  /// The mean loss of always saying how often each class comes: the entropy of what was taught, in nats, with its label smoothing.
  func chanceLoss(smoothing: Double) -> Double {
    var sum = 0.0
    for label in 0..<classes { sum += weights[label] }
    guard sum > 0 else { return 0 }
    var entropy = 0.0
    for label in 0..<classes {
      let share = (1 - smoothing) * weights[label] / sum + smoothing / Double(classes)
      if share > 0 { entropy -= share * system_log_double(share) }
    }
    return max(entropy, 0)
  }
}
