internal import CSystem

/// Working memory of the end of a window, for one layer after the other. What an array holds, and until when, stands beside it.
struct Adjoints {
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
  /// The window's events of each projection of the layer at work, grouped.
  let groups: UnsafeMutablePointer<kernel_groups>
  /// Working memory of the kernels; [threads][carryScratchSize] for `carry`.
  let carryScratch, transposed: UnsafeMutablePointer<Float>
  let carryScratchSize: Int

  init(_ arena: inout Arena, _ model: Model, _ settings: Settings) {
    let (window, kernels) = (settings.window, model.kernels)
    let lanes = kernels.pointee.lanes
    var (widest, states, parameters, currents, scratch) = (0, 0, 0, 0, 0)
    var sizes = InlineArray<3, Int>(repeating: 0)
    for layer in model.layers {
      let width = wholeVectors(layer.size, lanes)
      widest = max(widest, width)
      states = max(states, layer.stateCount * width)
      parameters = max(parameters, layer.parameterCount * width)
      currents = max(currents, layer.currentCount * width)
      scratch = max(scratch, withUnsafePointer(to: layer.neuron) { kernels.pointee.carry_scratch($0, window) })
      for index in 0..<layer.projections.count {
        sizes[index] = max(sizes[index], layer.projections[index].sourceSize)
      }
    }
    carryScratchSize = (scratch + 15) / 16 * 16
    outputs = arena.allocate(Float.self, widest, rows: window, .scratch)
    self.currents = arena.allocate(Float.self, currents, rows: window, .scratch)
    self.states = arena.allocate(Float.self, states, .scratch)
    carriedOutputs = arena.allocate(Float.self, widest, .scratch)
    self.parameters = arena.allocate(Float.self, parameters, .scratch)
    carryScratch = arena.allocate(Float.self, carryScratchSize, rows: settings.threads, .scratch)
    transposed = arena.allocate(Float.self, widest, rows: lanes, .scratch)
    groups = arena.allocate(kernel_groups.self, sizes.count, .scratch)
    for index in 0..<sizes.count {
      let size = sizes[index]
      let group = kernel_groups(
        offsets: arena.allocate(Int32.self, size + 1, .scratch),
        times: arena.allocate(Int32.self, size, rows: window, .scratch),
        values: arena.allocate(Float.self, size, rows: window, .scratch),
        members: arena.allocate(Int32.self, size, .scratch), active_count: 0, fresh_count: 0)
      if !arena.isMeasuring { (groups + index).initialize(to: group) }
    }
  }
}
