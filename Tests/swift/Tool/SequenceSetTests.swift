import Foundation
import HyprBuilding
import HyprToolKit
import Testing

@Suite("Tool: labelled sequences") struct SequenceSetTests {
  /// An int32 array with the elements 0, 1, 2, ... or those given.
  private func array(_ shape: [Int], _ values: [Int32]? = nil, _ name: String = "labels") throws -> NumpyArray {
    let count = shape.reduce(1, *)
    return try NumpyArray(Data(NumpyWriter.file(values ?? (0..<Int32(count)).map { $0 }, shape: shape)), name: name)
  }

  private func reason(_ inputs: [Int], _ labels: [Int], lengths: [Int32]? = nil, labelValues: [Int32]? = nil) throws
    -> String
  {
    let inputs = try array(inputs, nil, "inputs")
    let zeros = [Int32](repeating: 0, count: labels.reduce(1, *))
    let labels = try array(labels, labelValues ?? zeros)
    let lengths = try lengths.map { try array([$0.count], $0, "lengths") }
    do {
      _ = try SequenceSet(inputs: inputs, labels: labels, lengths: lengths, inputSize: 2, classes: 3)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `sequences of one length`() throws {
    let set = try SequenceSet(
      inputs: array([2, 3, 2]), labels: array([2, 3], [0, 1, -1, 2, 2, 0]), lengths: nil, inputSize: 2, classes: 3)
    #expect(set.count == 2 && set.stepCount == 6)
    #expect(set.inputs(of: 1) == [6, 7, 8, 9, 10, 11])
    #expect(set.labels(of: 0) == [0, 1, -1])
  }

  @Test func `sequences of several lengths, with one label each`() throws {
    let set = try SequenceSet(
      inputs: array([5, 2]), labels: array([2], [2, 0]), lengths: array([2], [4, 1]), inputSize: 2, classes: 3)
    #expect(set.inputs(of: 1) == [8, 9])
    #expect(set.labels(of: 0) == [2, 2, 2, 2])
    #expect(set.labels(of: 1) == [0])
  }

  @Test func `errors say what is wrong`() throws {
    #expect(try reason([2, 3, 2], [2, 3]) == "accepted")
    #expect(try reason([6, 2], [6]).contains("expected [sequences, steps, 2], or [total steps, 2] with --lengths"))
    #expect(try reason([2, 3, 4], [2, 3]) == "inputs has 4 channels, the model has 2 inputs")
    #expect(try reason([3, 2, 4], [3]).hasSuffix("the model has 2 inputs; channels come last: save inputs.swapaxes(-1, -2)"))
    #expect(try reason([2, 4, 2], [2, 3]).hasSuffix("of one-hot labels save labels.argmax(axis=-1)"))
    #expect(try reason([2, 4, 2], [2, 1]).hasSuffix("save labels[..., 0]"))
    #expect(
      try reason([2, 3, 2], [2, 4])
        == "labels has the shape [2, 4], expected [2, 3] (a label per step) or [2] (one per sequence)")
    #expect(try reason([0, 3, 2], [0, 3]) == "inputs holds no steps")
    #expect(
      try reason([1, 2, 2], [1, 2], labelValues: [0, 3]).contains(
        "the label of sequence 0, step 1 is 3, expected 0 to 2, as classes count from 0 and the model has 3 outputs"))
    #expect(
      try reason([5, 2], [5], lengths: [3, 3]) == "lengths: length 1 is 3, expected 1 to 2, the steps left in inputs")
    #expect(try reason([5, 2], [5], lengths: [3]) == "lengths adds up to 3 steps, but inputs has 5")
    #expect(try reason([5, 2], [5], lengths: [-1, 6]).contains("length 0 is -1"))
  }

  @Test func `a split takes every sequence once`() throws {
    let labels = (0..<20).map { Int32($0) }
    let set = try SequenceSet(
      inputs: array([20, 1, 1]), labels: array([20], labels), lengths: nil, inputSize: 1, classes: 20)
    var random = RandomNumbers(seed: 4)
    let (training, validation) = try set.split(fraction: 0.1, &random)
    #expect(training.count == 18 && validation.count == 2)
    let all = (0..<18).map { training.labels(of: $0)[0] } + (0..<2).map { validation.labels(of: $0)[0] }
    #expect(all.sorted() == labels)
    #expect(throws: ToolError.self) { try set.split(fraction: 0.99, &random) }
  }

  @Test func `scores of steps`() {
    var score = Score(.steps, classes: 2)
    let predictions = score.add(outputs: [0, 0, 1, 2, 5, 4], labels: [1, 1, -1])
    #expect(predictions == [0, 1, 0])
    #expect(score.labelledSteps == 2)
    #expect(score.stepAccuracy == 0.5)
    #expect(score.sequenceAccuracy == nil)
    #expect(abs(score.loss - (log(2) + log(1 + exp(-1))) / 2) < 1e-9)
    #expect(score.confusion == [[0, 0], [1, 1]])
  }

  @Test func `scores of sequences go by the mean output`() {
    var score = Score(.sequences, classes: 2)
    #expect(score.add(outputs: [0, 1, 0, 1, 9, 0], labels: [0, 0, 0]) == [0])
    #expect(score.accuracy == 1)
    #expect(abs(score.stepAccuracy - 1.0 / 3) < 1e-9)
    #expect(score.confusion == [[1, 0], [0, 0]])
  }

  @Test func `scores of sequences go by the steps that have a target`() {
    var score = Score(.sequences, classes: 2, .lastSteps(2))
    #expect(score.add(outputs: [0, 1, 0, 1, 9, 0], labels: [0, 0, 0]) == [0])
    #expect(score.add(outputs: [9, 0, 0, 1, 0, 1], labels: [0, 0, 0]) == [1])
    #expect(score.accuracy == 0.5)
    let losses = [log(1 + exp(1.0)), log(1 + exp(-9.0)), log(1 + exp(1.0)), log(1 + exp(1.0))]
    #expect(abs(score.loss - losses.reduce(0, +) / 4) < 1e-9)
  }

  @Test func `scores of sequences go by the sum of softmax`() {
    var score = Score(.sequences, classes: 2, .sumOfSoftmax)
    #expect(score.add(outputs: [0, 1, 0, 1, 9, 0], labels: [0, 0, 0]) == [0])
    #expect(score.add(outputs: [0, 1, 0, 1, 2.1, 0], labels: [0, 0, 0]) == [1])
    let sums = [9.0, 2.1].map { last in
      [2 / (1 + exp(1.0)) + 1 / (1 + exp(-last)), 2 / (1 + exp(-1.0)) + 1 / (1 + exp(last))]
    }
    let losses = sums.map { log(1 + exp($0[1] - $0[0])) }
    #expect(abs(score.loss - losses.reduce(0, +) / 2) < 1e-6)
  }

  @Test func `updates of an epoch are counted`() throws {
    let set = try SequenceSet(
      inputs: array([3, 5, 1]),
      labels: array([3, 5], [0, -1, -1, -1, 0] + [-1, -1, 0, 0, -1] + [-1, -1, -1, -1, -1]),
      lengths: nil, inputSize: 1, classes: 1)
    func updates(_ rule: UpdateRule) throws -> Int {
      TrainingPlan(epochs: 1, update: rule, settings: OptionSettings(), shuffleSeed: 0).updatesPerEpoch(set, window: 2)
    }
    #expect(try updates(.window) == 3)
    #expect(try updates(.sequence) == 2)
    #expect(try updates(.batch(2)) == 2)
    let sequences = try SequenceSet(
      inputs: array([3, 5, 1]), labels: array([3], [0, -1, 0]), lengths: nil, inputSize: 1, classes: 1)
    let plan = TrainingPlan(epochs: 1, update: .window, settings: OptionSettings(), shuffleSeed: 0)
    #expect(plan.updatesPerEpoch(sequences, window: 2) == 6)
    #expect(plan.updatesPerEpoch(sequences, window: 2, taughtSteps: 2) == 4)
    #expect(plan.updatesPerEpoch(sequences, window: 2, taughtSteps: 1) == 2)
  }
}
