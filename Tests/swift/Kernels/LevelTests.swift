import CHypr
import CSystem
import Foundation
import HyprModelWriter
import Testing

@testable import HyprCore

/// The kernels are compiled once per CPU level: all that this processor can run must agree.
@Suite struct LevelTests {
  static let levels = [1, 3, 4].filter { $0 <= Int(kernel_highest_level()) }

  /// Outputs, spikes and gradient of a net after some windows of learning.
  private struct Outcome: Equatable {
    var outputs: [Float] = []
    var spikes: [Float] = []
    var gradients: [Float] = []

    init(_ neuron: String, level: Int) throws {
      var net = RandomNet(seed: 7)
      let description = net.model([neuron, "SEAdLIF"], sizes: [11, 37, 9, 5])
      let (inputs, labels) = (net.inputs(40, 11), net.labels(40, 5))
      let model = try TestModel(description, level: level)
      let session = try TestSession(
        model, [Int(HYPR_OPTION_LEARNING): 1, Int(HYPR_OPTION_WINDOW): 16, Int(HYPR_OPTION_UPDATE): 2])
      for (input, label) in zip(inputs, labels) {
        outputs += try session.step(input)
        if label >= 0 { try session.teach(label) }
        spikes += try session.spikes(0)
      }
      try session.flush()
      gradients = try session.gradients
    }
  }

  @Test(arguments: NeuronTests.names) func levelsAgree(neuron: String) throws {
    let reference = try Outcome(neuron, level: 1)
    #expect(reference.gradients.contains { $0 != 0 })
    let scale = reference.gradients.reduce(0) { max($0, abs($1)) }
    for level in LevelTests.levels {
      let outcome = try Outcome(neuron, level: level)
      #expect(outcome == (try Outcome(neuron, level: level)), "level \(level) does not repeat itself")
      #expect(difference(outcome.outputs, reference.outputs) < 1e-4, "outputs at level \(level)")
      #expect(difference(outcome.spikes, reference.spikes) < 1e-4, "spikes at level \(level)")
      #expect(difference(outcome.gradients, reference.gradients) < 1e-4 * scale, "gradients at level \(level)")
    }
  }

  /// The bytes of a saved state do not depend on the width of vectors.
  @Test(arguments: WindowJobTests.credits, [false, true])
  func `A state saved at one level is loaded at another`(credit: Int, sparse: Bool) throws {
    for neurons in WindowJobTests.mixed + WindowJobTests.single {
      var random = RandomNet(seed: 37)
      let sizes = [5] + [37, 9, 20].prefix(neurons.count) + [3]
      let description = WindowJobTests.model(neurons, sizes: sizes, sparse: sparse, &random)
      let (inputs, labels) = (random.inputs(19, 5), random.labels(19, 3))
      func session(_ level: Int) throws -> TestSession {
        try TestSession(TestModel(description, level: level), WindowJobTests.options(credit, updates: true))
      }
      for level in LevelTests.levels {
        let one = try session(level)
        for (input, label) in zip(inputs, labels) {
          try one.step(input)
          if label >= 0 { try one.teach(label) }
        }
        let bytes = try one.savedState
        let outputs = try one.step(inputs[0])
        for otherLevel in LevelTests.levels {
          let other = try session(otherLevel)
          try other.check(hypr_session_load_state(other.handle, bytes, bytes.count))
          #expect(try other.savedState == bytes, "level \(level) to \(otherLevel)")
          #expect(difference(try other.step(inputs[0]), outputs) < 1e-4, "level \(level) to \(otherLevel)")
        }
      }
    }
  }

  #if arch(x86_64) && os(Linux)
    /// As the system's list of what the processor can do has it: without what the system does not support.
    @Test func theHighestLevelIsThatOfTheProcessor() throws {
      let lines = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
      let flags = Set(try #require(lines.first { $0.hasPrefix("flags") }).split(separator: " ").map(String.init))
      let level3: Set = ["avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]
      let level4: Set = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
      let expected = !flags.isSuperset(of: level3) ? 1 : flags.isSuperset(of: level4) ? 4 : 3
      #expect(kernel_highest_level() == expected)
    }
  #endif

  private func difference(_ one: [Float], _ other: [Float]) -> Float {
    zip(one, other).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }
}
