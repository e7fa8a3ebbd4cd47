internal import CSystem

/// The end of a window: the P-stage of HYPR (arXiv 2506.14464), then perhaps an update of the parameters. It advances in bounded pieces:
/// blocks of neurons, and ranges of parameters. The bits do not depend on the pieces.
///
/// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
///   sweep    q' and gI = ∂L/∂I of every step, from one sweep of the loss adjoint
///   carry    Φ and Φ B of every step, from one sweep of a unit adjoint per state variable, and with them in one pass
///     gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
///   hand down    ℓ of the layer below
/// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, and the adjoint that so reaches z' meets its own
/// eligibility e_z, which comes from one more unit sweep. With filtered credit the top layer carries, in the place of e_z, the
/// eligibility of its outputs as the readout remembers them: ε̄ = Σ κ̄^(t1 - t) ∂z/∂(parameters) over all steps t until now.
struct WindowJob {
  private enum Stage {
    case begin
    /// The next neuron.
    case sweep(Int)
    /// With recurrent credit: steps that are left.
    case recurrentSweep(Int)
    /// The next neuron.
    case carry(Int)
    case handDown
    case update(UpdateJob)
    case done
  }

  /// Steps of the window.
  let steps: Int
  let taught: Bool
  /// Whether the parameters are updated.
  private let updates: Bool
  /// The layer at work.
  private(set) var layer: Int
  /// What reaches it.
  private(set) var credit: LayerCredit
  private var stage = Stage.begin

  init(_ learner: Learner, _ network: Network, updates: Bool) {
    steps = learner.steps
    taught = learner.targets.hasTarget(steps)
    self.updates = updates
    layer = network.layers.count - 1
    credit = LayerCredit(outputs: learner.targets.outputErrors, outputDecay: 0)
    if steps == 0 { stage = .done }
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done, and the window is empty.
  mutating func advance(_ learner: inout Learner, _ network: Network, work: Int) -> Bool {
    let running = network.layers.baseAddress! + layer
    let shape = running.pointee.shape
    switch stage {
    case .begin:
      begin(running, learner, network)
      stage =
        !taught
        ? .carry(0)
        : learner.settings.credit == .recurrent && running.pointee.description.recurrent != nil
          ? .recurrentSweep(steps) : .sweep(0)
    case .sweep(let first):
      let last = first + neurons(shape, each: steps * shape.states * shape.states, work)
      sweep(running, learner, first..<last, 0..<steps)
      stage = last < shape.width ? .sweep(last) : .carry(0)
    case .recurrentSweep(let left):
      sweepRecurrently(running, learner, network, step: left - 1)
      stage = left > 1 ? .recurrentSweep(left - 1) : .carry(0)
    case .carry(let first):
      let each = running.pointee.eligibilityCount * shape.states / shape.width + steps * shape.states
      let last = first + neurons(shape, each: each, work)
      carry(running, learner, first..<last)
      stage = last < shape.width ? .carry(last) : .handDown
    case .handDown:
      credit = handDown(running, learner, network)
      if layer > 0 {
        layer -= 1
        stage = .begin
      } else {
        finish(&learner, network)
      }
    case .update(var job):
      stage = job.advance(&learner, network, work: work) ? .update(job) : .done
    case .done: break
    }
    if case .done = stage { return false }
    return true
  }

  /// So many neurons, in whole blocks, that they take about `work`; all of them at the most.
  private func neurons(_ shape: LayerShape, each: Int, _ work: Int) -> Int {
    let block = 2 * shape.lanes
    return min(max(work / max(each, 1) / block, 1), shape.width / block + 1) * block
  }

  /// Everything was gathered: the window is empty, and begins with the state after its last step.
  private mutating func finish(_ learner: inout Learner, _ network: Network) {
    network.copySlot(from: steps, to: 0)
    learner.gatherTargets()
    learner.steps = 0
    stage = updates ? .update(UpdateJob(learner)) : .done
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
