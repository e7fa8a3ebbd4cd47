internal import CSystem

/// What a learning session keeps of the open window beside the layers' histories, and its working memory.
struct Learner {
  /// Steps in the open window; step i lies between slots i and i + 1.
  var steps = 0
  /// Taught steps whose gradient was gathered since the last update.
  var gathered = 0
  /// Sum of the losses, and taught steps, since the batch being learnt began.
  var batchLoss = 0.0
  var batchTaught = 0

  /// [window]: whether the step has a target.
  let taught: UnsafeMutablePointer<Bool>
  let losses: UnsafeMutablePointer<Double>
  let correct: UnsafeMutablePointer<Bool>
  /// [window][width of the readout]: ∂loss/∂y, zero where nothing was taught.
  let outputError: UnsafeMutablePointer<Float>

  /// [window][width]: ℓ of the hidden layer at work.
  let outputAdjoint: UnsafeMutablePointer<Float>
  /// [window][width]: ∂L/∂I.
  let currentAdjoint: UnsafeMutablePointer<Float>
  /// [window][k][width]: the same for each state at the end of the window.
  let carryAdjoint: UnsafeMutablePointer<Float>
  /// [k][width]
  let adjoint: UnsafeMutablePointer<Float>
  /// Φ [k][k][width]: ∂(state at the end)/∂(state at the start).
  let transition: UnsafeMutablePointer<Float>
  /// The same three for z at the end of the window, with recurrent credit: [window][width], [k][width], [p][width].
  let outputCarry: OutputCarry?
  /// Vᵀ ∂L/∂I of the first step: the adjoint of z at the start of the window, [width].
  let startAdjoint: UnsafeMutablePointer<Float>
  /// [p][width]
  let parameterGradient: UnsafeMutablePointer<Float>
  /// [p][k][width]
  let parameterCarry: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let window = settings.window
    let lanes = model.kernels.lanes
    var (widest, states, transitions, parameters, carried) = (0, 0, 0, 0, 0)
    for layer in model.layers {
      let width = layer.width(lanes)
      widest = max(widest, width)
      states = max(states, layer.stateCount * width)
      transitions = max(transitions, layer.stateCount * layer.stateCount * width)
      parameters = max(parameters, layer.parameterCount * width)
      carried = max(carried, layer.parameterCount * layer.stateCount * width)
    }
    taught = arena.allocate(Bool.self, window, .history)
    losses = arena.allocate(Double.self, window, .history)
    correct = arena.allocate(Bool.self, window, .history)
    outputError = arena.allocate(Float.self, model.readout.width(lanes), rows: window, .history)
    outputAdjoint = arena.allocate(Float.self, widest, rows: window, .scratch)
    currentAdjoint = arena.allocate(Float.self, widest, rows: window, .scratch)
    carryAdjoint = arena.allocate(Float.self, states, rows: window, .scratch)
    adjoint = arena.allocate(Float.self, states, .scratch)
    transition = arena.allocate(Float.self, transitions, .scratch)
    outputCarry =
      settings.credit == .recurrent
      ? OutputCarry(
        unit: arena.allocate(Float.self, widest, rows: window, .scratch),
        currentAdjoint: arena.allocate(Float.self, widest, rows: window, .scratch),
        transition: arena.allocate(Float.self, states, .scratch),
        parameters: arena.allocate(Float.self, parameters, .scratch))
      : nil
    startAdjoint = arena.allocate(Float.self, widest, .scratch)
    parameterGradient = arena.allocate(Float.self, parameters, .scratch)
    parameterCarry = arena.allocate(Float.self, carried, .scratch)
  }

  /// A step was made: it has no target yet.
  mutating func beginStep(readoutWidth: Int) {
    taught[steps] = false
    (outputError + steps * readoutWidth).update(repeating: 0, count: readoutWidth)
    steps += 1
  }

  var hasTarget: Bool {
    for step in 0..<steps where taught[step] { return true }
    return false
  }
}

/// Working memory for the sweep of a unit adjoint of z at the end of the window.
struct OutputCarry {
  /// [window][width]: one at the last step, zero before.
  let unit: UnsafeMutablePointer<Float>
  let currentAdjoint, transition, parameters: UnsafeMutablePointer<Float>
}
