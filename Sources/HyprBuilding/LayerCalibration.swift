internal import HyprCore

/// The search for the gain at which the neurons of a layer spike as often as they shall.
struct LayerCalibration {
  let trial: LayerTrial
  let layer: UnsafeMutablePointer<BuilderLayer>
  let recording: RecordedSequences
  let pieces: List<RecordedSequences.Piece>
  /// Spikes per neuron and step.
  let target: Double

  /// A rate that is as near is as good.
  private static var near: Double { 1.05 }
  /// One that is farther off is not reached.
  private static var far: Double { 1.5 }
  private static var largestGain: Double { 0x1p24 }

  /// A gain, and what it gave.
  private struct Found {
    var gain: LayerGain
    var rate: Double
  }

  private func rate(_ gain: LayerGain) -> Double { trial.rate(gain, of: layer, recording, pieces) }

  /// By which factor a rate is off.
  private func distance(_ rate: Double) -> Double {
    rate == 0 ? .infinity : max(rate / target, target / rate)
  }

  /// Brings the layer to the rate: `gain` is then what does. If recurrent weights may be scaled, they are where neurons that have
  /// begun to spike keep each other awake. Returns the nearest rate; it is reached if `isReached` says so.
  func reach(_ gain: inout LayerGain, scalesRecurrent: Bool) -> Double {
    var best = Found(gain: gain, rate: 0)
    var start = gain
    for _ in 0..<8 {
      let found = search(from: start)
      if distance(found.rate) < distance(best.rate) || best.rate == 0 { best = found }
      let isSilent = found.gain.input > LayerCalibration.largestGain / 8
      if isReached(best.rate) || isSilent || !scalesRecurrent { break }
      (start.input, start.recurrent) = (found.gain.input, start.recurrent / 2)
    }
    gain = best.gain
    return best.rate
  }

  func isReached(_ rate: Double) -> Bool { distance(rate) <= LayerCalibration.far }

  /// Steps until the rate lies on both sides, then halves the interval.
  private func search(from start: LayerGain) -> Found {
    var best = Found(gain: start, rate: rate(start))
    var (below, above): (Double?, Double?) = best.rate < target ? (start.input, nil) : (nil, start.input)
    for _ in 0..<40 where distance(best.rate) > LayerCalibration.near {
      var next = start
      switch (below, above) {
      case (let below?, let above?):
        if above / below < 1.0005 { return best }
        next.input = (below * above).squareRoot()
      case (let below?, nil): next.input = below * 4
      case (nil, let above?): next.input = above / 4
      case (nil, nil): return best
      }
      if next.input > LayerCalibration.largestGain || next.input < 1 / LayerCalibration.largestGain { return best }
      let found = Found(gain: next, rate: rate(next))
      if distance(found.rate) < distance(best.rate) || best.rate == 0 { best = found }
      if found.rate < target { below = next.input } else { above = next.input }
    }
    return best
  }

  /// Helps neurons that never spike, by turning the sign of their input weights, which were as likely to be drawn, and doubling
  /// them, and those that spike in more than half of the steps, by halving theirs: of some rounds of that, the best one. `best`
  /// has room for a number per neuron.
  func balance(_ gain: inout LayerGain, scalesRecurrent: Bool, _ best: UnsafeMutablePointer<Double>) {
    best.update(from: gain.neurons, count: trial.size)
    _ = rate(gain)
    var (kept, fewest) = (gain, mistuned)
    for _ in 0..<10 where fewest > 0 {
      for neuron in 0..<trial.size {
        if trial.counts[neuron] == 0 { gain.neurons[neuron] *= -2 }
        if isSaturated(neuron) { gain.neurons[neuron] /= 2 }
      }
      let reached = reach(&gain, scalesRecurrent: scalesRecurrent)
      guard isReached(reached) else { break }
      _ = rate(gain)
      guard mistuned < fewest else { continue }
      (kept, fewest) = (gain, mistuned)
      best.update(from: gain.neurons, count: trial.size)
    }
    gain = kept
    gain.neurons.update(from: best, count: trial.size)
  }

  private var steps: Int {
    var steps = 0
    for index in 0..<pieces.count { steps += pieces[index].count }
    return steps
  }

  private func isSaturated(_ neuron: Int) -> Bool { 2 * trial.counts[neuron] > steps }

  private var mistuned: Int {
    var count = 0
    for neuron in 0..<trial.size where trial.counts[neuron] == 0 || isSaturated(neuron) { count += 1 }
    return count
  }
}
