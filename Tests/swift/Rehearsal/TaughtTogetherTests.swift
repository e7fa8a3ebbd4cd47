import CHypr
import HyprModelWriter
import Testing

/// Windows that teach several classes: none of these is rehearsed beside them, and all classes weigh alike.
@Suite struct TaughtTogetherTests {
  private let model: TestModel
  /// One stretch of each class, which is one window.
  private let kept: [TaughtStretch]
  private let live: TaughtStretch

  init() throws {
    var random = RandomNet(seed: 121)
    model = try TestModel(random.model(["SEAdLIF"], sizes: [3, 14, 5]))
    kept = (0..<5).map { label in TaughtStretch(&random, steps: 5, columns: 3) { _ in .label(label) } }
    // Three steps of class 0, two of class 1.
    live = TaughtStretch(&random, steps: 5, columns: 3) { .label($0 < 3 ? 0 : 1) }
  }

  /// With which the stream itself brings no stretch.
  private static func options(_ share: Double) -> [Int: Double] {
    RehearsalTests.options([
      HYPR_OPTION_REHEARSAL_STRETCH: 1000,
      HYPR_OPTION_UPDATE: Double(HYPR_UPDATE_MANUAL), HYPR_OPTION_GRADIENT_CLIP: 0, HYPR_OPTION_REHEARSAL_SHARE: share,
    ])
  }

  private func session(_ share: Double, keeping labels: [Int]) throws -> TestSession {
    let session = try TestSession(model, TaughtTogetherTests.options(share))
    for label in labels { try session.addRehearsal(kept[label]) }
    return session
  }

  /// Mean gradient of the stream alone.
  private func ofStream(_ live: TaughtStretch) throws -> [Float] {
    let plain = try TestSession(
      model,
      RehearsalReference.plain(TaughtTogetherTests.options(0)).merging([HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN)]) { $1 })
    try plain.stream(live)
    try plain.flush()
    return try plain.gradients
  }

  private func taughtSteps(_ session: TestSession) throws -> [Int] {
    try (0..<5).map { Int(try session.rehearsal($0).taught_steps) }
  }

  /// With half of it: (stream + memory) / 2, which gives the memory's.
  private func expectShare(_ share: Double, _ found: TestSession, half: TestSession, _ comment: Comment) throws {
    let (found, half, stream) = (try found.gradients, try half.gradients, try ofStream(live))
    let scale = half.reduce(Float(0)) { max($0, abs($1)) }
    #expect(half != stream)
    for index in found.indices {
      let memory = 2 * Double(half[index]) - Double(stream[index])
      let mixed = (1 - share) * Double(stream[index]) + share * memory
      try #require(abs(Double(found[index]) - mixed) < 2e-5 * Double(scale), "\(comment), parameter \(index)")
    }
  }

  /// Of K classes, whether what the window teaches is kept too or not.
  @Test(arguments: [[2], [2, 3], [2, 3, 4]], [[], [1], [0, 1]])
  func `Two classes are left out, and the others weigh what is theirs`(others: [Int], own: [Int]) throws {
    for share in [0, 0.25, 0.9] {
      let (found, half) = (try session(share, keeping: own + others), try session(0.5, keeping: own + others))
      for session in [found, half] {
        try session.stream(live)
        try session.flush()
        let counts = try taughtSteps(session)
        #expect(counts.reduce(0, +) == 5 && others.contains { counts[$0] == 5 })
      }
      let expected = share > 0 ? share : Double(others.count) / Double(others.count + 2)
      try expectShare(expected, found, half: half, "share \(share)")
    }
  }

  /// Each of the others has its turn.
  @Test func `The others come in turn`() throws {
    let session = try session(0, keeping: [0, 1, 2, 3, 4])
    for _ in 0..<6 { try session.stream(live) }
    try session.flush()
    #expect(try taughtSteps(session) == [0, 0, 10, 10, 10])
    // A window that teaches one of the two leaves out only that one: the other is the first of what the last round had not.
    try session.check(hypr_session_clear_statistics(session.handle))
    let one = TaughtStretch(inputs: live.inputs, targets: [.none, .label(1), .none, .label(1), .none])
    for _ in 0..<9 { try session.stream(one) }
    try session.flush()
    #expect(try taughtSteps(session) == [15, 0, 10, 10, 10])
  }

  /// They are still what the stream teaches.
  @Test func `Windows that are taught nothing leave out the classes before`() throws {
    let options = RehearsalTests.options([HYPR_OPTION_REHEARSAL_STRETCH: 1000, HYPR_OPTION_REHEARSAL_WINDOWS: 6])
    let session = try TestSession(model, options)
    for stretch in kept { try session.addRehearsal(stretch) }
    try session.stream(live)
    for input in live.inputs + live.inputs + live.inputs + live.inputs + live.inputs { try session.step(input) }
    try session.flush()
    #expect(try taughtSteps(session) == [0, 0, 10, 10, 10])
  }

  /// All that is kept is taught now: nothing is rehearsed, unless the host has said how much.
  @Test(arguments: [[0], [1], [0, 1]]) func `Where there are no others`(own: [Int]) throws {
    let automatic = try session(0, keeping: own)
    for _ in 0..<2 { try automatic.stream(live) }
    try automatic.flush()
    #expect(try taughtSteps(automatic) == [0, 0, 0, 0, 0])
    let twice = TaughtStretch(inputs: live.inputs + live.inputs, targets: live.targets + live.targets)
    #expect(try automatic.gradients == ofStream(twice))

    let (found, half) = (try session(0.2, keeping: own), try session(0.5, keeping: own))
    for session in [found, half] {
      try session.stream(live)
      try session.flush()
    }
    try expectShare(0.2, found, half: half, "\(own)")
    for _ in 0..<3 { try found.stream(live) }
    try found.flush()
    #expect(try taughtSteps(found) == (0..<5).map { own.contains($0) ? 20 / own.count : 0 })
  }

  /// A stretch that is being played goes on when all classes are taught now: with an automatic share it counts for nothing.
  @Test func `What goes on has no share where all is taught`() throws {
    var random = RandomNet(seed: 122)
    let long = TaughtStretch(&random, steps: 10, columns: 3) { _ in .label(2) }
    let all = TaughtStretch(inputs: live.inputs, targets: [.label(0), .label(1), .label(2), .label(0), .label(2)])
    let session = try TestSession(model, TaughtTogetherTests.options(0))
    try session.addRehearsal(long)
    try session.stream(live)
    try session.flush()
    #expect(try taughtSteps(session) == [0, 0, 5, 0, 0])
    try session.apply()
    let parameters = try session.parameters
    try session.reset()
    try session.stream(all)
    try session.flush()
    #expect(try taughtSteps(session) == [0, 0, 5, 0, 0])
    let plain = try TestSession(
      model,
      RehearsalReference.plain(TaughtTogetherTests.options(0)).merging([HYPR_OPTION_REDUCTION: Double(HYPR_REDUCTION_MEAN)]) { $1 })
    try plain.setParameters(parameters)
    try plain.stream(all)
    try plain.flush()
    #expect(try session.gradients == plain.gradients)
  }
}
