import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// When something is rehearsed, how much of it, and what a host is told.
@Suite struct RehearsalTests {
  static func options(_ others: [Int: Double] = [:]) -> [Int: Double] {
    [
      HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: 5, HYPR_OPTION_LEARNING_RATE: 0.01, HYPR_OPTION_REHEARSAL_BYTES: 4096,
      HYPR_OPTION_REHEARSAL_STRETCH: 10, HYPR_OPTION_REHEARSAL_STEPS: 5, HYPR_OPTION_REHEARSAL_LEAD_IN: 2,
      HYPR_OPTION_HOLD_UNTAUGHT: 0, HYPR_OPTION_REHEARSAL_BITS: 8,
    ].merging(others) { $1 }
  }

  static func model(_ neurons: [String] = ["SEAdLIF"], outputs: Int = 4) throws -> TestModel {
    var random = RandomNet(seed: 91)
    return try TestModel(random.model(neurons, sizes: [3] + [14, 9].prefix(neurons.count) + [outputs]))
  }

  /// Steps of one class after the other, each in a block.
  private func blocks(_ session: TestSession, _ labels: [Int], steps: Int = 20, seed: UInt64 = 92) throws {
    var random = RandomNet(seed: seed)
    for label in labels {
      for input in random.inputs(steps, session.model.inputSize) {
        try session.step(input)
        if label >= 0 { try session.teach(label) }
      }
    }
    try session.flush()
  }

  private func stretch(_ label: Int, _ random: inout RandomNet, steps: Int = 10) -> TaughtStretch {
    TaughtStretch(&random, steps: steps, columns: 3) { _ in .label(label) }
  }

  /// The weight that a gradient of `mean` gives the stream, found from the gradient by the parameters of the bias of a class that only
  /// the memory teaches: with equal outputs it is the share times a number that does not depend on it.
  @Test(arguments: [1, 2, 3], [0.0, 0.25, 0.9]) func `Classes weigh alike unless a share is given`(others: Int, share: Double)
    throws
  {
    var random = RandomNet(seed: 93)
    let model = try RehearsalTests.model()
    let options = RehearsalTests.options([
      HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_GRADIENT_CLIP: 0, HYPR_OPTION_REHEARSAL_SHARE: share,
    ])
    let (session, equal) = (
      try TestSession(model, options), try TestSession(model, options.merging([HYPR_OPTION_REHEARSAL_SHARE: 0.5]) { $1 })
    )
    let kept = (1...others).map { stretch($0, &random) }
    let live = TaughtStretch(&random, steps: 5, columns: 3) { _ in .label(0) }
    let plain = try TestSession(
      model, RehearsalReference.plain(options).merging([HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN)]) { $1 })
    for session in [session, equal] { for one in kept { try session.addRehearsal(one) } }
    for session in [session, equal, plain] {
      try session.stream(live)
      try session.flush()
    }
    // With half of it: (stream + memory) / 2, which gives the memory's.
    let (found, half, stream) = (try session.gradients, try equal.gradients, try plain.gradients)
    let expected = share > 0 ? share : Double(others) / Double(others + 1)
    let scale = half.reduce(Float(0)) { max($0, abs($1)) }
    for index in found.indices {
      let memory = 2 * Double(half[index]) - Double(stream[index])
      let mixed = (1 - expected) * Double(stream[index]) + expected * memory
      try #require(abs(Double(found[index]) - mixed) < 2e-5 * Double(scale), "parameter \(index)")
    }
  }

  @Test func `The class that is taught now is not rehearsed`() throws {
    var random = RandomNet(seed: 94)
    let session = try TestSession(RehearsalTests.model(), RehearsalTests.options())
    for label in 0..<3 { try session.addRehearsal(stretch(label, &random)) }
    try blocks(session, [0])
    #expect(try session.rehearsal(0).taught_steps == 0)
    #expect(try session.rehearsal(1).taught_steps == 10 && session.rehearsal(2).taught_steps == 10)
    // The stretch that goes on was not of the class that is taught now when it began; the two kept of class 0 have their turn.
    try session.check(hypr_session_clear_statistics(session.handle))
    try blocks(session, [3, 3])
    let counts = try (0..<4).map { try session.rehearsal($0).taught_steps }
    #expect(counts[3] == 0 && counts[0] > 0 && counts[1] > 0 && counts[2] > 0)
    let all = try session.rehearsal()
    #expect(all.taught_steps == counts.reduce(0, +) && all.stretches == session.rehearsalCount())
    #expect(all.stretches == (0..<4).reduce(0) { $0 + session.rehearsalCount($1) })
  }

  /// A window in which something was taught is followed by rehearsal, and so are the next ones; with updates that wait only that one.
  @Test(arguments: [1, 3, 10], [HYPR_UPDATE_WINDOW, HYPR_UPDATE_SEQUENCE, HYPR_UPDATE_MANUAL])
  func `Windows that are taught nothing are followed by some rehearsal`(windows: Int, update: Int) throws {
    var random = RandomNet(seed: 95)
    let session = try TestSession(
      RehearsalTests.model(),
      RehearsalTests.options([HYPR_OPTION_REHEARSAL_WINDOWS: Double(windows), HYPR_OPTION_UPDATE: Double(update)]))
    try session.addRehearsal(stretch(1, &random))
    try blocks(session, [-1], steps: 40)
    #expect(try session.rehearsal().taught_steps == 0 && session.statistics.updates == 0)
    try blocks(session, [0], steps: 5)
    try blocks(session, [-1], steps: 100)
    let expected = update == HYPR_UPDATE_WINDOW ? min(windows, 21) : 1
    #expect(try session.rehearsal().taught_steps == UInt64(5 * expected))
    #expect(try session.statistics.updates == (update == HYPR_UPDATE_WINDOW ? UInt64(expected) : 0))
  }

  /// The rate of a schedule falls with what the stream teaches, not with what is rehearsed beside nothing.
  @Test func `Schedules count what the stream taught`() throws {
    var random = RandomNet(seed: 96)
    let session = try TestSession(
      RehearsalTests.model(),
      RehearsalTests.options([HYPR_OPTION_SCHEDULE: Double(HYPR_SCHEDULE_LINEAR), HYPR_OPTION_SCHEDULE_UPDATES: 10]))
    try session.addRehearsal(stretch(1, &random))
    try blocks(session, [0], steps: 10)
    try blocks(session, [-1], steps: 25)
    try session.rehearse(4)
    #expect(try session.statistics.updates == 11)
    #expect(try abs(session.statistics.learning_rate - 0.008) < 1e-12)
    try session.check(hypr_session_reset_parts(session.handle, UInt32(HYPR_RESET_OPTIMIZER)))
    #expect(try session.statistics.updates == 0 && session.statistics.learning_rate == 0.01)
    #expect(session.rehearsalCount() > 0)
  }

  /// By itself: with plain gradient descent each update is the rate times the gradient, and the rate falls.
  @Test(arguments: [1, 4]) func `Rehearsal by itself`(windows: Int) throws {
    var random = RandomNet(seed: 97)
    let model = try RehearsalTests.model()
    let options = RehearsalTests.options([
      HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD), HYPR_OPTION_LEARNING_RATE: 1e-4, HYPR_OPTION_GRADIENT_CLIP: 0,
    ])
    let (session, reference) = (try TestSession(model, options), try TestSession(model, options))
    let kept = stretch(1, &random, steps: 5)
    for session in [session, reference] { try session.addRehearsal(kept) }
    let start = try session.parameters
    try session.rehearse(windows)
    #expect(try session.statistics.updates == UInt64(windows) && session.statistics.taught_steps == 0)
    #expect(try session.rehearsal(1).taught_steps == UInt64(5 * windows))
    // So small a rate leaves gradients nearly as they are: all of them together are (1 + 1 / 2 ...) times the first.
    try reference.rehearse(1)
    let sum = (0..<windows).reduce(0.0) { $0 + 1 - Double($1) / Double(windows) }
    let (moved, once) = (zip(try session.parameters, start).map { $0 - $1 }, zip(try reference.parameters, start).map { $0 - $1 })
    let scale = once.reduce(Float(0)) { max($0, abs($1)) }
    #expect(scale > 0)
    let error = zip(moved, once).map { abs(Double($0) - sum * Double($1)) }.max()!
    #expect(error < 0.02 * Double(scale) * sum, "\(error) of \(scale)")
  }

  @Test func `Rehearsal by itself closes windows, and is refused where there is none`() throws {
    var random = RandomNet(seed: 98)
    let model = try RehearsalTests.model()
    let session = try TestSession(model, RehearsalTests.options())
    let parameters = try session.parameters
    // Nothing is kept yet.
    try session.rehearse(1_000_000_000)
    try session.rehearse(0)
    #expect(try session.parameters == parameters && session.statistics.updates == 0)
    try session.addRehearsal(stretch(1, &random))
    try session.step([1, 0, 0])
    try session.teach(0)
    try session.rehearse(0)
    #expect(try session.statistics.updates == 1)
    let late = try #require(throws: CallFailure.self) { try session.teach(0) }
    #expect(late.status == HYPR_ERROR_WRONG_STATE)

    let manual = try TestSession(model, RehearsalTests.options([HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL)]))
    let refused = try #require(throws: CallFailure.self) { try manual.rehearse(1) }
    #expect(refused.status == HYPR_ERROR_WRONG_STATE && refused.message == "the option update is 2, expected 0 (window)")
    for options in [[HYPR_OPTION_LEARNING: 1.0], RehearsalTests.options([HYPR_OPTION_REHEARSAL_STEPS: 0]), [:]] {
      let without = try TestSession(model, options)
      for call in [
        { try without.rehearse(1) }, { try without.clearRehearsal() }, { try without.addRehearsal(self.stretch(1, &random)) },
        {
          _ = try without.rehearsal()
        },
      ] {
        let failure = try #require(throws: CallFailure.self) { try call() }
        #expect(failure.status == HYPR_ERROR_WRONG_STATE && failure.message.contains(options.isEmpty ? "without learning" : "nothing is rehearsed"))
      }
      #expect(without.rehearsalCount() == 0)
    }
  }

  @Test func `A host may stop rehearsal`() throws {
    var random = RandomNet(seed: 99)
    let session = try TestSession(RehearsalTests.model(), RehearsalTests.options())
    try session.addRehearsal(stretch(1, &random))
    var calls = 0
    try withUnsafeMutablePointer(to: &calls) { calls in
      try session.check(
        hypr_session_set_progress(
          session.handle,
          { context, _ in
            let calls = context!.assumingMemoryBound(to: Int.self)
            calls.pointee += 1
            return calls.pointee == 3 ? 1 : 0
          }, calls))
      #expect(hypr_session_rehearse(session.handle, Int.max) == HYPR_ERROR_STOPPED)
      #expect(calls.pointee == 3)
    }
    #expect(try session.statistics.updates > 0)
    try session.check(hypr_session_set_progress(session.handle, nil, nil))
    try session.rehearse(2)
  }

  // MARK: - Stretches of a host

  @Test func `Stretches that a host has are checked`() throws {
    let session = try TestSession(RehearsalTests.model(), RehearsalTests.options())
    let inputs = [Float](repeating: 0.5, count: 33)
    var bad = inputs
    bad[7] = .nan
    let values = (0..<40).map { $0 / 4 == 3 ? 0.5 : Float.nan }
    var half = values
    half[13] = .nan
    func add(_ inputs: [Float], _ steps: Int, _ labels: [Int32]?, _ values: [Float]?, _ starts: Int32 = 1) throws {
      try session.check(hypr_session_rehearsal_add(session.handle, inputs, steps, labels, values, starts))
    }
    let one = [Int32](repeating: 1, count: 11)
    let refused: [(String, Int, () throws -> Void)] = [
      ("steps is 0", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 0, one, nil) }),
      (
        "steps is 11, expected 1 to the option rehearsal_stretch, here 10", HYPR_ERROR_INVALID_ARGUMENT,
        { try add(inputs, 11, one, nil) }
      ),
      ("expected either labels or values", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 3, nil, nil) }),
      ("expected either labels or values", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 3, one, values) }),
      (
        "labels[1] is 4, expected 0 to 3, as classes count from 0; negative: no label", HYPR_ERROR_INVALID_ARGUMENT,
        { try add(inputs, 2, [0, 4], nil) }
      ),
      ("no step from 0 on has a target", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 2, [-1, -7], nil) }),
      ("no step from 2 on has a target", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 4, [1, 1, -1, -1], nil, 0) }),
      ("starts_sequence is 2, expected 0 or 1", HYPR_ERROR_INVALID_ARGUMENT, { try add(inputs, 2, one, nil, 2) }),
      ("step 2: input[1] is nan", HYPR_ERROR_NOT_FINITE, { try add(bad, 3, one, nil) }),
      ("step 3: values[1] is nan", HYPR_ERROR_NOT_FINITE, { try add(inputs, 4, nil, half) }),
    ]
    let before = try session.savedState
    for (message, status, call) in refused {
      let failure = try #require(throws: CallFailure.self, "\(message)") { try call() }
      #expect(failure.status == hypr_status(status) && failure.message.contains(message), "\(failure)")
    }
    #expect(try session.savedState == before)
    try add(inputs, 4, [1, -1, -1, 2], nil, 0)
    try add(inputs, 4, nil, values)
    #expect(session.rehearsalCount() == 2 && session.rehearsalCount(2) == 1 && session.rehearsalCount(HYPR_REHEARSAL_NO_CLASS) == 1)
    for label in [4, 5, -3, Int(Int32.max), Int(Int32.min)] {
      let failure = try #require(throws: CallFailure.self) { _ = try session.rehearsal(label) }
      #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT)
      #expect(session.rehearsalCount(label) == 0)
    }
    try session.clearRehearsal()
    #expect(session.rehearsalCount() == 0)
    #expect(try session.rehearsal().offered_stretches == 0)
  }

  @Test func `With one output values are kept`() throws {
    let session = try TestSession(RehearsalTests.model(outputs: 1), RehearsalTests.options())
    let inputs = [Float](repeating: 0.5, count: 9)
    let failure = try #require(throws: CallFailure.self) {
      try session.check(hypr_session_rehearsal_add(session.handle, inputs, 3, [0, 0, 0], nil, 1))
    }
    #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT && failure.message.contains("classes need two outputs"))
    try session.check(hypr_session_rehearsal_add(session.handle, inputs, 3, nil, [.nan, 1, 0.5], 1))
    for step in 0..<40 {
      try session.step([1, 0, 0.5])
      try session.teach(values: [Float(step % 3)])
    }
    #expect(session.rehearsalCount(HYPR_REHEARSAL_NO_CLASS) == session.rehearsalCount() && session.rehearsalCount() > 3)
    #expect(try session.rehearsal().taught_steps > 10 && session.rehearsal().mean_loss > 0)
    #expect(session.rehearsalCount(0) == 0)
  }

  // MARK: - Beside everything else that a session does

  /// What the stream brings is kept whatever it is taught with, and an end of a sequence begins a new stretch.
  @Test func `Stretches end where the stream does not go on`() throws {
    let model = try RehearsalTests.model()
    func stretches(_ between: (TestSession) throws -> Void) throws -> Int {
      let session = try TestSession(model, RehearsalTests.options())
      try blocks(session, [0], steps: 4)
      try between(session)
      try blocks(session, [0], steps: 6)
      return session.rehearsalCount()
    }
    #expect(try stretches { _ in } == 1)
    #expect(try stretches { try $0.reset() } == 1)
    #expect(try stretches { try $0.check(hypr_session_reset_layer($0.handle, 0)) } == 1)
    #expect(try stretches { try $0.setState(0, $0.state(0)) } == 1)
    #expect(try stretches { try $0.addRehearsal(TaughtStretch(inputs: [[1, 0, 1]], targets: [.label(2)])) } == 2)
    #expect(try stretches { try $0.clearRehearsal() } == 0)
    #expect(try stretches { try $0.setParameters($0.parameters) } == 1)
  }

  /// Labels that come late, and windows that close late, keep the stretches that they would have kept.
  @Test func `Late labels are kept`() throws {
    let model = try RehearsalTests.model()
    func session(delay: Int) throws -> TestSession {
      let session = try TestSession(
        model, RehearsalTests.options([HYPR_OPTION_LABEL_DELAY: Double(delay), HYPR_OPTION_LEARNING_RATE: 0]))
      var random = RandomNet(seed: 101)
      for (step, input) in random.inputs(60, 3).enumerated() {
        try session.step(input)
        if step >= delay { try session.teach((step - delay) / 20, stepsAgo: delay) }
      }
      try session.flush()
      return session
    }
    let (now, late) = (try session(delay: 0), try session(delay: 7))
    for label in 0..<3 { #expect(now.rehearsalCount(label) == late.rehearsalCount(label)) }
    #expect(now.rehearsalCount() == 6)
  }

  @Test(arguments: [HYPR_UPDATE_WINDOW, HYPR_UPDATE_SEQUENCE, HYPR_UPDATE_MANUAL]) func `Threads change no bit`(update: Int) throws
  {
    var random = RandomNet(seed: 102)
    let model = try TestModel(random.model(["BRF", "SEAdLIF"], sizes: [3, 330, 300, 4]))
    let options = RehearsalTests.options([HYPR_OPTION_UPDATE: Double(update), HYPR_OPTION_REHEARSAL_STEPS: 12])
    let sessions = try [1, 4].map { try TestSession(model, options.merging([HYPR_OPTION_THREADS: Double($0)]) { $1 }) }
    let inputs = (0..<6).map { _ in random.inputs(12, 3) }
    let values = random.uniform(6 * 12 * 4, -1...1)
    for session in sessions {
      try session.learn(inputs, [0, 1, 2, 3, 0, 1])
      try session.learn(inputs[0] + inputs[1], (0..<24).map { $0 / 12 })
      let (flat, steps) = (inputs.flatMap { $0.flatMap(\.self) }, inputs.map(\.count))
      try steps.withUnsafeBufferPointer { steps in
        try flat.withUnsafeBufferPointer { flat in
          try values.withUnsafeBufferPointer { values in
            var batch = hypr_batch()
            batch.struct_size = MemoryLayout<hypr_batch>.size
            (batch.inputs, batch.steps, batch.sequences, batch.values) = (
              flat.baseAddress, steps.baseAddress, 6, values.baseAddress
            )
            try session.check(hypr_session_learn(session.handle, &batch, nil, nil))
          }
        }
      }
      if update == HYPR_UPDATE_MANUAL { try session.apply() }
      if update == HYPR_UPDATE_WINDOW { try session.rehearse(5) }
    }
    #expect(try sessions[0].savedState == sessions[1].savedState)
    let report = try sessions[0].rehearsal()
    #expect(report.taught_steps > 100 && report.stretches > 8 && sessions[0].rehearsalCount(HYPR_REHEARSAL_NO_CLASS) > 0)
    #expect(try sessions[0].statistics.updates > 0)
  }

  /// Level crossing on raw samples keeps the spikes that it makes of them.
  @Test(arguments: EncodingTests.Output.allCases) func `Spikes of an encoding are kept`(output: EncodingTests.Output) throws {
    let pair = EncodingTests.Pair(output)
    let options = RehearsalTests.options()
    let (session, reference) = (try TestSession(TestModel(pair.encoding), options), try TestSession(TestModel(pair.plain), options))
    for (step, (sample, spikes)) in zip(pair.samples, pair.spikes).enumerated() {
      for (session, input) in [(session, sample), (reference, spikes)] {
        try session.step(input)
        try session.teach(step / 20)
      }
    }
    for session in [session, reference] { try session.flush() }
    #expect(try session.parameters == reference.parameters)
    #expect(session.rehearsalCount() == 6)
    #expect(try session.rehearsal().mean_loss == reference.rehearsal().mean_loss && session.rehearsal().taught_steps > 20)
    // A host's stretch is encoded as a sequence by itself, and leaves that of the stream as it is.
    for (session, inputs) in [(session, pair.samples), (reference, pair.spikes)] {
      try session.addRehearsal(
        TaughtStretch(inputs: Array(inputs[..<10]), targets: [TaughtTarget](repeating: .label(3), count: 10)))
      try session.step(inputs[0])
      try session.rehearse(6)
    }
    #expect(try session.parameters == reference.parameters)
  }

  @Test func `Spikes by their indices are kept`() throws {
    let model = try RehearsalTests.model()
    let (spikes, samples) = (try TestSession(model, RehearsalTests.options()), try TestSession(model, RehearsalTests.options()))
    for step in 0..<80 {
      let indices = (0..<3).filter { (step * 7 + $0 * 5) % 3 == 0 }.map(UInt32.init)
      try spikes.check(hypr_session_step_spikes(spikes.handle, indices, indices.count, nil, 0))
      try samples.step((0..<3).map { indices.contains(UInt32($0)) ? 1 : 0 })
      for session in [spikes, samples] { try session.teach(step / 20) }
    }
    #expect(try spikes.savedState == samples.savedState && spikes.rehearsal().taught_steps > 20)
  }

  @Test func `What is frozen is not rehearsed either`() throws {
    var random = RandomNet(seed: 103)
    let session = try TestSession(RehearsalTests.model(), RehearsalTests.options())
    try session.addRehearsal(stretch(1, &random))
    let tensor = try #require(try session.tensors.firstIndex { $0.name == "layer0.input_weight" })
    let range = try session.tensors[tensor].range
    try session.check(hypr_session_set_trainable(session.handle, tensor, 0))
    let before = try session.parameters
    try blocks(session, [0])
    try session.rehearse(10)
    let after = try session.parameters
    #expect(after[range] == before[range] && after != before)
    try session.check(hypr_session_set_trainable(session.handle, tensor, 1))
    try session.rehearse(1)
    #expect(try session.parameters[range] != before[range])
  }

  /// Parameters with which nothing stays finite: no step of the memory can be made. With the old ones everything goes on.
  @Test func `A second stream that overflows begins again`() throws {
    var random = RandomNet(seed: 104)
    var description = random.model(["LI"], sizes: [3, 14, 4])
    description.layers[0].bias = nil
    let session = try TestSession(TestModel(description), RehearsalTests.options())
    let good = try session.parameters
    for label in 0..<3 { try session.addRehearsal(stretch(label, &random)) }
    try session.rehearse(3)
    let weights = try #require(try session.tensors.first { $0.name == "layer0.input_weight" }).range
    try session.setParameters(good.indices.map { weights.contains($0) ? 3e38 * (good[$0] > 0 ? 1 : -1) : good[$0] })
    let taught = try session.rehearsal().taught_steps
    try session.rehearse(20)
    // A step can be made as long as nothing comes in.
    #expect(try session.rehearsal().taught_steps - taught < 50)
    #expect(try session.parameters.allSatisfy { $0.isFinite })
    try session.setParameters(good)
    try session.rehearse(6)
    #expect(try session.parameters != good && session.parameters.allSatisfy { $0.isFinite })
    #expect(try session.rehearsal().mean_loss.isFinite)
    try TestSession(TestModel(description), RehearsalTests.options()).load(session.savedState)
  }

  /// Errors so large that no update can be made are rehearsed as such: each is dropped and counted, and then the classes go on.
  @Test func `Updates with what cannot be learned are dropped`() throws {
    var random = RandomNet(seed: 105)
    let session = try TestSession(RehearsalTests.model(), RehearsalTests.options())
    let before = try session.parameters
    for input in random.inputs(10, 3) {
      try session.step(input)
      try session.teach(error: [3e38, -3e38, 3e38, -3e38])
    }
    try session.flush()
    #expect(session.rehearsalCount(HYPR_REHEARSAL_NO_CLASS) == 1)
    try session.rehearse(3)
    #expect(try session.parameters == before && session.statistics.updates == 0 && session.statistics.skipped_updates == 5)
    try session.clearRehearsal()
    try session.addRehearsal(stretch(2, &random))
    try session.rehearse(3)
    #expect(try session.parameters != before && session.statistics.updates == 3)
  }

  /// Values so far from the outputs that their derivatives are no numbers.
  @Test func `Values that overflow are refused, and not kept`() throws {
    var random = RandomNet(seed: 106)
    let model = try RehearsalTests.model(outputs: 1)
    let session = try TestSession(model, RehearsalTests.options())
    for input in random.inputs(20, 3) {
      try session.step(input)
      let failure = try #require(throws: CallFailure.self) { try session.teach(values: [-3.3e38]) }
      #expect(failure.status == HYPR_ERROR_NOT_FINITE)
    }
    try session.flush()
    #expect(session.rehearsalCount() == 0)
    try TestSession(model, RehearsalTests.options()).load(session.savedState)
  }

  /// A sequence whose label has no weight teaches nothing, now or later.
  @Test func `Targets without weight are not kept`() throws {
    var random = RandomNet(seed: 107)
    for loss in [HYPR_LOSS_EVERY_STEP, HYPR_LOSS_SUM_OF_SOFTMAX] {
      let session = try TestSession(RehearsalTests.model(), RehearsalTests.options([HYPR_OPTION_LOSS: Double(loss)]))
      try session.setClassWeights([0, 1, 1, 1])
      for label in [0, 1] {
        for input in random.inputs(5, 3) { try session.step(input) }
        try session.teachSequence(label)
        try session.reset()
      }
      #expect(session.rehearsalCount(0) == 0 && session.rehearsalCount(1) == 1)
    }
  }

  @Test func `Memory is what the options say`() throws {
    let model = try RehearsalTests.model(["SEAdLIF", "BRF"])
    func report(_ options: [Int: Double]) throws -> hypr_memory_report {
      var report = hypr_memory_report()
      report.struct_size = MemoryLayout<hypr_memory_report>.size
      let session = try TestSession(model, options)
      try session.check(hypr_session_memory_report(session.handle, &report))
      return report
    }
    let without = try report(RehearsalTests.options([HYPR_OPTION_REHEARSAL_BYTES: 0]))
    let (small, large) = (
      try report(RehearsalTests.options()), try report(RehearsalTests.options([HYPR_OPTION_REHEARSAL_BYTES: 65_536]))
    )
    #expect(without.rehearsal == 0)
    #expect(large.rehearsal - small.rehearsal == 65_536 - 4096 && large.total - small.total == 65_536 - 4096)
    // All of it is told apart, but for what the stream's learning needs when the longest window is one that is rehearsed.
    #expect(small.total - without.total == small.rehearsal + small.scratch - without.scratch)
    for one in [without, small, large] {
      #expect(one.total == one.parameters + one.state + one.traces + one.history + one.optimizer + one.scratch + one.rehearsal)
    }
    #expect(try report(RehearsalTests.options([HYPR_OPTION_REHEARSAL_STEPS: 0])).rehearsal == 0)
  }
}
