internal import CSystem

/// The guard: whether a network that learns is better or worse than its reference, by their losses on taught steps before these have an
/// effect, averaged over a horizon.
///
/// Of a stream that comes in runs of one class, most steps say only that this class is known by now. So a target that is a class
/// counts by how unexpected it was: by 1 less the share of its class in what was taught lately. A run then counts by its first steps,
/// which tell what is still known of a class that was not there for a while; in a mixed stream all steps count alike.
struct ReferenceComparison {
  /// Of what was compared within the horizon: the weighted sums over the targets.
  struct Sums {
    var loss = 0.0
    var correct = 0.0
  }

  private(set) var learning = Sums()
  private(set) var reference = Sums()
  private(set) var weight = 0.0
  /// Whether the answers should be those of the reference. It changes only when the other one is better by the margin.
  private(set) var prefersReference = false
  /// The same as steps see it: since `publish`, which comes where parameters change.
  private(set) var answersByReference = false
  /// How much was compared since then, or since the horizon before has ended; and the ratio of the losses at that end, 0: there was none.
  private var behind = 0.0
  private var ratioBefore = 0.0
  private(set) var comparedSteps: UInt64 = 0
  private(set) var returns: UInt64 = 0
  /// `comparedSteps` at the last of them.
  private(set) var lastReturn: UInt64 = 0

  private let horizon, margin: Double
  private let classes: Int
  /// [C]: the share of each class in what was taught lately.
  private let shares: UnsafeMutablePointer<Double>
  /// First of the learning network, then of the reference.
  private let block: LossBlock

  /// What was taught lately, as a part of the horizon.
  private static var recentPart: Double { 1 / 8 }
  /// What a step counts for at least.
  private static var leastCount: Double { 0.02 }

  init(_ arena: inout Arena, classes: Int, _ settings: Settings, _ block: LossBlock) {
    self.classes = classes
    horizon = settings.guardHorizon
    margin = 1 + settings.guardMargin
    self.block = block
    shares = arena.allocate(Double.self, classes, .reference)
  }

  /// Compares some steps whose targets are complete but for errors and losses of classes; each counts as `part` of a step. `other`
  /// [steps][width]: what the reference gave.
  mutating func count(
    _ targets: Targets, _ steps: Range<Int>, as part: Double, _ network: borrowing Network, _ other: UnsafePointer<Float>,
    smoothing: Float
  ) {
    var start = steps.lowerBound
    while start < steps.upperBound {
      let size = min(LossBlock.size, steps.upperBound - start)
      findLosses(targets, start, size, network.readoutOutputs(start + 1), 0, network.kernels, smoothing)
      findLosses(targets, start, size, other + start * targets.width, LossBlock.size, network.kernels, smoothing)
      for index in 0..<size where targets.weights[start + index] > 0 {
        add(targets, start + index, index, part, network.readoutOutputs(start + index + 1), other + (start + index) * targets.width)
      }
      start += size
    }
  }

  @inline(never) private func findLosses(
    _ targets: Targets, _ start: Int, _ size: Int, _ outputs: UnsafePointer<Float>, _ place: Int,
    _ kernels: UnsafePointer<kernel_table>, _ smoothing: Float
  ) {
    var pass = kernel_cross_entropy(
      steps: size, count: classes, width: targets.width, smoothing: smoothing, labels: targets.labels + start, scores: outputs,
      gradient: block.rows, losses: block.losses + place, sums: block.sums, correct: block.correct + place)
    kernels.pointee.cross_entropy(&pass)
  }

  private mutating func add(
    _ targets: Targets, _ step: Int, _ index: Int, _ part: Double, _ outputs: UnsafePointer<Float>, _ other: UnsafePointer<Float>
  ) {
    let second = index + LossBlock.size
    switch targets.kinds[step] {
    case .label:
      if targets.isExemplar[step] { return }
      let count = novelty(Int(targets.labels[step]), part)
      add(count, part, targets.weights[step], Double(block.losses[index]), Double(block.losses[second]))
      let weight = count * targets.weights[step]
      learning.correct += block.correct[index] ? weight : 0
      reference.correct += block.correct[second] ? weight : 0
    case .values:
      let weight = targets.weights[step]
      let factor = Float(Double(targets.outputs) / (2 * weight))
      var loss = 0.0
      for output in 0..<targets.outputs {
        // The target is what the derivative of the loss says.
        let difference = Double(other[output] - outputs[output] + factor * targets.error(step)[output])
        loss += difference * difference
      }
      add(1, part, weight, targets.losses[step] / weight, loss / Double(targets.outputs))
    case .none, .error, .shared, .part: break
    }
  }

  private mutating func add(_ count: Double, _ part: Double, _ weight: Double, _ loss: Double, _ otherLoss: Double) {
    // An outlier so far away that its square is no number would stay in the means for ever.
    guard (weight * (loss + otherLoss)).isFinite else { return }
    let kept = max(1 - count * part / horizon, 0)
    learning = Sums(loss: kept * learning.loss + count * weight * loss, correct: kept * learning.correct)
    reference = Sums(loss: kept * reference.loss + count * weight * otherLoss, correct: kept * reference.correct)
    self.weight = kept * self.weight + count * weight
    if prefersReference { behind = min(behind + count * part, horizon) }
    comparedSteps += 1
  }

  /// How much a target that is a class counts for.
  private mutating func novelty(_ label: Int, _ part: Double) -> Double {
    let count = max(1 - shares[label], ReferenceComparison.leastCount)
    let share = min(part / max(ReferenceComparison.recentPart * horizon, 1), 1)
    for other in 0..<classes { shares[other] *= 1 - share }
    shares[label] += share
    return count
  }

  /// Decides which of the two is ahead. True: learning has been worse for a whole horizon, and does not come closer: it was no worse a
  /// horizon ago.
  mutating func decide() -> Bool {
    let isWorse = learning.loss > margin * reference.loss
    if isWorse && !prefersReference { (prefersReference, behind, ratioBefore) = (true, 0, 0) }
    if margin * learning.loss < reference.loss { prefersReference = false }
    guard isWorse && behind >= horizon else { return false }
    let ratio = min(learning.loss / reference.loss, 1e100)
    if ratioBefore > 0 && ratio >= ratioBefore { return true }
    (behind, ratioBefore) = (0, ratio)
    return false
  }

  mutating func publish() { answersByReference = prefersReference }

  /// The network has become its reference again.
  mutating func noteReturn() {
    (learning, behind, ratioBefore) = (reference, 0, 0)
    (returns, lastReturn) = (returns + 1, comparedSteps)
  }

  /// The reference has become the network; what was compared before says nothing any more.
  mutating func begin() {
    (learning, reference, weight) = (Sums(), Sums(), 0)
    (prefersReference, answersByReference, behind) = (false, false, 0)
  }

  mutating func walkState(_ stream: inout StateStream, defers: Bool) {
    learning.walkState(&stream)
    reference.walkState(&stream)
    weight = stream.sum(weight)
    let isBehind = stream.flag(prefersReference)
    let answers = defers ? stream.flag(answersByReference) : isBehind
    if stream.mode == .read { (prefersReference, answersByReference) = (isBehind, answers) }
    behind = stream.sum(behind)
    ratioBefore = stream.sum(ratioBefore)
    comparedSteps = stream.count(comparedSteps)
    returns = stream.count(returns)
    lastReturn = stream.count(lastReturn)
    for label in 0..<classes {
      let share = stream.sum(shares[label])
      if stream.mode == .read { shares[label] = share }
    }
  }
}

extension ReferenceComparison.Sums {
  fileprivate mutating func walkState(_ stream: inout StateStream) {
    loss = stream.sum(loss)
    correct = stream.sum(correct)
  }
}

extension Learner {
  /// Compares the network with its reference on some steps whose targets have had no effect yet.
  mutating func compare(_ network: borrowing Network, _ steps: Range<Int>, as part: Double) {
    guard let comparison = resources.comparison, let reference else { return }
    comparison.pointee.count(
      targets, steps, as: part, network, reference.pointee.outputs, smoothing: settings.labelSmoothing)
  }
}
