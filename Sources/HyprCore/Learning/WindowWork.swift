internal import CSystem

// About how many multiply-adds the stages of a `WindowJob` take: what its pieces are cut by, and what is known of it beforehand.

extension WindowJob {
  /// A sweep of a neuron through a step, for each adjoint and state variable.
  static var sweepWork: Int { 2 }

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
      return sweep + steps * layer.pointee.projection(recurrent).pointee.weights.count
    case .spatialSweep: return sweep
    // The weights are transposed first.
    case .handDown: return (steps + 10) * layer.pointee.projection(0).pointee.weights.count
    case .events, .carry, .finish, .done: return 0
    }
  }

  /// The same of the stage `carry`: each of so many events adds to all neurons.
  @_optimize(speed) func workOfCarrying(_ layer: UnsafePointer<Layer>, events: Int) -> Int {
    let shape = layer.pointee.shape
    let sweep = WindowJob.sweepWork * steps * shape.states * shape.width
    let all = layer.pointee.carryWork + (1 + shape.states) * (sweep + events * shape.width)
    return layer.pointee.eligibility?.outputs == nil ? all : 2 * all
  }

  /// The same of grouping the events of a projection: each takes as long as many multiply-adds, for it is in no vector.
  @_optimize(speed) func workOfGrouping(_ layer: UnsafePointer<Layer>, _ index: Int, events: Int) -> Int {
    60 * events + 10 * layer.pointee.projection(index).pointee.description.sourceSize + 4 * steps
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
