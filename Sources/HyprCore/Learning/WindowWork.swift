internal import CSystem

// About how many multiply-adds the stages of a `WindowJob` take: what its pieces are cut by, and what is known of it beforehand.

extension WindowJob {
  /// A sweep of a neuron through a step, for each adjoint and state variable.
  static var sweepWork: Int { 2 }
  /// Beginning with a block of neurons, whose window is in no near cache any more.
  static var beginningWork: Int { 1000 }
  /// A step that is counted in the statistics.
  private static var countingWork: Int { 40 }

  /// All of a stage in a layer, which it stands in.
  @_optimize(speed) func work(of stage: Stage, _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) -> Int {
    let shape = layer.pointee.shape
    let sweep = WindowJob.sweepWork * steps * shape.states * shape.width
    switch stage {
    case .errors: return 40 * steps * shape.width
    case .penalty: return 2 * steps * shape.size
    case .normalize: return layer.pointee.carryWork
    case .recurrentSweep:
      guard let recurrent = layer.pointee.description.recurrent else { return 0 }
      return sweep + workOfProjecting(layer, recurrent, stepByStep: true)
    case .spatialSweep: return sweep
    case .handDown: return workOfProjecting(layer, 0, stepByStep: false)
    case .finish: return WindowJob.countingWork * steps
    case .events, .carry, .done: return 0
    }
  }

  /// The same of adding the adjoints of currents through a projection's weights to those of the outputs that it listens to: of each
  /// step by itself, or of all of them at once.
  @_optimize(speed) private func workOfProjecting(_ layer: UnsafePointer<Layer>, _ index: Int, stepByStep: Bool) -> Int {
    let projection = layer.pointee.projection(index)
    // A stored weight of compressed rows is in no vector.
    guard projection.pointee.description.rows == nil else { return 10 * steps * projection.pointee.weights.count }
    // Of one step whole rows are summed, padding included; for several the neurons' own weights are transposed first.
    guard !stepByStep && steps >= 4 else { return steps * projection.pointee.weights.count }
    let rows = projection.pointee.description.sourceSize * projection.pointee.description.gateCount
    return (steps + 10) * rows * layer.pointee.shape.size
  }

  /// The same of the stage `carry`: each of so many events adds to all neurons.
  @_optimize(speed) func workOfCarrying(_ layer: UnsafePointer<Layer>, events: Int) -> Int {
    let shape = layer.pointee.shape
    let sweep = WindowJob.sweepWork * steps * shape.states * shape.width
    let all = layer.pointee.carryWork + (1 + shape.states) * (sweep + events * shape.width)
    let beginning = WindowJob.beginningWork * ((shape.width + 2 * shape.lanes - 1) / (2 * shape.lanes))
    return beginning + (layer.pointee.eligibility?.outputs == nil ? all : 2 * all)
  }

  /// The same of grouping the events of a projection: each takes as long as many multiply-adds, for it is in no vector; so does
  /// each step, for the processor cannot guess how many events it has.
  @_optimize(speed) func workOfGrouping(_ layer: UnsafePointer<Layer>, _ index: Int, events: Int) -> Int {
    60 * (events + steps) + 10 * layer.pointee.projection(index).pointee.description.sourceSize
  }

  /// All stages of all layers.
  @_optimize(speed) func work(_ learner: borrowing Learner, _ network: borrowing Network) -> Int {
    guard let first = network.layers.baseAddress, steps > 0 else { return 0 }
    var all = 0
    for index in 0..<network.layers.count {
      let layer = UnsafePointer(first + index)
      var events = 0
      for index in 0..<layer.pointee.projections.count {
        let (count, description) = (eventCount(layer, index), layer.pointee.projection(index).pointee.description)
        events += count * description.gateCount
        all += workOfGrouping(layer, index, events: count)
      }
      all += workOfCarrying(layer, events: events)
      if index == 0 { all += work(of: .finish, layer, learner) }
      guard taught else { continue }
      if index == network.layers.count - 1 {
        all += work(of: .errors, layer, learner)
        if learner.adjoints.normalizedErrors != nil { all += work(of: .normalize, layer, learner) }
      }
      if penalizes(layer, learner) { all += work(of: .penalty, layer, learner) }
      if sweepsRecurrently(layer, learner) { all += work(of: .recurrentSweep, layer, learner) }
      guard index > 0 else { continue }
      if learner.settings.credit == .spatial { all += work(of: .spatialSweep, layer, learner) }
      all += work(of: .handDown, layer, learner)
    }
    return all
  }

  /// Events of a projection in the window.
  @_optimize(speed) func eventCount(_ layer: UnsafePointer<Layer>, _ index: Int) -> Int {
    let projection = layer.pointee.projection(index)
    let counts = projection.pointee.gates.pointee.source.pointee.counts + first + 1 - projection.pointee.description.delay
    var events = 0
    for step in 0..<steps { events += counts[step] }
    return events
  }
}
