import Glibc

/// What one label for a whole sequence is compared with; the option `loss`.
package enum SequenceTarget: Equatable {
  /// The outputs of the last steps, so many of them.
  case lastSteps(Int)
  /// The sum over all steps of softmax(output).
  case sumOfSoftmax

  init(_ session: RunningSession) {
    switch session.option(.loss) {
    case 0: self = .lastSteps(.max)
    case 1: self = .lastSteps(Int(session.option(.lossSteps)))
    default: self = .sumOfSoftmax
    }
  }

  /// How many steps of a sequence have a target of their own.
  var steps: Int {
    switch self {
    case .lastSteps(let count): count
    case .sumOfSoftmax: 1
    }
  }
}

/// How well outputs agree with labels: loss, accuracy and confusion, gathered sequence by sequence.
package struct Score {
  private let labelling: SequenceSet.Labelling
  private let classes: Int
  private let target: SequenceTarget
  private var lossSum = 0.0
  /// Of the sums of softmax, one per sequence.
  private var lossCount = 0
  package private(set) var labelledSteps = 0
  private var correctSteps = 0
  private var labelledSequences = 0
  private var correctSequences = 0
  /// [true class][predicted class], of steps or, where sequences are labelled, of sequences.
  package private(set) var confusion: [[Int]]

  /// `target` is of consequence where sequences are labelled.
  package init(_ labelling: SequenceSet.Labelling, classes: Int, _ target: SequenceTarget = .lastSteps(.max)) {
    self.labelling = labelling
    self.classes = classes
    self.target = labelling == .steps ? .lastSteps(.max) : target
    confusion = Array(repeating: Array(repeating: 0, count: classes), count: classes)
  }

  /// Mean cross-entropy over the targets, in nats.
  package var loss: Double { lossCount == 0 ? 0 : lossSum / Double(lossCount) }
  /// Share of the labelled steps whose largest output was their class.
  package var stepAccuracy: Double { share(correctSteps, of: labelledSteps) }
  /// Share of the sequences whose output, its mean over the steps that have a target or the sum of softmax, was largest at their class;
  /// `nil` where steps are labelled.
  package var sequenceAccuracy: Double? {
    labelling == .sequences ? share(correctSequences, of: labelledSequences) : nil
  }
  /// That of what is labelled.
  package var accuracy: Double { sequenceAccuracy ?? stepAccuracy }

  private func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }

  /// Counts a sequence: outputs `[steps][classes]`, a label per step. Returns the predictions: one per step, or one for the
  /// sequence.
  @discardableResult
  package mutating func add(outputs: [Float], labels: [Int32]) -> [Int32] {
    outputs.withUnsafeBufferPointer { outputs in
      var predictions: [Int32] = []
      for step in labels.indices {
        let logits = UnsafeBufferPointer(rebasing: outputs[step * classes..<(step + 1) * classes])
        let prediction = largest(logits)
        if labelling == .steps { predictions.append(Int32(prediction)) }
        guard labels[step] >= 0 else { continue }
        let label = Int(labels[step])
        labelledSteps += 1
        if target != .sumOfSoftmax && labels.count - step <= target.steps {
          lossSum += crossEntropy(logits, label)
          lossCount += 1
        }
        correctSteps += prediction == label ? 1 : 0
        if labelling == .steps { confusion[label][prediction] += 1 }
      }
      return labelling == .steps ? predictions : [addSequence(outputs, labels)]
    }
  }

  private mutating func addSequence(_ outputs: UnsafeBufferPointer<Float>, _ labels: [Int32]) -> Int32 {
    let scores = scores(outputs, steps: labels.count)
    let prediction = scores.withUnsafeBufferPointer { largest($0) }
    if let label = labels.first, label >= 0 {
      labelledSequences += 1
      correctSequences += prediction == Int(label) ? 1 : 0
      confusion[Int(label)][prediction] += 1
      if target == .sumOfSoftmax {
        lossSum += scores.withUnsafeBufferPointer { crossEntropy($0, Int(label)) }
        lossCount += 1
      }
    }
    return Int32(prediction)
  }

  /// What the class of a sequence is decided by.
  private func scores(_ outputs: UnsafeBufferPointer<Float>, steps: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: classes)
    let first = target == .sumOfSoftmax ? 0 : max(0, steps - min(steps, target.steps))
    for step in first..<steps {
      let logits = UnsafeBufferPointer(rebasing: outputs[step * classes..<(step + 1) * classes])
      let values = target == .sumOfSoftmax ? softmax(logits) : logits.map(Double.init)
      for index in values.indices { sums[index] += values[index] }
    }
    return sums
  }

  private func softmax(_ logits: UnsafeBufferPointer<Float>) -> [Double] {
    let powers = logits.map { exp(Double($0) - Double(logits[largest(logits)])) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private func crossEntropy<Value: BinaryFloatingPoint>(_ logits: UnsafeBufferPointer<Value>, _ label: Int) -> Double {
    let top = Double(logits[largest(logits)])
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - top) }
    return log(sum) - (Double(logits[label]) - top)
  }

  /// The index of the largest value, the first of equals.
  private func largest<Value: Comparable>(_ values: UnsafeBufferPointer<Value>) -> Int {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return best
  }
}
