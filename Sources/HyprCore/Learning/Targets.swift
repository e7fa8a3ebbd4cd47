internal import CSystem

/// What a step of the open window is taught.
struct Target {
  /// Times the weight.
  let loss: Double
  let weight: Double
  let correct: Bool
}

/// What the steps of the open window were taught.
struct Targets {
  /// Whether the target is one of all steps in the window together, though it counts as one of the last.
  let isShared: UnsafeMutablePointer<Bool>
  /// [window]: whether the step has a target.
  let taught: UnsafeMutablePointer<Bool>
  let weights: UnsafeMutablePointer<Double>
  /// Times the weight.
  let losses: UnsafeMutablePointer<Double>
  let correct: UnsafeMutablePointer<Bool>
  /// [window][width]: ∂loss/∂y, zero where nothing was taught.
  let outputErrors: UnsafeMutablePointer<Float>
  /// C, and the same in whole vectors: the length of a row of `outputErrors`.
  let outputs, width: Int

  init(_ arena: inout Arena, outputs: Int, lanes: Int, window: Int) {
    self.outputs = outputs
    width = wholeVectors(outputs, lanes)
    isShared = arena.allocate(Bool.self, 1, .history)
    taught = arena.allocate(Bool.self, window, .history)
    weights = arena.allocate(Double.self, window, .history)
    losses = arena.allocate(Double.self, window, .history)
    correct = arena.allocate(Bool.self, window, .history)
    outputErrors = arena.allocate(Float.self, width, rows: window, .history)
  }

  /// ∂loss/∂y of a step.
  func error(_ step: Int) -> UnsafeMutablePointer<Float> { outputErrors + step * width }

  /// The step has no target yet.
  func begin(_ step: Int) {
    if step == 0 { isShared.pointee = false }
    taught[step] = false
    error(step).clear(width)
  }

  func set(_ target: Target, _ step: Int) {
    losses[step] = target.loss
    weights[step] = target.weight
    correct[step] = target.correct
    taught[step] = true
  }

  /// Takes back what the first `steps` steps were taught.
  func clear(_ steps: Int) {
    isShared.pointee = false
    taught.update(repeating: false, count: steps)
    outputErrors.clear(steps * width)
  }

  /// Sum of the weights of the taught ones among the first `steps` steps.
  func weight(_ steps: Int) -> Double {
    var sum = 0.0
    for step in 0..<steps where taught[step] { sum += weights[step] }
    return sum
  }

  func hasTarget(_ steps: Int) -> Bool {
    for step in 0..<steps where taught[step] { return true }
    return false
  }

  /// Only what was taught has meaning: equal windows give equal bytes.
  func walkState(_ stream: inout StateStream, steps: Int) {
    stream.flags(isShared, 1)
    for step in 0..<steps {
      let isTaught = stream.flag(taught[step])
      if stream.mode == .read { taught[step] = isTaught }
      guard isTaught else { continue }
      stream.flags(correct + step, 1)
      weights[step] = stream.sum(weights[step])
      losses[step] = stream.sum(losses[step])
    }
    // A target that all steps share has an error at each of them.
    stream.rows(outputErrors, steps, size: outputs, width: width)
  }
}
