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

  /// The numbers in a value by the words of their paths: tauU.minimum is ["tau", "u", "minimum"].
  private static func numbers(_ value: Any, _ path: [String] = []) -> [(words: [String], value: Float)] {
    if let number = value as? Float { return [(path, number)] }
    return Mirror(reflecting: value).children.flatMap { child in
      let label = child.label ?? ""
      let words = label.reduce(into: [""]) { words, letter in
        if letter.isUppercase { words.append("") }
        words[words.count - 1] += letter.lowercased()
      }
      return numbers(child.value, path + words)
    }
  }

  private struct Constants: NeuronVisitor {
    /// What is wrong with the constants: each goes to a field that is called as it is.
    func visit<Model: NeuronModel>(_ model: Model.Type) -> [String] {
      // Numbers that tell where they went.
      let values = (0..<16).map { Float(100 + $0) }
      let found = values.withUnsafeBufferPointer { RecordTests.numbers(Model.Constants($0.baseAddress!)) }
      return (0..<Model.Constants.count).compactMap { index in
        guard let name = Model.Constants.quantity(index).map({ String(cString: $0.name!) }) else { return "no constant \(index)" }
        // What a spike does to the potential is no number.
        if name == "reset" { return nil }
        let words = name.split(separator: "_").map(String.init)
        let isThere = found.contains { field in
          field.value == values[index]
            && words.allSatisfy { word in word.count > 3 || field.words.contains { $0.hasPrefix(word) } }
            && (field.words.last!.hasPrefix(words.last!) || words.contains(field.words.last!))
        }
        return isThere ? nil : "\(name) is in no field of its name: \(found)"
      }
    }
  }

  @Test(arguments: models) func constantsAreCalledAsTheModelSays(index: Int32) throws {
    #expect(try #require(visitNeuronModel(index, Constants())) == [])
  }
}
