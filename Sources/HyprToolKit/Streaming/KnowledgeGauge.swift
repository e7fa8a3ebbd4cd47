/// Samples that are never taught, by which is gauged what a session still knows: run from a fresh state, with its parameters of
/// that moment, in a session of their own.
final class KnowledgeGauge {
  private let frozen: RunningSession
  private let inputSize: Int
  private let outputSize: Int
  /// Samples and classes of each sequence; -1: none.
  private let sequences: [(inputs: [Float], classes: [Int32])]

  /// - Throws: ``ToolError`` if no sample has a class that the model has.
  init(_ model: LoadedModel, _ recording: Recording) throws {
    let classes = try recording.classes(ClassNames(model))
    guard classes.contains(where: { $0 >= 0 }) else { throw ToolError("\(recording.name): no sample has a class") }
    inputSize = model.inputSize
    outputSize = model.outputSize
    frozen = try RunningSession(model, OptionSettings(["learning=off"]))
    let (values, channels) = (recording.values, model.inputSize)
    sequences = recording.stretches.map { stretch in
      let rows = stretch.rows
      return (Array(values[rows.lowerBound * channels..<rows.upperBound * channels]), Array(classes[rows]))
    }
  }

  /// The share of the steps of each class that are recognised, by the parameters of `session`; NaN: there is no such step.
  func read(_ session: RunningSession) throws -> [Double] {
    try frozen.setParameters(session.parameters)
    var right = [Double](repeating: 0, count: outputSize)
    var all = right
    for (inputs, classes) in sequences {
      let outputs = try frozen.run(inputs)
      for (step, label) in classes.enumerated() where label >= 0 {
        let output = outputs[step * outputSize..<(step + 1) * outputSize]
        let largest = output.indices.reduce(output.startIndex) { output[$1] > output[$0] ? $1 : $0 } - output.startIndex
        all[Int(label)] += 1
        right[Int(label)] += largest == Int(label) ? 1 : 0
      }
    }
    return zip(right, all).map { $0 / $1 }
  }
}
