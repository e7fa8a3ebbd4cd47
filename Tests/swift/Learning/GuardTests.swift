import CHypr
import Foundation
import Testing

/// Never worse than the model that came: the reference network, and the guard that compares with it.
@Suite struct GuardTests {
  private static let classes = 4

  /// A task that a small network knows: in each run of 25 steps one channel is stronger than the others.
  private struct Task {
    var random = RandomNet(seed: 51)
    /// How much of each channel reaches the next one: the sensor was mounted anew.
    var turn: Float = 0

    mutating func runs(_ count: Int, _ label: ((Int) -> Int)? = nil) -> (inputs: [[Float]], labels: [Int]) {
      var (inputs, labels): ([[Float]], [Int]) = ([], [])
      for run in 0..<count {
        let chosen = label?(run) ?? Int.random(in: 0..<GuardTests.classes, using: &random.generator)
        for _ in 0..<25 {
          var sample = random.uniform(GuardTests.classes, -0.5...0.5)
          sample[chosen] += 1
          let turned = sample.indices.map { sample[$0] + turn * sample[($0 + 1) % sample.count] }
          inputs.append(turned)
          labels.append(chosen)
        }
      }
      return (inputs, labels)
    }

    /// The network that has learned it.
    mutating func model() throws -> TestModel {
      let session = try TestSession(
        TestModel(random.model(["SEAdLIF"], sizes: [GuardTests.classes, 24, GuardTests.classes])),
        [
          HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 50, HYPR_OPTION_LEARNING_RATE: 0.01,
          HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_SEQUENCE),
        ])
      for _ in 0..<150 {
        let data = runs(6)
        try session.learn(data.inputs, data.labels)
      }
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      var size = 0
      try session.check(hypr_session_model_size(session.handle, &size))
      try session.check(hypr_session_save_model_buffer(session.handle, &bytes, size))
      return try TestModel(bytes: Array(bytes.prefix(size)))
    }
  }

  private static func options(_ horizon: Int, rate: Double = 0.01, _ others: [Int: Double] = [:]) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 10, HYPR_OPTION_LEARNING_RATE: rate, HYPR_OPTION_GUARD: Double(horizon),
    ].merging(others) { $1 }
  }

  private func accuracy(_ outputs: [[Float]], _ labels: [Int]) -> Double {
    let correct = zip(outputs, labels).filter { $0.0.firstIndex(of: $0.0.max()!) == $0.1 }.count
    return 100 * Double(correct) / Double(labels.count)
  }

  /// Learns a stream, then gives what it answers on another one.
  private func answers(
    _ session: TestSession, after stream: (inputs: [[Float]], labels: [Int]), on test: [[Float]]
  ) throws -> [[Float]] {
    for (input, label) in zip(stream.inputs, stream.labels) {
      try session.step(input)
      try session.teach(label)
    }
    try session.reset()
    return try test.map { try session.step($0) }
  }

  /// A rate that ruins the network: by itself it ends far below where it began; with the guard it answers as well as before.
  @Test func tooLargeARateDoesNoHarm() throws {
    var task = Task()
    let model = try task.model()
    task.turn = 0.2
    let (stream, test) = (task.runs(160), task.runs(60))
    let plain = try TestSession(model)
    let before = accuracy(try test.inputs.map { try plain.step($0) }, test.labels)
    let learning = try TestSession(model, GuardTests.options(0, rate: 3))
    let ruined = accuracy(try answers(learning, after: stream, on: test.inputs), test.labels)
    let guarded = try TestSession(model, GuardTests.options(200, rate: 3, [HYPR_OPTION_GUARD_ANSWER: 1]))
    let after = accuracy(try answers(guarded, after: stream, on: test.inputs), test.labels)
    let report = try guarded.guarded
    #expect(before > 80 && ruined < before - 20, "\(before) to \(ruined)")
    #expect(after >= before - 1, "\(before) to \(after)")
    #expect(report.reference_ahead == 1 && report.returns >= 1 && report.loss > report.reference_loss)
    #expect(report.compared_steps == UInt64(stream.labels.count) && report.last_return <= report.compared_steps)
  }

  /// Learning that makes things better goes on as without a guard, bit for bit.
  @Test func goodLearningIsLeftAlone() throws {
    var task = Task()
    let model = try task.model()
    task.turn = 0.9
    let (stream, test) = (task.runs(160), task.runs(60))
    let plain = try TestSession(model)
    let before = accuracy(try test.inputs.map { try plain.step($0) }, test.labels)
    let (free, guarded) = (
      try TestSession(model, GuardTests.options(0, rate: 0.003)),
      try TestSession(model, GuardTests.options(1000, rate: 0.003, [HYPR_OPTION_GUARD_ANSWER: 1]))
    )
    let expected = try answers(free, after: stream, on: test.inputs)
    let found = try answers(guarded, after: stream, on: test.inputs)
    #expect(accuracy(found, test.labels) > before + 5)
    #expect(found == expected)
    #expect(try guarded.parameters == free.parameters)
    let report = try guarded.guarded
    #expect(report.reference_ahead == 0 && report.returns == 0 && report.loss < report.reference_loss)
    #expect(report.accuracy > report.reference_accuracy)
  }

  /// What the reference answers is what a session without learning gives, also after resets and in batches.
  @Test func answersAreThoseOfTheModel() throws {
    var task = Task()
    let model = try task.model()
    let stream = task.runs(40)
    let plain = try TestSession(model)
    // So that the reference is ahead soon, and the session does not go back.
    let session = try TestSession(
      model, GuardTests.options(100_000, rate: 3, [HYPR_OPTION_GUARD_ANSWER: 1, HYPR_OPTION_LABEL_DELAY: 15]))
    var (compared, looked) = (0, [Float](repeating: 0, count: GuardTests.classes))
    for (step, input) in stream.inputs.enumerated() {
      if step % 170 == 169 {
        try session.reset()
        try plain.reset()
      }
      try session.check(hypr_session_look_ahead(session.handle, input, input.count, &looked, looked.count))
      let wasReference = try session.guarded.reference_ahead == 1
      let (output, expected) = (try session.step(input), try plain.step(input))
      // A window that is closed before the step may change that.
      if try wasReference && session.guarded.reference_ahead == 1 {
        #expect(output == expected)
        #expect(looked == expected)
        compared += 1
      }
      if (step + 1) % 170 >= 12 && step >= 12 { try session.teach(stream.labels[step - 12], stepsAgo: 12) }
    }
    #expect(compared > 300)
    #expect(try session.guarded.returns == 0)
  }

  /// The means against their definition, in double precision, for classes with weights, and for values.
  @Test(arguments: [false, true]) func meansAreThoseOfTheDefinition(values: Bool) throws {
    var task = Task()
    let model = try task.model()
    let stream = task.runs(30)
    let horizon = 200.0
    let (session, plain) = (
      try TestSession(model, GuardTests.options(Int(horizon), rate: 0.03, [HYPR_OPTION_GUARD_MARGIN: 1e6])),
      try TestSession(model)
    )
    let weights: [Double] = values ? [1, 1, 1, 1] : [1, 4, 0.5, 2]
    try session.setClassWeights(weights.map(Float.init))
    var (shares, sums, weight) = ([Double](repeating: 0, count: GuardTests.classes), [0.0, 0, 0, 0], 0.0)
    for (step, input) in stream.inputs.enumerated() {
      let label = stream.labels[step]
      let outputs = [try session.step(input), try plain.step(input)]
      let target = (0..<GuardTests.classes).map { Float($0 == label ? 1 : 0) }
      if values { try session.teach(values: target) } else { try session.teach(label) }
      let count = values ? 1 : max(1 - shares[label], 0.02)
      if !values {
        shares = shares.map { $0 * (1 - 8 / horizon) }
        shares[label] += 8 / horizon
      }
      let kept = 1 - count / horizon
      weight = kept * weight + count * weights[label]
      for (index, output) in outputs.enumerated() {
        let powers = output.map { exp(Double($0)) }
        let loss = values
          ? zip(output, target).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) } / Double(GuardTests.classes)
          : -log(powers[label] / powers.reduce(0, +))
        let isCorrect = !values && output.firstIndex(of: output.max()!) == label
        sums[index] = kept * sums[index] + count * weights[label] * loss
        sums[2 + index] = kept * sums[2 + index] + (isCorrect ? count * weights[label] : 0)
      }
    }
    try session.flush()
    let report = try session.guarded
    let found = [report.loss, report.reference_loss, report.accuracy, report.reference_accuracy]
    for (found, sum) in zip(found, sums) { #expect(abs(found - sum / weight) < 1e-4 * max(1, abs(found))) }
    #expect(report.loss != report.reference_loss)
  }

  /// In runs of one class, what was forgotten shows at the beginning of the next one, and counts.
  @Test func forgettingInRunsIsSeen() throws {
    var task = Task()
    let model = try task.model()
    let stream = task.runs(8 * 24) { $0 / 24 % GuardTests.classes }
    let session = try TestSession(model, GuardTests.options(1000, rate: 0.03))
    for (input, label) in zip(stream.inputs, stream.labels) {
      try session.step(input)
      try session.teach(label)
    }
    #expect(try session.guarded.reference_ahead == 1)
  }

  private static let rehearsing: [Int: Double] = [
    HYPR_OPTION_REHEARSAL_BYTES: 8192, HYPR_OPTION_REHEARSAL_STRETCH: 20, HYPR_OPTION_REHEARSAL_LEAD_IN: 5,
    HYPR_OPTION_REHEARSAL_STEPS: 13,
  ]

  /// A session continues bit for bit from its saved state, with everything that the reference network has become.
  @Test(arguments: [false, true], [0, 15]) func continuesFromSavedState(rehearses: Bool, delay: Int) throws {
    var task = Task()
    let model = try task.model()
    // One class is taught only in the end: until then its output is held.
    let stream = task.runs(40) { $0 < 30 ? $0 % 3 : 3 }
    let options = GuardTests.options(
      150, rate: 0.5,
      (rehearses ? GuardTests.rehearsing : [:]).merging([
        HYPR_OPTION_GUARD_ANSWER: 1, HYPR_OPTION_LABEL_DELAY: Double(delay),
      ]) { $1 })
    /// Steps before `first` cannot be taught any more.
    func run(_ session: TestSession, _ steps: Range<Int>, from first: Int) throws -> [[Float]] {
      try steps.map { step in
        let output = try session.step(stream.inputs[step])
        if step - delay >= first { try session.teach(stream.labels[step - delay], stepsAgo: delay) }
        return output
      }
    }
    let original = try TestSession(model, options)
    _ = try run(original, 0..<333, from: 0)
    try original.check(hypr_session_accept(original.handle))
    _ = try run(original, 333..<507, from: 333)
    let bytes = try original.savedState
    let restored = try TestSession(model, options)
    try restored.load(bytes)
    #expect(try restored.savedState == bytes)
    #expect(try run(restored, 507..<1000, from: 333) == run(original, 507..<1000, from: 333))
    #expect(try restored.savedState == original.savedState)
    #expect(throws: CallFailure.self) { try TestSession(model, options.merging([HYPR_OPTION_GUARD: 0]) { $1 }).load(bytes) }
  }

  /// What was accepted is the network that the session goes back to.
  @Test func goesBackToWhatWasAccepted() throws {
    var task = Task()
    let model = try task.model()
    let session = try TestSession(model, GuardTests.options(100, rate: 3, [HYPR_OPTION_GUARD_ANSWER: 1]))
    var random = RandomNet(seed: 52)
    var accepted = try session.parameters
    for tensor in try session.tensors where tensor.name.hasSuffix("weight") {
      for index in tensor.range { accepted[index] *= random.uniform(1, 0.99...1.01)[0] }
    }
    try session.setParameters(accepted)
    try session.check(hypr_session_accept(session.handle))
    let plain = try TestSession(model)
    try plain.setParameters(accepted)
    let stream = task.runs(200)
    var returns: UInt64 = 0
    for (input, label) in zip(stream.inputs, stream.labels) {
      let isReference = try session.guarded.reference_ahead == 1 && session.statistics.steps % 10 != 0
      let (output, expected) = (try session.step(input), try plain.step(input))
      if isReference { #expect(output == expected) }
      try session.teach(label)
      if try session.guarded.returns > returns {
        returns += 1
        // The window that brought it back was closed before this step.
        #expect(try session.parameters == accepted)
        #expect(try session.guarded.loss == session.guarded.reference_loss)
      }
    }
    #expect(returns > 0)
  }

  @Test func sessionsWithoutAReferenceSaySo() throws {
    var random = RandomNet(seed: 53)
    let model = try TestModel(random.model(["LIF"], sizes: [3, 5, 2]))
    for options in [[:], [HYPR_OPTION_LEARNING: 1.0], [HYPR_OPTION_GUARD: 100]] {
      let session = try TestSession(model, options)
      var report = hypr_guard()
      report.struct_size = MemoryLayout<hypr_guard>.size
      #expect(hypr_session_guard(session.handle, &report) == HYPR_ERROR_WRONG_STATE)
      #expect(hypr_session_accept(session.handle) == HYPR_ERROR_WRONG_STATE)
    }
  }
}

extension TestSession {
  var guarded: hypr_guard {
    get throws {
      var report = hypr_guard()
      report.struct_size = MemoryLayout<hypr_guard>.size
      try check(hypr_session_guard(handle, &report))
      return report
    }
  }
}
