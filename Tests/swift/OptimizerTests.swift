import CHypr
import Foundation
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

  @Test func gradientDescent() throws {
    let run = try Run([
      HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD), HYPR_OPTION_LEARNING_RATE: 0.3, HYPR_OPTION_GRADIENT_CLIP: 0,
    ])
    for _ in 0..<3 {
      let (before, gradient, after) = try run.update()
      for index in before.indices {
        let expected = try run.bounded(Double(before[index]) - 0.3 * Double(gradient[index]), index)
        #expect(abs(Double(after[index]) - expected) < 1e-6 * max(1, abs(expected)))
      }
      #expect(before != after)
    }
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

  @Test(arguments: [HYPR_SCHEDULE_CONSTANT, HYPR_SCHEDULE_LINEAR, HYPR_SCHEDULE_COSINE])
  func adam(schedule: Int) throws {
    let (rate, beta1, beta2, epsilon, total) = (0.02, 0.8, 0.95, 1e-6, 4.0)
    let run = try Run([
      HYPR_OPTION_LEARNING_RATE: rate, HYPR_OPTION_BETA1: beta1, HYPR_OPTION_BETA2: beta2, HYPR_OPTION_EPSILON: epsilon,
      HYPR_OPTION_GRADIENT_CLIP: 0, HYPR_OPTION_SCHEDULE: Double(schedule), HYPR_OPTION_SCHEDULE_UPDATES: total,
    ])
    var mean = [Double](repeating: 0, count: run.session.model.parameterCount)
    var square = mean
    for update in 0..<6 {
      let progress = min(Double(update) / total, 1)
      let factor =
        switch schedule {
        case HYPR_SCHEDULE_LINEAR: 1 - progress
        case HYPR_SCHEDULE_COSINE: (1 + cos(.pi * progress)) / 2
        default: 1.0
        }
      #expect(abs(try run.session.statistics.learning_rate - rate * factor) < 1e-12)
      let (before, gradient, after) = try run.update()
      for index in before.indices {
        let slope = Double(gradient[index])
        mean[index] = beta1 * mean[index] + (1 - beta1) * slope
        square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
        let step = mean[index] / (1 - pow(beta1, Double(update + 1)))
          / ((square[index] / (1 - pow(beta2, Double(update + 1)))).squareRoot() + epsilon)
        let expected = try run.bounded(Double(before[index]) - rate * factor * step, index)
        #expect(abs(Double(after[index]) - expected) < 2e-6 * max(1, abs(expected)), "element \(index), update \(update)")
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
    for tensor in try run.session.tensors where tensor.name.hasPrefix("layer0.") && tensor.shape.count == 1 && tensor.name != "layer0.bias" {
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
}
