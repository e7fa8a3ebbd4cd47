import Glibc

/// How adaptation profiles are tried.
package struct AdaptationPlan {
  /// The share of each sequence that is taught; where sequences are labelled, of those of each class.
  package var taught = 0.5
  /// What is taught of a group is cut into so many rounds, each with a piece of every sequence.
  package var rounds = 6
  /// How much the sensor differs, in radians; `nil`: not at all where there are groups, else 1.
  package var disturbance: Double?
  /// Memory for rehearsal that a device will give its sessions.
  package var rehearsalBytes = 0
  /// For how many seconds of labelled samples a device will be taught: a rate that falls does not reach 0 before. `infinity`:
  /// without a known end, so that no profile is tried whose rate falls to 0.
  package var seconds = 300.0

  /// Thirty years.
  private static let mostSeconds = 1e9

  package init() {}

  func check() throws {
    guard rounds >= 1 else { throw ToolError("--adaptation-rounds is \(rounds), expected 1 or more") }
    if let disturbance, !(disturbance >= 0 && disturbance <= 1.9) {
      throw ToolError("--adaptation-disturbance is \(disturbance), expected 0 to 1.9")
    }
    guard seconds > 0 && (seconds <= AdaptationPlan.mostSeconds || seconds == .infinity) else {
      throw ToolError("--adaptation-seconds is \(seconds), expected more than 0, to \(Int(AdaptationPlan.mostSeconds))")
    }
  }
}

/// What a device would meet: a part that is taught, and one that is tested. Where steps are labelled each is one sequence, and the
/// state goes on from the first to the second.
package struct AdaptationStream {
  /// Sequences: samples `[steps][n]`, and a label for each step.
  package struct Part {
    package var inputs: [[Float]] = []
    package var labels: [[Int32]] = []

    /// That there are labels of.
    var classes: Set<Int32> { labels.reduce(into: []) { $0.formUnion($1.lazy.filter { $0 >= 0 }) } }
    var hasTargets: Bool { labels.contains { $0.contains { $0 >= 0 } } }
  }

  package let name: String
  package private(set) var taught: Part
  package private(set) var test: Part

  /// Steps of the shortest piece: what comes behind a jump cannot be labelled well.
  private static let shortest = 100
  /// Streams of a group whose sensor is disturbed.
  private static let sensors = 8

  /// A stream for each group, in the order in which groups come first; eight, if the sensor is to be disturbed.
  package static func all(_ data: SequenceSet, inputSize: Int, _ plan: AdaptationPlan) throws -> [AdaptationStream] {
    try plan.check()
    var groups: [(name: String?, members: [Int])] = []
    for index in 0..<data.count {
      let name = data.group(of: index)
      if let place = groups.firstIndex(where: { $0.name == name }) {
        groups[place].members.append(index)
      } else {
        groups.append((name, [index]))
      }
    }
    let disturbance = plan.disturbance ?? (groups.contains { $0.name != nil } ? 0 : 1)
    return try groups.flatMap { group in
      let name = group.name ?? ""
      guard disturbance > 0 else { return [try AdaptationStream(name, data, group.members, inputSize, plan, fromEnd: false)] }
      let sensor = try DisturbedSensor(group.members.map { data.inputs(of: $0) }, channels: inputSize)
      return try (0..<sensors).map { variant in
        // Half of them the other way round, so that no single minute decides.
        var stream = try AdaptationStream(
          name.isEmpty ? "sensor \(variant + 1)" : "\(name) sensor \(variant + 1)", data, group.members, inputSize, plan,
          fromEnd: variant >= sensors / 2)
        let disturb = sensor.variant(variant, disturbance)
        stream.taught.inputs = stream.taught.inputs.map(disturb)
        stream.test.inputs = stream.test.inputs.map(disturb)
        return stream
      }
    }
  }

  private init(
    _ name: String, _ data: SequenceSet, _ members: [Int], _ inputSize: Int, _ plan: AdaptationPlan, fromEnd: Bool
  ) throws {
    self.name = name
    switch data.labelling {
    case .steps: (taught, test) = AdaptationStream.cutSteps(data, members, inputSize, plan, fromEnd)
    case .sequences: (taught, test) = try AdaptationStream.cutSequences(data, members, plan, fromEnd)
    }
    for (part, what) in [(taught, "teach"), (test, "test")] where !part.hasTargets {
      throw ToolError("there is nothing to \(what) in the stream \"\(name)\": no label in that part of its sequences")
    }
    for (part, what) in [(taught, "taught"), (test, "tested")] where part.classes.count == 1 {
      throw ToolError(
        "what is \(what) in the stream \"\(name)\" is all of one class, on which always saying it is right: hold out more, or "
          + "recordings in which classes take turns")
    }
  }

  /// The first part of every sequence, or the last one, in rounds with a piece of each that is not too short, and the rest.
  private static func cutSteps(
    _ data: SequenceSet, _ members: [Int], _ inputSize: Int, _ plan: AdaptationPlan, _ fromEnd: Bool
  ) -> (Part, Part) {
    var taught = Part(inputs: [[]], labels: [[]])
    var test = taught
    let parts = members.map { index in
      let labels = data.labels(of: index)
      let count = Int(Double(labels.count) * plan.taught)
      let first = fromEnd ? labels.count - count : 0
      return (inputs: data.inputs(of: index), labels: labels, first: first, count: count)
    }
    for turn in 0..<plan.rounds {
      for part in parts {
        let pieces = min(plan.rounds, max(1, part.count / shortest))
        guard turn < pieces else { continue }
        let steps = part.first + part.count * turn / pieces..<part.first + part.count * (turn + 1) / pieces
        taught.inputs[0] += part.inputs[steps.lowerBound * inputSize..<steps.upperBound * inputSize]
        taught.labels[0] += part.labels[steps]
      }
    }
    for part in parts {
      let steps = fromEnd ? 0..<part.first : part.count..<part.labels.count
      test.inputs[0] += part.inputs[steps.lowerBound * inputSize..<steps.upperBound * inputSize]
      test.labels[0] += part.labels[steps]
    }
    return (taught, test)
  }

  /// The first sequences of every class, or the last ones, in rounds with some of each, and the rest.
  private static func cutSequences(
    _ data: SequenceSet, _ members: [Int], _ plan: AdaptationPlan, _ fromEnd: Bool
  ) throws -> (Part, Part) {
    var classes: [Int32: [Int]] = [:]
    for index in members {
      if let label = data.labels(of: index).first, label >= 0 { classes[label, default: []].append(index) }
    }
    var turns: [(turn: Int, index: Int)] = []
    var rests: [Int] = []
    for sequences in classes.values {
      let count = max(1, Int(Double(sequences.count) * plan.taught))
      let first = fromEnd ? sequences.count - count : 0
      turns += sequences[first..<first + count].enumerated().map { ($0 * plan.rounds / count, $1) }
      rests += sequences[..<first] + sequences[(first + count)...]
    }
    guard !rests.isEmpty else {
      throw ToolError("there is one sequence of every class at most in a group of the validation data: none is left to test")
    }
    func part(_ indices: [Int]) -> Part {
      Part(inputs: indices.map { data.inputs(of: $0) }, labels: indices.map { data.labels(of: $0) })
    }
    return (part(turns.sorted { $0 < $1 }.map(\.index)), part(rests.sorted()))
  }

  /// Steps of the taught part that have a label.
  package var taughtSteps: Int { taught.labels.reduce(0) { $0 + $1.count { $0 >= 0 } } }

  /// How many windows of the taught part have a target.
  package func windows(_ window: Int, _ labelling: SequenceSet.Labelling, _ target: SequenceTarget) -> Int {
    let counted = labelling == .steps || target == .sumOfSoftmax ? Int.max : target.steps
    return taught.labels.reduce(0) { sum, labels in
      let first = labels.count - min(counted, labels.count)
      return sum
        + stride(from: 0, to: labels.count, by: window).count { start in
          let end = min(start + window, labels.count)
          return labels[max(start, min(first, end))..<end].contains { $0 >= 0 }
        }
    }
  }
}

/// A sensor whose channels can be made stronger or weaker, and turned towards their neighbours: about the mean and in units of the
/// standard deviation, so that channels of any unit can be mixed.
private struct DisturbedSensor {
  private let mean: [Double]
  private let unit: [Double]

  init(_ inputs: [[Float]], channels: Int) throws {
    guard inputs.contains(where: { $0.contains { $0 != 0 && abs($0) != 1 } }) else {
      throw ToolError(
        "the inputs are only -1, 0 and 1, which cannot be disturbed as a sensor's values: expected --group, or"
          + " --adaptation-disturbance 0")
    }
    let steps = Double(inputs.reduce(0) { $0 + $1.count / channels })
    var sums = [Double](repeating: 0, count: channels)
    for sequence in inputs {
      for (place, value) in sequence.enumerated() { sums[place % channels] += Double(value) }
    }
    let mean = sums.map { $0 / steps }
    var squares = [Double](repeating: 0, count: channels)
    for sequence in inputs {
      for (place, value) in sequence.enumerated() {
        let difference = Double(value) - mean[place % channels]
        squares[place % channels] += difference * difference
      }
    }
    self.mean = mean
    unit = squares.map { $0 > 0 ? ($0 / steps).squareRoot() : 1 }
  }

  /// Turned to one side or the other by `amount` radians; all channels stronger or weaker by half as much, or by turns.
  func variant(_ variant: Int, _ amount: Double) -> ([Float]) -> [Float] {
    let angle = variant & 1 == 1 ? -amount : amount
    let (cosine, sine) = (cos(angle), sin(angle))
    let gains = unit.enumerated().map { channel, unit in
      let isStronger = ((variant >> 1) + (variant & 4 != 0 ? channel : 0)) % 2 == 0
      return unit * (1 + (isStronger ? amount : -amount) / 2)
    }
    return { inputs in
      var result = inputs
      var values = [Double](repeating: 0, count: mean.count)
      for start in stride(from: 0, to: inputs.count, by: mean.count) {
        for channel in mean.indices { values[channel] = (Double(inputs[start + channel]) - mean[channel]) / unit[channel] }
        for channel in mean.indices.dropLast() {
          let (first, second) = (values[channel], values[channel + 1])
          values[channel] = cosine * first - sine * second
          values[channel + 1] = sine * first + cosine * second
        }
        for channel in mean.indices { result[start + channel] = Float(mean[channel] + gains[channel] * values[channel]) }
      }
      return result
    }
  }
}
