import HyprBuilding

/// Sequences with their labels, as they lie in two or three .npy files, or in one of comma-separated values.
package struct SequenceSet {
  /// How sequences are labelled.
  package enum Labelling {
    /// Every step has a label of its own; negative: none.
    case steps
    /// One label for a whole sequence.
    case sequences
  }

  /// One sequence.
  private struct Sequence {
    /// Its steps among those of the whole array.
    let steps: Range<Int>
    /// Its number among all sequences of the files.
    let number: Int
    /// Whose it is, such as a person or a machine; `nil`: that is not known.
    var group: String?
  }

  package let labelling: Labelling
  private let inputs: NumpyArray
  private let labels: NumpyArray
  private let inputSize: Int
  private var sequences: [Sequence]

  /// Sequences.
  package var count: Int { sequences.count }
  /// Steps of all sequences.
  package var stepCount: Int { sequences.reduce(0) { $0 + $1.steps.count } }
  /// The shape of the labels in their file.
  var labelShape: [Int] { labels.shape }

  /// Reads the files.
  ///
  ///     inputs [S, T, n], labels [S, T] or [S]
  ///     inputs [total, n], labels [total] or [S], lengths [S]
  ///
  /// with `inputSize` channels n and labels below `classes`.
  package init(inputs: String, labels: String, lengths: String?, inputSize: Int, classes: Int) throws {
    try self.init(
      inputs: NumpyArray(path: inputs), labels: NumpyArray(path: labels),
      lengths: lengths.map { try NumpyArray(path: $0) },
      inputSize: inputSize, classes: classes)
  }

  /// The same without labels.
  package init(inputs: String, lengths: String?, inputSize: Int) throws {
    let array = try NumpyArray(path: inputs)
    let lengths = try lengths.map { try NumpyArray(path: $0) }
    let count = lengths?.shape.first ?? array.shape.first ?? 0
    let labels = NumpyArray([Int32](repeating: -1, count: count), shape: [count], name: inputs)
    try self.init(inputs: array, labels: labels, lengths: lengths, inputSize: inputSize, classes: 1)
  }

  /// The same with arrays that were read.
  package init(inputs: NumpyArray, labels: NumpyArray, lengths: NumpyArray?, inputSize: Int, classes: Int) throws {
    let ranges: [Range<Int>]
    if let lengths {
      guard inputs.shape.count == 2 else {
        throw ToolError(
          "\(inputs.name) has the shape \(inputs.shape), expected [total steps, \(inputSize)], as there are lengths")
      }
      ranges = try SequenceSet.ranges(lengths, total: inputs.shape[0], of: inputs.name)
    } else {
      guard inputs.shape.count == 3 else {
        throw ToolError(
          "\(inputs.name) has the shape \(inputs.shape), expected [sequences, steps, \(inputSize)],"
            + " or [total steps, \(inputSize)] with --lengths; of a single sequence save inputs[None]")
      }
      let steps = inputs.shape[1]
      ranges = (0..<inputs.shape[0]).map { $0 * steps..<($0 + 1) * steps }
    }
    guard inputs.shape.last == inputSize else {
      let isSwapped = inputs.shape.count > 1 && inputs.shape[inputs.shape.count - 2] == inputSize
      let advice = isSwapped ? "; channels come last: save inputs.swapaxes(-1, -2)" : ""
      let found = counted(inputs.shape.last ?? 0, "channel")
      throw ToolError("\(inputs.name) has \(found), the model has \(counted(inputSize, "input"))\(advice)")
    }
    guard ranges.contains(where: { !$0.isEmpty }) else { throw ToolError("\(inputs.name) holds no steps") }
    let perStep = Array(inputs.shape.dropLast())
    guard labels.elementType.isInteger else {
      throw ToolError(
        "\(labels.name) holds \(labels.elementType.name), expected whole numbers, the classes from 0: save labels.astype(int)")
    }
    guard labels.shape == perStep || labels.shape == [ranges.count] else {
      let advice =
        switch labels.shape.last {
        case 1: ": save labels[..., 0]"
        case classes: ": of one-hot labels save labels.argmax(axis=-1)"
        default: ""
        }
      throw ToolError(
        "\(labels.name) has the shape \(labels.shape), expected \(perStep) (a label per step) or [\(ranges.count)]"
          + " (one per sequence)\(advice)")
    }
    self.inputs = inputs
    self.labels = labels
    self.inputSize = inputSize
    labelling = labels.shape == perStep ? .steps : .sequences
    sequences = ranges.enumerated().map { Sequence(steps: $1, number: $0) }
    for index in sequences.indices { try checkLabels(of: index, classes: classes) }
  }

  /// Stretches of a recording, with labels below `classes` or -1 of all its rows.
  package init(_ recording: Recording, _ stretches: [Recording.Stretch], labels: [Int32]) {
    inputSize = recording.channels.count
    inputs = NumpyArray(recording.values, shape: [recording.rowCount, inputSize], name: recording.name)
    self.labels = NumpyArray(labels, shape: [recording.rowCount], name: recording.name)
    labelling = .steps
    let groups = recording.groups
    sequences = stretches.enumerated().map {
      Sequence(steps: $1.rows, number: $0, group: groups.isEmpty ? nil : groups[$1.group])
    }
  }

  private static func ranges(_ lengths: NumpyArray, total: Int, of name: String) throws -> [Range<Int>] {
    guard lengths.shape.count == 1, let numbers = lengths.integers(0..<lengths.count) else {
      throw ToolError(
        "\(lengths.name) is \(lengths.elementType.name)\(lengths.shape), expected whole numbers of the shape [sequences]"
      )
    }
    var ranges: [Range<Int>] = []
    var end = 0
    for (index, length) in numbers.enumerated() {
      guard length >= 1, length <= total - end else {
        throw ToolError(
          "\(lengths.name): length \(index) is \(length), expected 1 to \(total - end), the steps left in \(name)")
      }
      ranges.append(end..<end + length)
      end += length
    }
    guard end == total else { throw ToolError("\(lengths.name) adds up to \(end) steps, but \(name) has \(total)") }
    return ranges
  }

  private func checkLabels(of index: Int, classes: Int) throws {
    let sequence = sequences[index]
    let range = labelling == .steps ? sequence.steps : sequence.number..<sequence.number + 1
    for (step, label) in (labels.integers(range) ?? []).enumerated() where label >= classes {
      let place = labelling == .steps ? ", step \(step)" : ""
      throw ToolError(
        "\(labels.name): the label of sequence \(sequence.number)\(place) is \(label), expected 0 to \(classes - 1), as classes"
          + " count from 0 and the model has \(classes) outputs, or negative for none")
    }
  }

  /// The classes that there are labels of.
  package var labelledClasses: Set<Int32> {
    var classes: Set<Int32> = []
    for index in sequences.indices { classes.formUnion(labels(of: index)) }
    return classes.filter { $0 >= 0 }
  }

  /// The samples `[steps][n]` of a sequence.
  package func inputs(of index: Int) -> [Float] {
    let steps = sequences[index].steps
    return inputs.floats(steps.lowerBound * inputSize..<steps.upperBound * inputSize)
  }

  /// A label for each step of a sequence; negative: none.
  package func labels(of index: Int) -> [Int32] {
    let sequence = sequences[index]
    switch labelling {
    case .steps: return (labels.integers(sequence.steps) ?? []).map { Int32(clamping: $0) }
    case .sequences:
      let label = labels.integers(sequence.number..<sequence.number + 1)?[0] ?? -1
      return [Int32](repeating: Int32(clamping: label), count: sequence.steps.count)
    }
  }

  /// Whose a sequence is; `nil`: that is not known.
  func group(of index: Int) -> String? { sequences[index].group }

  /// Where a sequence is, for errors.
  func place(of index: Int) -> String { "\(inputs.name), sequence \(sequences[index].number)" }

  /// Runs `work` on a sequence; an error says which.
  func at<Result>(_ index: Int, _ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch let error as ToolError {
      throw ToolError("\(place(of: index)), \(error)")
    }
  }

  /// Two sets of random sequences, the second with `fraction` of them, rounded, but at least one.
  package func split(fraction: Double, _ random: inout RandomNumbers) throws -> (SequenceSet, SequenceSet) {
    let count = max(1, Int((fraction * Double(self.count)).rounded()))
    guard count < self.count else {
      throw ToolError("\(inputs.name) has \(counted(self.count, "sequence")): too few to keep \(count) of them for validation")
    }
    let shuffled = random.shuffled(Array(sequences.indices))
    return (subset(shuffled.dropFirst(count)), subset(shuffled.prefix(count)))
  }

  private func subset(_ indices: ArraySlice<Int>) -> SequenceSet {
    var result = self
    result.sequences = indices.sorted().map { sequences[$0] }
    return result
  }
}
