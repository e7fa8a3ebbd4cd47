import CHypr
import Testing

/// Several sequences at once against the same ones taught by hand.
@Suite struct BatchTests {
  private struct Batch {
    let model: TestModel
    let lengths = [30, 1, 47, 12]
    let inputs: [[Float]]
    let labels: [Int]

    init() throws {
      var random = RandomNet(seed: 41)
      model = try TestModel(random.model(["BRF", "SEAdLIF"], sizes: [4, 11, 9, 3]))
      inputs = random.inputs(90, 4)
      labels = random.labels(90, 3)
    }

    func session(_ update: Int) throws -> TestSession {
      try TestSession(
        model,
        [
          HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 13, HYPR_OPTION_UPDATE: Double(update),
          HYPR_OPTION_LEARNING_RATE: 0.02,
        ])
    }

    /// The outputs of all steps and the mean loss.
    func learn(_ session: TestSession) throws -> ([Float], Double) {
      var outputs = [Float](repeating: .nan, count: 90 * 3)
      var loss = Double.nan
      try session.check(
        hypr_session_learn_batch(
          session.handle, inputs.flatMap(\.self), lengths, lengths.count, labels.map(Int32.init), &outputs, &loss))
      return (outputs, loss)
    }

    /// The same by single calls: reset before each sequence, nothing updated but by the options.
    func learnByHand(_ session: TestSession) throws -> [Float] {
      var outputs: [Float] = []
      var start = 0
      for length in lengths {
        try session.flush()
        try session.check(hypr_session_reset_parts(session.handle, UInt32(HYPR_RESET_STATE | HYPR_RESET_TRACES)))
        for step in start..<start + length {
          outputs += try session.step(inputs[step])
          if labels[step] >= 0 { try session.teach(labels[step]) }
        }
        try session.flush()
        start += length
      }
      return outputs
    }
  }

  @Test(arguments: [HYPR_UPDATE_WINDOW, HYPR_UPDATE_MANUAL])
  func batchIsItsSequences(update: Int) throws {
    let batch = try Batch()
    let (once, byHand) = (try batch.session(update), try batch.session(update))
    let (outputs, loss) = try batch.learn(once)
    #expect(try outputs == batch.learnByHand(byHand))
    #expect(try once.parameters == byHand.parameters)
    #expect(try once.gradients == byHand.gradients)
    #expect(try loss == once.statistics.mean_loss && loss == byHand.statistics.mean_loss)
  }

  /// One update on the mean over all labelled steps.
  @Test func sequenceUpdateComesOnceForTheBatch() throws {
    let batch = try Batch()
    let (once, byHand) = (try batch.session(HYPR_UPDATE_SEQUENCE), try batch.session(HYPR_UPDATE_MANUAL))
    _ = try batch.learn(once)
    _ = try batch.learnByHand(byHand)
    try byHand.apply()
    #expect(try once.statistics.updates == 1)
    #expect(try once.parameters == byHand.parameters)
    #expect(try once.statistics.taught_steps == UInt64(batch.labels.filter { $0 >= 0 }.count))
  }

  @Test func badBatchChangesNothing() throws {
    let batch = try Batch()
    let session = try batch.session(HYPR_UPDATE_WINDOW)
    let before = try session.parameters
    var labels = batch.labels.map(Int32.init)
    labels[80] = 3
    let inputs = batch.inputs.flatMap(\.self)
    let label = hypr_session_learn_batch(session.handle, inputs, batch.lengths, 4, labels, nil, nil)
    #expect(label == HYPR_ERROR_INVALID_ARGUMENT)
    #expect(
      String(cString: hypr_session_message(session.handle)!)
        == "labels[80] is 3, expected 0 to 2, as classes count from 0; negative: no label")
    var bad = inputs
    bad[89 * 4 + 2] = .nan
    let input = hypr_session_learn_batch(session.handle, bad, batch.lengths, 4, batch.labels.map(Int32.init), nil, nil)
    #expect(input == HYPR_ERROR_NOT_FINITE)
    #expect(String(cString: hypr_session_message(session.handle)!).hasPrefix("step 89: input[2] is nan"))
    #expect(try session.parameters == before && session.statistics.steps == 0)
  }
}
