import CHypr
import HyprModelWriter
import HyprToolKit
import Testing

/// The eligibility is the derivative of a layer's states by its parameters.
@Suite struct EligibilityTests {
  private func eligibility(_ session: TestSession, _ tensor: Int) throws -> [Float] {
    var values = [Float](repeating: .nan, count: hypr_session_eligibility_size(session.handle, tensor))
    try session.check(hypr_session_get_eligibility(session.handle, tensor, &values, values.count))
    return values
  }

  private func states(_ model: TestModel, _ parameters: [Float], _ inputs: [[Float]]) throws -> [Float] {
    let session = try TestSession(model)
    try session.setParameters(parameters)
    for input in inputs { try session.step(input) }
    return try session.state(0)
  }

  /// Of layers without spikes and recurrent weights, where it is that of the whole sequence, by finite differences.
  @Test(arguments: NeuronTests.models, [HYPR_LEARNING_MEMORY_TYPE_FLOAT32, HYPR_LEARNING_MEMORY_TYPE_BFLOAT16])
  func isTheDerivativeOfTheStates(neuron: NeuronModel, type: Int) throws {
    for window in [3, 10] { try compareWithDifferences(neuron, window, type) }
  }

  private func compareWithDifferences(_ neuron: NeuronModel, _ window: Int, _ type: Int) throws {
    var random = RandomNet(seed: 81)
    var description = random.model([neuron.name], sizes: [3, 19, 2])
    description.layers[0].recurrentWeight = nil
    // Thresholds so high, and inputs so weak, that there are no spikes.
    for constant in neuron.constants where constant.name.hasSuffix("threshold") {
      description.layers[0].neuron.constants.append((name: constant.name, value: 1e5))
    }
    if let place = description.layers[0].neuron.parameters.firstIndex(where: { $0.name == "threshold" }) {
      description.layers[0].neuron.parameters[place].tensor.values = Array(repeating: 1e5, count: 19)
    }
    let model = try TestModel(description)
    let inputs = random.inputs(20, 3).map { sample in sample.map { $0 * 0.03 } }
    let session = try TestSession(
      model,
      [
        HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(window), HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL),
        HYPR_OPTION_LEARNING_MEMORY_TYPE: Double(type),
      ])
    for input in inputs {
      try session.step(input)
      if neuron.spiking { #expect(try session.spikes(0).allSatisfy { $0 == 0 }) }
    }
    try session.flush()
    // Of numbers of 8 bits, rounded after each window.
    let tolerance: Float = type == HYPR_LEARNING_MEMORY_TYPE_BFLOAT16 ? 0.02 : 0.005
    let parameters = try session.parameters
    let k = hypr_session_layer_state_size(session.handle, 0) / 19
    var compared = 0
    for (tensor, info) in try session.tensors.enumerated() where info.name.hasPrefix("layer0") {
      let found = try eligibility(session, tensor)
      #expect(found.count == k * info.range.count)
      let largest = found.reduce(0) { max($0, abs($1)) }
      for element in stride(from: 0, to: info.range.count, by: 7) {
        let neuron = element / (info.shape.count == 2 ? info.shape[1] : 1) % 19
        let place = info.range.lowerBound + element
        let step = max(abs(parameters[place]), 0.1) * 0.01
        var (more, less) = (parameters, parameters)
        more[place] += step
        less[place] -= step
        let (above, below) = (try states(model, more, inputs), try states(model, less, inputs))
        for state in 0..<k {
          let expected = (above[state * 19 + neuron] - below[state * 19 + neuron]) / (more[place] - less[place])
          let difference = abs(found[state * info.range.count + element] - expected)
          #expect(
            difference <= tolerance * abs(expected) + 0.003 * largest + 1e-6, "\(info.name)[\(element)], state \(state)")
          compared += 1
        }
      }
      #expect(
        largest > 0
          || ["threshold", "reset_potential", "b", "tau_a", "adaptation"].contains { info.name.hasSuffix($0) })
    }
    #expect(compared >= 15)
  }

  /// Of sparse recurrent weights it is that of the dense ones, where they are.
  @Test func sparseWeightsHaveThatOfDenseOnes() throws {
    var random = RandomNet(seed: 82)
    var description = random.model(["BRF"], sizes: [3, 18, 2])
    let kept = (0..<18 * 18).filter { $0 % 5 < 2 }
    var weights = description.layers[0].recurrentWeight!
    for element in weights.values.indices where element % 5 >= 2 { weights.values[element] = 0 }
    description.layers[0].recurrentWeight = weights
    let dense = try TestModel(description)
    description.layers[0].recurrentWeight = weights.sparse { $0 % 5 < 2 }
    let sparse = try TestModel(description)
    let inputs = random.inputs(33, 3)
    let options = [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 10.0]
    let (one, other) = (try TestSession(dense, options), try TestSession(sparse, options))
    for session in [one, other] { for input in inputs { try session.step(input) } }
    let (expected, found) = (try eligibility(one, 1), try eligibility(other, 1))
    #expect(found.count == 3 * kept.count && expected.count == 3 * 18 * 18)
    #expect(found.contains { $0 != 0 })
    for state in 0..<3 {
      for (place, element) in kept.enumerated() {
        let (one, other) = (expected[state * 324 + element], found[state * kept.count + place])
        #expect(abs(one - other) <= 1e-5 * max(1, abs(one)))
      }
    }
  }

  /// What a layer has not heard since a reset has none, whatever was before.
  @Test func resetsLeaveNone() throws {
    var random = RandomNet(seed: 83)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [3, 18, 2]))
    let session = try TestSession(model, [HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 5])
    for input in random.inputs(12, 3) { try session.step(input) }
    let tensors = try session.tensors
    #expect(try eligibility(session, 0).contains { $0 != 0 })
    try session.reset()
    for tensor in tensors.indices { #expect(try eligibility(session, tensor).allSatisfy { $0 == 0 }) }
    for _ in 0..<7 { try session.step([0, 1, 0]) }
    let columns = try eligibility(session, 0).enumerated().filter { $1 != 0 }.map { $0.offset % 3 }
    #expect(Set(columns) == [1])
  }

  @Test func refusalsNameTheReason() throws {
    var random = RandomNet(seed: 84)
    let model = try TestModel(random.model(["BRF"], sizes: [3, 4, 2]))
    let (runner, learner) = (try TestSession(model), try TestSession(model, [HYPR_OPTION_LEARNING: 1]))
    var values = [Float](repeating: 0, count: 100)
    let count = hypr_session_eligibility_size(learner.handle, 0)
    #expect(count == 3 * 12 && hypr_session_eligibility_size(learner.handle, 99) == 0)
    #expect(hypr_session_get_eligibility(runner.handle, 0, &values, count) == HYPR_ERROR_WRONG_STATE)
    #expect(hypr_session_get_eligibility(learner.handle, 99, &values, count) == HYPR_ERROR_NOT_FOUND)
    #expect(hypr_session_get_eligibility(learner.handle, 0, &values, count + 1) == HYPR_ERROR_SIZE_MISMATCH)
  }
}
