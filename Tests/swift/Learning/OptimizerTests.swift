import CHypr
import Foundation
import HyprModelWriter
import Testing

/// Updates against the optimizers' definitions, evaluated in double precision on the gradients that the session reports.
@Suite struct OptimizerTests {
  private struct Run {
    let session: TestSession
    let inputs: [[Float]]
    let labels: [Int]

    init(_ options: [Int: Double]) throws {
      var random = RandomNet(seed: 11)
      let model = try TestModel(random.model(["SEAdLIF"], sizes: [4, 10, 3]))
      session = try TestSession(model, PropertyTests.manual.merging(options) { $1 })
      inputs = random.inputs(50, 4)
      labels = random.labels(50, 3)
    }

    /// Parameters before, gradient, and parameters after one update.
    func update() throws -> (before: [Float], gradient: [Float], after: [Float]) {
      let before = try session.parameters
      try session.learn(inputs, labels)
      let gradient = try session.gradients
      try session.apply()
      return (before, gradient, try session.parameters)
    }

    /// Neuron parameters are kept within their bounds.
    func bounded(_ value: Double, _ index: Int) throws -> Double {
      let tensor = try session.tensors.first { $0.range.contains(index) }!
      switch tensor.name {
      case "layer0.p_u", "layer0.p_w", "layer0.a": return min(max(value, 0), 1)
      case "layer0.b": return min(max(value, 0), 2)
      default: return value
      }
    }
  }

  private func norm(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

  /// An optimizer as its paper defines it, in double precision.
  private struct Reference {
    var rate = 0.02, beta1 = 0.8, beta2 = 0.95, epsilon = 1e-6, decay = 0.0, anchor = 0.0, limit = Double.infinity
    let rule: Int
    let start: [Float]
    var mean: [Double], square: [Double]
    var updates = 0

    init(rule: Int, start: [Float]) {
      self.rule = rule
      self.start = start
      mean = .init(repeating: 0, count: start.count)
      square = mean
    }

    /// The new value of a parameter; weights are those that decay.
    mutating func moved(_ value: Float, _ gradient: Float, _ index: Int, isWeight: Bool, factor: Double = 1) -> Double {
      let (theta, rate, decay) = (Double(value), rate * factor, isWeight ? decay : 0)
      var slope = max(-limit, min(limit, Double(gradient))) + anchor * (theta - Double(start[index]))
      if rule != HYPR_OPTIMIZER_ADAMW { slope += decay * theta }
      switch rule {
      case HYPR_OPTIMIZER_SGD:
        return theta - rate * slope
      case HYPR_OPTIMIZER_MOMENTUM:
        mean[index] = beta1 * mean[index] + slope
        return theta - rate * mean[index]
      default:
        mean[index] = beta1 * mean[index] + (1 - beta1) * slope
        square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
        let unbiased = mean[index] / (1 - pow(beta1, Double(updates + 1)))
        let root = (square[index] / (1 - pow(beta2, Double(updates + 1)))).squareRoot()
        let kept = rule == HYPR_OPTIMIZER_ADAMW ? theta * (1 - rate * decay) : theta
        return kept - rate * unbiased / (root + epsilon)
      }
    }
  }

  private func compare(
    _ run: Run, _ reference: inout Reference, updates: Int, factor: (String) -> Double = { _ in 1 }
  ) throws {
    let tensors = try run.session.tensors
    for _ in 0..<updates {
      let (before, gradient, after) = try run.update()
      for tensor in tensors {
        for index in tensor.range {
          let isWeight = tensor.shape.count == 2
          let value = reference.moved(
            before[index], gradient[index], index, isWeight: isWeight, factor: factor(tensor.name))
          let expected = try run.bounded(value, index)
          #expect(abs(Double(after[index]) - expected) < 2e-6 * max(1, abs(expected)), "\(tensor.name)[\(index)]")
        }
      }
      #expect(before != after)
      reference.updates += 1
    }
  }

  static let rules = [HYPR_OPTIMIZER_SGD, HYPR_OPTIMIZER_MOMENTUM, HYPR_OPTIMIZER_ADAM, HYPR_OPTIMIZER_ADAMW]

  private static func options(_ rule: Int) -> [Int: Double] {
    [
      HYPR_OPTION_OPTIMIZER: Double(rule), HYPR_OPTION_LEARNING_RATE: 0.02, HYPR_OPTION_BETA1: 0.8,
      HYPR_OPTION_BETA2: 0.95, HYPR_OPTION_EPSILON: 1e-6, HYPR_OPTION_GRADIENT_CLIP: 0,
    ]
  }

  @Test(arguments: rules)
  func optimizerIsItsDefinition(rule: Int) throws {
    let run = try Run(OptimizerTests.options(rule))
    var reference = Reference(rule: rule, start: try run.session.parameters)
    try compare(run, &reference, updates: 4)
  }

  @Test(arguments: rules)
  func decayAnchorAndValueClip(rule: Int) throws {
    let options = [HYPR_OPTION_WEIGHT_DECAY: 0.05, HYPR_OPTION_ANCHOR_STRENGTH: 0.3, HYPR_OPTION_VALUE_CLIP: 0.002]
    let run = try Run(OptimizerTests.options(rule).merging(options) { $1 })
    var reference = Reference(rule: rule, start: try run.session.parameters)
    (reference.decay, reference.anchor, reference.limit) = (0.05, 0.3, 0.002)
    try compare(run, &reference, updates: 4)
  }

  @Test func groupsHaveTheirOwnRates() throws {
    let factors = [
      "layer0.input_weight": 2.0, "layer0.recurrent_weight": 0.5, "layer0.bias": 3, "layer0.p_u": 0, "layer0.p_w": 0,
      "layer0.a": 0, "layer0.b": 0, "readout.weight": 0.25, "readout.bias": 0.25, "readout.tau": 4,
    ]
    let run = try Run(
      OptimizerTests.options(HYPR_OPTIMIZER_SGD).merging([
        HYPR_OPTION_RATE_INPUT_WEIGHTS: 2, HYPR_OPTION_RATE_RECURRENT_WEIGHTS: 0.5, HYPR_OPTION_RATE_BIASES: 3,
        HYPR_OPTION_RATE_NEURON_PARAMETERS: 0, HYPR_OPTION_RATE_READOUT: 0.25, HYPR_OPTION_RATE_READOUT_TAU: 4,
      ]) { $1 })
    var reference = Reference(rule: HYPR_OPTIMIZER_SGD, start: try run.session.parameters)
    try compare(run, &reference, updates: 2) { factors[$0]! }
    #expect(
      try run.session.tensors.filter { !$0.trainable }.map(\.name) == [
        "layer0.p_u", "layer0.p_w", "layer0.a", "layer0.b",
      ])
  }

  @Test func clippingShortensTheGradient() throws {
    let run = try Run([
      HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD), HYPR_OPTION_LEARNING_RATE: 1, HYPR_OPTION_GRADIENT_CLIP: 0.01,
    ])
    let (before, gradient, after) = try run.update()
    let length = norm(gradient)
    #expect(length > 0.01)
    #expect(abs(try run.session.statistics.gradient_norm - length) < 1e-4 * length)
    for index in before.indices {
      let expected = try run.bounded(Double(before[index]) - 0.01 / length * Double(gradient[index]), index)
      #expect(abs(Double(after[index]) - expected) < 1e-6 * max(1, abs(expected)))
    }
  }

  @Test(arguments: [HYPR_SCHEDULE_CONSTANT, HYPR_SCHEDULE_LINEAR, HYPR_SCHEDULE_COSINE], [0.0, 3.0])
  func schedule(schedule: Int, warmUp: Double) throws {
    let total = 4.0
    let run = try Run(
      OptimizerTests.options(HYPR_OPTIMIZER_SGD).merging([
        HYPR_OPTION_SCHEDULE: Double(schedule), HYPR_OPTION_SCHEDULE_UPDATES: total,
        HYPR_OPTION_WARM_UP_UPDATES: warmUp,
      ]) { $1 })
    for update in 0..<6 {
      let progress = min(Double(update) / total, 1)
      var factor =
        switch schedule {
        case HYPR_SCHEDULE_LINEAR: 1 - progress
        case HYPR_SCHEDULE_COSINE: (1 + cos(.pi * progress)) / 2
        default: 1.0
        }
      if warmUp > 0 { factor *= min(1, Double(update + 1) / warmUp) }
      #expect(abs(try run.session.statistics.learning_rate - 0.02 * factor) < 1e-12)
      let (before, gradient, after) = try run.update()
      for index in before.indices {
        let expected = try run.bounded(Double(before[index]) - 0.02 * factor * Double(gradient[index]), index)
        #expect(abs(Double(after[index]) - expected) < 1e-6 * max(1, abs(expected)))
      }
    }
    #expect(try run.session.statistics.updates == 6)
  }

  /// Bounds hold after updates that would cross them.
  @Test func parametersStayWithinBounds() throws {
    let run = try Run([HYPR_OPTION_LEARNING_RATE: 0.7, HYPR_OPTION_GRADIENT_CLIP: 0])
    for _ in 0..<5 { _ = try run.update() }
    let parameters = try run.session.parameters
    var atBound = 0
    for tensor in try run.session.tensors
    where tensor.name.hasPrefix("layer0.") && tensor.shape.count == 1 && tensor.name != "layer0.bias" {
      let upper: Float = tensor.name == "layer0.b" ? 2 : 1
      for value in parameters[tensor.range] {
        #expect(value >= 0 && value <= upper, "\(tensor.name)")
        atBound += value == 0 || value == upper ? 1 : 0
      }
    }
    #expect(atBound > 0)
  }

  /// The sum is the mean times the number of taught steps.
  @Test func reductions() throws {
    let mean = try Run([HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN)])
    let sum = try Run([HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_SUM)])
    try mean.session.learn(mean.inputs, mean.labels)
    try sum.session.learn(sum.inputs, sum.labels)
    let taught = Double(mean.labels.filter { $0 >= 0 }.count)
    let expected = try mean.session.gradients.map { Double($0) * taught }
    #expect(relativeError(try sum.session.gradients, expected) < 1e-6)
    #expect(try sum.session.statistics.taught_steps == UInt64(taught))
  }

  /// A gradient that is not finite is dropped and counted, and learning goes on.
  @Test func nonFiniteGradientIsSkipped() throws {
    var random = RandomNet(seed: 12)
    var description = random.model(["BRF"], sizes: [2, 8, 2])
    // Outputs so large that their loss gradient times the weights overflows.
    description.readout!.weight.values = description.readout!.weight.values.map { $0 * 1.5e38 }
    let session = try TestSession(TestModel(description), PropertyTests.manual)
    let before = try session.parameters
    for step in 0..<100 {
      guard (try? session.step([1, Float(step % 2)])) != nil else { continue }
      try session.teach(step % 2)
    }
    try session.apply()
    let statistics = try session.statistics
    #expect(statistics.updates == 0)
    #expect(statistics.skipped_updates == 1)
    #expect(try session.parameters == before)
    try session.reset()
  }

  /// An outlier with which a parameter or a moment might overflow is dropped whole and counted: it leaves no mark.
  @Test(arguments: rules, [1e20, 1e22, 1e30, 3e37])
  func outliersLeaveNoMark(rule: Int, error: Float) throws {
    for extra in [[:], [HYPR_OPTION_WEIGHT_DECAY: 0.05], [HYPR_OPTION_ANCHOR_STRENGTH: 0.3]] {
      let options = OptimizerTests.options(rule).merging(extra) { $1 }
      let (run, twin) = (try Run(options), try Run(options))
      for each in [run, twin] {
        _ = try each.update()
        for input in each.inputs { try each.session.step(input) }
      }
      let before = try run.session.parameters
      try run.session.teach(error: [error, -error, error])
      for each in [run, twin] { try each.session.apply() }
      let isAdam = rule == HYPR_OPTIMIZER_ADAM || rule == HYPR_OPTIMIZER_ADAMW
      guard isAdam || error > 1e32 else {
        // Large, and still a number.
        #expect(try run.session.parameters.filter { !$0.isFinite }.isEmpty)
        continue
      }
      #expect(try run.session.statistics.skipped_updates == 1)
      #expect(try run.session.statistics.updates == 1)
      #expect(try run.session.parameters == before)
      for _ in 0..<3 {
        let (moved, expected) = (try run.update(), try twin.update())
        #expect(moved.after == expected.after && moved.before != moved.after)
      }
    }
  }

  /// Parameters so large that decay or anchor would take them past all numbers.
  @Test(arguments: rules)
  func largeParametersStayNumbers(rule: Int) throws {
    for extra in [[HYPR_OPTION_WEIGHT_DECAY: 1000.0], [HYPR_OPTION_ANCHOR_STRENGTH: 1000]] {
      let run = try Run(OptimizerTests.options(rule).merging(extra) { $1 })
      var flat = try run.session.parameters
      let weight = try run.session.tensors.first { $0.name == "layer0.recurrent_weight" }!
      flat[weight.range.lowerBound] = 3e38
      try run.session.check(hypr_session_set_parameters(run.session.handle, flat, flat.count))
      try run.session.step([0, 0, 0, 0])
      try run.session.teach(1)
      try run.session.apply()
      #expect(try run.session.statistics.skipped_updates == 1)
      #expect(try run.session.parameters == flat)
    }
  }

  /// After a gradient that is dropped, layers whose traces have overflown begin again. Traces of an earlier sequence do not count.
  @Test func overflowOfAnEarlierSequence() throws {
    var random = RandomNet(seed: 13)
    var description = random.model(["IF"], sizes: [2, 3, 2])
    description.layers[0].inputWeight.values = [0, 0.05, 0, 0.05, 0, 0.05]
    description.layers[0].recurrentWeight = nil
    description.layers[0].bias = nil
    let ones = TensorDescription([1, 1, 1])
    description.layers[0].neuron = NeuronDescription(
      "IF",
      parameters: [("resistance", ones), ("threshold", ones), ("reset_potential", TensorDescription([0, 0, 0]))])
    let model = try TestModel(description)
    func gradients(afterOverflow: Bool) throws -> [Float] {
      let session = try TestSession(model, PropertyTests.manual)
      // No potential moves, but its derivative by the first column of the weight is the sum of these inputs.
      for _ in 0..<300 { try session.step([afterOverflow ? 3e38 : 0, 0]) }
      try session.reset()
      for _ in 0..<6 { try session.step([0, 1]) }
      try session.flush()
      for _ in 0..<2 {
        try session.step([0, 1])
        try session.teach(error: [3e38, -3e38])
      }
      try session.apply()
      #expect(try session.statistics.skipped_updates == 1)
      try session.step([0, 1])
      try session.teach(0)
      try session.flush()
      return try session.gradients
    }
    let expected = try gradients(afterOverflow: false)
    #expect(expected.contains { $0 != 0 })
    #expect(try gradients(afterOverflow: true) == expected)
  }
}
