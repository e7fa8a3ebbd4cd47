import CHypr
import HyprModelWriter
import Testing

/// The gradient of stream and memory together, against sessions without rehearsal that go through both.
@Suite struct RehearsedGradientTests {
  static let credits = WindowJobTests.credits
  static let window = 7

  static func options(_ others: [Int: Double] = [:]) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_GRADIENT_CLIP: 0,
      HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_REHEARSAL_BYTES: 65_536, HYPR_OPTION_REHEARSAL_STRETCH: 40,
      HYPR_OPTION_REHEARSAL_STEPS: Double(window), HYPR_OPTION_REHEARSAL_LEAD_IN: 0, HYPR_OPTION_REHEARSAL_BITS: 8,
      HYPR_OPTION_HOLD_UNTAUGHT: 0,
    ].merging(others) { $1 }
  }

  /// Same weight for both, and a window of the stream and of the memory each: a session without rehearsal that has both windows one after
  /// the other gathers the same bits.
  @Test(arguments: NeuronTests.names, credits) func `Beside a window a window is rehearsed`(neuron: String, credit: Int) throws {
    var random = RandomNet(seed: 61)
    let model = try TestModel(random.model([neuron, "SEAdLIF"], sizes: [4, 11, 9, 3]))
    let kept = TaughtStretch(&random, steps: RehearsedGradientTests.window, columns: 4) { _ in .label(0) }
    let live = TaughtStretch(&random, steps: RehearsedGradientTests.window, columns: 4) { _ in .label(1) }
    let options = RehearsedGradientTests.options([
      HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_SPIKE_RATE_PENALTY: 1, HYPR_OPTION_SPIKE_RATE_UPPER: 0.1,
      HYPR_OPTION_LABEL_SMOOTHING: 0.1,
    ])
    let (session, plain) = (
      try TestSession(model, options), try TestSession(model, options.filter { $0.key < HYPR_OPTION_REHEARSAL_BYTES })
    )
    try session.addRehearsal(kept)
    try session.stream(live)
    try session.flush()
    try plain.stream(live)
    try plain.reset()
    let ofStream = try plain.gradients
    try plain.stream(kept)
    try plain.flush()
    #expect(try session.gradients == plain.gradients)
    #expect(try session.gradients != ofStream)
    let report = try session.rehearsal(0)
    #expect(report.taught_steps == 7 && report.stretches == 1 && report.offered_stretches == 1)
    let (all, stream) = (try plain.statistics, try session.statistics)
    // What is rehearsed is counted by itself.
    #expect(stream.taught_steps == 7 && stream.steps == 7)
    #expect(stream.correct_steps + report.correct_steps == all.correct_steps)
    #expect(abs(stream.mean_loss + report.mean_loss - 2 * all.mean_loss) < 1e-6)
  }

  /// Classes, values or errors, partly without a target.
  enum Kind: CaseIterable {
    case labels, values, errors

    func target(_ step: Int, _ label: Int) -> TaughtTarget {
      if step % 5 == 3 { return .none }
      let row: [Float] = [0.5, Float(step % 4) / 4, -1]
      switch self {
      case .labels: return .label(label)
      case .values: return .values(row)
      case .errors: return .error(row)
      }
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var neurons = ["SEAdLIF", "BRF"]
    var options: [Int: Double] = [:]
    var classWeights: [Float]?
    var startsSequence = true
    var isSparse = false
    var share = 0.5
    /// Of the stretch.
    var steps = 20
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "as it comes"),
    Case(name: "LIF", neurons: ["LIF"]), Case(name: "gated", neurons: ["GRU", "LSTM"]),
    Case(name: "sparse weights", neurons: ["BRF", "LIF"], isSparse: true),
    Case(name: "share", options: [HYPR_OPTION_REHEARSAL_SHARE: 0.8], share: 0.8),
    Case(name: "sum", options: [HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_SUM), HYPR_OPTION_REHEARSAL_SHARE: 0.3], share: 0.3),
    Case(
      name: "mean over steps with class weights",
      options: [HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN_OVER_STEPS), HYPR_OPTION_REHEARSAL_SHARE: 0.7],
      classWeights: [4, 1, 0.5], share: 0.7),
    Case(name: "class weights", classWeights: [0.25, 3, 1]),
    Case(name: "a class without weight", classWeights: [1, 1, 0]),
    Case(name: "label smoothing", options: [HYPR_OPTION_LABEL_SMOOTHING: 0.2]),
    Case(
      name: "spike rate penalty",
      options: [
        HYPR_OPTION_SPIKE_RATE_PENALTY: 2, HYPR_OPTION_SPIKE_RATE_LOWER: 0.4, HYPR_OPTION_SPIKE_RATE_UPPER: 0.5,
        HYPR_OPTION_REHEARSAL_SHARE: 0.6,
      ], share: 0.6),
    Case(name: "from a fresh state, in windows that it does not fill", options: [HYPR_OPTION_REHEARSAL_STEPS: 13]),
    Case(name: "going on, with a lead-in", options: [HYPR_OPTION_REHEARSAL_LEAD_IN: 9], startsSequence: false),
    Case(name: "going on, without one", startsSequence: false),
    Case(
      name: "longer windows than stretches", options: [HYPR_OPTION_REHEARSAL_STEPS: 31, HYPR_OPTION_REHEARSAL_LEAD_IN: 3],
      startsSequence: false, steps: 11),
    Case(name: "longer windows than stretches from a fresh state", options: [HYPR_OPTION_REHEARSAL_STEPS: 31], steps: 11),
    Case(
      name: "shorter windows", options: [HYPR_OPTION_REHEARSAL_STEPS: 1, HYPR_OPTION_REHEARSAL_LEAD_IN: 4], startsSequence: false),
    Case(name: "late labels", options: [HYPR_OPTION_LABEL_DELAY: 9]),
  ]

  /// Many windows of the stream, some of them taught nothing, each followed by the next steps of the memory: state and eligibility go on
  /// from one to the next.
  @Test(arguments: cases, credits) func `Gradients are added with their weights`(one: Case, credit: Int) throws {
    for kind in [Kind.labels, .values] where kind == .labels || one.classWeights == nil {
      var random = RandomNet(seed: 62)
      var description = random.model(one.neurons, sizes: [4] + [17, 9].prefix(one.neurons.count) + [3])
      if one.isSparse {
        description.layers[0].inputWeight = description.layers[0].inputWeight.sparse { $0 % 3 != 1 }
        description.layers[0].recurrentWeight = description.layers[0].recurrentWeight!.sparse { $0 % 5 != 1 }
      }
      let model = try TestModel(description)
      let kept = TaughtStretch(&random, steps: one.steps, columns: 4, startsSequence: one.startsSequence) {
        kind.target($0, $0 % 7 == 6 ? 2 : 0)
      }
      let options = RehearsedGradientTests.options(one.options).merging([HYPR_OPTION_CREDIT: Double(credit)]) { $1 }
      let session = try TestSession(model, options)
      let plain = try TestSession(model, RehearsalReference.plain(options))
      if let weights = one.classWeights { for session in [session, plain] { try session.setClassWeights(weights) } }
      let reference = try RehearsalReference(model, options, kept, classWeights: one.classWeights)
      try session.addRehearsal(kept)
      let window = RehearsedGradientTests.window
      // The second window is taught nothing, the fifth one is short. Together they are shorter than a stretch.
      let live = TaughtStretch(&random, steps: 4 * window + 4, columns: 4) {
        $0 / window == 1 ? .none : kind.target($0, one.classWeights?[2] == 0 ? 1 : 1 + $0 / window % 2)
      }
      for session in [session, plain] {
        try session.stream(live)
        try session.flush()
      }
      let targets = live.targets
      var expected = try plain.gradients.map(Double.init)
      var (weight, steps) = (0.0, 0.0)
      for target in targets {
        switch target {
        case .none: continue
        case .label(let label): weight += Double(one.classWeights?[label] ?? 1)
        default: weight += 1
        }
        steps += 1
      }
      for start in stride(from: 0, to: targets.count, by: window) {
        let taught = targets[start..<min(start + window, targets.count)].filter { if case .none = $0 { false } else { true } }
        guard !taught.isEmpty else { continue }
        let gathered = try reference.window(beside: taught.count, share: one.share)
        for index in expected.indices { expected[index] += gathered.gradient[index] }
        weight += gathered.weight
        steps += gathered.steps
      }
      switch Int(options[HYPR_OPTION_REDUCTION] ?? 0) {
      case HYPR_REDUCTION_SUM: break
      case HYPR_REDUCTION_MEAN_OVER_STEPS: for index in expected.indices { expected[index] /= steps }
      default: for index in expected.indices { expected[index] /= weight }
      }
      try expectEqual(session.gradients, expected, "\(kind)")
    }
  }

  private func expectEqual(_ found: [Float], _ expected: [Double], _ comment: Comment) throws {
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(scale > 0)
    for index in expected.indices {
      try #require(abs(Double(found[index]) - expected[index]) < 3e-5 * scale, "\(comment), parameter \(index)")
    }
  }

  /// What the stream itself was taught is kept and rehearsed. Without classes nothing is left out: a window after the one that filled the
  /// stretch begins with it.
  @Test(arguments: Kind.allCases) func `The stream is kept with its targets`(kind: Kind) throws {
    var random = RandomNet(seed: 63)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [4, 12, 3]))
    let options = RehearsedGradientTests.options([HYPR_OPTION_REHEARSAL_STRETCH: 14, HYPR_OPTION_REHEARSAL_STEPS: 5])
    let (session, plain) = (try TestSession(model, options), try TestSession(model, RehearsalReference.plain(options)))
    let kept = TaughtStretch(&random, steps: 14, columns: 4) { kind.target($0, 2) }
    let live = TaughtStretch(&random, steps: 7, columns: 4) { kind.target($0, 1) }
    for session in [session, plain] {
      try session.stream(kept)
      try session.stream(live)
      try session.flush()
    }
    #expect(session.rehearsalCount() == 1 && session.rehearsalCount(kind == .labels ? 2 : HYPR_REHEARSAL_NO_CLASS) == 1)
    let reference = try RehearsalReference(model, options, kept)
    var expected = try plain.gradients.map(Double.init)
    var weight = 11.0 + 6
    for taught in kind == .labels ? [6] : [5, 6] {
      let gathered = try reference.window(beside: taught, share: 0.5)
      for index in expected.indices { expected[index] += gathered.gradient[index] }
      weight += gathered.weight
    }
    try expectEqual(session.gradients, expected.map { $0 / weight }, "\(kind)")
  }

  /// A label for all steps together is rehearsed as the class of each.
  @Test(arguments: [HYPR_LOSS_EVERY_STEP, HYPR_LOSS_LAST_STEPS, HYPR_LOSS_SUM_OF_SOFTMAX])
  func `Sequences with one label are kept`(loss: Int) throws {
    var random = RandomNet(seed: 64)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [4, 12, 3]))
    let options = RehearsedGradientTests.options([
      HYPR_OPTION_LOSS: Double(loss), HYPR_OPTION_LOSS_STEPS: 2, HYPR_OPTION_REHEARSAL_STEPS: 3,
    ])
    let (session, plain) = (try TestSession(model, options), try TestSession(model, RehearsalReference.plain(options)))
    let (first, second) = (
      TaughtStretch(&random, steps: 7, columns: 4) { $0 < 5 && loss == HYPR_LOSS_LAST_STEPS ? .none : .label(2) },
      TaughtStretch(&random, steps: 7, columns: 4) { _ in .none }
    )
    for session in [session, plain] {
      for (stretch, label) in [(first, 2), (second, 1)] {
        for input in stretch.inputs { try session.step(input) }
        try session.teachSequence(label)
        try session.reset()
      }
    }
    #expect(session.rehearsalCount(2) == 1 && session.rehearsalCount(1) == 1)
    let reference = try RehearsalReference(model, options, first)
    let counts = [HYPR_LOSS_EVERY_STEP: 7, HYPR_LOSS_LAST_STEPS: 2, HYPR_LOSS_SUM_OF_SOFTMAX: 1]
    let gathered = try reference.window(beside: counts[loss]!, share: 0.5)
    let weight = gathered.weight + Double(2 * counts[loss]!)
    // Its first steps have no target: then nothing is gathered.
    #expect(gathered.weight > 0 || loss == HYPR_LOSS_LAST_STEPS)
    try expectEqual(
      session.gradients, zip(plain.gradients, gathered.gradient).map { (Double($0) + $1) / weight }, "loss \(loss)")
  }
}
