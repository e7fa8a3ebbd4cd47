internal import CSystem

// Saving and restoring everything that a session has become, so that it continues bit for bit.

/// The first bytes of a saved state.
private struct StateHeader {
  static let magic: UInt64 = 0x5441_5453_5250_5948  // "HYPRSTAT"
  static let version: UInt64 = 3
  static let size = 5 * 8

  var magic, version, model, payload, checksum: UInt64
}

extension Session {
  /// Exact size of the state as it is now, in bytes; it grows with the steps of the open window.
  public mutating func stateSize() -> Int {
    var stream = StateStream(measuring: ())
    walkState(&stream)
    return StateHeader.size + stream.position
  }

  public mutating func saveState(_ buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
    let size = stateSize()
    guard let start = buffer.baseAddress, buffer.count >= size else {
      throw message.failure(.bufferTooSmall, "the buffer has \(buffer.count) bytes, the state takes \(size)")
    }
    let payload = UnsafeMutableRawBufferPointer(start: start + StateHeader.size, count: size - StateHeader.size)
    for layer in layers {
      layer.learning?.eraseInactive(layer.description, width: layer.width, blockSize: blockSize)
    }
    var stream = StateStream(.write, start + StateHeader.size, payload.count)
    walkState(&stream)
    let header = StateHeader(
      magic: StateHeader.magic, version: StateHeader.version, model: model.pointee.identity,
      payload: UInt64(payload.count), checksum: checksum(UnsafeRawBufferPointer(payload)))
    start.storeBytes(of: header, as: StateHeader.self)
  }

  /// Becomes the session that was saved. Everything is checked before anything is changed.
  public mutating func loadState(_ buffer: UnsafeRawBufferPointer) throws(Failure) {
    guard let start = buffer.baseAddress, buffer.count >= StateHeader.size else {
      throw message.failure(
        .invalidArgument, "the state has \(buffer.count) bytes, expected at least \(StateHeader.size)")
    }
    let header = start.loadUnaligned(as: StateHeader.self)
    guard header.magic == StateHeader.magic else {
      throw message.failure(.invalidArgument, "this is no saved state: it does not start with HYPRSTAT")
    }
    guard header.version == StateHeader.version else {
      throw message.failure(
        .stateMismatch, "the state has version \(Double(header.version)), expected \(Double(StateHeader.version))")
    }
    guard header.model == model.pointee.identity else {
      throw message.failure(.stateMismatch, "the state was saved with another model file")
    }
    let payload = UnsafeRawBufferPointer(rebasing: buffer[StateHeader.size...])
    guard header.payload <= UInt64(payload.count) else {
      throw message.failure(
        .invalidArgument, "the state is cut short: \(payload.count) bytes, expected \(Double(header.payload))")
    }
    let used = UnsafeRawBufferPointer(rebasing: payload[..<Int(header.payload)])
    guard checksum(used) == header.checksum else {
      throw message.failure(.invalidArgument, "the state is damaged: its checksum does not match")
    }
    // The stream only reads in these modes.
    let memory = UnsafeMutableRawPointer(mutating: start + StateHeader.size)
    var layout = StateStream(.check, memory, used.count)
    walkLayout(&layout)
    guard layout.isValid else {
      throw message.failure(
        .stateMismatch, "the state was saved with other options (learning, window, credit or optimizer)")
    }
    // Checking takes the counters over, as what follows depends on them; the arrays stay.
    let (kept, statistics, slot) = (learner?.pointee, statistics, slot)
    var checking = StateStream(.check, memory, used.count)
    walkState(&checking)
    (self.statistics, self.slot) = (statistics, slot)
    if let learner, let kept { learner.pointee = kept }
    guard checking.isValid && checking.position == used.count else {
      throw message.failure(.invalidArgument, "the state is damaged: it holds what no session can have become")
    }
    var reading = StateStream(.read, memory, used.count)
    walkState(&reading)
    deriveAll()
    for layer in layers { layer.listOutputs(self.slot, kernels) }
  }

  /// What the rest of the format depends on.
  private func walkLayout(_ stream: inout StateStream) {
    let layout: InlineArray<4, Int> = [
      settings.learning ? 1 : 0, settings.window, settings.credit.rawValue, settings.optimizer.rawValue,
    ]
    for index in 0..<layout.count { _ = stream.integer(layout[index], in: layout[index]...layout[index]) }
  }

  /// The state's format: every call names one piece, in order. A stream that measures or writes
  /// changes nothing, one that checks only the counters.
  private mutating func walkState(_ stream: inout StateStream) {
    walkLayout(&stream)
    statistics.walkState(&stream)
    if let frozen { stream.flags(frozen, model.pointee.tensors.count) }
    input.walkState(&stream)
    let readout = readout
    learner?.pointee.walkState(&stream, window: settings.window, outputs: readout)
    slot = stream.integer(slot, in: learner.map { $0.pointee.steps...$0.pointee.steps } ?? 0...1)
    // With learning, everything from the start of the window to the last step matters; without, only the slot in use.
    let slots = learner.map { 0...$0.pointee.steps } ?? slot...slot
    for index in 0..<layers.count {
      parameters.blocks[index].walkState(&stream, layers[index].description) { row, value in
        isAllowed(value, layer: index, row: row)
      }
      layers[index].walkState(&stream, slots: slots, blockSize: blockSize)
    }
  }
}

extension Session {
  /// Whether a parameter may have a value: each row of a layer's matrix belongs to one tensor.
  private func isAllowed(_ value: Float, layer: Int, row: Int) -> Bool {
    for tensor in model.pointee.tensors where tensor.layer == layer {
      if row >= tensor.firstRow && row < tensor.firstRow + tensor.rowCount { return tensor.allows(value) }
    }
    return false
  }
}

extension Statistics {
  fileprivate mutating func walkState(_ stream: inout StateStream) {
    steps = stream.count(steps)
    taughtSteps = stream.count(taughtSteps)
    correctSteps = stream.count(correctSteps)
    weight = stream.sum(weight)
    lossSum = stream.sum(lossSum)
    updates = stream.count(updates)
    skippedUpdates = stream.count(skippedUpdates)
    gradientNorm = stream.sum(gradientNorm)
    for layer in 0..<spikes.count { spikes[layer] = stream.count(spikes[layer]) }
  }
}

extension Learner {
  fileprivate mutating func walkState(_ stream: inout StateStream, window: Int, outputs: Layer) {
    steps = stream.integer(steps, in: 0...window)
    sequenceSteps = stream.integer(sequenceSteps, in: steps...window + 1)
    gatheredWeight = stream.sum(gatheredWeight)
    stream.rows(classWeights, 1, size: outputs.description.size, width: outputs.width) { _, weight in
      weightProblem(weight) == nil
    }
    stream.flags(isShared, 1)
    stream.flags(taught, steps)
    stream.flags(correct, steps)
    for step in 0..<steps {
      weights[step] = stream.sum(weights[step])
      losses[step] = stream.sum(losses[step])
    }
    stream.rows(outputError, steps, size: outputs.description.size, width: outputs.width)
  }
}

extension ParameterStore.Block {
  fileprivate func walkState(
    _ stream: inout StateStream, _ layer: LayerDescription, check isAllowed: (_ row: Int, _ value: Float) -> Bool
  ) {
    stream.rows(values, rowCount, size: layer.size, width: width, check: isAllowed)
    // Synapses are weights, and may be any finite number.
    let synapses = layer.synapseCount
    stream.rows(values + synapseStart, 1, size: synapses, width: synapses) { _, value in value.isFinite }
    walk(&stream, gradients, layer)
    walk(&stream, moment1, layer)
    walk(&stream, moment2, layer)
  }

  private func walk(_ stream: inout StateStream, _ numbers: UnsafeMutablePointer<Float>?, _ layer: LayerDescription) {
    guard let numbers else { return }
    stream.rows(numbers, rowCount, size: layer.size, width: width)
    stream.bytes(numbers + synapseStart, layer.synapseCount * 4)
  }
}

extension Layer {
  fileprivate func walkState(_ stream: inout StateStream, slots: ClosedRange<Int>, blockSize: Int) {
    let size = description.size
    let steps = slots.upperBound - slots.lowerBound
    stream.rows(state(slots.lowerBound), (steps + 1) * description.stateCount, size: size, width: width)
    stream.rows(outputs(slots.lowerBound), steps + 1, size: size, width: width)
    guard let learning else { return }
    stream.rows(view.pointee.tape, steps * Int(description.facts.tape_count), size: size, width: width)
    // Row by row, so that the bytes do not depend on the blocks either.
    for row in 0..<description.rowCount * description.stateCount {
      for start in stride(from: 0, to: size, by: blockSize) {
        let neurons = min(blockSize, width - start)
        let piece = learning.eligibility + (start * description.rowCount * description.stateCount + row * neurons)
        stream.bytes(piece, min(neurons, size - start) * 4)
      }
    }
    stream.rows(learning.outputEligibility, description.rowCount, size: size, width: width)
    let synapses = description.synapseCount
    stream.rows(learning.synapseEligibility, description.stateCount, size: synapses, width: synapses)
    stream.rows(learning.synapseOutputEligibility, 1, size: synapses, width: synapses)
    stream.flags(learning.isActive, description.presynapticCount)
    events.walkState(&stream, steps: steps, limit: description.presynapticCount)
  }
}

extension EventHistory {
  fileprivate func walkState(_ stream: inout StateStream, steps: Int, limit: Int) {
    var end = 0
    for step in 0..<steps {
      let next = stream.integer(starts[step + 1], in: end...end + limit)
      if stream.mode == .read { starts[step + 1] = next }
      end = next
    }
    stream.indices(indices, end, below: limit)
    stream.rows(values, 1, size: end, width: end)
  }
}
