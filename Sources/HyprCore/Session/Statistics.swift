internal import CSystem

/// What a session counts of its steps, since the last clear.
struct RunStatistics {
  var steps: UInt64 = 0
  /// Per hidden layer; 0 for layers without spikes.
  let spikes: UnsafeMutableBufferPointer<UInt64>

  init(_ arena: inout Arena, layers: Int) {
    spikes = UnsafeMutableBufferPointer(start: arena.allocate(UInt64.self, layers, .scratch), count: layers)
  }

  /// Counts a step that gave what stands in a slot.
  @_optimize(speed) @inline(__always) mutating func count(_ network: borrowing Network, slot: Int) {
    steps += 1
    for index in 0..<spikes.count where network.layers[index].description.neuron.spiking {
      spikes[index] += UInt64(truncatingIfNeeded: network.layers[index].events?.count(slot) ?? 0)
    }
  }

  mutating func clear() {
    steps = 0
    for layer in 0..<spikes.count { spikes[layer] = 0 }
  }

  /// Adds what another session counted.
  mutating func add(_ other: RunStatistics) {
    steps += other.steps
    for layer in 0..<spikes.count { spikes[layer] += other.spikes[layer] }
  }

  mutating func walkState(_ stream: inout StateStream) {
    steps = stream.count(steps)
    for layer in 0..<spikes.count { spikes[layer] = stream.count(spikes[layer]) }
  }
}

/// Statistics as a host reads them.
public struct StatisticsReport {
  public let steps: UInt64
  public var taughtSteps, correctSteps, updates, skippedUpdates, unchangedUpdates: UInt64
  public var meanLoss, gradientNorm, learningRate: Double
}

extension Session {
  public var statisticsReport: StatisticsReport {
    var report = StatisticsReport(
      steps: statistics.steps, taughtSteps: 0, correctSteps: 0, updates: 0, skippedUpdates: 0, unchangedUpdates: 0,
      meanLoss: 0, gradientNorm: 0, learningRate: settings.learningRate(after: 0))
    #if HYPR_LEARNING
      if let counted = learner?.pointee.progress.statistics {
        (report.taughtSteps, report.correctSteps) = (counted.taughtSteps, counted.correctSteps)
        (report.updates, report.skippedUpdates) = (counted.updates, counted.skippedUpdates)
        report.unchangedUpdates = counted.unchangedUpdates
        (report.meanLoss, report.gradientNorm) = (counted.meanLoss, counted.gradientNorm)
        report.learningRate = settings.learningRate(after: counted.scheduledUpdates)
      }
    #endif
    return report
  }

  /// Spikes per neuron and step of a hidden layer since the last clear.
  public mutating func spikeRate(_ layer: Int) -> Float {
    let opportunities = Double(statistics.steps) * Double(network.layers[layer].shape.size)
    return opportunities == 0 ? 0 : Float(Double(statistics.spikes[layer]) / opportunities)
  }

  public mutating func clearStatistics() {
    statistics.clear()
    #if HYPR_LEARNING
      learner?.pointee.progress.statistics.clear()
      rehearsal?.pointee.gauge.clear()
    #endif
  }
}
