internal import CSystem

/// The end of the first open window: the P-stage of HYPR (arXiv 2506.14464). It advances in bounded pieces: some steps or neurons, a
/// projection. The bits do not depend on the pieces.
///
/// With normalized least mean squares ∂loss/∂y is divided first, output by output (docs/learning.md).
/// For each layer, from the readout down, with ℓ = ∂L/∂z and primes for the start of the window:
///   carry    q' and gI = ∂L/∂I of every step, from a sweep of the loss adjoint; Φ and Φ B of every step, from a sweep of a unit adjoint
///            per state variable; and with them in one pass
///     gradient   g += q' e' + Σ gI ⊗ x̄           eligibility   e = Φ e' + Σ (Φ B) ⊗ x̄
///   hand down    ℓ of the layer below
/// With recurrent credit ℓ of a step also gets Vᵀ gI of the next one, so that the sweep of the loss adjoint goes before, step by step;
/// and the adjoint that so reaches z' meets its own eligibility e_z, which comes from one more sweep. With filtered credit the top layer
/// carries, in the place of e_z, the eligibility of its outputs as the readout remembers them: ε̄ = Σ κ̄^(t1 - t) ∂z/∂(parameters) over
/// all steps t until now. With spatial credit gI is computed once more, of each step by itself, before it is handed down.
struct WindowJob {
  enum Stage { case errors, penalty, events, normalize, recurrentSweep, carry, spatialSweep, handDown, finish, done }

  /// The slot that the window started from, and its steps.
  let first, steps: Int
  /// About how many multiply-adds were done.
  var done = 0
  /// Events of the layer at work, as many times as a gate listens to them.
  private var events = 0
  /// Of the stage `events`: the one whose are grouped, and how many it has.
  private var (projection, projectionEvents) = (0, 0)
  let taught: Bool
  /// The layer at work.
  private(set) var layer: Int
  /// What reaches it.
  private(set) var credit: LayerCredit
  private var stage: Stage
  /// Of the stage: the next of its steps or neurons, or of the parts of grouping events.
  var position = 0
  /// Of the stage `carry`: how far the block of neurons at `position` is.
  var block = BlockProgress()

  @_optimize(speed) init(_ window: WindowPlace, _ learner: borrowing Learner, _ network: borrowing Network) {
    self.init(window, taught: learner.targets.hasTarget(window.range), learner, network)
  }

  @_optimize(speed) init(_ window: WindowPlace, taught: Bool, _ learner: borrowing Learner, _ network: borrowing Network) {
    (first, steps, self.taught) = (window.start, window.steps, taught)
    if learner.history.pageCount > 1 { network.lookBack(from: first) }
    layer = network.layers.count - 1
    credit = LayerCredit(
      outputs: learner.targets.error(first), carriedOutputs: learner.adjoints.carriedOutputs, outputDecay: 0)
    stage = steps == 0 ? .done : taught ? .errors : .events
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done.
  @_optimize(speed) mutating func advance(_ learner: inout Learner, _ network: borrowing Network, work: Int) -> Bool {
    let running = UnsafePointer(network.layers.baseAddress! + layer)
    let shape = running.pointee.shape
    switch stage {
    case .errors:
      let part = part(of: steps, by: 4, all: self.work(of: .errors, running, learner), work)
      learner.targets.complete(
        part, from: first, network, smoothing: learner.settings.labelSmoothing, learner.resources.taught, learner.reference)
      if position == steps { enter(penalizes(running, learner) ? .penalty : .events) }
    case .penalty:
      addSpikeRatePenalty(running, learner, part(of: shape.size, all: self.work(of: .penalty, running, learner), work))
      if position == shape.size { enter(.events) }
    case .events:
      if position == 0 { projectionEvents = eventCount(running, projection) }
      let parts = part(of: 2 * steps, all: workOfGrouping(running, projection, events: projectionEvents), work)
      learner.adjoints.events.group(running, projection: projection, from: first, steps: steps, parts, network.kernels)
      guard position == 2 * steps else { break }
      events += projectionEvents * running.pointee.projection(projection).pointee.description.gateCount
      (projection, position) = (projection + 1, 0)
      if projection == running.pointee.projections.count {
        enter(normalizes(network, learner) ? .normalize : taught && sweepsRecurrently(running, learner) ? .recurrentSweep : .carry)
      }
    case .normalize:
      if position == 0 { takeErrors(learner) }
      let all = self.work(of: .normalize, running, learner)
      normalize(running, learner, network, part(of: shape.width, by: shape.lanes, all: all, work))
      if position == shape.width {
        credit = LayerCredit(
          outputs: learner.adjoints.normalizedErrors ?? credit.outputs, carriedOutputs: credit.carriedOutputs, outputDecay: 0)
        enter(.carry)
      }
    case .recurrentSweep:
      if position == 0 { clearAdjoints(running, learner) }
      let part = part(of: steps, all: self.work(of: .recurrentSweep, running, learner), work)
      for step in part { sweepRecurrently(running, learner, network, step: steps - 1 - step) }
      if position == steps { enter(.carry) }
    case .carry:
      let all = workOfCarrying(running, events: events)
      // No division where the whole fits, as below.
      if !block.isBegun && (all <= work || all / shape.width * 2 * shape.lanes <= work) {
        carry(running, learner, part(of: shape.width, by: 2 * shape.lanes, all: all, work))
      } else {
        carryInParts(running, learner, work: work)
      }
      if position == shape.width {
        enter(taught && layer > 0 && learner.settings.credit == .spatial ? .spatialSweep : .handDown)
      }
    case .spatialSweep:
      if position == 0 { clearAdjoints(running, learner) }
      let all = self.work(of: .spatialSweep, running, learner)
      sweep(
        running, learner, 0..<steps, part(of: shape.width, by: shape.lanes, all: all, work), instantaneous: true)
      if position == shape.width { enter(.handDown) }
    case .handDown:
      if taught && layer > 0 {
        let all = self.work(of: .handDown, running, learner)
        let rows = running.pointee.projection(0).pointee.description.sourceSize
        handDown(running, learner, network, part(of: rows, by: shape.lanes, all: all, work))
        if position < rows { break }
      }
      credit = creditBelow(running, learner, network)
      if layer == 0 {
        enter(.finish)
      } else {
        (layer, events, projection) = (layer - 1, 0, 0)
        enter(taught && penalizes(running - 1, learner) ? .penalty : .events)
      }
    case .finish:
      let part = part(of: steps, all: self.work(of: .finish, running, learner), work)
      learner.count(WindowPlace(start: first + part.lowerBound, steps: part.count), network)
      if position == steps {
        learner.progress.windows &+= 1
        stage = .done
      }
    case .done: return false
    }
    return stage != .done
  }

  /// Whether the adjoint of the loss goes through the layer step by step.
  func sweepsRecurrently(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) -> Bool {
    learner.settings.credit == .recurrent && layer.pointee.description.recurrent != nil
  }

  /// Whether the errors of the layer at work are to be normalized.
  private func normalizes(_ network: borrowing Network, _ learner: borrowing Learner) -> Bool {
    taught && learner.adjoints.normalizedErrors != nil && layer == network.layers.count - 1
  }

  private mutating func enter(_ next: Stage) { (stage, position) = (next, 0) }

  /// The next of the stage's `count` items, which take about `all` together: in whole blocks, as many as take about `work`.
  private mutating func part(of count: Int, by block: Int = 1, all: Int, _ work: Int) -> Range<Int> {
    let first = position
    // No division where the whole fits: at windows of one step it would be felt.
    let items = all <= work ? count : max(work / max(all / count, 1) / block, 1) * block
    position = min(first + items, count)
    done += position - first == count ? all : all / count * (position - first)
    return first..<position
  }
}

/// What reaches a layer of the loss, handed down from the layer above.
struct LayerCredit {
  /// ℓ [window][width]
  let outputs: UnsafeMutablePointer<Float>
  /// ∂L/∂(the outputs that the layer carries into the window) [width]; with recurrent credit the layer's own sweep finds it.
  let carriedOutputs: UnsafeMutablePointer<Float>
  /// How much of the outputs of a step is left one step later of what the layer carries over the window's end; 0: only those of the last
  /// step are carried.
  let outputDecay: Float
}
