internal import CSystem

/// The end of a window: the P-stage of HYPR (arXiv 2506.14464), then perhaps an update of the parameters. It advances in bounded pieces:
/// blocks of neurons, and ranges of parameters. The bits do not depend on the pieces.
///
/// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
///   carry    q' and gI = ∂L/∂I of every step, from a sweep of the loss adjoint; Φ and Φ B of every step, from a sweep of a unit adjoint
///            per state variable; and with them in one pass
///     gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
///   hand down    ℓ of the layer below
/// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, so that the sweep of the loss adjoint goes before, step by step;
/// and the adjoint that so reaches z' meets its own eligibility e_z, which comes from one more sweep. With filtered credit the top layer
/// carries, in the place of e_z, the eligibility of its outputs as the readout remembers them: ε̄ = Σ κ̄^(t1 - t) ∂z/∂(parameters) over
/// all steps t until now.
struct WindowJob {
  private enum Stage { case begin, recurrentSweep, carry, handDown, finish, update, done }

  /// Steps of the window.
  let steps: Int
  let taught: Bool
  /// The layer at work.
  private(set) var layer: Int
  /// What reaches it.
  private(set) var credit: LayerCredit
  private var stage = Stage.begin
  /// Of the stage: steps that are left, or the next neuron.
  private var position = 0
  /// nil: the parameters stay.
  private var update: UpdateJob?

  @_optimize(speed) init(_ learner: borrowing Learner, _ network: borrowing Network, updates: Bool) {
    steps = learner.progress.steps
    taught = learner.targets.hasTarget(steps)
    layer = network.layers.count - 1
    credit = LayerCredit(outputs: learner.targets.outputErrors, outputDecay: 0)
    update = updates ? UpdateJob() : nil
    if steps == 0 { stage = .done }
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done, and the window is empty.
  @_optimize(speed) mutating func advance(_ learner: inout Learner, _ network: borrowing Network, work: Int) -> Bool {
    let running = UnsafePointer(network.layers.baseAddress! + layer)
    switch stage {
    case .begin:
      begin(running, learner, network)
      position = steps
      stage = taught && sweepsRecurrently(running, learner) ? .recurrentSweep : .carry
      if stage == .carry { position = 0 }
    case .recurrentSweep:
      position -= 1
      sweepRecurrently(running, learner, network, step: position)
      if position == 0 { stage = .carry }
    case .carry:
      let width = running.pointee.shape.width
      let last = min(position + neurons(running, work), width)
      carry(running, learner, network, position..<last)
      position = last
      if position == width { stage = .handDown }
    case .handDown:
      credit = handDown(running, learner, network)
      stage = layer > 0 ? .begin : .finish
      layer = max(layer - 1, 0)
    case .finish:
      // Everything was gathered: the window is empty, and begins with the state after its last step.
      network.copySlot(from: steps, to: 0)
      learner.gatherTargets()
      stage = update == nil ? .done : .update
    case .update:
      if !update!.advance(&learner, network, work: work) { stage = .done }
    case .done: return false
    }
    return stage != .done
  }

  /// Whether the adjoint of the loss goes through the layer step by step.
  func sweepsRecurrently(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) -> Bool {
    learner.settings.credit == .recurrent && layer.pointee.description.recurrent != nil
  }

  /// So many neurons, in whole blocks, that they take about `work`.
  private func neurons(_ layer: UnsafePointer<Layer>, _ work: Int) -> Int {
    let shape = layer.pointee.shape
    let block = 2 * shape.lanes
    if work / block > layer.pointee.carryWork { return shape.width }
    let each = (layer.pointee.carryWork / shape.width + steps * shape.states) * shape.states
    return min(max(work / max(each, 1) / block, 1), shape.width / block + 1) * block
  }
}

/// What reaches a layer of the loss, handed down from the layer above.
struct LayerCredit {
  /// ℓ [window][width]
  let outputs: UnsafeMutablePointer<Float>
  /// How much of the outputs of a step is left one step later of what the layer carries over the window's end; 0: only those of the last
  /// step are carried.
  let outputDecay: Float
}
