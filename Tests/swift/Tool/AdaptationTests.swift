import CHypr
import Foundation
import HyprToolKit
import Testing

@Suite("Tool: adaptation profiles") struct AdaptationTests {
  /// Sequences of one channel whose samples are 0, 1, 2, ..., with labels of steps or of sequences.
  private func set(_ sequences: Int, _ steps: Int, _ labels: [Int32]) throws -> SequenceSet {
    func array(_ values: [Int32], _ shape: [Int]) throws -> NumpyArray {
      try NumpyArray(Data(NumpyWriter.file(values, shape: shape)), name: "array")
    }
    return try SequenceSet(
      inputs: array((0..<Int32(sequences * steps)).map { $0 }, [sequences, steps, 1]),
      labels: array(labels, labels.count == sequences ? [sequences] : [sequences, steps]), lengths: nil, inputSize: 1, classes: 3)
  }

  private func plan(rounds: Int = 6, disturbance: Double? = 0) -> AdaptationPlan {
    var plan = AdaptationPlan()
    plan.rounds = rounds
    plan.disturbance = disturbance
    return plan
  }

  private func reason(_ set: SequenceSet, _ plan: AdaptationPlan) -> String {
    do {
      _ = try AdaptationStream.all(set, inputSize: 1, plan)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `steps: pieces of every sequence by turns, then the rest`() throws {
    let labels = [Int32](repeating: 1, count: 800) + [Int32](repeating: 2, count: 800)
    let streams = try AdaptationStream.all(set(2, 800, labels), inputSize: 1, plan(rounds: 2))
    #expect(streams.map(\.name) == [""])
    let order = [0..<200, 800..<1000, 200..<400, 1000..<1200].flatMap { $0.map(Float.init) }
    #expect(streams[0].taught.inputs == [order])
    #expect(streams[0].taught.labels == [order.map { $0 < 800 ? 1 : 2 }])
    #expect(streams[0].test.inputs == [[400..<800, 1200..<1600].flatMap { $0.map(Float.init) }])
  }

  @Test func `no piece is shorter than 100 steps`() throws {
    let streams = try AdaptationStream.all(set(1, 500, (0..<500).map { $0 % 2 }), inputSize: 1, plan(rounds: 6))
    #expect(streams[0].taught.inputs == [(0..<250).map(Float.init)])
  }

  @Test func `sequences: the first of every class, in rounds, then the rest`() throws {
    let streams = try AdaptationStream.all(set(9, 2, [0, 0, 0, 0, 1, 1, 1, 1, -1]), inputSize: 1, plan(rounds: 2))
    #expect(streams[0].taught.labels.map(\.first) == [0, 1, 0, 1])
    #expect(streams[0].taught.inputs.map(\.first) == [0, 8, 2, 10])
    #expect(streams[0].test.inputs.map(\.first) == [4, 6, 12, 14])
  }

  @Test func `windows with a target are counted`() throws {
    var labels = [Int32](repeating: -1, count: 400)
    labels[0] = 1
    labels[105] = 2
    labels[398] = 1
    labels[399] = 2
    let streams = try AdaptationStream.all(set(1, 400, labels), inputSize: 1, plan())
    #expect(streams[0].windows(10, .steps, .lastSteps(.max)) == 2)
    #expect(streams[0].windows(200, .steps, .lastSteps(.max)) == 1)
    let whole = try AdaptationStream.all(set(4, 50, [0, 0, 1, 1]), inputSize: 1, plan())
    #expect(whole[0].windows(10, .sequences, .lastSteps(15)) == 4)
    #expect(whole[0].windows(10, .sequences, .lastSteps(.max)) == 10)
  }

  @Test func `a disturbed sensor has eight streams that differ, half of them the other way round`() throws {
    let labels = (0..<400).map { Int32($0 % 2) }
    let streams = try AdaptationStream.all(set(1, 400, labels), inputSize: 1, plan(disturbance: nil))
    #expect(streams.map(\.name) == (1...8).map { "sensor \($0)" })
    // One channel cannot be turned: it is stronger or weaker by half, about the mean 199.5.
    let stronger: [Float] = [-99.75, -98.25]
    let weaker: [Float] = [99.75, 100.25]
    #expect(Array(streams[0].taught.inputs[0].prefix(2)) == stronger)
    #expect(Array(streams[2].taught.inputs[0].prefix(2)) == weaker)
    #expect(streams[4].test.inputs[0].first == streams[0].taught.inputs[0].first)
  }

  @Test func `what cannot be tuned is refused with its reason`() throws {
    let labels = (0..<400).map { Int32($0 % 2) }
    #expect(reason(try set(1, 400, labels), plan()) == "accepted")
    #expect(reason(try set(1, 400, labels), plan(rounds: 0)) == "--adaptation-rounds is 0, expected 1 or more")
    #expect(reason(try set(1, 400, labels), plan(disturbance: 2)) == "--adaptation-disturbance is 2.0, expected 0 to 1.9")
    var lifetime = plan()
    lifetime.seconds = 0
    #expect(reason(try set(1, 400, labels), lifetime).hasPrefix("--adaptation-seconds is 0.0, expected more than 0"))
    #expect(reason(try set(1, 400, labels), plan(disturbance: .nan)).contains("expected 0 to 1.9"))
    let half = labels.indices.map { $0 < 200 ? Int32($0 % 2) : -1 }
    let first = labels.indices.map { $0 < 200 ? 1 : Int32($0 % 2) }
    #expect(reason(try set(1, 400, first), plan()).hasPrefix("what is taught in the stream \"\" is all of one class"))
    #expect(reason(try set(1, 400, first.reversed()), plan()).hasPrefix("what is tested in the stream \"\" is all of one class"))
    #expect(reason(try set(1, 400, half), plan()).hasPrefix("there is nothing to test in the stream"))
    #expect(reason(try set(1, 400, half.reversed()), plan()).hasPrefix("there is nothing to teach in the stream"))
    #expect(reason(try set(2, 5, [0, 1]), plan()).contains("none is left to test"))
    #expect(reason(try set(1, 2, [0, 0]), plan(disturbance: 1)).hasPrefix("the inputs are only -1, 0 and 1"))
  }

  @Test func `the safest within noise is chosen`() {
    let best = [0.9, 0.8, 0.7, 0.9]
    func less(_ amount: Double) -> [Double] { best.map { $0 - amount } }
    #expect(AdaptationTuning.choose([less(0.2), less(0.004), best, less(0.1)]) == 1)
    #expect(AdaptationTuning.choose([less(0.2), less(0.006), best]) == 2)
    #expect(AdaptationTuning.choose([[0.7, 0.82, 0.7, 0.9], best]) == 0)
    #expect(AdaptationTuning.choose([best, best]) == 0)
    #expect(AdaptationTuning.choose([[0.5], [0.589], [0.595]]) == 1)
    #expect(AdaptationTuning.choose([less(0.2), best, [.nan, 1, 1, 1]]) == 1)
    #expect(AdaptationTuning.choose([[.nan], [.nan]]) == 0)
  }

  @Test func `profiles of the library are options, the first is not to adapt`() throws {
    var count = 0
    while let profile = hypr_adaptation_profile(count) {
      let settings = try OptionSettings(String(cString: profile).split(separator: " ").map(String.init))
      #expect(settings.contains("learning_rate"))
      count += 1
    }
    #expect(count > 2)
    #expect(hypr_adaptation_profile(0).map { String(cString: $0) } == "learning_rate=0")
  }
}
