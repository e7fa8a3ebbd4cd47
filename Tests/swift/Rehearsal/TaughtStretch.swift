import CHypr

/// What a step is taught.
enum TaughtTarget {
  case none
  case label(Int)
  case values([Float])
  case error([Float])
}

/// A stretch of a stream with its targets.
struct TaughtStretch {
  var inputs: [[Float]]
  var targets: [TaughtTarget]
  var startsSequence = true

  init(inputs: [[Float]], targets: [TaughtTarget]) { (self.inputs, self.targets) = (inputs, targets) }

  /// Inputs that bytes can say: k / 128 with 127 as the largest k of each column, half of them zero.
  init(_ random: inout RandomNet, steps: Int, columns: Int, startsSequence: Bool = true, _ target: (Int) -> TaughtTarget) {
    inputs = (0..<steps).map { step in
      (0..<columns).map { _ in
        let number = Int.random(in: -127...127, using: &random.generator)
        return step == 0 ? 127 / 128 : number < 0 ? 0 : Float(number) / 128
      }
    }
    targets = (0..<steps).map(target)
    self.startsSequence = startsSequence
  }
}

extension TestSession {
  func teach(_ target: TaughtTarget) throws {
    switch target {
    case .none: break
    case .label(let label): try teach(label)
    case .values(let values): try teach(values: values)
    case .error(let error): try teach(error: error)
    }
  }

  /// The steps of a stretch, each taught, as part of the stream.
  func stream(_ stretch: TaughtStretch) throws {
    for (input, target) in zip(stretch.inputs, stretch.targets) {
      try step(input)
      try teach(target)
    }
  }

  /// As one that the stream did not bring; its targets must be classes or values.
  func addRehearsal(_ stretch: TaughtStretch) throws {
    var (labels, values): ([Int32], [Float]) = ([], [])
    for target in stretch.targets {
      var row = [Float](repeating: .nan, count: model.outputSize)
      if case .values(let given) = target { row = given }
      values += row
      if case .label(let label) = target { labels.append(Int32(label)) } else { labels.append(-1) }
    }
    let hasLabels = labels.contains { $0 >= 0 }
    try check(
      hypr_session_rehearsal_add(
        handle, stretch.inputs.flatMap(\.self), stretch.inputs.count, hasLabels ? labels : nil, hasLabels ? nil : values,
        stretch.startsSequence ? 1 : 0))
  }

  /// Of a class, or of all.
  func rehearsal(_ label: Int = -1) throws -> hypr_rehearsal {
    var rehearsal = hypr_rehearsal()
    rehearsal.struct_size = MemoryLayout<hypr_rehearsal>.size
    try check(hypr_session_rehearsal(handle, Int32(label), &rehearsal))
    return rehearsal
  }

  func rehearse(_ windows: Int) throws { try check(hypr_session_rehearse(handle, windows)) }
  func clearRehearsal() throws { try check(hypr_session_rehearsal_clear(handle)) }
  func rehearsalCount(_ label: Int = -1) -> Int { hypr_session_rehearsal_count(handle, Int32(label)) }
}

/// What a session that keeps one stretch should gather of it: from a session without rehearsal, which goes through the stretch over
/// and over again.
final class RehearsalReference {
  /// The sum of gradients, with what they are divided by.
  struct Gathered {
    var gradient: [Double]
    var weight = 0.0
    var steps = 0.0
  }

  private let session: TestSession
  private let stretch: TaughtStretch
  private let steps, leadIn: Int
  private let classWeights: [Float]
  private var next = 0

  /// `options` are those of the session that rehearses.
  init(_ model: TestModel, _ options: [Int: Double], _ stretch: TaughtStretch, classWeights: [Float]? = nil) throws {
    steps = Int(options[HYPR_OPTION_REHEARSAL_STEPS]!)
    leadIn = Int(options[HYPR_OPTION_REHEARSAL_LEAD_IN]!)
    session = try TestSession(model, RehearsalReference.plain(options, window: steps))
    self.stretch = stretch
    self.classWeights = classWeights ?? [Float](repeating: 1, count: model.outputSize)
    if let classWeights { try session.setClassWeights(classWeights) }
  }

  /// Options of a session that only sums gradients up.
  static func plain(_ options: [Int: Double], window: Int? = nil) -> [Int: Double] {
    var plain = options.filter { $0.key < HYPR_OPTION_REHEARSAL_BYTES }
    plain[HYPR_OPTION_REDUCTION] = Double(HYPR_REDUCTION_SUM)
    plain[HYPR_OPTION_LEARNING_RATE] = 0
    if let window { plain[HYPR_OPTION_WINDOW] = Double(window) }
    return plain
  }

  /// What the next window of the second stream adds beside `taught` targets.
  func window(beside taught: Int, share: Double) throws -> Gathered {
    var all = Gathered(gradient: [Double](repeating: 0, count: session.model.parameterCount))
    var left = steps
    while left > 0 {
      let part = try part(left)
      left -= part.steps
      guard part.count > 0 else { continue }
      let factor = share / (1 - share) * Double(max(taught, 1)) * Double(part.steps) / Double(steps) / Double(part.count)
      for index in all.gradient.indices { all.gradient[index] += factor * Double(part.gradient[index]) }
      all.weight += factor * part.weight
      all.steps += factor * Double(part.count)
    }
    return all
  }

  /// Up to where a fresh state is needed.
  private func part(_ most: Int) throws -> (steps: Int, count: Int, weight: Double, gradient: [Float]) {
    var (made, count, weight) = (0, 0, 0.0)
    while made < most {
      if next == 0 && stretch.startsSequence {
        if made > 0 { break }
        try session.reset()
      }
      try session.step(stretch.inputs[next])
      if stretch.startsSequence || next >= leadIn {
        try session.teach(stretch.targets[next])
        switch stretch.targets[next] {
        case .none: break
        case .label(let label):
          count += classWeights[label] > 0 ? 1 : 0
          weight += Double(classWeights[label])
        case .values, .error: (count, weight) = (count + 1, weight + 1)
        }
      }
      made += 1
      next = (next + 1) % stretch.inputs.count
    }
    try session.flush()
    let gradient = try session.gradients
    try session.apply()
    return (made, count, weight, gradient)
  }
}
