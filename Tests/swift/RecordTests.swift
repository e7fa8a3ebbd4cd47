import Testing

@testable import HyprKernels

/// The records of neuron models: loops see them as arrays of vectors, so nothing else may stand in them, in the order that is told.
@Suite struct RecordTests {
  /// All neuron models, by their place in the registry.
  private static let models = Array(0..<Int32(NeuronTests.names.count))

  /// Names of the vectors of a record, those of a record in it after its own name: `membrane.slope`.
  private static func fields(_ record: Any, _ path: String = "") -> [String] {
    Mirror(reflecting: record).children.flatMap { child -> [String] in
      let name = path + (child.label ?? "")
      return child.value is Lanes
        ? [name] : child.value is any LaneRecord ? fields(child.value, name + ".") : ["\(name)?"]
    }
  }

  private struct Check: NeuronVisitor {
    func visit<Model: NeuronModel>(_ model: Model.Type) -> [String] {
      check(Model.State.self) + check(Model.Parameters.self) + check(Model.Derived.self) + check(Model.Tape.self)
        + check(Model.Comparisons.self) + ((Model.Currents.self as? any LaneRecord.Type).map { check(any: $0) } ?? [])
    }

    private func check(any type: any LaneRecord.Type) -> [String] { check(type) }

    /// What is wrong with a record.
    private func check<Record: LaneArray>(_ type: Record.Type) -> [String] {
      let record = Record(each: { Lanes(repeating: Float($0)) })
      // An array of vectors is what it is.
      let names = record is any LaneRecord ? RecordTests.fields(record) : Array(repeating: "", count: Record.size)
      var problems = names.filter { $0.hasSuffix("?") }.map { "\(type).\($0) is no vector" }
      if names.count != Record.size {
        problems.append("\(type) has \(names.count) fields, but the size \(Record.size)")
      }
      for index in 0..<Record.size where record[row: index] != Lanes(repeating: Float(index)) {
        problems.append("\(type)[\(index)] is \(record[row: index])")
      }
      return problems
    }
  }

  private struct Names: NeuronVisitor {
    func visit<Model: NeuronModel>(_ model: Model.Type) -> (states: [String], parameters: [String]) {
      (fields(Model.State(repeating: .zero)), fields(Model.Parameters(repeating: .zero)))
    }
  }

  @Test(arguments: models) func recordsAreVectorsAndNothingElse(index: Int32) throws {
    #expect(try #require(visitNeuronModel(index, Check())) == [])
  }

  /// tau_m: tauM
  private static func swiftName(_ name: String) -> String {
    let words = name.split(separator: "_")
    return String(words[0]) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The order in which states and parameters are told is that of the fields.
  @Test(arguments: models) func fieldsAreCalledAsTheModelSays(index: Int32) throws {
    let model = NeuronTests.models[Int(index)]
    let (states, parameters) = try #require(visitNeuronModel(index, Names()))
    #expect(states == model.states, "\(model.name)")
    #expect(parameters == model.parameters.map { RecordTests.swiftName($0.name) }, "\(model.name)")
  }
}
