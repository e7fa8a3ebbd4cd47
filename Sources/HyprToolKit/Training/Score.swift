import Foundation

/// How well outputs agree with labels: loss, accuracy and confusion, gathered sequence by sequence.
package struct Score {
  private let labelling: SequenceSet.Labelling
  private let classes: Int
  private var lossSum = 0.0
  package private(set) var labelledSteps = 0
  private var correctSteps = 0
  private var labelledSequences = 0
  private var correctSequences = 0
  /// [true class][predicted class], of steps or, where sequences are labelled, of sequences.
  package private(set) var confusion: [[Int]]

  package init(_ labelling: SequenceSet.Labelling, classes: Int) {
    self.labelling = labelling
    self.classes = classes
    confusion = Array(repeating: Array(repeating: 0, count: classes), count: classes)
  }

  /// Mean cross-entropy over the labelled steps, in nats.
  package var loss: Double { labelledSteps == 0 ? 0 : lossSum / Double(labelledSteps) }
  /// Share of the labelled steps whose largest output was their class.
  package var stepAccuracy: Double { share(correctSteps, of: labelledSteps) }
  /// Share of the sequences whose mean output was largest at their class; `nil` where steps are labelled.
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
        lossSum += crossEntropy(logits, label, top: logits[prediction])
        correctSteps += prediction == label ? 1 : 0
        if labelling == .steps { confusion[label][prediction] += 1 }
      }
      return labelling == .steps ? predictions : [addSequence(outputs, labels)]
    }
  }

  private mutating func addSequence(_ outputs: UnsafeBufferPointer<Float>, _ labels: [Int32]) -> Int32 {
    var sums = [Double](repeating: 0, count: classes)
    for index in outputs.indices { sums[index % classes] += Double(outputs[index]) }
    let prediction = sums.withUnsafeBufferPointer { largest($0) }
    if let label = labels.first, label >= 0 {
      labelledSequences += 1
      correctSequences += prediction == Int(label) ? 1 : 0
      confusion[Int(label)][prediction] += 1
    }
    return Int32(prediction)
  }

  private func crossEntropy(_ logits: UnsafeBufferPointer<Float>, _ label: Int, top: Float) -> Double {
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - Double(top)) }
    return log(sum) - (Double(logits[label]) - Double(top))
  }

  /// The index of the largest value, the first of equals.
  private func largest<Value: Comparable>(_ values: UnsafeBufferPointer<Value>) -> Int {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return best
  }
}
