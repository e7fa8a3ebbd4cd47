/// What a session counts. The first group counts from the last clear.
struct Statistics {
  var steps: UInt64 = 0
  var taughtSteps: UInt64 = 0
  var correctSteps: UInt64 = 0
  /// Sum of the weights of the taught steps.
  var weight = 0.0
  /// Each loss times its weight.
  var lossSum = 0.0
  /// Per hidden layer.
  let spikes: UnsafeMutableBufferPointer<UInt64>

  var updates: UInt64 = 0
  var skippedUpdates: UInt64 = 0
  var gradientNorm = 0.0

  init(_ arena: inout Arena, layers: Int) {
    spikes = UnsafeMutableBufferPointer(start: arena.allocate(UInt64.self, layers, .scratch), count: layers)
  }
}

/// Statistics as a host reads them.
public struct StatisticsReport {
  public let steps, taughtSteps, correctSteps, updates, skippedUpdates: UInt64
  public let meanLoss, gradientNorm, learningRate: Double
}

extension Session {
  public var statisticsReport: StatisticsReport {
    StatisticsReport(
      steps: statistics.steps, taughtSteps: statistics.taughtSteps, correctSteps: statistics.correctSteps,
      updates: statistics.updates, skippedUpdates: statistics.skippedUpdates,
      meanLoss: statistics.weight > 0 ? statistics.lossSum / statistics.weight : 0,
      gradientNorm: statistics.gradientNorm, learningRate: settings.learningRate(after: statistics.updates))
  }

  /// Spikes per neuron and step of a hidden layer since the last clear.
  public func spikeRate(_ layer: Int) -> Float {
    let opportunities = Double(statistics.steps) * Double(layers[layer].description.size)
    return opportunities == 0 ? 0 : Float(Double(statistics.spikes[layer]) / opportunities)
  }

  public mutating func clearStatistics() {
    statistics.steps = 0
    statistics.taughtSteps = 0
    statistics.correctSteps = 0
    statistics.weight = 0
    statistics.lossSum = 0
    for layer in 0..<statistics.spikes.count { statistics.spikes[layer] = 0 }
  }
}
