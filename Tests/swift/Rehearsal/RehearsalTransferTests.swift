import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// What a session keeps for rehearsal goes on in another one, which may have more inputs and outputs, and other options.
@Suite struct RehearsalTransferTests {
  private static let classes = 3
  /// With one more output and two more inputs than `model`, which has the same numbers elsewhere.
  private let large: ModelDescription

  init() {
    var random = RandomNet(seed: 131)
    large = random.model(["BRF", "SEAdLIF"], sizes: [5, 13, 9, 4])
  }

  private func model(inputs: Int = 3, outputs: Int = 3) throws -> TestModel {
    var description = large
    let weight = large.layers[0].inputWeight
    description.layers[0].inputWeight = HyprModelWriter.TensorDescription(
      shape: [weight.shape[0], inputs], values: weight.values.indices.filter { $0 % 5 < inputs }.map { weight.values[$0] })
    let readout = large.readout!
    func first(_ tensor: HyprModelWriter.TensorDescription) -> HyprModelWriter.TensorDescription {
      HyprModelWriter.TensorDescription(
        shape: [outputs] + tensor.shape.dropFirst(), values: Array(tensor.values.prefix(outputs * tensor.values.count / 4)))
    }
    description.readout!.weight = first(readout.weight)
    description.readout!.bias = readout.bias.map(first)
    description.readout!.tau = readout.tau.map(first)
    return try TestModel(description)
  }

  private static func options(_ others: [Int: Double] = [:]) -> [Int: Double] {
    RehearsalTests.options([HYPR_OPTION_LEARNING_RATE: 0.001, HYPR_OPTION_REHEARSAL_BYTES: 65_536]).merging(others) { $1 }
  }

  private func transfer(_ from: TestSession, to session: TestSession) throws {
    try session.check(hypr_session_transfer(session.handle, from.handle))
  }

  /// Stretches of all kinds from the stream: of each class, of values, and of some steps of both.
  private func stream(_ session: TestSession, blocks: Int) throws {
    var random = RandomNet(seed: 132)
    for block in 0..<blocks {
      for (step, input) in random.inputs(10, session.model.inputSize).enumerated() {
        try session.step(input)
        let values = (0..<session.model.outputSize).map { Float($0) / 4 }
        switch block % 5 {
        case 3: try session.teach(values: values)
        case 4 where step > 6: try session.teach(values: values)
        case 4: try session.teach(1)
        default: try session.teach(block % 5)
        }
      }
    }
    try session.flush()
  }

  private struct Report: Equatable {
    var stretches, offered, taught, correct: Int
    var loss: Double

    init(_ session: TestSession, _ label: Int) throws {
      let report = try session.rehearsal(label)
      (stretches, offered) = (report.stretches, report.offered_stretches)
      (taught, correct, loss) = (Int(report.taught_steps), Int(report.correct_steps), report.mean_loss)
    }
  }

  @Test(arguments: [(3, 3), (3, 5), (4, 3), (4, 5)], [65_536, 2000])
  func `Counts go along`(sizes: (outputs: Int, inputs: Int), bytes: Int) throws {
    let (outputs, inputs) = sizes
    let options = RehearsalTransferTests.options([HYPR_OPTION_REHEARSAL_BYTES: Double(bytes)])
    let from = try TestSession(model(), options)
    try stream(from, blocks: 45)
    // Room for what more columns and values take.
    let session = try TestSession(model(inputs: inputs, outputs: outputs), RehearsalTransferTests.options())
    try stream(session, blocks: 7)
    try transfer(from, to: session)
    for label in 0..<RehearsalTransferTests.classes {
      #expect(try Report(session, label) == Report(from, label), "class \(label)")
      #expect(session.rehearsalCount(label) > 0)
    }
    #expect(try session.rehearsal(0).offered_stretches == 9 && session.rehearsal(1).offered_stretches == 18)
    #expect((bytes == 2000) == (from.rehearsalCount(1) < 18))
    // What has no class is not known of more outputs.
    let (found, expected) = (try Report(session, HYPR_REHEARSAL_NO_CLASS), try Report(from, HYPR_REHEARSAL_NO_CLASS))
    #expect(expected.stretches > 0 && expected.offered == 9 && expected.taught > 0)
    #expect(found.stretches == (outputs == 3 ? expected.stretches : 0))
    #expect(found.offered == expected.offered && found.taught == expected.taught && found.loss == expected.loss)
    if outputs == 4 { #expect(try Report(session, 3) == Report(TestSession(model(outputs: 4), options), 3)) }
    // All that there is has its turn.
    try session.check(hypr_session_clear_statistics(session.handle))
    try session.rehearse(240)
    let steps = try (0..<3).map { try session.rehearsal($0).taught_steps }
    // Each of three or four kinds 30 times or more; of ten steps eight are past the lead-in, of those with values at least five.
    #expect(steps[0] >= 240 && steps[1] >= 150 && steps[2] >= 240)
    #expect((try session.rehearsal(HYPR_REHEARSAL_NO_CLASS).taught_steps > 0) == (outputs == 3))
  }

  /// Of a stretch that has both, the steps with values have no target where they do not fit.
  @Test(arguments: [3, 4]) func `Steps with values`(outputs: Int) throws {
    let from = try TestSession(model(), RehearsalTransferTests.options([HYPR_OPTION_LEARNING_RATE: 0]))
    try stream(from, blocks: 5)
    try from.clearRehearsal()
    var random = RandomNet(seed: 133)
    try from.reset()
    for (step, input) in random.inputs(10, 3).enumerated() {
      try from.step(input)
      if step < 6 { try from.teach(1) } else { try from.teach(values: [1, 0, 0.5]) }
    }
    try from.flush()
    #expect(from.rehearsalCount() == 1 && from.rehearsalCount(1) == 1)
    let session = try TestSession(model(outputs: outputs), RehearsalTransferTests.options())
    try transfer(from, to: session)
    try session.check(hypr_session_clear_statistics(session.handle))
    #expect(session.rehearsalCount() == 1 && session.rehearsalCount(1) == 1)
    try session.rehearse(2)
    #expect(try session.rehearsal(1).taught_steps == 6)
    #expect(try session.rehearsal(HYPR_REHEARSAL_NO_CLASS).taught_steps == (outputs == 3 ? 4 : 0))
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var inputs = 3, outputs = 3, longest = 20
    var startsSequence = true
    var leadIn = 2
    var bits = 8
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "equal"), Case(name: "one more output", outputs: 4), Case(name: "two more inputs", inputs: 5),
    Case(name: "longer stretches", longest: 33), Case(name: "shorter stretches", longest: 12),
    Case(name: "shorter stretches, going on", longest: 12, startsSequence: false),
    Case(name: "going on, with another lead-in", startsSequence: false, leadIn: 6),
    Case(name: "all of it", inputs: 5, outputs: 4, longest: 13, startsSequence: false, leadIn: 4),
  ]

  /// What a stretch teaches after it was transferred is what its steps teach: of a longer one than those here, the first ones.
  @Test(arguments: cases) func `Gradients of what was transferred`(one: Case) throws {
    var random = RandomNet(seed: 134)
    let manual: [Int: Double] = [
      HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_GRADIENT_CLIP: 0, HYPR_OPTION_REHEARSAL_STRETCH: 20,
      HYPR_OPTION_WINDOW: 5,
    ]
    let from = try TestSession(model(), RehearsalTransferTests.options(manual))
    var kept = TaughtStretch(&random, steps: 20, columns: 3, startsSequence: one.startsSequence) {
      $0 % 4 == 3 ? .none : .label($0 % 7 == 6 ? 2 : 0)
    }
    try from.addRehearsal(kept)
    let options = RehearsalTransferTests.options(manual).merging([
      HYPR_OPTION_REHEARSAL_STRETCH: Double(one.longest), HYPR_OPTION_REHEARSAL_LEAD_IN: Double(one.leadIn),
    ]) { $1 }
    let model = try model(inputs: one.inputs, outputs: one.outputs)
    let session = try TestSession(model, options)
    try transfer(from, to: session)
    #expect(try session.parameters == TestSession(model).parameters && session.rehearsalCount(0) == 1)
    let steps = min(20, one.longest)
    kept.inputs = kept.inputs.prefix(steps).map { $0 + [Float](repeating: 0, count: one.inputs - 3) }
    kept.targets = Array(kept.targets.prefix(steps))
    let reference = try RehearsalReference(model, options, kept)
    let plain = try TestSession(model, RehearsalReference.plain(options))
    // Twice through the longest would need stretches of the stream to be shorter.
    let live = TaughtStretch(&random, steps: 10, columns: one.inputs) { _ in .label(1) }
    var (gathered, weight) = ([Double](repeating: 0, count: model.parameterCount), 0.0)
    for _ in 0..<3 {
      for each in [session, plain] {
        try each.stream(live)
        try each.reset()
      }
      for _ in 0..<2 {
        let window = try reference.window(beside: 5, share: 0.5)
        for index in gathered.indices { gathered[index] += window.gradient[index] }
        weight += window.weight
      }
      weight += 10
    }
    let (found, stream) = (try session.gradients, try plain.gradients)
    let scale = gathered.reduce(0) { max($0, abs($1)) } / weight
    #expect(scale > 0)
    for index in found.indices {
      let expected = (Double(stream[index]) + gathered[index]) / weight
      try #require(abs(Double(found[index]) - expected) < 3e-5 * scale, "parameter \(index)")
    }
  }

  /// What is left of a stretch may teach nothing.
  @Test func `Stretches that teach nothing here stay behind`() throws {
    var random = RandomNet(seed: 135)
    let from = try TestSession(model(), RehearsalTransferTests.options())
    try from.addRehearsal(TaughtStretch(&random, steps: 10, columns: 3) { $0 > 7 ? .label(1) : .none })
    try from.addRehearsal(TaughtStretch(&random, steps: 10, columns: 3, startsSequence: false) { $0 < 4 ? .label(2) : .none })
    #expect(from.rehearsalCount() == 2)
    let session = try TestSession(
      model(), RehearsalTransferTests.options([HYPR_OPTION_REHEARSAL_STRETCH: 8, HYPR_OPTION_REHEARSAL_LEAD_IN: 4]))
    try transfer(from, to: session)
    #expect(session.rehearsalCount() == 0)
    #expect(try session.rehearsal(1).offered_stretches == 1 && session.rehearsal(2).offered_stretches == 1)
    // Where less is kept than there was, it goes as far as there is room.
    for _ in 0..<20 { try from.addRehearsal(TaughtStretch(&random, steps: 10, columns: 3) { _ in .label(0) }) }
    let small = try TestSession(model(), RehearsalTransferTests.options([HYPR_OPTION_REHEARSAL_BYTES: 400]))
    try transfer(from, to: small)
    #expect(small.rehearsalCount() > 0 && small.rehearsalCount() < from.rehearsalCount())
    #expect(small.rehearsalCount(1) == 1 && small.rehearsalCount(2) == 1)
    #expect(try small.rehearsal(0).offered_stretches == 20)
  }
}
