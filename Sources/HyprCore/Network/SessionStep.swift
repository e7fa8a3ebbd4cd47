internal import CSystem

// The S-stage: running the network step by step.

extension Session {
  public mutating func step(
    _ sample: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try input.load(sample, message)
    try advance(into: output)
  }

  public mutating func step(
    spikes indices: UnsafeBufferPointer<UInt32>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try input.load(indices, message)
    try advance(into: output)
  }

  /// `steps` samples in a row; `outputs` may be nil.
  public mutating func run(
    _ samples: UnsafePointer<Float>, steps: Int, into outputs: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    let outputSize = readout.description.size
    for index in 0..<steps {
      do throws(Failure) {
        try step(samples + index * input.size, into: outputs.map { $0 + index * outputSize })
      } catch {
        throw message.prepend("step \(index): ", error)
      }
    }
  }

  /// Makes one step on the inputs in `input`. If a value would not be finite, nothing has changed.
  private mutating func advance(into output: UnsafeMutablePointer<Float>?) throws(Failure) {
    if let learner, learner.steps == settings.window { closeWindow() }
    let place = StepPlace(slot: slot, learning: settings.learning)
    for index in 0..<layers.count {
      let below = index == 0 ? nil : Optional(layers[index - 1])
      gatherEvents(layers[index], below, place)
      let layer = layers[index]
      let finite = withUnsafePointer(to: layer.view) { kernels.step($0, place.from, place.to, place.record) }
      guard finite else {
        throw message.failure(.notFinite, "the state of layer \(index) would not be finite; the step was not made")
      }
    }
    commit(place)
    if let output { output.update(from: readout.outputs(slot), count: readout.description.size) }
  }

  /// Lists the layer's presynaptic events of this step and adds up its input current I = W x + V z' + b.
  private func gatherEvents(_ layer: Layer, _ below: Layer?, _ place: StepPlace) {
    let description = layer.description
    let events = layer.events
    var end = events.starts[place.record]
    let source = below.map { UnsafePointer($0.outputs(place.to)) } ?? UnsafePointer(input.values)
    end += kernels.events(source, description.inputCount, 0, events.indices + end, events.values + end)
    if description.isRecurrent {
      let first = Int32(truncatingIfNeeded: description.inputCount)
      end += kernels.events(
        layer.outputs(place.from), description.size, first, events.indices + end, events.values + end)
    }
    if description.hasBias {
      events.indices[end] = Int32(truncatingIfNeeded: description.presynapticCount - 1)
      events.values[end] = 1
      end += 1
    }
    events.starts[place.record + 1] = end
    layer.current.update(repeating: 0, count: description.currentCount * layer.width)
    let width = description.gateCount * layer.width
    layer.forEachGroup(place.record) { group in
      kernels.gather(
        layer.current + group.firstCurrent * layer.width, width, layer.parameters, width, group.indices, group.values,
        group.count)
    }
  }

  private mutating func commit(_ place: StepPlace) {
    slot = place.to
    let width = readout.width
    learner?.beginStep(readoutWidth: width, window: settings.window)
    statistics.steps += 1
    for index in 0..<layers.count - 1 where layers[index].description.facts.spiking {
      statistics.spikes[index] += UInt64(truncatingIfNeeded: countNonzero(layers[index]))
    }
  }

  private func countNonzero(_ layer: Layer) -> Int {
    let outputs = layer.outputs(slot)
    var count = 0
    for neuron in 0..<layer.description.size where outputs[neuron] != 0 { count += 1 }
    return count
  }
}

/// Which slots a step goes between, and which entry of the history it fills.
private struct StepPlace {
  let from, to, record: Int

  init(slot: Int, learning: Bool) {
    from = slot
    to = learning ? slot + 1 : 1 - slot
    record = learning ? slot : 0
  }
}
