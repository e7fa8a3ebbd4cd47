import CHypr
import Foundation
import Testing

/// What is not taught is kept: the option hold_untaught against its definition in double precision.
@Suite struct HoldTests {
  private static let classes = 5

  /// Of a session that rehearses, but has nothing to rehearse yet: no stretch of it is as long as its stream.
  static func options(_ others: [Int: Double] = [:]) -> [Int: Double] {
    PropertyTests.manual.merging([
      HYPR_OPTION_WINDOW: 9, HYPR_OPTION_REHEARSAL_BYTES: 4096, HYPR_OPTION_REHEARSAL_STRETCH: 1000,
      HYPR_OPTION_HOLD_UNTAUGHT: 0.7,
    ]) { $1 }.merging(others) { $1 }
  }

  private struct Data {
    let model: TestModel
    let inputs: [[Float]]
    /// Of the first three classes.
    let labels: [Int]

    /// The file has exemplars of some classes; they are all lead-in and teach nothing.
    init(_ neurons: [String] = ["BRF"], exemplars: Set<Int> = []) throws {
      var random = RandomNet(seed: 31)
      var description = random.model(neurons, sizes: [4, 12, 14].prefix(neurons.count + 1) + [HoldTests.classes])
      for label in exemplars.sorted() {
        description.exemplars.append(
          RehearsedExemplarTests.Made(&random, channels: 4, labels: [-1, label], startsSequence: false).description)
      }
      model = try TestModel(description)
      inputs = random.inputs(60, 4)
      labels = random.labels(60, 3)
    }

    /// The same network a little further on.
    func moved(_ session: TestSession) throws {
      var random = RandomNet(seed: 32)
      let start = try session.parameters
      try session.setParameters(zip(start, random.uniform(start.count, 0.98...1.02)).map { $0 * $1 })
    }
  }

  /// Cross-entropy over the classes that were taught until the end of a step's window and those of exemplars, which count less by a
  /// margin, and what pulls back the outputs of classes that were not taught.
  struct Arbiter {
    var smoothing = 0.0
    var hold = 0.7
    var weights = [Double](repeating: 1, count: HoldTests.classes)
    var exemplars: Set<Int> = []

    func loss(_ output: [Float], _ reference: [Float], _ label: Int, _ taught: Set<Int>) -> (loss: Double, error: [Float]) {
      let met = taught.union(exemplars)
      let powers = output.enumerated().map { index, score in
        met.contains(index) ? exp(Double(score) - (taught.contains(index) ? 0 : 2)) : 0
      }
      let sum = powers.reduce(0, +)
      var loss = 0.0
      let error = output.indices.map { index in
        var error = taught.contains(index) ? 0 : hold * Double(output[index] - reference[index])
        if met.contains(index) {
          let target = (index == label ? 1 - smoothing : 0) + smoothing / Double(met.count)
          loss -= target * log(powers[index] / sum)
          error += powers[index] / sum - target
        }
        return Float(weights[label] * error)
      }
      return (loss, error)
    }
  }

  /// Of a class that is never taught, of one that is, and of both.
  static let exemplars: [Set<Int>] = [[], [4], [1], [1, 3, 4]]

  @Test(arguments: [(0.0, false), (0.2, false), (0, true), (0.2, true)], exemplars)
  func gradientIsThatOfTheDefinition(variant: (smoothing: Double, weighted: Bool), exemplars: Set<Int>) throws {
    let (smoothing, weighted) = variant
    for (neurons, credit) in [(["BRF"], HYPR_CREDIT_WINDOW), (["SEAdLIF", "LIF"], HYPR_CREDIT_RECURRENT)] {
      let data = try Data(neurons, exemplars: exemplars)
      let others: [Int: Double] = [
        HYPR_OPTION_LABEL_SMOOTHING: smoothing, HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_SUM),
      ]
      let session = try TestSession(data.model, HoldTests.options(others))
      let expected = try TestSession(data.model, HoldTests.options(others).merging([HYPR_OPTION_REHEARSAL_BYTES: 0]) { $1 })
      let reference = try TestSession(data.model)
      var arbiter = Arbiter(smoothing: smoothing, exemplars: exemplars)
      if weighted {
        arbiter.weights = [0.5, 3, 1, 2, 2]
        try session.setClassWeights(arbiter.weights.map(Float.init))
      }
      try data.moved(session)
      try data.moved(expected)
      var (taught, lossSum, weightSum) = (Set<Int>(), 0.0, 0.0)
      for window in stride(from: 0, to: data.inputs.count, by: 9) {
        let steps = window..<min(window + 9, data.inputs.count)
        taught.formUnion(data.labels[steps].filter { $0 >= 0 })
        for step in steps {
          let output = try session.step(data.inputs[step])
          #expect(try expected.step(data.inputs[step]) == output)
          let held = try reference.step(data.inputs[step])
          guard data.labels[step] >= 0 else { continue }
          let label = data.labels[step]
          try session.teach(label)
          let found = arbiter.loss(output, held, label, taught)
          try expected.teach(error: found.error)
          lossSum += arbiter.weights[label] * found.loss
          weightSum += arbiter.weights[label]
        }
      }
      try session.flush()
      try expected.flush()
      #expect(taught == [0, 1, 2])
      let (found, gradient) = (try session.gradients, try expected.gradients)
      for tensor in try session.tensors {
        let error = relativeError(Array(found[tensor.range]), gradient[tensor.range].map(Double.init))
        #expect(error < 2e-5, "\(neurons), \(tensor.name): \(error)")
      }
      #expect(abs(try session.statistics.mean_loss - lossSum / weightSum) < 1e-5)
    }
  }

  /// Where the network still is its reference nothing pulls: the gradient is that of the masked loss, by finite differences.
  @Test(arguments: exemplars) func gradientIsThatOfFiniteDifferences(exemplars: Set<Int>) throws {
    let data = try Data(exemplars: exemplars)
    let session = try TestSession(data.model, HoldTests.options([HYPR_OPTION_LABEL_SMOOTHING: 0.1, HYPR_OPTION_WINDOW: 60]))
    func loss() throws -> Double {
      try session.reset()
      try session.check(hypr_session_clear_statistics(session.handle))
      try session.stream(data.inputs, data.labels) { try session.teach(data.labels[$0]) }
      return try session.statistics.mean_loss
    }
    _ = try loss()
    let gradients = try session.gradients
    let readout = try session.tensors.first { $0.name == "readout.bias" }!
    try session.check(hypr_session_reset_parts(session.handle, UInt32(HYPR_RESET_OPTIMIZER)))
    let differences = try session.finiteDifferences(readout.range, share: 1e-2, of: loss)
    #expect(relativeError(Array(gradients[readout.range]), differences) < 1e-3)
    #expect(gradients[readout.range].map { $0 != 0 } == (0..<HoldTests.classes).map { $0 < 3 || exemplars.contains($0) })
  }

  /// Learns a stream of made labels, with rehearsal; gives the bits of all outputs.
  private func learn(_ session: TestSession, _ inputs: [[Float]], _ label: (Int) -> Int) throws -> [UInt32] {
    var bits: [UInt32] = []
    for (step, input) in inputs.enumerated() {
      bits += try session.step(input).map(\.bitPattern)
      try session.teach(label(step))
    }
    try session.flush()
    return bits
  }

  private static let rehearsing: [Int: Double] = [
    HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_WINDOW), HYPR_OPTION_REHEARSAL_STRETCH: 20, HYPR_OPTION_REHEARSAL_LEAD_IN: 5,
    HYPR_OPTION_REHEARSAL_STEPS: 7, HYPR_OPTION_LEARNING_RATE: 0.01,
  ]

  @Test func changesNothingOnceAllClassesWereTaught() throws {
    let data = try Data()
    var random = RandomNet(seed: 33)
    let inputs = random.inputs(300, 4)
    func bits(_ hold: Double, _ label: (Int) -> Int) throws -> [UInt32] {
      let options = HoldTests.options(HoldTests.rehearsing.merging([HYPR_OPTION_HOLD_UNTAUGHT: hold]) { $1 })
      return try learn(TestSession(data.model, options), inputs, label)
    }
    let all = { (step: Int) in step % HoldTests.classes }
    #expect(try bits(0.5, all) == bits(0, all))
    let some = { (step: Int) in step % 3 }
    #expect(try bits(0.5, some) != bits(0, some))
  }

  /// Outputs of classes that are never taught move less if they are held.
  @Test func untaughtOutputsStay() throws {
    let data = try Data()
    var random = RandomNet(seed: 34)
    let (inputs, probe) = (random.inputs(600, 4), random.inputs(50, 4))
    let before = try TestSession(data.model)
    let expected = try probe.map { try before.step($0) }
    func distance(_ hold: Double) throws -> Double {
      let options = HoldTests.options(HoldTests.rehearsing.merging([HYPR_OPTION_HOLD_UNTAUGHT: hold]) { $1 })
      let session = try TestSession(data.model, options)
      _ = try learn(session, inputs) { $0 / 30 % 2 }
      try session.reset()
      return try zip(probe, expected).reduce(0) { sum, pair in
        let output = try session.step(pair.0)
        return sum + zip(output, pair.1).dropFirst(2).reduce(0) { $0 + pow(Double($1.0 - $1.1), 2) }
      }.squareRoot()
    }
    let (free, held, firmly) = (try distance(0), try distance(0.3), try distance(10))
    #expect(held < free / 2)
    #expect(firmly < free / 2)
  }

  /// A class that the host's own stretch has is taught.
  @Test func addedStretchesTeach() throws {
    let data = try Data()
    let session = try TestSession(data.model, HoldTests.options([HYPR_OPTION_REHEARSAL_STRETCH: 20]))
    let free = try TestSession(data.model, HoldTests.options([HYPR_OPTION_REHEARSAL_STRETCH: 20, HYPR_OPTION_HOLD_UNTAUGHT: 0]))
    let labels = (0..<20).map { Int32($0 % HoldTests.classes) }
    for session in [session, free] {
      try session.check(
        hypr_session_rehearsal_add(session.handle, data.inputs[0..<20].flatMap(\.self), 20, labels, nil, 1))
      try session.check(hypr_session_rehearsal_clear(session.handle))
      try session.stream(data.inputs, data.labels) { try session.teach(data.labels[$0]) }
    }
    // Forgetting the stretches does not make classes untaught.
    #expect(try session.gradients == free.gradients)
  }
}
