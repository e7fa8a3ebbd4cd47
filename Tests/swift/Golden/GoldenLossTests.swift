import CHypr
import Testing

/// Every loss but the cross-entropy of every step, which `GoldenTests` has, against float64 reference numbers: each net, credit and
/// window, every gradient leaf by itself.
@Suite struct GoldenLossTests {
  enum Loss: String, CaseIterable {
    case sequence, last_steps, sum_of_softmax, mean_squared_error, host_error, weighted, spike_rate

    var options: [Int: Double] {
      switch self {
      case .sequence: [HYPR_OPTION_LOSS: Double(HYPR_LOSS_EVERY_STEP)]
      case .last_steps: [HYPR_OPTION_LOSS: Double(HYPR_LOSS_LAST_STEPS), HYPR_OPTION_LOSS_STEPS: 3]
      case .sum_of_softmax: [HYPR_OPTION_LOSS: Double(HYPR_LOSS_SUM_OF_SOFTMAX)]
      case .mean_squared_error, .host_error: [:]
      case .weighted: [HYPR_OPTION_LABEL_SMOOTHING: 0.1]
      case .spike_rate:
        [HYPR_OPTION_SPIKE_RATE_PENALTY: 2, HYPR_OPTION_SPIKE_RATE_LOWER: 0.2, HYPR_OPTION_SPIKE_RATE_UPPER: 0.25]
      }
    }
  }

  struct Rule: CustomTestStringConvertible {
    let net: GoldenNet
    let loss: Loss
    let credit: String
    let window: Int
    var testDescription: String { "\(net.name) \(loss) \(credit) λ = \(window)" }

    /// Spatial credit does not depend on the window, so only the last one is stored; but for the spike rate, which is a window's.
    var reference: [Double]? {
      let independent = credit == "spatial" && loss != .spike_rate
      return net.gradient(ofLoss: loss.rawValue, credit, window: independent ? net.inputs.count : window)
    }
  }

  /// All that there could be.
  private static let allRules = GoldenTests.nets.flatMap { net in
    Loss.allCases.flatMap { loss in
      GoldenTests.credits.keys.sorted().flatMap { credit in
        net.windows.compactMap { window -> Rule? in
          // The sum of softmax needs the whole sequence; a spike rate needs spikes.
          if loss == .sum_of_softmax && window < net.inputs.count { return nil }
          if loss == .spike_rate && GoldenTests.analog.isSuperset(of: net.neurons) { return nil }
          return Rule(net: net, loss: loss, credit: credit, window: window)
        }
      }
    }
  }

  /// Files of variants of a net hold fewer.
  static let rules = allRules.filter { $0.reference != nil }

  @Test func everyLossIsThere() {
    let names = Set(GoldenNet.schemaNames.keys.flatMap { ["\($0)_5-8-3", "\($0)_5-8-6-3"] })
    let expected = GoldenLossTests.allRules.filter { names.contains($0.net.name) }
    let found = GoldenLossTests.rules.filter { names.contains($0.net.name) }
    #expect(found.count == expected.count)
    // Per net and credit: five losses at four windows and one at the last; the spike rate at four, of models that spike.
    let models = GoldenNet.models
    #expect(expected.count == 2 * 4 * (models.count * (5 * 4 + 1) + models.filter(\.spiking).count * 4))
    #expect(Set(GoldenLossTests.rules.map(\.net.name)).count == GoldenTests.nets.count)
  }

  @Test(arguments: rules)
  func gradient(rule: Rule) throws {
    let session = try session(rule)
    let loss = try teach(session, rule)
    if let expected = rule.net.value(ofLoss: rule.loss.rawValue), let loss {
      #expect(abs(loss - expected) < 1e-5 * abs(expected), "loss \(loss), expected \(expected)")
    }
    let expected = try #require(rule.reference)
    let found = try session.gradients
    #expect(found.count == expected.count)
    for tensor in try session.tensors {
      let leaf = Array(expected[tensor.range])
      #expect(leaf.contains { $0 != 0 } != rule.net.isUnused(tensor.name), "\(tensor.name)")
      let error = relativeError(Array(found[tensor.range]), leaf)
      #expect(error < 1e-4, "\(tensor.name): relative error \(error)")
    }
  }

  /// With the reduction mean_over_steps it is the sum of the weighted losses by the number of labels.
  @Test(arguments: rules.filter { $0.loss == .weighted })
  func weightedMeanOverSteps(rule: Rule) throws {
    let session = try session(rule, [HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN_OVER_STEPS)])
    _ = try teach(session, rule)
    let weights = rule.net.labels.filter { $0 >= 0 }.map { Double(rule.net.classWeights[$0]) }
    let scale = weights.reduce(0, +) / Double(weights.count)
    #expect(abs(scale - 1) > 0.01)
    let (expected, found) = (try #require(rule.reference), try session.gradients)
    for tensor in try session.tensors {
      let error = relativeError(Array(found[tensor.range]), expected[tensor.range].map { $0 * scale })
      #expect(error < 1e-4, "\(tensor.name): relative error \(error)")
    }
  }

  private func session(_ rule: Rule, _ others: [Int: Double] = [:]) throws -> TestSession {
    let options: [Int: Double] = [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(rule.window),
      HYPR_OPTION_CREDIT: Double(GoldenTests.credits[rule.credit]!), HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
    ]
    let session = try TestSession(TestModel(rule.net.model), options.merging(rule.loss.options) { $1 }.merging(others) { $1 })
    if rule.loss == .weighted { try session.setClassWeights(rule.net.classWeights) }
    return session
  }

  /// Teaches the whole sequence; returns the loss where the library knows it.
  private func teach(_ session: TestSession, _ rule: Rule) throws -> Double? {
    let net = rule.net
    switch rule.loss {
    case .sequence, .last_steps, .sum_of_softmax: return try session.learn([net.inputs], [net.sequenceLabel])
    case .weighted, .spike_rate: return try session.learn(net.inputs, net.labels)
    case .mean_squared_error:
      let targets = net.targets
      try session.stream(net.inputs, net.labels) { try session.teach(values: targets[$0]) }
      return try session.statistics.mean_loss
    case .host_error:
      let errors = net.errors
      try session.stream(net.inputs, net.labels) { try session.teach(error: errors[$0]) }
      return nil
    }
  }
}
