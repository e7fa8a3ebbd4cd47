import CHypr
import HyprModelWriter
import Testing

/// The options threads and window = 0.
@Suite struct ThreadTests {
  private func session(_ description: ModelDescription, threads: Int, _ options: [Int32: Double]) throws -> TestSession {
    var all: [Int: Double] = [Int(HYPR_OPTION_LEARNING): 1, Int(HYPR_OPTION_THREADS): Double(threads)]
    for (key, value) in options { all[Int(key)] = value }
    return try TestSession(try TestModel(description), all)
  }

  /// A layer that is large enough for its windows and updates to be split.
  @Test(arguments: ["BRF", "SEAdLIF"], [HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT])
  func largeLayersKeepTheirBits(neuron: String, credit: Int) throws {
    var net = RandomNet(seed: 3)
    let description = net.model([neuron], sizes: [9, neuron == "BRF" ? 300 : 370, 4])
    let (inputs, labels) = (net.inputs(25, 9), net.labels(25, 4))
    let options = [Int32(HYPR_OPTION_WINDOW): 8, Int32(HYPR_OPTION_CREDIT): Double(credit)]
    let one = try session(description, threads: 1, options)
    let three = try session(description, threads: 3, options)
    let before = try one.parameters
    for session in [one, three] {
      for (input, label) in zip(inputs, labels) {
        try session.step(input)
        if label >= 0 { try session.teach(label) }
      }
      try session.flush()
    }
    #expect(try one.parameters != before)
    #expect(try one.parameters == three.parameters)
    #expect(try one.statistics.mean_loss == three.statistics.mean_loss)
  }

  private func batch(_ net: inout RandomNet) -> (sequences: [[[Float]]], labels: [Int]) {
    let lengths = [13, 40, 1, 22, 8, 31, 17]
    return (lengths.map { net.inputs($0, 6) }, lengths.indices.map { $0 % 4 })
  }

  @Test(arguments: [2, 3, 16], [HYPR_REDUCTION_MEAN, HYPR_REDUCTION_MEAN_OVER_STEPS])
  func batchesAreSplit(threads: Int, reduction: Int) throws {
    var net = RandomNet(seed: 5)
    let description = net.model(["BRF", "SEAdLIF"], sizes: [6, 20, 11, 4])
    let (sequences, labels) = batch(&net)
    let options = [
      Int32(HYPR_OPTION_WINDOW): 10, Int32(HYPR_OPTION_UPDATE): 2, Int32(HYPR_OPTION_OPTIMIZER): 0,
      Int32(HYPR_OPTION_LEARNING_RATE): 0.1, Int32(HYPR_OPTION_REDUCTION): Double(reduction),
    ]
    let one = try session(description, threads: 1, options)
    let many = try session(description, threads: threads, options)
    let again = try session(description, threads: threads, options)
    for round in 0..<2 {
      let losses = try [one, many, again].map { try $0.learn(sequences, labels) }
      #expect(abs(losses[0] - losses[1]) < 1e-5 * losses[0])
      let (expected, found) = (try one.gradients, try many.gradients)
      let scale = expected.reduce(0) { max($0, abs($1)) }
      #expect(scale > 0)
      for (one, other) in zip(expected, found) { #expect(abs(one - other) < 1e-5 * scale, "round \(round)") }
      #expect(try many.gradients == again.gradients)
      #expect(try one.statistics.steps == many.statistics.steps)
      #expect(try one.statistics.taught_steps == many.statistics.taught_steps)
      #expect(try one.spikeRates == many.spikeRates)
      #expect(try one.state(0) == many.state(0), "the state is not that of the last sequence")
      for session in [one, many, again] { try session.apply() }
    }
  }

  /// The end of a window in one of the shares has threads to share with, too, were they not at work.
  @Test func batchesOfLargeLayersAreSplit() throws {
    var net = RandomNet(seed: 7)
    let description = net.model(["BRF"], sizes: [6, 370, 4])
    let (sequences, labels) = ((0..<3).map { _ in net.inputs(6, 6) }, [0, 1, 2])
    let options: [Int32: Double] = [Int32(HYPR_OPTION_WINDOW): 10, Int32(HYPR_OPTION_UPDATE): 2]
    let one = try session(description, threads: 1, options)
    try one.learn(sequences, labels)
    let expected = try one.gradients
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(scale > 0)
    var before: [Float]?
    for round in 0..<2 {
      let many = try session(description, threads: 3, options)
      try many.learn(sequences, labels)
      let found = try many.gradients
      for (one, other) in zip(expected, found) where abs(one - other) > 1e-5 * scale {
        Issue.record("round \(round): \(other), expected \(one)")
        break
      }
      #expect(before == nil || before == found, "round \(round)")
      before = found
    }
  }

  @Test func aFailedShareSaysWhere() throws {
    var net = RandomNet(seed: 5)
    let description = net.model(["RF"], sizes: [6, 20, 4])
    var (sequences, labels) = batch(&net)
    sequences[2][0][3] = 3e38
    let session = try session(description, threads: 3, [Int32(HYPR_OPTION_UPDATE): 2])
    let failure = try #require(throws: CallFailure.self) { try session.learn(sequences, labels) }
    #expect(failure.status == HYPR_ERROR_NOT_FINITE)
    #expect(failure.message.contains("step 53"), "\(failure.message)")
    sequences[2][0][3] = 1
    #expect(try session.learn(sequences, labels).isFinite)
  }

  @Test func theWindowFollowsTheModel() throws {
    func window(_ sizes: [Int]) throws -> Double {
      var net = RandomNet(seed: 1)
      let session = try session(net.model(["BRF"], sizes: sizes), threads: 1, [Int32(HYPR_OPTION_WINDOW): 0])
      var value = 0.0
      try session.check(hypr_session_get_option(session.handle, hypr_option(HYPR_OPTION_WINDOW), &value))
      return value
    }
    #expect(try window([4, 36, 6]) == 256)
    let medium = try window([64, 512, 10])
    #expect(medium >= 64 && medium < 128)
    #expect(try window([8, 4000, 4]) == 10)
  }
}
