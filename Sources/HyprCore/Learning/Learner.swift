internal import CSystem

/// What a learning session keeps of the open window beside the layers' histories, and its working memory.
struct Learner {
  /// Steps in the open window; step i lies between slots i and i + 1.
  var steps = 0
  /// Steps since the state was reset, counted until they are more than a window.
  var sequenceSteps = 0
  /// Sum of the weights of the taught steps whose gradient was gathered since the last update.
  var gatheredWeight = 0.0
  /// Weighted sum of the losses, and sum of the weights, since the batch being learnt began.
  var batchLoss = 0.0
  var batchWeight = 0.0
  /// [C]: factors on the loss of a target that is a class.
  let classWeights: UnsafeMutablePointer<Float>

  /// Whether the target is one of all steps in the window together, though it counts as one of the last.
  let isShared: UnsafeMutablePointer<Bool>
  /// [window]: whether the step has a target.
  let taught: UnsafeMutablePointer<Bool>
  let weights: UnsafeMutablePointer<Double>
  /// Times the weight.
  let losses: UnsafeMutablePointer<Double>
  let correct: UnsafeMutablePointer<Bool>
  /// [window][width of the readout]: ∂loss/∂y, zero where nothing was taught.
  let outputError: UnsafeMutablePointer<Float>

  /// [C]: sums over the outputs of a sequence.
  let scores: UnsafeMutablePointer<Double>
  /// [window][width]: ℓ of the hidden layer at work.
  let outputAdjoint: UnsafeMutablePointer<Float>
  /// [window][currents][width]: ∂L/∂I.
  let currentAdjoint: UnsafeMutablePointer<Float>
  /// [k][width]: of the states before the window.
  let adjoint: UnsafeMutablePointer<Float>
  /// The adjoint of the outputs that are carried into the window, [width].
  let startAdjoint: UnsafeMutablePointer<Float>
  /// [p][width]
  let parameterGradient: UnsafeMutablePointer<Float>
  /// The window's events of one layer, grouped.
  let offsets, times: UnsafeMutablePointer<Int32>
  let values: UnsafeMutablePointer<Float>
  let active: UnsafeMutablePointer<Int32>
  /// Working memory of the kernels; [threads][carryScratchSize] for `carry`.
  let carryScratch, transposed: UnsafeMutablePointer<Float>
  let carryScratchSize: Int

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let window = settings.window
    let lanes = model.kernels.lanes
    var (widest, states, parameters, currents, presynaptic, scratch, gates) = (0, 0, 0, 0, 0, 0, 0)
    for layer in model.layers {
      let width = layer.width(lanes)
      widest = max(widest, width)
      states = max(states, layer.stateCount * width)
      parameters = max(parameters, layer.parameterCount * width)
      currents = max(currents, layer.currentCount * width)
      gates = max(gates, layer.gateCount * width)
      presynaptic = max(presynaptic, layer.presynapticCount)
      scratch = max(scratch, model.kernels.carry_scratch(layer.neuron, window, layer.synapses != nil))
    }
    carryScratchSize = (scratch + 15) / 16 * 16
    classWeights = arena.allocate(Float.self, model.outputSize, .scratch)
    scores = arena.allocate(Double.self, model.outputSize, .scratch)
    isShared = arena.allocate(Bool.self, 1, .history)
    taught = arena.allocate(Bool.self, window, .history)
    weights = arena.allocate(Double.self, window, .history)
    losses = arena.allocate(Double.self, window, .history)
    correct = arena.allocate(Bool.self, window, .history)
    outputError = arena.allocate(Float.self, model.readout.width(lanes), rows: window, .history)
    outputAdjoint = arena.allocate(Float.self, widest, rows: window, .scratch)
    currentAdjoint = arena.allocate(Float.self, currents, rows: window, .scratch)
    adjoint = arena.allocate(Float.self, states, .scratch)
    startAdjoint = arena.allocate(Float.self, widest, .scratch)
    parameterGradient = arena.allocate(Float.self, parameters, .scratch)
    offsets = arena.allocate(Int32.self, presynaptic + 1, .scratch)
    times = arena.allocate(Int32.self, presynaptic, rows: window, .scratch)
    values = arena.allocate(Float.self, presynaptic, rows: window, .scratch)
    active = arena.allocate(Int32.self, presynaptic, .scratch)
    carryScratch = arena.allocate(Float.self, carryScratchSize, rows: settings.threads, .scratch)
    transposed = arena.allocate(Float.self, gates, rows: lanes, .scratch)
  }

  /// A step was made: it has no target yet.
  mutating func beginStep(readoutWidth: Int, window: Int) {
    if steps == 0 { isShared.pointee = false }
    taught[steps] = false
    (outputError + steps * readoutWidth).update(repeating: 0, count: readoutWidth)
    steps += 1
    sequenceSteps = min(sequenceSteps + 1, window + 1)
  }

  /// Takes back what the open window was taught.
  func clearTargets(readoutWidth: Int) {
    isShared.pointee = false
    taught.update(repeating: false, count: steps)
    outputError.update(repeating: 0, count: steps * readoutWidth)
  }

  /// Sum of the weights of the taught steps in the open window.
  var weight: Double {
    var sum = 0.0
    for step in 0..<steps where taught[step] { sum += weights[step] }
    return sum
  }

  var hasTarget: Bool {
    for step in 0..<steps where taught[step] { return true }
    return false
  }
}
