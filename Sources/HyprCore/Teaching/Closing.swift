internal import CSystem

/// All that follows on a window: it is recorded for rehearsal and compared with the reference, its gradient is gathered (`WindowJob`),
/// stretches are rehearsed beside it (`RehearsalJob`), the parameters are updated (`UpdateJob`), or those of the reference are taken back
/// (`ReturnJob`). It advances in bounded pieces; the bits do not depend on them. With deferred learning nothing that a step reads
/// changes until `Session.publish`.
struct Closing {
  private enum Stage { case record, compare, gather, rehearse, update, decide, takeBack, done }

  let window: WindowPlace
  /// Whether it goes on after the gradient was gathered.
  private let updates: Bool
  private var stage: Stage
  private var gathering: WindowJob
  private var rehearsing = RehearsalJob(besideStream: true, taught: 0, steps: 0)
  private var updating = UpdateJob()
  private var returning = ReturnJob()
  /// Targets that were gathered before.
  private let gatheredSteps: Double
  /// Of the stage `compare`: the next step.
  private var position = 0
  /// About how many multiply-adds were done.
  private(set) var done = 0

  @_optimize(speed) init(
    _ window: WindowPlace, updates: Bool, _ learner: borrowing Learner, _ network: borrowing Network, rehearses: Bool
  ) {
    self.window = window
    self.updates = updates
    gathering = WindowJob(window, learner, network)
    gatheredSteps = learner.progress.gathered.steps
    stage = rehearses ? .record : learner.resources.comparison != nil ? .compare : .gather
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done.
  @_optimize(speed) @inline(never) mutating func advance(
    _ learner: UnsafeMutablePointer<Learner>, _ network: borrowing Network, _ rehearsal: UnsafeMutablePointer<Rehearsal>?, work: Int
  ) -> Bool {
    let rehearsal = linked(rehearsal)
    switch stage {
    case .record:
      rehearsal?.pointee.record(network, learner.pointee, window)
      done += window.steps
      stage = .compare
    case .compare:
      let (first, count) = (window.start + position, min(LossBlock.size, window.steps - position))
      learner.pointee.compare(network, first..<first + count, as: 1)
      position += count
      done += Closing.workOfComparing * count * learner.pointee.targets.width
      if position == window.steps { stage = .gather }
    case .gather:
      let before = gathering.done
      let goesOn = gathering.advance(&learner.pointee, network, work: work)
      done += gathering.done - before
      if goesOn { break }
      endGathering(learner, rehearsal)
    case .rehearse:
      let before = rehearsing.done
      let goesOn = rehearsal?.pointee.advance(&rehearsing, &learner.pointee, work: work) ?? false
      done += rehearsing.done - before
      if !goesOn { stage = stageOfUpdate(learner.pointee) }
    case .update:
      let before = updating.done
      let goesOn = updating.advance(&learner.pointee, network, work: work)
      done += updating.done - before
      if goesOn { break }
      if updating.isSkipped { rehearsal?.pointee.dropOverflownTraces() }
      stage = .decide
    case .decide:
      stage = returning.begin(learner.pointee) ? .takeBack : .done
    case .takeBack:
      let before = returning.done
      let goesOn = returning.advance(&learner.pointee, network, work: work)
      done += returning.done - before
      if !goesOn { stage = .done }
    case .done: break
    }
    return stage != .done
  }

  /// (Not inlined: what it puts on the stack would lie below all that gathers.)
  @inline(never) private mutating func endGathering(
    _ learner: UnsafeMutablePointer<Learner>, _ rehearsal: UnsafeMutablePointer<Rehearsal>?
  ) {
    stage = updates ? stageOfUpdate(learner.pointee) : .done
    if updates, let job = linked(rehearsal)?.pointee.begin(beside: learner.pointee.progress.gathered.steps - gatheredSteps) {
      (rehearsing, stage) = (job, .rehearse)
    }
  }

  private func stageOfUpdate(_ learner: borrowing Learner) -> Stage { learner.settings.update == .window ? .update : .decide }

  /// Both networks' losses of a step, for each output.
  private static var workOfComparing: Int { 40 }

  /// About how many multiply-adds are left, at most; but for going back to the reference, which is rare.
  @_optimize(speed) func workLeft(
    _ learner: borrowing Learner, _ network: borrowing Network, _ rehearsal: UnsafeMutablePointer<Rehearsal>?
  ) -> Int {
    var left = 0
    switch stage {
    case .record:
      left += window.steps
      fallthrough
    case .compare:
      if learner.resources.comparison != nil {
        left += Closing.workOfComparing * (window.steps - position) * learner.targets.width
      }
      fallthrough
    case .gather:
      left += gathering.work(learner, network) - gathering.done
      fallthrough
    case .rehearse:
      if updates, let rehearsal = linked(rehearsal) { left += max(rehearsal.pointee.mostWork - rehearsing.done, 0) }
      fallthrough
    case .update:
      if updates && learner.settings.update == .window { left += UpdateJob.work(network) - updating.done }
    case .decide, .takeBack, .done: break
    }
    return max(left, stage == .done ? 0 : 1)
  }
}

/// Nil in a library without rehearsal, which then links nothing of it.
@inline(__always) private func linked(_ rehearsal: UnsafeMutablePointer<Rehearsal>?) -> UnsafeMutablePointer<Rehearsal>? {
  #if HYPR_REHEARSAL
    rehearsal
  #else
    nil
  #endif
}
