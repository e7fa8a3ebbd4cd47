import CHypr
import Foundation
import Testing

/// Losses against their definitions in double precision, and their gradients against finite differences.
@Suite struct LossTests {
  private struct Run {
    let session: TestSession
    let inputs: [[Float]]
    let labels: [Int]
    let targets: [[Float]]

    init(_ options: [Int: Double] = [:]) throws {
      var random = RandomNet(seed: 21)
      let model = try TestModel(random.model(["BRF"], sizes: [4, 12, 3]))
      session = try TestSession(
        model, PropertyTests.manual.merging([HYPR_OPTION_WINDOW: 9]) { $1 }.merging(options) { $1 })
      inputs = random.inputs(40, 4)
      labels = random.labels(40, 3)
      targets = (0..<40).map { _ in random.uniform(3, -1...1) }
    }

    /// Steps through the sequence, teaches each step with a label, and gives the outputs of those steps.
    func pass(_ teach: (Int, [Float]) throws -> Void) throws -> [(step: Int, output: [Float])] {
      try session.reset()
      try session.check(hypr_session_clear_statistics(session.handle))
      var taught: [(step: Int, output: [Float])] = []
      for (step, input) in inputs.enumerated() {
        let output = try session.step(input)
        guard labels[step] >= 0 else { continue }
        try teach(step, output)
        taught.append((step, output))
      }
      try session.flush()
      return taught
    }
  }

  private func softmax(_ output: [Float]) -> [Double] {
    let powers = output.map { exp(Double($0)) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  private func squaredError(_ output: [Float], _ target: [Float]) -> Double {
    zip(output, target).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) } / Double(output.count)
  }

  @Test(arguments: [0.0, 0.1, 0.999_999])
  func crossEntropyWithSmoothing(smoothing: Double) throws {
    let run = try Run([HYPR_OPTION_LABEL_SMOOTHING: smoothing])
    let taught = try run.pass { step, _ in try run.session.teach(run.labels[step]) }
    let losses = taught.map { step, output in
      softmax(output).enumerated().reduce(0.0) {
        $0 - ((1 - smoothing) * ($1.offset == run.labels[step] ? 1 : 0) + smoothing / 3) * log($1.element)
      }
    }
    let statistics = try run.session.statistics
    #expect(abs(statistics.mean_loss - losses.reduce(0, +) / Double(losses.count)) < 1e-6)
    let correct = taught.filter { step, output in output.firstIndex(of: output.max()!) == run.labels[step] }.count
    #expect(statistics.correct_steps == UInt64(correct))
    try gradientIsThatOfFiniteDifferences(run) { step, _ in try run.session.teach(run.labels[step]) }
  }

  /// A class without a weight does not count among the steps that the gradient is divided by.
  @Test(arguments: [HYPR_REDUCTION_MEAN, HYPR_REDUCTION_SUM, HYPR_REDUCTION_MEAN_OVER_STEPS])
  func reductionsOfWeightedClasses(reduction: Int) throws {
    let run = try Run([HYPR_OPTION_REDUCTION: Double(reduction)])
    let classWeights: [Float] = [0.5, 8, 0]
    try run.session.setClassWeights(classWeights)
    let weights = run.labels.filter { $0 >= 0 }.map { Double(classWeights[$0]) }
    let sum = weights.reduce(0, +)
    let divisor = [HYPR_REDUCTION_MEAN: sum, HYPR_REDUCTION_SUM: 1][reduction] ?? Double(weights.filter { $0 > 0 }.count)
    try gradientIsThatOfFiniteDifferences(run, scale: sum / divisor) { step, _ in try run.session.teach(run.labels[step]) }
  }

  /// Where an update sees one class only, its weight is lost in the weighted mean, and is a factor on the mean over steps.
  @Test func weightOfAClassByItself() throws {
    func gradient(_ reduction: Int, weight: Float) throws -> [Float] {
      let run = try Run([HYPR_OPTION_REDUCTION: Double(reduction)])
      try run.session.setClassWeights([1, weight, 1])
      _ = try run.pass { _, _ in try run.session.teach(1) }
      return try run.session.gradients
    }
    let plain = try gradient(HYPR_REDUCTION_MEAN, weight: 1)
    #expect(try gradient(HYPR_REDUCTION_MEAN, weight: 16) == plain)
    #expect(try gradient(HYPR_REDUCTION_MEAN_OVER_STEPS, weight: 1) == plain)
    #expect(try gradient(HYPR_REDUCTION_MEAN_OVER_STEPS, weight: 16) == plain.map { $0 * 16 })
  }

  /// The clip does not take it back.
  @Test(arguments: [0, 1e-3]) func weightOfAClassInAnUpdate(clip: Double) throws {
    func change(weight: Float) throws -> [Float] {
      let run = try Run([
        HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN_OVER_STEPS), HYPR_OPTION_GRADIENT_CLIP: clip,
        HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD), HYPR_OPTION_LEARNING_RATE: clip > 0 ? 0.1 / clip : 0.1,
        HYPR_OPTION_TRAIN_MASK: Double(HYPR_TRAIN_INPUT_WEIGHTS + HYPR_TRAIN_RECURRENT_WEIGHTS + HYPR_TRAIN_READOUT),
      ])
      try run.session.setClassWeights([1, weight, 1])
      let before = try run.session.parameters
      _ = try run.pass { _, _ in try run.session.teach(1) }
      #expect(try run.session.statistics.gradient_norm == 0)
      try run.session.apply()
      #expect(try run.session.statistics.gradient_norm > max(10 * clip, 0.01))
      return zip(before, try run.session.parameters).map { $1 - $0 }
    }
    let expected = try change(weight: 1).map { Double($0) * 4 }
    #expect(relativeError(try change(weight: 4), expected) < 1e-3)
  }

  @Test func meanSquaredError() throws {
    let run = try Run()
    let taught = try run.pass { step, _ in try run.session.teach(values: run.targets[step]) }
    let losses = taught.map { step, output in squaredError(output, run.targets[step]) }
    #expect(abs(try run.session.statistics.mean_loss - losses.reduce(0, +) / Double(losses.count)) < 1e-6)
    try gradientIsThatOfFiniteDifferences(run) { step, _ in try run.session.teach(values: run.targets[step]) }
  }

  /// The host's own derivative of the mean squared error gives the same gradient in every tensor.
  @Test func hostErrorEqualsBuiltInLoss() throws {
    let (builtIn, host) = (try Run(), try Run())
    _ = try builtIn.pass { step, _ in try builtIn.session.teach(values: builtIn.targets[step]) }
    _ = try host.pass { step, output in
      try host.session.teach(error: zip(output, host.targets[step]).map { 2 * ($0 - $1) / 3 })
    }
    let expected = try builtIn.session.gradients
    let found = try host.session.gradients
    for tensor in try host.session.tensors {
      let error = relativeError(Array(found[tensor.range]), expected[tensor.range].map(Double.init))
      #expect(error < 1e-5, "\(tensor.name): \(error)")
      #expect(expected[tensor.range].contains { $0 != 0 })
    }
  }

  /// A second target for a step replaces the first, of whatever kind.
  @Test func lastTargetCounts() throws {
    let (once, twice) = (try Run(), try Run())
    _ = try once.pass { step, _ in try once.session.teach(once.labels[step]) }
    _ = try twice.pass { step, _ in
      try twice.session.teach(values: twice.targets[step])
      try twice.session.teach(error: [5, 5, 5])
      try twice.session.teach(twice.labels[step])
    }
    #expect(try once.session.gradients == twice.session.gradients)
    #expect(try once.session.statistics.mean_loss == twice.session.statistics.mean_loss)
  }

  @Test func badTargetsAreRefused() throws {
    let run = try Run()
    #expect(throws: CallFailure.self) { try run.session.teach(values: [1, 2, 3]) }
    try run.session.step(run.inputs[0])
    let failures: [(hypr_status, String, () throws -> Void)] = [
      (
        hypr_status(HYPR_ERROR_SIZE_MISMATCH), "target has 2 elements, expected 3",
        { try run.session.teach(values: [1, 2]) }
      ),
      (hypr_status(HYPR_ERROR_NOT_FINITE), "target[1] is nan", { try run.session.teach(values: [1, .nan, 2]) }),
      (
        hypr_status(HYPR_ERROR_NOT_FINITE), "dloss_doutput[2] is inf",
        { try run.session.teach(error: [1, 2, .infinity]) }
      ),
    ]
    for (status, message, call) in failures {
      let failure = try #require(throws: CallFailure.self) { try call() }
      #expect(failure.status == status && failure.message.contains(message))
    }
    try run.session.flush()
    #expect(try run.session.statistics.taught_steps == 0)
  }

  /// The loss, `scale` times the mean loss, is smooth in the readout's parameters.
  private func gradientIsThatOfFiniteDifferences(
    _ run: Run, scale: Double = 1, _ teach: (Int, [Float]) throws -> Void
  ) throws {
    try run.session.apply()
    let start = try run.session.parameters
    _ = try run.pass(teach)
    let gradient = try run.session.gradients
    for tensor in try run.session.tensors where tensor.name.hasPrefix("readout") {
      let differences = try tensor.range.map { index in
        let distance: Float = 0.02 * max(1, abs(start[index]))
        func loss(_ sign: Float) throws -> Double {
          var moved = start
          moved[index] += sign * distance
          try run.session.setParameters(moved)
          _ = try run.pass(teach)
          return try scale * run.session.statistics.mean_loss
        }
        return try (loss(1) - loss(-1)) / Double(2 * distance)
      }
      let error = relativeError(Array(gradient[tensor.range]), differences)
      #expect(error < 5e-3, "\(tensor.name): \(error)")
    }
  }
}
