internal import CSystem

/// What a step of an open window is taught.
struct Target {
  /// Times the weight.
  let loss: Double
  let weight: Double
  let correct: Bool
}

/// What the steps of the open windows were taught, by the slot that each went from. Errors and losses of classes are computed when a
/// window is closed, all at once.
struct Targets {
  /// What kind of target a step has; the numbers stand in saved states.
  enum Kind: UInt8 {
    case none
    /// A class: `labels` has it.
    case label
    /// ∂loss/∂y and the loss are there.
    case error
    /// The last step of those that share a target, from the first of their window on, and another of them: ∂loss/∂y is there, the loss
    /// with the last.
    case shared, part
    /// As `error`, of values that the host gave: 2 (y - target) / C, times the weight.
    case values

    /// Whether it is a target by itself.
    var counts: Bool { self != .none && self != .part }
    var isShared: Bool { self == .shared || self == .part }
  }

  /// [steps]
  let kinds: UnsafeMutablePointer<Kind>
  /// Negative: none; below -1: -2 - the class that it shares.
  let labels: UnsafeMutablePointer<Int32>
  let weights: UnsafeMutablePointer<Double>
  /// Times the weight.
  let losses: UnsafeMutablePointer<Double>
  /// Cross-entropies, and what their computation wants.
  private let entropies, sums: UnsafeMutablePointer<Float>
  let correct: UnsafeMutablePointer<Bool>
  /// Whether a step is of an exemplar, which says nothing of the device.
  let isExemplar: UnsafeMutablePointer<Bool>
  /// [steps][width]: ∂loss/∂y.
  let outputErrors: UnsafeMutablePointer<Float>
  /// C, and the same in whole vectors: the length of a row of `outputErrors`.
  let outputs, width: Int

  init(_ arena: inout Arena, outputs: Int, lanes: Int, window: Int, _ history: History) {
    let steps = history.stepCount
    self.outputs = outputs
    width = wholeVectors(outputs, lanes)
    kinds = arena.allocate(Kind.self, steps, .history)
    labels = arena.allocate(Int32.self, steps, .history)
    weights = arena.allocate(Double.self, steps, .history)
    losses = arena.allocate(Double.self, steps, .history)
    correct = arena.allocate(Bool.self, steps, .history)
    isExemplar = arena.allocate(Bool.self, steps, .history)
    // A piece begins at any fourth step, and its last vector may reach past the window.
    entropies = arena.allocate(Float.self, window + lanes, .scratch)
    sums = arena.allocate(Float.self, window + lanes, .scratch)
    outputErrors = arena.allocate(Float.self, width, rows: steps, .history)
  }

  /// ∂loss/∂y of a step.
  func error(_ step: Int) -> UnsafeMutablePointer<Float> { outputErrors + step * width }

  /// The class that a step was taught, alone or with others.
  @_optimize(speed) func label(_ step: Int) -> Int? {
    let label = Int(labels[step])
    return label == -1 ? nil : label < 0 ? -2 - label : label
  }

  /// The step has no target, or none any more.
  @_optimize(speed) @inline(__always) func begin(_ step: Int) {
    kinds[step] = .none
    labels[step] = -1
  }

  /// Teaches a step a class.
  @_optimize(speed) @inline(__always) func set(label: Int, weight: Float, _ step: Int) {
    kinds[step] = .label
    labels[step] = Int32(truncatingIfNeeded: label)
    weights[step] = Double(weight)
  }

  /// Teaches a step what its error says.
  @_optimize(speed) func set(_ target: Target, _ step: Int, kind: Kind) {
    kinds[step] = kind
    labels[step] = -1
    losses[step] = target.loss
    weights[step] = target.weight
    correct[step] = target.correct
  }

  /// The target is one of some steps together, the first of their window; their errors are there.
  func share(_ target: Target, label: Int, _ steps: Range<Int>) {
    set(target, steps.upperBound - 1, kind: .shared)
    for step in steps {
      if step < steps.upperBound - 1 { kinds[step] = .part }
      labels[step] = Int32(truncatingIfNeeded: -2 - label)
    }
  }

  /// The target of a step counts for so many.
  func scale(_ step: Int, by factor: Double) {
    weights[step] *= factor
    // Errors and losses of classes are computed from the weight.
    if kinds[step] == .label { return }
    losses[step] *= factor
    for index in 0..<outputs { error(step)[index] *= Float(factor) }
  }

  /// Takes back what some steps were taught.
  func clear(_ steps: Range<Int>) {
    for step in steps { begin(step) }
  }

  /// Sum of the weights of the taught ones among some steps.
  @_optimize(speed) func weight(_ steps: Range<Int>) -> Double {
    var sum = 0.0
    for step in steps where kinds[step].counts { sum += weights[step] }
    return sum
  }

  @_optimize(speed) func hasTarget(_ steps: Range<Int>) -> Bool {
    for step in steps where kinds[step] != .none { return true }
    return false
  }

  /// Computes what is not there yet of some steps of the window that started from slot `start`, after those before them: errors and
  /// losses of classes, and zeros where nothing was taught.
  func complete(
    _ steps: Range<Int>, from start: Int, _ network: borrowing Network, smoothing: Float, _ taught: TaughtClasses?,
    _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) {
    let (offset, first) = (steps.lowerBound, start + steps.lowerBound)
    // Step i has its outputs in slot i + 1.
    var pass = kernel_cross_entropy(
      steps: steps.count, count: outputs, width: width, smoothing: smoothing, labels: labels + first,
      scores: network.readoutOutputs(first + 1), gradient: error(first), losses: entropies + offset,
      sums: sums + offset, correct: correct + first)
    network.kernels.pointee.cross_entropy(&pass)
    if let taught, let reference, !taught.isComplete {
      taught.restrict(
        self, steps, from: start, network, smoothing: smoothing, losses: entropies, reference: reference.pointee.outputs)
    }
    for step in first..<first + steps.count {
      switch kinds[step] {
      case .none: error(step).clear(width)
      case .label:
        losses[step] = Double(entropies[offset + step - first]) * weights[step]
        if weights[step] != 1 {
          for index in 0..<outputs { error(step)[index] *= Float(weights[step]) }
        }
      case .error, .values, .shared, .part: break
      }
    }
  }

  /// Only what was taught has meaning: equal windows give equal bytes.
  func walkState(_ stream: inout StateStream, _ steps: Range<Int>) {
    for step in steps {
      let number = stream.integer(Int(kinds[step].rawValue), in: 0...5)
      let kind = Kind(rawValue: UInt8(truncatingIfNeeded: number)) ?? .none
      if stream.mode == .read { kinds[step] = kind }
      if kind.counts { weights[step] = stream.sum(weights[step]) }
      if kind != .label && stream.mode == .read { labels[step] = -1 }
      if kind == .label || kind.isShared {
        let label = stream.integer(kind == .label ? Int(labels[step]) : -2 - Int(labels[step]), in: 0...outputs - 1)
        if stream.mode == .read { labels[step] = Int32(truncatingIfNeeded: kind == .label ? label : -2 - label) }
      }
      if kind.counts && kind != .label {
        losses[step] = stream.sum(losses[step])
        stream.flags(correct + step, 1)
      }
      if kind == .error || kind == .values || kind.isShared { stream.rows(error(step), 1, size: outputs, width: width) }
    }
  }
}
