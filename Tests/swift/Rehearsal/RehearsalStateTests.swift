import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// Saved states with stretches: they continue bit for bit, and whatever a state says, nothing outside of its memory is touched.
@Suite struct RehearsalStateTests {
  private let model: TestModel
  private let inputs: [[Float]]

  init() throws {
    var random = RandomNet(seed: 111)
    model = try TestModel(random.model(["BRF", "SEAdLIF"], sizes: [3, 11, 8, 3]))
    inputs = random.inputs(200, 3)
  }

  private func options(_ others: [Int: Double] = [:]) -> [Int: Double] {
    RehearsalTests.options([
      HYPR_OPTION_REHEARSAL_BYTES: 600, HYPR_OPTION_REHEARSAL_BITS: 4, HYPR_OPTION_HOLD_UNTAUGHT: 0.3,
    ]).merging(others) { $1 }
  }

  /// Every kind of target, in turn.
  private func run(_ session: TestSession, _ range: Range<Int>) throws {
    for step in range {
      try session.step(inputs[step])
      switch step / 13 % 5 {
      case 0, 3: try session.teach(step / 40 % 3)
      case 1: try session.teach(values: [0.5, -1, Float(step % 3)])
      case 2 where step % 2 == 0: try session.teach(error: [0.1, 0, -0.1])
      default: break
      }
    }
  }

  @Test(arguments: [HYPR_CREDIT_SPATIAL, HYPR_CREDIT_WINDOW, HYPR_CREDIT_RECURRENT, HYPR_CREDIT_FILTERED], [0, 6])
  func `Continues bit for bit`(credit: Int, delay: Int) throws {
    let options = options([HYPR_OPTION_CREDIT: Double(credit), HYPR_OPTION_LABEL_DELAY: Double(delay)])
    for place in [0, 7, 15, 48, 83, 110] {
      let original = try TestSession(model, options)
      try run(original, 0..<place)
      let bytes = try original.savedState
      let restored = try TestSession(model, options)
      try run(restored, 100..<177)
      try restored.load(bytes)
      #expect(try restored.savedState == bytes)
      for session in [original, restored] {
        try run(session, place..<150)
        try session.rehearse(3)
        try run(session, 150..<200)
      }
      #expect(try restored.savedState == original.savedState, "saved before step \(place)")
      #expect(try original.rehearsal().taught_steps > 50 && original.rehearsal().offered_stretches > original.rehearsalCount())
    }
  }

  /// What the format depends on must be the same; how much is rehearsed, and when, need not.
  @Test func `Other options`() throws {
    let session = try TestSession(model, options())
    try run(session, 0..<60)
    let bytes = try session.savedState
    for (option, value) in [
      (HYPR_OPTION_REHEARSAL_BYTES, 608.0), (HYPR_OPTION_REHEARSAL_BYTES, 0), (HYPR_OPTION_REHEARSAL_STEPS, 6),
      (HYPR_OPTION_REHEARSAL_STEPS, 0), (HYPR_OPTION_REHEARSAL_STRETCH, 11), (HYPR_OPTION_REHEARSAL_LEAD_IN, 1),
    ] {
      let other = try TestSession(model, options([option: value]))
      let failure = try #require(throws: CallFailure.self, "\(option)") { try other.load(bytes) }
      #expect(failure.status == HYPR_ERROR_STATE_MISMATCH && failure.message.contains("rehearsal"))
    }
    for (option, value) in [
      (HYPR_OPTION_REHEARSAL_SHARE, 0.9), (HYPR_OPTION_REHEARSAL_WINDOWS, 1), (HYPR_OPTION_REHEARSAL_SEED, 7),
      (HYPR_OPTION_THREADS, 2),
    ] {
      let other = try TestSession(model, options([option: value]))
      try other.load(bytes)
      try run(other, 60..<120)
      #expect(try other.rehearsal().taught_steps > session.rehearsal().taught_steps)
    }
  }

  private func resigned(_ state: [UInt8]) -> [UInt8] {
    var state = state
    let hash = state[40...].withUnsafeBytes { checksum($0) }
    withUnsafeBytes(of: hash) { state.replaceSubrange(32..<40, with: $0) }
    return state
  }

  /// Every byte of what is kept and of how far it is, changed under a checksum that is right: refused without any change, or taken, and
  /// then the session is one like any other.
  @Test(arguments: 0..<6) func `No state does harm`(part: Int) throws {
    let (original, victim) = (try TestSession(model, options()), try TestSession(model, options()))
    try run(original, 0..<48)
    try run(victim, 90..<131)
    let (bytes, before) = (try original.savedState, try victim.savedState)
    #expect(resigned(bytes) == bytes)
    // Up to the states of the second stream and what all sessions have: header, layout, counters, targets, then the memory.
    let end = min(bytes.count, 40 + 88 + 1500)
    var (refused, taken) = (0, 0)
    for place in stride(from: 40 + part, to: end, by: 6) {
      for value in [[UInt8(0), 1, 0x7f, 0x80, 0xff][place % 5]] where bytes[place] != value {
        var state = bytes
        state[place] = value
        do {
          try victim.load(resigned(state))
        } catch {
          refused += 1
          try #require(try victim.savedState == before, "byte \(place)")
          continue
        }
        taken += 1
        let again = try victim.savedState
        try victim.load(again)
        try #require(try victim.savedState == again, "byte \(place)")
        try run(victim, 150..<172)
        try victim.rehearse(2)
        try original.load(victim.savedState)
        try victim.load(before)
      }
    }
    #expect(refused > 30 && taken > 30)
  }

  /// Words of the rehearsal part that would make it run out of its memory: each by itself.
  @Test func `What cannot be is refused`() throws {
    let session = try TestSession(model, options())
    try run(session, 0..<48)
    let bytes = try session.savedState
    // A stretch is known by its header: bytes, steps, runs.
    let stretch = try #require(
      (112..<bytes.count - 32).first { place in
        let word = { (index: Int) in Int(bytes[place + 4 * index]) + Int(bytes[place + 4 * index + 1]) << 8 }
        return word(1) == 10 && word(0) % 8 == 0 && word(0) > 32 && word(0) < 600
          && bytes[place + 28..<place + 32].elementsEqual([4, 0, 0, 0])
      })
    for (offset, values) in [
      (0, [0, 31, 250]), (4, [0, 11, 255]), (8, [0, 11, 255]), (12, [11, 255]), (20, [4, 255]), (24, [4]), (28, [1, 9]),
    ] {
      for value in values where bytes[stretch + offset] != UInt8(value) {
        var state = bytes
        state[stretch + offset] = UInt8(value)
        let failure = try #require(throws: CallFailure.self, "\(offset): \(value)") { try session.load(resigned(state)) }
        #expect(failure.status == HYPR_ERROR_INVALID_ARGUMENT && failure.message.contains("damaged"))
      }
    }
    #expect(try session.savedState == bytes)
  }
}
