internal import CSystem

/// Working memory of the end of a window, for one layer after the other. What an array holds, and until when, stands beside it.
struct Adjoints {
  /// ∂loss/∂y of the window, normalized, [window][width of the readout]; as long as the window's end takes. Only with normalized least mean
  /// squares: what was taught stays in the targets.
  let normalizedErrors: UnsafeMutablePointer<Float>?
  /// ℓ = ∂L/∂z of the hidden layer at work, [window][width]; from the layer above until its sweep.
  let outputs: UnsafeMutablePointer<Float>
  /// gI = ∂L/∂I of the layer at work, [window][currents][width]; from its sweep until the layer below has its ℓ.
  let currents: UnsafeMutablePointer<Float>
  /// q' = ∂L/∂s before the window of the layer at work, [k][width]; from its sweep until its gradient is gathered.
  let states: UnsafeMutablePointer<Float>
  /// ∂L/∂(the outputs that are carried into the window) of the layer at work, [width]; until its gradient is gathered.
  let carriedOutputs: UnsafeMutablePointer<Float>
  /// The window's ∂L/∂θ of the layer at work, [p][width].
  let parameters: UnsafeMutablePointer<Float>
  let events: WindowEvents
  /// Eligibility of a block of neurons by one matrix, as float32 while it is at work; nil: it is kept so; [threads][expandedSize].
  let expanded: UnsafeMutablePointer<Float>?
  let expandedSize: Int
  /// Working memory of the kernels; [threads][carryScratchSize] for `carry`.
  let carryScratch, transposed: UnsafeMutablePointer<Float>
  let carryScratchSize: Int

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let (window, kernels) = (settings.longestWindow, model.kernels)
    let lanes = kernels.pointee.lanes
    var (widest, states, parameters, currents, scratch, expanded) = (0, 0, 0, 0, 0, 0)
    for index in 0..<model.layers.count {
      let layer = model.layers[index]
      let width = wholeVectors(layer.size, lanes)
      widest = max(widest, width)
      states = max(states, layer.stateCount * width)
      parameters = max(parameters, layer.parameterCount * width)
      currents = max(currents, layer.currentCount * width)
      var rows = layer.parameterCount
      for projection in layer.projections { rows = max(rows, projection.sourceSize) }
      expanded = max(expanded, rows * layer.stateCount * min(2 * lanes, width))
      let carriesOutputs = settings.carriesOutput(of: index, among: model.layers)
      let size = withUnsafePointer(to: layer.neuron) {
        kernels.pointee.carry_scratch($0, window, carriesOutputs, layer.hasCompressedRows)
      }
      scratch = max(scratch, size)
    }
    let readout = wholeVectors(model.outputSize, lanes)
    normalizedErrors =
      settings.optimizer == .normalizedLeastMeanSquares ? arena.allocate(Float.self, readout, rows: window, .scratch) : nil
    carryScratchSize = (scratch + 15) / 16 * 16
    outputs = arena.allocate(Float.self, widest, rows: window, .scratch)
    self.currents = arena.allocate(Float.self, currents, rows: window, .scratch)
    self.states = arena.allocate(Float.self, states, .scratch)
    carriedOutputs = arena.allocate(Float.self, widest, .scratch)
    self.parameters = arena.allocate(Float.self, parameters, .scratch)
    carryScratch = arena.allocate(Float.self, carryScratchSize, rows: settings.threads, .scratch)
    expandedSize = (expanded + 15) / 16 * 16
    self.expanded =
      settings.learningMemoryType == .float32
      ? nil : arena.allocate(Float.self, expandedSize, rows: settings.threads, .scratch)
    transposed = arena.allocate(Float.self, widest, rows: lanes, .scratch)
    events = WindowEvents(&arena, model, window: window)
  }
}

/// The window's events of each projection of the layer at work, grouped by presynaptic neuron; from the start of its end to the next
/// layer's.
struct WindowEvents {
  /// One per projection.
  let groups: UnsafeMutablePointer<kernel_groups>
  private let offsets, times, members: UnsafeMutablePointer<Int32>
  private let values: UnsafeMutablePointer<Float>
  private let window: Int

  init(_ arena: inout Arena, _ model: Model, window: Int) {
    var presynaptic = 0
    for layer in model.layers {
      var count = 0
      for projection in layer.projections { count += projection.sourceSize }
      presynaptic = max(presynaptic, count)
    }
    self.window = window
    groups = arena.allocate(kernel_groups.self, TensorReader.mostProjections, .scratch)
    offsets = arena.allocate(Int32.self, presynaptic + TensorReader.mostProjections, .scratch)
    times = arena.allocate(Int32.self, presynaptic, rows: window, .scratch)
    values = arena.allocate(Float.self, presynaptic, rows: window, .scratch)
    members = arena.allocate(Int32.self, presynaptic, .scratch)
  }

  /// Groups the events of one of a layer's projections in the window of `steps` steps that started from slot `first`: some of the parts
  /// of the kernel.
  func group(
    _ layer: UnsafePointer<Layer>, projection index: Int, from first: Int, steps: Int, _ parts: Range<Int>,
    _ kernels: UnsafePointer<kernel_table>
  ) {
    let projection = layer.pointee.projection(index)
    guard let isActive = projection.pointee.learning?.isActive else { return }
    let gates = projection.pointee.gates
    if parts.lowerBound == 0 {
      var place = 0
      for before in 0..<index { place += layer.pointee.projection(before).pointee.description.sourceSize }
      (groups + index).initialize(
        to: kernel_groups(
          offsets: offsets + place + index, times: times + place * window, values: values + place * window,
          members: members + place, active_count: 0, fresh_count: 0))
      for gate in 0..<projection.pointee.description.gateCount { gates[gate].events = UnsafePointer(groups + index) }
    }
    // Step i lies between slots i and i + 1.
    kernels.pointee.group(
      gates.pointee.source, first + 1 - projection.pointee.description.delay, steps, parts.lowerBound, parts.upperBound, isActive,
      groups + index)
  }
}
