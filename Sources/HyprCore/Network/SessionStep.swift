internal import CSystem

// The S-stage: running the network step by step.

extension Session {
  @inline(never) public mutating func step(
    _ sample: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>?
  ) throws(Failure) {
    try load(sample)
    try advance(into: output)
  }

  /// Lists the events of a sample in `input`.
  func load(_ sample: UnsafePointer<Float>) throws(Failure) {
    if input.isEncoded { return try input.encode(sample, message) }
    input.count.pointee = kernels.sample(
      sample, input.size, input.offset, input.scale, input.indices, input.values)
    if input.count.pointee < 0 { try input.check(sample, message) }
  }

  @inline(never) public mutating func step(
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
    try checkAddressable(steps: steps)
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
    if learner?.pointee.steps == settings.window { closeWindow() }
    let place = StepPlace(slot: slot, learning: settings.learning)
    guard let first = layers.baseAddress else { return }
    for index in 0..<layers.count {
      guard makeStep(first + index, below: index == 0 ? nil : first + index - 1, place) else {
        for made in 0..<index { first[made].listOutputs(slot, kernels) }
        throw message.failure(.notFinite, "the state of layer \(index) would not be finite; the step was not made")
      }
      if index < layers.count - 1 { first[index].listOutputs(place.to, kernels) }
    }
    commit(place)
    guard let output else { return }
    let readout = first + layers.count - 1
    output.update(from: readout.pointee.outputs(slot), count: readout.pointee.description.size)
  }

  /// Lists the layer's presynaptic events of this step in its history, and advances its neurons.
  private func makeStep(_ layer: UnsafePointer<Layer>, below: UnsafePointer<Layer>?, _ place: StepPlace) -> Bool {
    let history = layer.pointee.events
    let start = history.starts[place.record]
    let events = listEvents(layer, below: below, history.indices + start, history.values + start)
    history.fromBelow.pointee = events.fromBelow
    history.starts[place.record + 1] = start + events.count
    return makeStep(layer, view: layer.pointee.view, events, place)
  }

  /// Advances the neurons of a layer.
  func makeStep(
    _ layer: UnsafePointer<Layer>, view: UnsafePointer<kernel_layer>, _ events: StepEvents, _ place: StepPlace
  ) -> Bool {
    let step = kernel_step(
      from: place.from, to: place.to, record: place.record, weights: layer.pointee.parameters, indices: events.indices,
      values: events.values, event_count: events.rowed,
      input_count: Int32(truncatingIfNeeded: layer.pointee.description.inputCount),
      synapse_event_count: events.count - events.rowed)
    return withUnsafePointer(to: step) { kernels.step(view, $0) }
  }

  /// Lists the layer's presynaptic events of the next step, x̄ = [x; z'; 1] without its zeros. z' comes last if it goes through
  /// synapses.
  func listEvents(
    _ layer: UnsafePointer<Layer>, below: UnsafePointer<Layer>?, _ indices: UnsafeMutablePointer<Int32>,
    _ values: UnsafeMutablePointer<Float>
  ) -> StepEvents {
    let description = layer.pointee.description
    var end = 0
    if let below {
      end = below.pointee.firing.append(to: indices, values, at: end, first: 0)
    } else {
      for event in 0..<input.count.pointee {
        indices[event] = input.indices[event]
        values[event] = input.values[event]
      }
      end += input.count.pointee
    }
    let fromBelow = end
    if description.isRecurrent && description.synapses == nil {
      end = layer.pointee.firing.append(to: indices, values, at: end, first: description.inputCount)
    }
    if description.hasBias {
      indices[end] = Int32(truncatingIfNeeded: description.rowedCount - 1)
      values[end] = 1
      end += 1
    }
    let rowed = end
    if description.synapses != nil {
      end = layer.pointee.firing.append(to: indices, values, at: end, first: description.rowedCount)
    }
    return StepEvents(indices: indices, values: values, fromBelow: fromBelow, rowed: rowed, count: end)
  }

  private mutating func commit(_ place: StepPlace) {
    slot = place.to
    input.commit()
    learner?.pointee.beginStep(readoutWidth: layers[layers.count - 1].width, window: settings.window)
    statistics.steps += 1
    for index in 0..<layers.count - 1 where layers[index].description.facts.spiking {
      // The outputs of a layer are the events of the one above it.
      statistics.spikes[index] += UInt64(truncatingIfNeeded: layers[index + 1].events.fromBelow.pointee)
    }
  }
}

/// A layer's presynaptic events of one step.
struct StepEvents {
  let indices: UnsafePointer<Int32>
  let values: UnsafePointer<Float>
  /// How many there are: from the layer below, with those that have rows, in all.
  let fromBelow, rowed, count: Int
}

/// Which slots a step goes between, and which entry of the history it fills.
struct StepPlace {
  let from, to, record: Int

  init(from: Int, to: Int, record: Int) {
    self.from = from
    self.to = to
    self.record = record
  }

  fileprivate init(slot: Int, learning: Bool) {
    from = slot
    to = learning ? slot + 1 : 1 - slot
    record = learning ? slot : 0
  }
}
