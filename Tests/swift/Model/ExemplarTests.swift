import CHypr
import HyprBuilding
import HyprModelWriter
import Testing

@testable import HyprCore

/// Exemplars of a model with 4 inputs and 3 outputs: what the loader says of those that cannot be, and what is read of others.
@Suite struct ExemplarTests {
  /// Five steps, the first without a target.
  static func dense() -> ExemplarDescription {
    var exemplar = ExemplarDescription()
    exemplar.values = (0..<20).map { Int8($0 * 12 - 120) }
    exemplar.valueScale = [0.5, 1, 0.25, 0]
    exemplar.valueOffset = [0, 9.81, -1, 3]
    exemplar.labels = [.init(1, -1), .init(3, 2), .init(1, 0)]
    return exemplar
  }

  /// Three steps, the second without a spike.
  static func sparse() -> ExemplarDescription {
    var exemplar = ExemplarDescription()
    exemplar.spikeCounts = [2, 0, 3]
    exemplar.spikeChannels = [0, 3, 1, 2, 3]
    exemplar.labels = [.init(1, 0), .init(1, -1), .init(1, 0)]
    exemplar.targets = [1, 2, 3, -4, 5, -6]
    exemplar.startsSequence = true
    return exemplar
  }

  private static func fault(
    _ message: String, of exemplar: ExemplarDescription = dense(), _ make: @escaping @Sendable (inout ExemplarDescription) -> Void
  ) -> ModelFault {
    ModelFault(message: message) {
      var wrong = exemplar
      make(&wrong)
      $0.exemplars = [dense(), sparse(), wrong]
    }
  }

  static let faults = [
    fault("exemplars[2].labels has no target, expected at least one") { $0 = ExemplarDescription() },
    fault("exemplars[2].labels has no target, expected at least one") { $0.labels = [.init(5, -1)] },
    fault("exemplars[2].labels[1].steps is 0, expected 1 to 65535") { $0.labels[1].steps = 0 },
    fault("exemplars[2].labels[1].steps is 4294967295, expected 1 to 65535") { $0.labels[1].steps = .max },
    fault("exemplars[2].labels[1].label is 3, expected -1 to 2") { $0.labels[1].label = 3 },
    fault("exemplars[2].labels[2].label is -2, expected -1 to 2") { $0.labels[2].label = -2 },
    fault("exemplars[2].labels[0].label is 1, expected -1 to 0", of: sparse()) { $0.labels[0].label = 1 },
    fault("exemplars[2].values has 20 entries, expected 24") { $0.labels[0].steps = 2 },
    fault("exemplars[2].values has 19 entries, expected 20") { $0.values.removeLast() },
    fault("exemplars[2].values has 0 entries, expected 20") { $0.values = [] },
    fault("exemplars[2].values has 20 entries, expected 0") { $0.spikeCounts = [0, 0, 0, 0, 0] },
    fault("exemplars[2].value_scale has 3 entries, expected 4") { $0.valueScale.removeLast() },
    fault("exemplars[2].value_offset has 0 entries, expected 4") { $0.valueOffset = [] },
    fault("exemplars[2].value_scale[1] is nan, expected a finite number") { $0.valueScale[1] = .nan },
    fault("exemplars[2].value_offset[3] is -inf, expected a finite number") { $0.valueOffset[3] = -.infinity },
    fault("exemplars[2].value_scale[2] is -1e+37, expected finite samples") { $0.valueScale[2] = -1e37 },
    fault("exemplars[2].spike_channels has 1 entries, expected 0") { $0.spikeChannels = [1] },
    fault("exemplars[2].value_scale has 4 entries, expected 0", of: sparse()) { $0.valueScale = [1, 1, 1, 1] },
    fault("exemplars[2].spike_counts has 2 entries, expected 3", of: sparse()) { $0.spikeCounts = [2, 3] },
    fault("exemplars[2].spike_channels has 5 entries, expected 65540", of: sparse()) { $0.spikeCounts[1] = .max },
    fault("exemplars[2].spike_channels has 0 entries, expected 5", of: sparse()) { $0.spikeChannels = [] },
    fault("exemplars[2].spike_channels[4] is 4, expected 3 to 3", of: sparse()) { $0.spikeChannels[4] = 4 },
    fault("exemplars[2].spike_channels[3] is 1, expected 2 to 3", of: sparse()) { $0.spikeChannels[3] = 1 },
    fault("exemplars[2].targets has 5 entries, expected 6", of: sparse()) { $0.targets.removeLast() },
    fault("exemplars[2].targets[4] is inf, expected a finite number", of: sparse()) { $0.targets[4] = .infinity },
    ModelFault(message: "exemplars has 65537 entries, expected at most 65536") {
      $0.exemplars = Array(repeating: dense(), count: 65537)
    },
    ModelFault(message: "exemplars[0].labels[65536].steps is 1, expected 1 to 0") {
      var long = dense()
      long.values = Array(repeating: 1, count: 4 * 65537)
      long.labels = Array(repeating: .init(1, 1), count: 65537)
      $0.exemplars = [long]
    },
  ]

  @Test(arguments: faults) func faultIsNamed(fault: ModelFault) throws { try fault.expectIsNamed() }

  @Test func oneOutputIsTaughtValues() throws {
    var random = RandomNet(seed: 3)
    var description = random.model(["BRF"], sizes: [4, 8, 1])
    description.exemplars = [ExemplarTests.dense()]
    description.exemplars[0].labels = [.init(5, 0)]
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(description) }
    #expect(failure.message == "exemplars[0].targets has 0 entries, expected 5")
    description.exemplars[0].targets = [1, 2, 3, 4, 5]
    _ = try TestModel(description)
  }

  /// Beyond 16 bits channels have no number.
  @Test func sparseOnesHaveLimitedChannels() throws {
    var random = RandomNet(seed: 3)
    var description = random.model(["LI"], sizes: [65537, 1, 2])
    var exemplar = ExemplarTests.sparse()
    exemplar.targets = []
    description.exemplars = [exemplar]
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(description) }
    #expect(failure.message == "exemplars[0] is sparse, for 65537 inputs, expected at most 65536")
  }

  /// Tables and vectors that are only read may be shared, but then a small file could take long to check.
  @Test func sharedOnesTakeNoTime() throws {
    var description = LoaderTests.valid()
    var long = ExemplarTests.dense()
    long.values = Array(repeating: 1, count: 4 * 6000)
    long.labels = Array(repeating: .init(1, 1), count: 6000)
    description.exemplars = [long] + Array(repeating: ExemplarTests.sparse(), count: 1000)
    var bytes = try description.serialized()
    let loaded = try TestModel(bytes: bytes)
    #expect(hypr_model_exemplar_count(loaded.handle) == 1001)
    // The vector of exemplars: its entries count from where they stand, and all may lead to the first.
    func word(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
    let length = try #require(stride(from: 0, to: bytes.count - 4, by: 4).first { word($0) == 1001 })
    let first = length + 4 + word(length + 4)
    for index in 1..<1001 {
      let place = length + 4 + 4 * index
      for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: (first - place) >> (8 * byte)) }
    }
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(bytes: bytes) }
    #expect(failure.message.contains("has more numbers than there is room for in the file"), "\(failure.message)")
  }

  private func loaded() throws -> TestModel {
    var description = LoaderTests.valid()
    description.exemplars = [ExemplarTests.dense(), ExemplarTests.sparse()]
    return try TestModel(description)
  }

  @Test func denseIsReadStepByStep() throws {
    let model = try loaded()
    let exemplar = UnsafeMutablePointer<Model>(model.handle).pointee.exemplar(0)
    #expect(exemplar.stepCount == 5 && exemplar.taughtStepCount() == 4 && exemplar.taughtStepCount(2) == 3)
    #expect(!exemplar.startsSequence && !exemplar.isSparse && !exemplar.hasValues && exemplar.lastLabel == 0)
    var cursor = ExemplarCursor(exemplar)
    var (samples, labels) = ([Float](), [Int]())
    while !cursor.isAtEnd {
      var sample = [Float](repeating: .nan, count: 4)
      cursor.read(sample: &sample)
      samples += sample
      labels.append(cursor.label)
      #expect(cursor.target == nil)
      cursor.advance()
    }
    let given = ExemplarTests.dense()
    #expect(samples == (0..<20).map { given.valueOffset[$0 % 4] + given.valueScale[$0 % 4] * Float(given.values[$0]) })
    #expect(labels == [-1, 2, 2, 2, 0] && cursor.step == 5)
    withExtendedLifetime(model) {}
  }

  @Test func sparseIsReadStepByStep() throws {
    let model = try loaded()
    let exemplar = UnsafeMutablePointer<Model>(model.handle).pointee.exemplar(1)
    #expect(exemplar.stepCount == 3 && exemplar.taughtStepCount() == 2)
    #expect(exemplar.startsSequence && exemplar.isSparse && exemplar.hasValues && exemplar.lastLabel == nil)
    var cursor = ExemplarCursor(exemplar)
    var (samples, spikes, targets) = ([[Float]](), [[Int]](), [[Float]?]())
    while !cursor.isAtEnd {
      var sample = [Float](repeating: .nan, count: 4)
      cursor.read(sample: &sample)
      samples.append(sample)
      spikes.append((0..<cursor.spikeCount).map { cursor.spike($0) })
      targets.append(cursor.target.map { Array(UnsafeBufferPointer(start: $0, count: 3)) })
      cursor.advance()
    }
    #expect(samples == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]] && spikes == [[0, 3], [], [1, 2, 3]])
    #expect(targets == [[1, 2, 3], nil, [-4, 5, -6]])
    withExtendedLifetime(model) {}
  }

  @Test func aSavedModelKeepsThem() throws {
    var description = LoaderTests.valid()
    description.exemplars = [ExemplarTests.dense(), ExemplarTests.sparse()]
    let bytes = try description.serialized()
    let session = try TestSession(TestModel(bytes: bytes), [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 3])
    for step in 0..<9 {
      try session.step([Float(step), 1, 2, 3])
      try session.teach(step % 3)
    }
    try session.flush()
    var size = 0
    try session.check(hypr_session_model_size(session.handle, &size))
    var saved = [UInt8](repeating: 0, count: size)
    try session.check(hypr_session_save_model_buffer(session.handle, &saved, size))
    #expect(saved != bytes && saved.count == bytes.count)
    var builder: OpaquePointer?
    let learned = try TestModel(bytes: saved)
    #expect(hypr_model_exemplar_count(learned.handle) == 2)
    // A builder takes them along byte for byte, and outlives the model.
    #expect(hypr_builder_create_from(learned.handle, &builder, nil, 0) == HYPR_OK)
    defer { hypr_builder_free(builder) }
    #expect(hypr_builder_build(builder, 1, &size) == HYPR_OK)
    var built = [UInt8](repeating: 0, count: size)
    #expect(hypr_builder_copy_file(builder, &built, size) == HYPR_OK)
    #expect(built == saved)
  }
}
