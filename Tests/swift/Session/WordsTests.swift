import CHypr
import Foundation
import HyprBuilding
import HyprToolKit
import Testing

@testable import HyprCore

/// What newcomers do, and what they are told: each message says what was wrong and what to do instead.
@Suite struct WordsTests {
  /// A session that learns with windows of 10 steps, of two inputs and three classes.
  private static func session(_ options: [Int: Double] = [HYPR_OPTION_LEARNING: 1]) throws -> TestSession {
    var plan = ModelPlan(inputs: 2, layers: [try LayerPlan("lif:4")], outputs: 3)
    plan.classLabels = ["a", "b", "c"]
    return try TestSession(try TestModel(bytes: plan.model().bytes()), options.merging([HYPR_OPTION_WINDOW: 10]) { $1 })
  }

  typealias BadCall = (call: (TestSession) throws -> Void, words: String)

  private static var beforeTheFirstStep: [BadCall] { [
    ({ try $0.teach(1) }, "there is no step to teach: make a step first"),
    ({ try $0.teach(1, stepsAgo: 2) }, "there is no step to teach: make a step first"),
    ({ try $0.teach(values: [0, 0, 0]) }, "there is no step to teach: make a step first"),
    ({ try $0.teach(error: [0, 0, 0]) }, "there is no step to teach: make a step first"),
    ({ try $0.teachSequence(1) }, "there is no step to teach: make a step first"),
  ] }

  private static var afterAStep: [BadCall] { [
    ({ try $0.teach(3) }, "label is 3, expected 0 to 2, as classes count from 0"),
    (
      { try $0.check(hypr_session_teach_class($0.handle, UInt32(bitPattern: -1))) },
      "label is -1, expected 0 to 2, as classes count from 0; make no call for what shall not be taught"
    ),
    (
      { try $0.check(hypr_session_teach_sequence($0.handle, UInt32(bitPattern: -1))) },
      "label is -1, expected 0 to 2, as classes count from 0; make no call for what shall not be taught"
    ),
    (
      { try $0.teach(1, stepsAgo: 1) },
      "steps_ago is 1, but the open windows hold 1 step; the option label_delay, here 0, keeps more of them"
    ),
    (
      {
        try $0.flush()
        try $0.teach(1)
      },
      "the window of the last step is closed: teach a step before what closes its window, such as flush"
    ),
    ({ try $0.learn([[0, 0], [0, 0]], [1, 3]) }, "labels[1] is 3, expected 0 to 2, as classes count from 0; negative: no label"),
    ({ try $0.step([0]) }, "input has 1 elements, expected 2"),
    ({ try $0.step([0, .nan]) }, "input[1] is nan, expected a finite number"),
  ] }

  private func words(_ call: (TestSession) throws -> Void, _ session: TestSession) -> String {
    do {
      try call(session)
      return "accepted"
    } catch {
      return (error as? CallFailure)?.message ?? "\(error)"
    }
  }

  @Test func `teaching before the first step`() throws {
    for (call, expected) in Self.beforeTheFirstStep { #expect(words(call, try Self.session()) == expected) }
  }

  @Test func `targets that are none`() throws {
    for (call, expected) in Self.afterAStep {
      let session = try Self.session()
      try session.step([0, 0])
      #expect(words(call, session) == expected)
    }
    let deaf = try Self.session([HYPR_OPTION_LEARNING: 0])
    try deaf.step([0, 0])
    #expect(words({ try $0.teach(1) }, deaf) == "the session was created without learning: set the option learning to 1 before")
  }

  @Test func `files that are no models`() {
    func words(_ bytes: [UInt8]) -> String {
      do {
        _ = try TestModel(bytes: bytes)
        return "accepted"
      } catch {
        return (error as? CallFailure)?.message ?? "\(error)"
      }
    }
    #expect(words([]) == "not a .hypr file: it is empty")
    let array = [0x93] + Array("NUMPY\u{1}\0v\0{'descr'".utf8)
    #expect(words(array) == "not a .hypr file but a NumPy array (.npy): data, expected a model")
    #expect(words(Array("a,b\n1,2\n".utf8)) == #"not a .hypr file: bytes 4 to 7 are not the identifier "HYPR""#)
    #expect(words([0x93] + Array("NUM".utf8)) == #"not a .hypr file: bytes 4 to 7 are not the identifier "HYPR""#)
  }

  /// Names that are none, and the options that are meant.
  @Test(arguments: [
    ("lr", "learning_rate"), ("LR", "learning_rate"), ("learn_rate", "learning_rate"), ("learningRate", "learning_rate"),
    ("leaning_rate", "learning_rate"), ("windw", "window"), ("optimiser", "optimizer"), ("wd", "weight_decay"),
    ("decay", "weight_decay"), ("grad_clip", "gradient_clip"), ("max-grad-norm", "gradient_clip"), ("eps", "epsilon"),
    ("scheduler", "schedule"), ("n_jobs", "threads"), ("smoothing", "label_smoothing"), ("delay", "label_delay"),
    ("rehearsal", "rehearsal_bytes"), ("batch_size", nil), ("", nil), ("_", nil), ("x", nil), ("dropout", nil),
    (String(repeating: "learning_rate", count: 20), nil),
  ])
  func `options that are meant`(name: String, meant: String?) {
    #expect(hypr_option_suggest(name).map { String(cString: $0) } == meant)
  }

  /// A name of an option itself is always its own best.
  @Test func `every option means itself`() {
    for option in (0..<HyprCore.Option.count).compactMap(HyprCore.Option.init(rawValue:)) {
      #expect(HyprCore.Option.meant(by: "\(option.facts.name)") == option)
      #expect(HyprCore.Option.meant(by: "\(option.facts.name)s") == option)
    }
  }

  @Test func `options of the tool`() {
    func words(_ setting: String) -> String {
      do {
        _ = try OptionSettings([setting])
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    #expect(words("lr=0.1") == #"there is no option "lr"; did you mean learning_rate?"#)
    #expect(words("batch_size=3").hasPrefix(#"there is no option "batch_size"; the options are learning, window"#))
    #expect(words("learning_rate=0,1") == #"option learning_rate is "0,1", expected a number, such as 0.1"#)
    #expect(words("optimizer=rmsprop") == #"option optimizer is "rmsprop", expected sgd, adam, momentum, adamw, nlms"#)
    #expect(words("loss=mse").hasSuffix("which steps the label of a sequence teaches, always by cross-entropy"))
    #expect(words("learning_rate") == #"option "learning_rate", expected name=value"#)
  }

  @Test func `arrays of the tool that are none`() {
    func words(_ bytes: [UInt8]) -> String {
      do {
        _ = try NumpyArray(Data(bytes), name: "x")
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    let header = "{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }"
    let archive = Array("PK\u{3}\u{4}0123456789".utf8)
    #expect(words(archive) == "x is not an .npy file, but an archive, such as .npz: numpy.save(path, array) writes one")
    #expect(words(Array("a,b,c\n1,2,3\n".utf8)).hasPrefix("x is not an .npy file, but something else: numpy.save"))
    #expect(
      words([0x93] + Array("NUMPY\u{1}\0".utf8) + [UInt8(header.utf8.count), 0] + Array(header.utf8)).hasPrefix(
        "x holds texts or Python objects ('<U4'), expected numbers; classes are the numbers from 0"))
    #expect(throws: ToolError("cannot read /: it is a folder")) { try NumpyArray(path: "/") }
  }
}
