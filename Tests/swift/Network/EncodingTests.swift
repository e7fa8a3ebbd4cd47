import CHypr
import HyprModelWriter
import Testing

/// A model with level crossing does on raw samples what the model without it does on spikes that were made outside.
@Suite struct EncodingTests {
  typealias Output = SpikeEncoding.LevelCrossingOutput

  /// The definition in the schema, one channel at a time.
  static func encode(_ samples: [[Float]], _ thresholds: [Float], _ output: Output) -> [[Float]] {
    var references = samples[0]
    return samples.map { sample in
      sample.indices.flatMap { channel -> [Float] in
        let threshold = thresholds[channel % thresholds.count]
        let rising = sample[channel] >= references[channel] + threshold
        let falling = !rising && sample[channel] <= references[channel] - threshold
        references[channel] += rising ? threshold : falling ? -threshold : 0
        return output == .signed ? [rising ? 1 : falling ? -1 : 0] : [rising ? 1 : 0, falling ? 1 : 0]
      }
    }
  }

  /// The same network with and without the encoding, samples, and the spikes that they are.
  struct Pair {
    let encoding: ModelDescription
    let plain: ModelDescription
    let samples: [[Float]]
    let spikes: [[Float]]

    init(_ output: Output, thresholds: [Float] = [0.5, 0.8, 0.3], steps: Int = 60) {
      var random = RandomNet(seed: 71)
      plain = random.model(["BRF", "SEAdLIF"], sizes: [output == .signed ? 3 : 6, 14, 9, 4])
      var encoding = plain
      encoding.input = InputDescription(size: 3)
      (encoding.input!.scale, encoding.input!.offset) = ([2, 1, 0.5], [0.25, 0, -1])
      encoding.input!.encoding = .levelCrossing(thresholds: thresholds, output: output)
      self.encoding = encoding
      samples = (0..<steps).map { _ in random.uniform(3, -1...1) }
      let values = samples.map { [($0[0] - 0.25) * 2, $0[1], ($0[2] + 1) * 0.5] }
      spikes = EncodingTests.encode(values, thresholds, output)
    }
  }

  @Test(arguments: Output.allCases, [[0.4], [0.5, 0.8, 0.3]])
  func stepsAreThoseOnSpikes(output: Output, thresholds: [Float]) throws {
    let pair = Pair(output, thresholds: thresholds)
    #expect(pair.spikes.contains { $0.contains(1) } && pair.spikes.contains { $0.contains(0) })
    #expect(output == .onOff || pair.spikes.contains { $0.contains(-1) })
    let (session, reference) = (try TestSession(TestModel(pair.encoding)), try TestSession(TestModel(pair.plain)))
    #expect(session.model.inputSize == 3 && reference.model.inputSize == (output == .signed ? 3 : 6))
    for _ in 0..<2 {
      for (sample, spikes) in zip(pair.samples, pair.spikes) {
        #expect(try session.step(sample) == reference.step(spikes))
      }
      // The next sample is the first of a sequence again.
      try session.reset()
      try reference.reset()
    }
    #expect(try session.spikeRates.allSatisfy { $0 > 0 })
  }

  /// Indices of channels that are 1 are samples like others.
  @Test func listedSamplesAreEncoded() throws {
    let pair = Pair(.onOff)
    let (session, reference) = (try TestSession(TestModel(pair.encoding)), try TestSession(TestModel(pair.encoding)))
    var output = [Float](repeating: 0, count: 4)
    for step in 0..<40 {
      let indices = (0..<3).filter { (step / ($0 + 2)) % 2 == 0 }
      try session.check(hypr_session_step_spikes(session.handle, indices.map(UInt32.init), indices.count, &output, 4))
      #expect(try output == reference.step((0..<3).map { indices.contains($0) ? 1 : 0 }))
    }
    #expect(output.contains { $0 != 0 })
  }

  /// A sample that is refused leaves the references as they were.
  @Test func refusedSamplesChangeNothing() throws {
    let pair = Pair(.signed)
    let (session, reference) = (try TestSession(TestModel(pair.encoding)), try TestSession(TestModel(pair.encoding)))
    for sample in pair.samples {
      let failure = try #require(throws: CallFailure.self) { try session.step([sample[0] + 5, .nan, sample[2]]) }
      #expect(failure.status == HYPR_ERROR_NOT_FINITE)
      #expect(try session.step(sample) == reference.step(sample))
    }
  }

  @Test(arguments: Output.allCases, [1, 3])
  func learningIsThatOnSpikes(output: Output, threads: Int) throws {
    let pair = Pair(output)
    let options = [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 13, HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_SEQUENCE),
      HYPR_OPTION_THREADS: Double(threads),
    ]
    let session = try TestSession(TestModel(pair.encoding), options)
    let reference = try TestSession(TestModel(pair.plain), options)
    let before = try session.parameters
    let lengths = [20, 15, 25]
    var sequences: (samples: [[[Float]]], spikes: [[[Float]]]) = ([], [])
    var start = 0
    for length in lengths {
      let samples = Array(pair.samples[start..<start + length])
      sequences.samples.append(samples)
      let values = samples.map { [($0[0] - 0.25) * 2, $0[1], ($0[2] + 1) * 0.5] }
      sequences.spikes.append(EncodingTests.encode(values, [0.5, 0.8, 0.3], output))
      start += length
    }
    #expect(try session.learn(sequences.samples, [0, 3, 1]) == reference.learn(sequences.spikes, [0, 3, 1]))
    #expect(try session.parameters == reference.parameters)
    #expect(try session.parameters != before)
  }

  /// Before the first sample, and after it.
  @Test(arguments: [0, 17]) func savedSessionsContinue(steps: Int) throws {
    let pair = Pair(.onOff)
    let model = try TestModel(pair.encoding)
    let (session, other) = (try TestSession(model), try TestSession(model))
    for sample in pair.samples[..<steps] { try session.step(sample) }
    for sample in pair.samples.suffix(9) { try other.step(sample) }
    var size = 0
    try session.check(hypr_session_state_size(session.handle, &size))
    var bytes = [UInt8](repeating: 0, count: size)
    try session.check(hypr_session_save_state(session.handle, &bytes, size))
    try other.check(hypr_session_load_state(other.handle, bytes, size))
    for sample in pair.samples[steps...] { #expect(try session.step(sample) == other.step(sample)) }
  }
}
