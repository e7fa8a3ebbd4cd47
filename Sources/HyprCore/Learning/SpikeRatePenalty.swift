internal import CSystem

extension WindowJob {
  func penalizes(_ layer: UnsafePointer<Layer>, _ learner: borrowing Learner) -> Bool {
    learner.settings.spikeRatePenalty > 0 && layer.pointee.neuron.spiking
  }

  /// Adds to ℓ what keeps the spike rates of some neurons of a layer between their bounds. With r the rate of a neuron in the window, the loss of
  /// every taught step, before it is weighted, grows by
  ///
  ///     strength mean over the neurons of max(0, lower - r)² + max(0, r - upper)²
  @inline(never) func addSpikeRatePenalty(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, _ neurons: Range<Int>
  ) {
    let settings = learner.settings
    let (size, width) = (layer.pointee.shape.size, layer.pointee.shape.width)
    let weight = Float(learner.targets.weight(first..<first + steps))
    let factor = 2 * settings.spikeRatePenalty / Float(size) * weight / Float(steps)
    for neuron in neurons {
      var spikes: Float = 0
      for step in 1...steps { spikes += layer.pointee.outputs(first + step)[neuron] }
      let rate = spikes / Float(steps)
      let excess = max(0, rate - settings.spikeRateUpper) - max(0, settings.spikeRateLower - rate)
      guard excess != 0 else { continue }
      for step in 0..<steps { credit.outputs[step * width + neuron] += factor * excess }
    }
  }
}
