internal import CSystem

/// What a step of the open window is taught.
struct Target {
  /// Times the weight.
  let loss: Double
  let weight: Double
  let correct: Bool
}

/// What the steps of the open window were taught. Errors and losses of classes are computed when the window is closed, all at once.
struct Targets {
  /// What kind of target a step has; the numbers stand in saved states.
  enum Kind: UInt8 {
    case none
    /// A class: `labels` has it.
    case label
    /// ∂loss/∂y and the loss are there.
    case error
  }

  /// Whether the target is one of all steps in the window together, though it counts as one of the last: `outputErrors` of all are there.
  let isShared: UnsafeMutablePointer<Bool>
  /// [window]
  let kinds: UnsafeMutablePointer<Kind>
  /// Negative: none.
  let labels: UnsafeMutablePointer<Int32>
  let weights: UnsafeMutablePointer<Double>
  /// Times the weight.
  let losses: UnsafeMutablePointer<Double>
  /// Cross-entropies, and what their computation wants.
  private let entropies, sums: UnsafeMutablePointer<Float>
  let correct: UnsafeMutablePointer<Bool>
  /// [window][width]: ∂loss/∂y.
  let outputErrors: UnsafeMutablePointer<Float>
  /// C, and the same in whole vectors: the length of a row of `outputErrors`.
  let outputs, width: Int

  init(_ arena: inout Arena, outputs: Int, lanes: Int, window: Int) {
    self.outputs = outputs
    width = wholeVectors(outputs, lanes)
    isShared = arena.allocate(Bool.self, 1, .history)
    kinds = arena.allocate(Kind.self, window, .history)
    labels = arena.allocate(Int32.self, window, .history)
    weights = arena.allocate(Double.self, window, .history)
    losses = arena.allocate(Double.self, window, .history)
    correct = arena.allocate(Bool.self, window, .history)
    entropies = arena.allocate(Float.self, wholeVectors(window, lanes), .scratch)
    sums = arena.allocate(Float.self, wholeVectors(window, lanes), .scratch)
    outputErrors = arena.allocate(Float.self, width, rows: window, .history)
  }

  /// ∂loss/∂y of a step.
  func error(_ step: Int) -> UnsafeMutablePointer<Float> { outputErrors + step * width }

  /// The step has no target yet.
  @_optimize(speed) @inline(__always) func begin(_ step: Int) {
    if step == 0 { isShared.pointee = false }
    forget(step)
    // The errors of the steps before are there, and stay.
    if isShared.pointee { error(step).clear(width) }
  }

  @inline(__always) private func forget(_ step: Int) {
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
  @_optimize(speed) func set(_ target: Target, _ step: Int) {
    kinds[step] = .error
    labels[step] = -1
    losses[step] = target.loss
    weights[step] = target.weight
    correct[step] = target.correct
  }

  /// The target is one of the first `steps` steps together.
  func share(_ target: Target, _ steps: Int) {
    clear(steps)
    isShared.pointee = true
    set(target, steps - 1)
  }

  /// Takes back what the first `steps` steps were taught.
  func clear(_ steps: Int) {
    isShared.pointee = false
    for step in 0..<steps { forget(step) }
  }

  /// Sum of the weights of the taught ones among the first `steps` steps.
  @_optimize(speed) func weight(_ steps: Int) -> Double {
    var sum = 0.0
    for step in 0..<steps where kinds[step] != .none { sum += weights[step] }
    return sum
  }

  @_optimize(speed) func hasTarget(_ steps: Int) -> Bool {
    for step in 0..<steps where kinds[step] != .none { return true }
    return false
  }

  /// Computes what is not there yet of some steps, from a multiple of 16 on: errors and losses of classes, and zeros where nothing was
  /// taught.
  func complete(_ steps: Range<Int>, _ network: borrowing Network, smoothing: Float) {
    if isShared.pointee { return }
    let first = steps.lowerBound
    // Step i has its outputs in slot i + 1.
    var pass = kernel_cross_entropy(
      steps: steps.count, count: outputs, width: width, smoothing: smoothing, labels: labels + first,
      scores: network.readoutOutputs(first + 1), gradient: error(first), losses: entropies + first, sums: sums + first,
      correct: correct + first)
    network.kernels.pointee.cross_entropy(&pass)
    for step in steps {
      switch kinds[step] {
      case .none: error(step).clear(width)
      case .label:
        losses[step] = Double(entropies[step]) * weights[step]
        if weights[step] != 1 {
          for index in 0..<outputs { error(step)[index] *= Float(weights[step]) }
        }
      case .error: break
      }
    }
  }

  /// Only what was taught has meaning: equal windows give equal bytes.
  func walkState(_ stream: inout StateStream, steps: Int) {
    let isShared = stream.flag(steps > 0 && isShared.pointee)
    if stream.mode == .read { self.isShared.pointee = isShared }
    for step in 0..<steps {
      let number = stream.integer(Int(kinds[step].rawValue), in: 0...2)
      let kind = Kind(rawValue: UInt8(truncatingIfNeeded: number)) ?? .none
      if stream.mode == .read { kinds[step] = kind }
      if kind != .none { weights[step] = stream.sum(weights[step]) }
      if kind != .label && stream.mode == .read { labels[step] = -1 }
      if kind == .label {
        let label = stream.integer(Int(labels[step]), in: 0...outputs - 1)
        if stream.mode == .read { labels[step] = Int32(truncatingIfNeeded: label) }
      } else if kind == .error {
        losses[step] = stream.sum(losses[step])
        stream.flags(correct + step, 1)
      }
      if kind == .error || isShared { stream.rows(error(step), 1, size: outputs, width: width) }
    }
  }
}
