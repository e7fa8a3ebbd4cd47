import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// Exemplars of the model's file: when a session rehearses them, and that they teach what a stream with their samples would.
@Suite struct RehearsedExemplarTests {
  /// What the host would hand over, and how the file has it.
  struct Made {
    let description: ExemplarDescription
    let stretch: TaughtStretch

    /// Each step has its class of `labels`, or a row of values; negative: none.
    init(
      _ random: inout RandomNet, channels: Int, labels: [Int], values: Bool = false, outputs: Int = 4, isSparse: Bool = false,
      startsSequence: Bool = true
    ) {
      var description = ExemplarDescription()
      description.startsSequence = startsSequence
      for label in labels { description.labels.append(.init(1, Int32(values ? min(label, 0) : label))) }
      var inputs: [[Float]] = []
      if isSparse {
        for _ in labels {
          let channels = (0..<channels).filter { _ in Bool.random(using: &random.generator) }
          description.spikeCounts.append(UInt16(channels.count))
          description.spikeChannels += channels.map(UInt16.init)
        }
        var place = 0
        for count in description.spikeCounts {
          let spikes = description.spikeChannels[place..<place + Int(count)]
          inputs.append((0..<channels).map { spikes.contains(UInt16($0)) ? 1 : 0 })
          place += Int(count)
        }
      } else {
        description.valueScale = random.uniform(channels, 0.005...0.02)
        description.valueOffset = random.uniform(channels, -0.5...0.5)
        for _ in labels {
          let row = (0..<channels).map { _ in Int8.random(in: -128...127, using: &random.generator) }
          description.values += row
          let (scale, offset) = (description.valueScale, description.valueOffset)
          inputs.append(row.indices.map { offset[$0] + scale[$0] * Float(row[$0]) })
        }
      }
      var targets: [TaughtTarget] = []
      for label in labels {
        if label < 0 {
          targets.append(.none)
        } else if values {
          let row = random.uniform(outputs, -1...1)
          description.targets += row
          targets.append(.values(row))
        } else {
          targets.append(.label(label))
        }
      }
      var stretch = TaughtStretch(inputs: inputs, targets: targets)
      stretch.startsSequence = startsSequence
      (self.description, self.stretch) = (description, stretch)
    }
  }

  private func description(outputs: Int = 4) -> ModelDescription {
    var random = RandomNet(seed: 141)
    return random.model(["SEAdLIF"], sizes: [3, 14, outputs])
  }

  /// One exemplar of five steps for each label; each is one window.
  private func model(_ labels: [Int]) throws -> TestModel {
    var (random, description) = (RandomNet(seed: 142), description())
    for label in labels {
      description.exemplars.append(Made(&random, channels: 3, labels: [Int](repeating: label, count: 5)).description)
    }
    return try TestModel(description)
  }

  private func taughtSteps(_ session: TestSession) throws -> [Int] {
    try [0, 1, 2, 3, HYPR_REHEARSAL_NO_CLASS].map { Int(try session.rehearsal($0).taught_steps) }
  }

  private func clear(_ session: TestSession) throws { try session.check(hypr_session_clear_statistics(session.handle)) }

  /// Of five steps only the last is taught: it tells them from exemplars.
  private func own(_ label: Int, _ random: inout RandomNet) -> TaughtStretch {
    TaughtStretch(&random, steps: 5, columns: 3) { $0 == 4 ? .label(label) : .none }
  }

  // MARK: - When

  @Test func `With nothing kept all classes of the file come in turn`() throws {
    let session = try TestSession(model([0, 1, 1, 3, 0, 0, 0]), RehearsalTests.options())
    let before = try session.parameters
    for round in 1...6 {
      try session.rehearse(3)
      #expect(try taughtSteps(session) == [5 * round, 5 * round, 0, 5 * round, 0])
    }
    #expect(try session.statistics.updates == 18 && session.parameters != before)
    // They are no stretches of the session.
    #expect(session.rehearsalCount() == 0)
    #expect(try session.rehearsal().offered_stretches == 0 && session.rehearsal(1).mean_loss > 0)
  }

  /// All of a class have their turn, not only the first.
  @Test func `Of a class all are played`() throws {
    var (random, description) = (RandomNet(seed: 143), description())
    // Of as many steps as no sum of others.
    for taught in [1, 2, 4] {
      let labels = (0..<5).map { $0 < taught ? 2 : -1 }
      description.exemplars.append(Made(&random, channels: 3, labels: labels).description)
    }
    let session = try TestSession(TestModel(description), RehearsalTests.options())
    var found = Set<Int>()
    for _ in 0..<40 {
      try clear(session)
      try session.rehearse(1)
      found.insert(try taughtSteps(session)[2])
    }
    #expect(found == [1, 2, 4])
  }

  @Test func `Values are a kind by themselves`() throws {
    var (random, description) = (RandomNet(seed: 144), description())
    description.exemplars = [
      Made(&random, channels: 3, labels: [1, 1, 1, 1, 1]).description,
      Made(&random, channels: 3, labels: [0, 0, -1, 0, -1], values: true).description,
    ]
    let session = try TestSession(TestModel(description), RehearsalTests.options())
    try session.rehearse(8)
    #expect(try taughtSteps(session) == [0, 20, 0, 0, 12])
    try session.addRehearsal(own(1, &random))
    try clear(session)
    try session.rehearse(8)
    #expect(try taughtSteps(session) == [0, 10 + 4, 0, 0, 6])
    try session.addRehearsal(TaughtStretch(&random, steps: 5, columns: 3) { $0 == 4 ? .values([1, 0, 0, 1]) : .none })
    try clear(session)
    try session.rehearse(8)
    #expect(try taughtSteps(session) == [0, 4, 0, 0, 4])
  }

  /// As long as the file has a class that the device does not.
  @Test func `By turns with own stretches until these have all classes`() throws {
    var random = RandomNet(seed: 145)
    let session = try TestSession(model([0, 1, 2]), RehearsalTests.options())
    // A class that the file does not have changes nothing.
    try session.addRehearsal(own(3, &random))
    try session.rehearse(12)
    #expect(try taughtSteps(session) == [10, 10, 10, 6, 0])
    for (label, windows, exemplars) in [(1, 12, 6), (0, 18, 9), (2, 12, 0)] {
      try session.addRehearsal(own(label, &random))
      let labels = (0..<4).filter { session.rehearsalCount($0) > 0 }
      try clear(session)
      try session.rehearse(windows)
      // Each exemplar teaches five steps, each stretch one; of these there are fewer of each class.
      let steps = try taughtSteps(session)
      #expect(steps.map { $0 / 5 } == [exemplars / 3, exemplars / 3, exemplars / 3, 0, 0], "\(steps)")
      let own = steps.map { $0 % 5 }
      #expect(own.reduce(0, +) == windows - exemplars, "\(steps)")
      // A round may have begun before.
      let even = Double(windows - exemplars) / Double(labels.count)
      #expect((0..<4).allSatisfy { labels.contains($0) ? abs(Double(own[$0]) - even) <= 1 : own[$0] == 0 }, "\(steps)")
    }
    // Forgotten, all begins again.
    try session.clearRehearsal()
    try clear(session)
    try session.rehearse(6)
    #expect(try taughtSteps(session) == [10, 10, 10, 0, 0])
  }

  /// The class that is taught now is one of those that have the same weight: (K - n) / K, whoever has the others.
  @Test(arguments: [0.0, 0.3], [[1], [1, 2], [0, 1, 2, 3]]) func `Beside a stream`(share: Double, classes: [Int]) throws {
    var random = RandomNet(seed: 146)
    let model = try model(classes)
    let live = TaughtStretch(&random, steps: 5, columns: 3) { _ in .label(0) }
    func gradients(_ share: Double) throws -> [Float] {
      let options = RehearsalTests.options([
        HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_GRADIENT_CLIP: 0, HYPR_OPTION_REHEARSAL_SHARE: share,
      ])
      let session = try TestSession(model, options)
      try session.stream(live)
      try session.flush()
      #expect(try taughtSteps(session).reduce(0, +) == 5)
      return try session.gradients
    }
    let plain = try TestSession(
      model,
      RehearsalReference.plain(RehearsalTests.options([HYPR_OPTION_GRADIENT_CLIP: 0])).merging([
        HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN),
      ]) { $1 })
    try plain.stream(live)
    try plain.flush()
    let (found, half, stream) = (try gradients(share), try gradients(0.5), try plain.gradients)
    let all = Set(classes + [0]).count
    let expected = share > 0 ? share : Double(all - 1) / Double(all)
    let scale = half.reduce(Float(0)) { max($0, abs($1)) }
    #expect(half != stream)
    for index in found.indices {
      let memory = 2 * Double(half[index]) - Double(stream[index])
      let mixed = (1 - expected) * Double(stream[index]) + expected * memory
      try #require(abs(Double(found[index]) - mixed) < 2e-5 * Double(scale), "parameter \(index)")
    }
  }

  // MARK: - What

  enum Input: CaseIterable {
    case plain, scaled, signed, onOff

    /// Of three channels, or six.
    var description: ModelDescription {
      let pair = EncodingTests.Pair(self == .signed ? .signed : .onOff)
      var description = self == .plain || self == .scaled ? pair.plain : pair.encoding
      if self == .scaled {
        description.input = InputDescription(size: 6)
        (description.input!.scale, description.input!.offset) = ([2, 1, 0.5, 3, 1, -2], [0.25, 0, -1, 0, 0.5, 0])
      }
      return description
    }

    var channels: Int { self == .plain || self == .scaled ? 6 : 3 }
  }

  struct Kind: CustomTestStringConvertible, Sendable {
    let name: String
    var isSparse = false, values = false, startsSequence = true
    var options: [Int: Double] = [:]
    var testDescription: String { name }
  }

  static let kinds = [
    Kind(name: "classes"), Kind(name: "values", values: true), Kind(name: "sparse", isSparse: true),
    Kind(name: "sparse with values", isSparse: true, values: true),
    Kind(name: "windows that it does not fill", options: [HYPR_OPTION_REHEARSAL_STEPS: 13]),
    Kind(name: "longer windows", options: [HYPR_OPTION_REHEARSAL_STEPS: 31]),
    Kind(name: "label smoothing", options: [HYPR_OPTION_LABEL_SMOOTHING: 0.2, HYPR_OPTION_REHEARSAL_LEAD_IN: 4]),
  ]

  /// In double precision from a session without rehearsal that is fed with the samples, over and over again.
  private func expectGradient(_ input: Input, _ kind: Kind, credit: Int) throws {
    var (random, description) = (RandomNet(seed: 147), input.description)
    let labels = (0..<20).map { $0 % 5 == 3 || $0 == 0 ? -1 : $0 % 7 == 6 ? 2 : 0 }
    let made = Made(
      &random, channels: input.channels, labels: labels, values: kind.values, isSparse: kind.isSparse,
      startsSequence: kind.startsSequence)
    description.exemplars = [made.description]
    let model = try TestModel(description)
    let options = RehearsedGradientTests.options(kind.options).merging([
      HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_REHEARSAL_SHARE: 0.5,
    ]) { $1 }
    let session = try TestSession(model, options)
    let plain = try TestSession(model, RehearsalReference.plain(options))
    let reference = try RehearsalReference(model, options, made.stretch)
    let window = RehearsedGradientTests.window
    let live = random.inputs(4 * window, input.channels)
    for session in [session, plain] {
      for (step, sample) in live.enumerated() {
        try session.step(sample)
        try session.teach(step / window % 2 == 0 ? 1 : 3)
      }
      try session.flush()
    }
    var (expected, weight) = (try plain.gradients.map(Double.init), Double(4 * window))
    for _ in 0..<4 {
      let gathered = try reference.window(beside: window, share: 0.5)
      for index in expected.indices { expected[index] += gathered.gradient[index] }
      weight += gathered.weight
    }
    #expect(session.rehearsalCount() == 0 && weight > Double(5 * window))
    let found = try session.gradients
    let scale = expected.reduce(0) { max($0, abs($1)) } / weight
    for index in expected.indices {
      try #require(abs(Double(found[index]) - expected[index] / weight) < 3e-5 * scale, "parameter \(index)")
    }
  }

  @Test(arguments: Input.allCases, kinds) func `An exemplar teaches what its samples do`(input: Input, kind: Kind) throws {
    for credit in RehearsedGradientTests.credits { try expectGradient(input, kind, credit: credit) }
  }

  /// Level crossing begins again with each, so only without it a session can go on from one to the next as this one does.
  @Test(arguments: [Input.plain, .scaled], [0, 9]) func `One that goes on has a lead-in`(input: Input, leadIn: Int) throws {
    let kind = Kind(name: "", startsSequence: false, options: [HYPR_OPTION_REHEARSAL_LEAD_IN: Double(leadIn)])
    for credit in RehearsedGradientTests.credits { try expectGradient(input, kind, credit: credit) }
  }

  // MARK: - What is never taught

  /// What a step of the stream, of a stretch and of an exemplar costs is the same, by its definition in double precision.
  @Test func `Exemplars and stretches are held as the stream is`() throws {
    var (random, description) = (RandomNet(seed: 148), description())
    let bare = try TestModel(description)
    let made = Made(&random, channels: 3, labels: [Int](repeating: 0, count: 7))
    description.exemplars = [made.description]
    let model = try TestModel(description)
    let kept = TaughtStretch(&random, steps: 7, columns: 3) { _ in .label(2) }
    let live = TaughtStretch(&random, steps: 14, columns: 3) { _ in .label(1) }
    let options = RehearsedGradientTests.options([
      HYPR_OPTION_HOLD_UNTAUGHT: 0.7, HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_SUM), HYPR_OPTION_REHEARSAL_SHARE: 0.5,
    ])
    let factors = random.uniform(model.parameterCount, 0.98...1.02)
    /// A little further on than its file.
    func session(_ model: TestModel, _ options: [Int: Double]) throws -> TestSession {
      let session = try TestSession(model, options)
      try session.setParameters(zip(session.parameters, factors).map { $0 * $1 })
      return session
    }
    func gradient(_ stretch: TaughtStretch, _ arbiter: HoldTests.Arbiter) throws -> [Float] {
      let (session, reference) = (try session(bare, RehearsalReference.plain(options)), try TestSession(bare))
      for (input, target) in zip(stretch.inputs, stretch.targets) {
        let (output, held) = (try session.step(input), try reference.step(input))
        guard case .label(let label) = target else { continue }
        try session.teach(error: arbiter.loss(output, held, label, [1, 2]).error)
      }
      try session.flush()
      return try session.gradients
    }
    let rehearsing = try session(model, options)
    try rehearsing.addRehearsal(kept)
    try rehearsing.stream(live)
    try rehearsing.flush()
    let found = try rehearsing.gradients
    // The first window is followed by the exemplar, the second by the stretch.
    #expect(try taughtSteps(rehearsing) == [7, 0, 7, 0, 0])
    let arbiter = HoldTests.Arbiter(exemplars: [0])
    let parts = try [live, kept, made.stretch].map { try gradient($0, arbiter) }
    let scale = found.reduce(Float(0)) { max($0, abs($1)) }
    for index in found.indices {
      let expected = parts.reduce(0) { $0 + Double($1[index]) }
      try #require(abs(Double(found[index]) - expected) < 3e-5 * Double(scale), "parameter \(index)")
    }
    // Without exemplars nothing is pushed against their class.
    #expect(try parts[0] != gradient(live, HoldTests.Arbiter()))
  }

  // MARK: - Saved state

  /// In the middle of an exemplar, of one that goes on as of one that begins, dense and sparse, with classes and with values.
  @Test(arguments: Input.allCases, [HYPR_CREDIT_WINDOW, HYPR_CREDIT_FILTERED]) func `Continues bit for bit`(
    input: Input, credit: Int
  )
    throws
  {
    var (random, description) = (RandomNet(seed: 149), input.description)
    let labels = (0..<23).map { $0 % 4 == 1 ? -1 : 0 }
    for kind in 0..<8 {
      let made = Made(
        &random, channels: input.channels, labels: labels.map { $0 < 0 ? $0 : kind % 3 }, values: kind & 4 != 0,
        isSparse: kind & 2 != 0,
        startsSequence: kind & 1 != 0)
      description.exemplars.append(made.description)
    }
    let model = try TestModel(description)
    let options = RehearsalTests.options([HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_HOLD_UNTAUGHT: 0.3])
    let inputs = random.inputs(120, input.channels)
    func run(_ session: TestSession, _ range: Range<Int>) throws {
      for step in range {
        try session.step(inputs[step])
        try session.teach(step / 30 % 2 == 0 ? 3 : 1)
      }
    }
    for place in [6, 11, 16, 24, 33, 48, 60, 71] {
      let (original, restored) = (try TestSession(model, options), try TestSession(model, options))
      try run(original, 0..<place)
      let bytes = try original.savedState
      try run(restored, 70..<97)
      try restored.load(bytes)
      #expect(try restored.savedState == bytes)
      for session in [original, restored] {
        try run(session, place..<90)
        try session.rehearse(7)
        try run(session, 90..<120)
      }
      #expect(try restored.savedState == original.savedState, "saved before step \(place)")
      #expect(try original.rehearsal(HYPR_REHEARSAL_NO_CLASS).taught_steps > 0 && original.rehearsal(0).taught_steps > 0)
    }
    // The first one takes five windows: all of the first places were within it.
    let first = try TestSession(model, options)
    try run(first, 0..<24)
    let counts = try taughtSteps(first)
    #expect(counts.filter { $0 > 0 }.count == 1)
  }

  /// The samples of an exemplar go through the same input stage as those of a stretch that the host adds: it is not played on.
  @Test(arguments: Input.allCases) func `An added stretch ends the exemplar`(input: Input) throws {
    var (random, description) = (RandomNet(seed: 150), input.description)
    description.exemplars = [Made(&random, channels: input.channels, labels: [Int](repeating: 0, count: 12)).description]
    let session = try TestSession(TestModel(description), RehearsalTests.options())
    let kept = TaughtStretch(&random, steps: 5, columns: input.channels) { _ in .label(1) }
    try session.rehearse(1)
    #expect(try taughtSteps(session) == [5, 0, 0, 0, 0])
    try session.addRehearsal(kept)
    try session.rehearse(1)
    // It was the exemplar's turn: now it is that of the stretch.
    #expect(try taughtSteps(session) == [5, 5, 0, 0, 0])
    try session.rehearse(1)
    #expect(try taughtSteps(session) == [10, 5, 0, 0, 0])
  }
}
