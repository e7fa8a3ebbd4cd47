import Foundation
import HyprToolKit
import Testing

@Suite("Tool: streams of samples") struct StreamTests {
  /// A reader of a pipe that holds the text.
  private func reader(_ text: String, _ roles: ColumnRoles = ColumnRoles(), names: [String] = ["a", "b"]) throws -> SampleReader {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let bytes = Array(text.utf8)
    #expect(write(ends[1], bytes, bytes.count) == bytes.count)
    close(ends[1])
    let lines = LineReader(descriptor: ends[0], name: "input") { true }
    return try SampleReader(lines, roles, modelChannels: names, inputSize: 2)
  }

  private func reason(_ reader: inout SampleReader) -> String {
    do {
      return try reader.next() == nil ? "end" : "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `comma-separated values, and on after a bad line`() throws {
    var samples = try reader("b,a,l,t\n1,2,x,0\n3\n5,?,,1\n7,8,,2", ColumnRoles(label: "l", time: "t"))
    #expect(samples.format == .csv)
    let first = try samples.next()
    #expect(first?.values == [2, 1] && first?.label == "x" && first?.time == 0 && samples.line == 2)
    #expect(reason(&samples) == "input, line 3 has 1 fields, the header has 4")
    #expect(reason(&samples) == "input, line 4, column \"a\" is \"?\", expected a number")
    let last = try samples.next()
    #expect(last?.values == [8, 7] && last?.label == nil && samples.line == 5)
    #expect(try samples.next() == nil)
  }

  @Test func `JSON lines`() throws {
    var samples = try reader(
      #"""
      {"a": 1, "b": 2.5e0, "l": 3.0, "g": "x"}

      {"a": 1, "b": null}
      {"b": 4, "a": 3, "l": null}
      {"a": 1, "b": "2"}
      [1, 2]
      nonsense
      {"a": 1, "b": 1e60}
      7
      """#, ColumnRoles(label: "l", group: "g"))
    #expect(samples.format == .jsonl)
    let first = try samples.next()
    #expect(first?.values == [1, 2.5] && first?.label == "3" && first?.group == "x")
    #expect(reason(&samples) == "input, line 3, \"b\": the value is missing")
    let other = try samples.next()
    #expect(other?.values == [3, 4] && other?.label == nil && other?.group == "" && samples.line == 4)
    #expect(reason(&samples) == "input, line 5, \"b\" is no number")
    #expect(reason(&samples).contains("line 6 is an array, expected an object with the keys of --label"))
    #expect(reason(&samples) == "input, line 7 is no JSON")
    #expect(reason(&samples).contains("too large for single precision"))
    #expect(reason(&samples) == "input, line 9, expected an object or an array")
    #expect(reason(&samples) == "end")
  }

  @Test func `arrays need no names`() throws {
    var samples = try reader("[1, 2]\n[3]\n{\"a\": 1}\n", names: [])
    #expect(try samples.next()?.values == [1, 2])
    #expect(reason(&samples) == "input, line 2 has 1 values, the model 2 inputs")
    #expect(reason(&samples).contains("the model's inputs have no names; --channels names the keys"))
  }

  @Test func `an empty input`() { #expect(throws: ToolError.self) { try reader("\n\n") } }

  @Test func `accuracy of all and of the last thousand`() {
    var accuracy = RunningAccuracy()
    #expect(accuracy.description == "0 samples")
    for _ in 0..<500 { accuracy.add(false) }
    accuracy.add(nil)
    #expect(accuracy.description == "501 samples, 500 labelled, accuracy 0.0 %")
    for _ in 0..<1500 { accuracy.add(true) }
    #expect(accuracy.description == "2001 samples, 2000 labelled, accuracy 75.0 %, 100.0 % of the last 1000")
    var learning = RunningAccuracy(learns: true)
    learning.add(true)
    #expect(learning.description == "1 sample, 1 labelled, accuracy while learning (before each label) 100.0 %")
  }
}
