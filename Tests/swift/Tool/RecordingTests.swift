import Foundation
import HyprToolKit
import Testing

/// A case of Tests/csv/cases.json, which the Python package is tested with, too.
private struct Case: Decodable, CustomTestStringConvertible {
  struct Roles: Decodable {
    let label, time, group, timeUnit: String?
    let channels: [String]?
    let gap: Double?
  }

  let name: String
  let text: String
  let roles: Roles
  /// Of the classes of a model.
  let names: [String]?
  let share: Double?
  let sequenceSteps: Int?

  let error: String?
  let channels, classes, groups: [String]?
  let values: [Float]?
  let labels: [Int32]?
  let timeStep: Double?
  let stretches, training, validation: [[Int]]?
  let words: String?
  /// What was taken for the unit of the time, as far as it is the same in Python.
  let timeWords: String?
  /// Whether the classes of a fresh model come from there.
  let judgesClasses: Bool?

  var testDescription: String { name }

  static let all: [Case] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../csv/cases.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return (try? decoder.decode([Case].self, from: Data(contentsOf: path))) ?? []
  }()

  var columnRoles: ColumnRoles {
    var result = ColumnRoles(label: roles.label, time: roles.time, group: roles.group, channels: roles.channels)
    if let unit = roles.timeUnit { result.timeUnit = TimeUnit(rawValue: unit) ?? .nanoseconds }
    result.gap = roles.gap
    return result
  }
}

@Suite("Tool: comma-separated values") struct RecordingTests {
  private func recording(_ text: String, _ roles: ColumnRoles, modelChannels: [String] = [], inputSize: Int? = nil) throws
    -> Recording
  {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).csv")
    try Data(text.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try Recording(path: path.path, roles, modelChannels: modelChannels, inputSize: inputSize)
  }

  private func lists(_ stretches: [Recording.Stretch]) -> [[Int]] {
    stretches.map { [$0.rows.lowerBound, $0.rows.upperBound, $0.group] }
  }

  @Test func `there are cases`() { #expect(Case.all.count > 40) }

  @Test(arguments: Case.all) private func `cases shared with Python`(_ example: Case) throws {
    if let expected = example.error {
      do {
        let recording = try recording(example.text, example.columnRoles)
        if example.judgesClasses == true {
          let refusal = RareClasses(recording, naming: "if it is meant, name all of them: --classes").refusal
          throw ToolError(try #require(refusal))
        }
        _ = try recording.classes(ClassNames(example.names ?? recording.classNames))
        if let share = example.share { _ = try RecordingSplit(recording, share: share) }
        Issue.record("accepted, expected: \(expected)")
      } catch {
        #expect("\(error)".contains(expected))
      }
      return
    }
    let recording = try recording(example.text, example.columnRoles)
    #expect(recording.channels == example.channels)
    #expect(recording.values == example.values)
    if let classes = example.classes { #expect(recording.classNames == classes) }
    #expect(try recording.classes(ClassNames(example.names ?? recording.classNames)) == example.labels)
    #expect(recording.timeStep == example.timeStep)
    if let words = example.timeWords {
      #expect(words.isEmpty ? recording.timeUnitWords == nil : recording.timeUnitWords?.hasPrefix(words) == true)
    }
    #expect(recording.groups == example.groups ?? [])
    #expect(lists(recording.stretches) == example.stretches)
    if let share = example.share {
      let split = try RecordingSplit(recording, share: share)
      #expect(lists(Recording.pieces(split.training, steps: example.sequenceSteps ?? 0)) == example.training)
      #expect(lists(split.validation) == example.validation)
      #expect(split.words == example.words)
    }
  }

  @Test func `classes that may be another are told, and those that are named are taken`() throws {
    func rows(_ counts: [(String, Int)]) -> String {
      "x,mode\n" + counts.map { String(repeating: "1,\($0.0)\n", count: $0.1) }.joined()
    }
    let roles = ColumnRoles(label: "mode")
    let slip = RareClasses(try recording(rows([("pumping", 500), ("pumpin", 20), ("idle", 500)]), roles), naming: "")
    #expect(slip.refusal == nil && slip.warnings.count == 1)
    #expect(slip.warnings.first?.hasSuffix("has 20 rows; did you mean \"pumping\", which has 500?") == true)
    // Numbers tell classes apart, and few rows of few are no slip.
    for counts in [[("speed 1", 500), ("speed 2", 20)], [("walk", 40), ("run", 1)], [("walk", 500), ("rest", 15)]] {
      let found = RareClasses(try recording(rows(counts), roles), naming: "")
      #expect(found.refusal == nil && found.warnings.isEmpty)
    }
    var named = try recording(rows([("a", 3), ("b", 2)]), roles)
    named.namedClasses = ["b", "a", "c"]
    #expect(try named.classes(ClassNames(named.classNames)) == [1, 1, 1, 0, 0])
    named.namedClasses = ["a", "c"]
    #expect(throws: ToolError.self) { try named.classes(ClassNames(named.classNames)) }
  }

  @Test func `letters that differ`() {
    #expect("pumpign".spellingDistance(to: "pumping") == 1)
    #expect("trian".spellingDistance(to: "train") == 1)
    #expect("".spellingDistance(to: "abc") == 3 && "abc".spellingDistance(to: "") == 3)
    #expect("kitten".spellingDistance(to: "Sitting") == 3)
  }

  @Test(arguments: [
    (["trian", "--csv", "f"], "did you mean hypr train?"), (["stream", "m.hypr", "--csv", "f"], "in place of --csv FILE say < FILE"),
    (["train", "--running-normalization=10"], "--running-normalization belongs to hypr create"),
    (["stream", "m.hypr", "--validation-split", "0.2"], "--validation-split belongs to hypr train"),
  ])
  func `what was most likely meant`(arguments: [String], words: String) throws {
    #expect(try #require(HyprCommand.hint(for: arguments)).contains(words))
  }

  @Test(arguments: [[], ["--help"], ["train", "--csv", "f"], ["create", "--layer", "lif:2"], ["elephant"]])
  func `where nobody knows what was meant`(arguments: [String]) { #expect(HyprCommand.hint(for: arguments) == nil) }

  @Test func `groups of tensors by their names`() throws {
    #expect(try OptionSettings.number("input_weights+recurrent_weights+biases+readout", of: "train_mask") == 23)
    #expect(try OptionSettings.number("readout", of: "train_mask") == 16)
    #expect(try OptionSettings.number("all", of: "train_mask") == 63)
    #expect(try OptionSettings.number("23", of: "train_mask") == 23)
    #expect(OptionSettings.text(23, of: "train_mask") == "input_weights+recurrent_weights+biases+readout")
    #expect(OptionSettings.text(63, of: "train_mask") == "all" && OptionSettings.text(0, of: "train_mask") == "0")
    for wrong in ["", "bias", "readout+", "readout,biases"] {
      #expect(throws: ToolError.self) { try OptionSettings.number(wrong, of: "train_mask") }
    }
  }

  @Test func `channels are those that the model names`() throws {
    let text = "extra,b,a\n1,2,3\n"
    #expect(try recording(text, ColumnRoles(), modelChannels: ["a", "b"], inputSize: 2).values == [3, 2])
    #expect(throws: ToolError.self) { try recording(text, ColumnRoles(), modelChannels: ["a", "c"], inputSize: 2) }
    #expect(throws: ToolError.self) { try recording(text, ColumnRoles(), inputSize: 2) }
  }

  @Test func `pieces are as equal as can be`() {
    let stretch = [Recording.Stretch(rows: 3..<13, group: 2)]
    #expect(lists(Recording.pieces(stretch, steps: 4)) == [[3, 6, 2], [6, 9, 2], [9, 13, 2]])
    #expect(lists(Recording.pieces(stretch, steps: 10)) == [[3, 13, 2]])
    #expect(lists(Recording.pieces(stretch, steps: 0)) == [[3, 13, 2]])
  }

  @Test func `sequences of a recording`() throws {
    let recording = try recording("x,y,l\n1,2,b\n3,4,a\n5,6,\n", ColumnRoles(label: "l"))
    let labels = try recording.classes(ClassNames(recording.classNames))
    let set = SequenceSet(recording, Recording.pieces(recording.stretches, steps: 2), labels: labels)
    #expect(set.count == 2 && set.stepCount == 3)
    #expect(set.inputs(of: 0) == [1, 2] && set.inputs(of: 1) == [3, 4, 5, 6])
    #expect(set.labels(of: 1) == [0, -1])
  }

  @Test func `groups are kept by name`() throws {
    let recording = try recording("who,x\na,1\na,2\nb,3\nb,4\n", ColumnRoles(group: "who"))
    let split = try RecordingSplit(recording, keeping: ["a"])
    #expect(lists(split.training) == [[2, 4, 1]] && lists(split.validation) == [[0, 2, 0]])
    #expect(throws: ToolError.self) { try RecordingSplit(recording, keeping: ["c"]) }
    #expect(throws: ToolError.self) { try RecordingSplit(recording, keeping: ["a", "b"]) }
  }

  @Test func `lines that are longer than what is read at once`() throws {
    let long = (0..<20_000).map { "c\($0)" }.joined(separator: ",")
    let values = (0..<20_000).map { "\($0)" }.joined(separator: ",")
    let recording = try recording("\(long)\n\(values)\n\(values)", ColumnRoles())
    #expect(recording.rowCount == 2 && recording.values[39_999] == 19_999)
  }
}
