internal import CSystem
internal import HyprCore

/// How fast the samples change that a network gets, and how long they belong together.
struct TimeScales {
  /// Steps after which the autocorrelation has fallen to 1/e, in the mean of the channels that change.
  let correlation: Double
  /// Steps of a sequence, in the mean.
  let sequence: Double

  /// What time constants are multiplied by: the usual ones, of the membrane 5 to 25 steps, suit samples that are alike for as long.
  var slowdown: Double { min(8, max(1, correlation / 25)) }

  /// From one period in a sequence, or the slowest that was published, to one in eight times as many steps as samples are alike; in
  /// radians per unit of a neuron's `dt`. Beyond 20 neurons resonate with noise (docs/choosing.md).
  func angularFrequencies(dt: Double) -> (slowest: Double, fastest: Double) {
    let (turn, unit) = (6.28 / dt, 0.01 / dt)
    let slowest = min(3 * unit, max(0.5 * unit, turn / sequence))
    return (slowest, max(2 * slowest, min(20 * unit, turn / (8 * max(1, correlation)))))
  }
}

extension ModelBuilder {
  /// Those of samples as they are behind offset, scale and conditioning.
  func timeScales(of recording: RecordedSequences) throws(Failure) -> TimeScales {
    let width = inputCount
    guard let values: UnsafeMutablePointer<Float> = allocated(recording.total * width) else { throw outOfMemory() }
    defer { system_free(values) }
    try condition(recording, input.offset, input.scale, stages: input.conditioning.count) { value, step, channel in
      values[step * width + channel] = value
    }
    let conditioned = try RecordedSequences(values, recording.steps, channels: width, message)
    guard let facts = RecordingFacts(conditioned, .none, outputs: 0) else { throw outOfMemory() }
    defer { facts.free() }
    return TimeScales(correlation: facts.correlation, sequence: facts.meanSteps)
  }
}

extension BuilderLayer {
  /// What decides how slow the neurons are.
  private enum TimeScale {
    /// In steps: "tau_m", "tau_w_min".
    case timeConstant
    case angularFrequency

    /// By the names, which are the same in all neuron models.
    init?(_ name: UnsafePointer<CChar>) {
      let start: StaticString = "tau_"
      var index = 0
      while index < start.utf8CodeUnitCount && UInt8(bitPattern: name[index]) == start.utf8Start[index] { index += 1 }
      if index == start.utf8CodeUnitCount {
        self = .timeConstant
      } else if equal(name, "omega") {
        self = .angularFrequency
      } else {
        return nil
      }
    }
  }

  /// Makes the neurons as slow as suits the samples. A layer of which a time constant or omega was set is as its owner wants it,
  /// and stays. Returns whether it was changed.
  func suit(_ scales: TimeScales) -> Bool {
    guard hasUsualTimeScales else { return false }
    set(scales)
    return true
  }

  /// Takes back what `suit` did.
  func makeTimeScalesUsual() { set(nil) }

  private var hasUsualTimeScales: Bool {
    let catalogue = NeuronCatalogue()
    for index in 0..<facts.constantCount where constants[index] != nil {
      if let quantity = catalogue.constant(neuron, index), TimeScale(quantity.name) != nil { return false }
    }
    for slot in BuilderLayer.firstParameter..<tensorCount where TimeScale(tensors[slot].field) != nil {
      guard case .usual(times: 1) = tensors[slot].source else { return false }
    }
    return true
  }

  /// nil: as is usual.
  private func set(_ scales: TimeScales?) {
    let catalogue = NeuronCatalogue()
    let slowdown = scales?.slowdown ?? 1
    for index in 0..<facts.constantCount {
      guard let quantity = catalogue.constant(neuron, index), TimeScale(quantity.name) != nil else { continue }
      constants[index] = slowdown > 1 ? Float(Double(quantity.standard) * slowdown) : nil
    }
    for slot in BuilderLayer.firstParameter..<tensorCount {
      guard let scale = TimeScale(tensors[slot].field) else { continue }
      guard scale == .angularFrequency, let scales else {
        tensors[slot].source = .usual(times: slowdown)
        continue
      }
      let (slowest, fastest) = scales.angularFrequencies(dt: dt)
      tensors[slot].source = .range(slowest, fastest)
    }
  }

  /// The unit of time of a resonator.
  private var dt: Double {
    let catalogue = NeuronCatalogue()
    for index in 0..<facts.constantCount {
      guard let quantity = catalogue.constant(neuron, index), equal(quantity.name, "dt") else { continue }
      return Double(constants[index] ?? quantity.standard)
    }
    return 0.01
  }
}
