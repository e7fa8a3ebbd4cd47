internal import CSystem

// Saving and restoring everything that a session has become, so that it continues bit for bit.

/// The first bytes of a saved state.
private struct StateHeader {
  static let magic: UInt64 = 0x5441_5453_5250_5948  // "HYPRSTAT"
  static let version: UInt64 = 8
  static let size = 5 * 8

  var magic, version, model, payload, checksum: UInt64
}

extension Session {
  /// Exact size of the state as it is now, in bytes; it grows with the steps of the open windows.
  public mutating func stateSize() -> Int {
    finishDeferred()
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
    for layer in network.layers { layer.eraseInactive() }
    var stream = StateStream(.write, start + StateHeader.size, payload.count)
    walkState(&stream)
    let header = StateHeader(
      magic: StateHeader.magic, version: StateHeader.version, model: model.pointee.identity,
      payload: UInt64(payload.count), checksum: checksum(UnsafeRawBufferPointer(payload)))
    start.storeBytes(of: header, as: StateHeader.self)
  }

  /// Becomes the session that was saved. Everything is checked before anything is changed.
  public mutating func loadState(_ buffer: UnsafeRawBufferPointer) throws(Failure) {
    finishDeferred()
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
        .stateMismatch, "the state has version \(header.version), expected \(StateHeader.version)")
    }
    guard header.model == model.pointee.identity else {
      throw message.failure(.stateMismatch, "the state was saved with another model file")
    }
    let payload = UnsafeRawBufferPointer(rebasing: buffer[StateHeader.size...])
    guard header.payload <= UInt64(payload.count) else {
      throw message.failure(
        .invalidArgument, "the state is cut short: \(payload.count) bytes, expected \(header.payload)")
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
        .stateMismatch,
        """
        the state was saved with other options (learning, learning_memory_type, window, label_delay, deferred, credit, optimizer, \
        guard, hold_untaught or of rehearsal: bytes, steps, stretch, lead-in)
        """)
    }
    // Checking takes the counters over, as what follows depends on them; the arrays stay.
    let (steps, inputs, slot) = (statistics.pointee.steps, statistics.pointee.inputs, slot)
    #if HYPR_LEARNING
      let progress = learner?.pointee.progress
    #endif
    var checking = StateStream(.check, memory, used.count)
    walkState(&checking)
    (statistics.pointee.steps, statistics.pointee.inputs, self.slot) = (steps, inputs, slot)
    #if HYPR_LEARNING
      if let learner, let progress { learner.pointee.progress = progress }
    #endif
    guard checking.isValid && checking.position == used.count else {
      throw message.failure(.invalidArgument, "the state is damaged: it holds what no session can have become")
    }
    var reading = StateStream(.read, memory, used.count)
    walkState(&reading)
    network.derive()
    #if HYPR_LEARNING
      if hasUpdate {
        for layer in network.layers { layer.deriveNext(network.kernels, network.parameters) }
      }
      learner?.pointee.reference?.pointee.network.derive()
    #endif
    for window in 0..<openCount {
      for slot in slots(ofOpen: window) { network.listEvents(slot) }
    }
  }

  /// What the rest of the format depends on.
  private mutating func walkLayout(_ stream: inout StateStream) {
    let layout: InlineArray<12, Int> = [
      settings.learning ? 1 + settings.learningMemoryType.rawValue : 0, settings.defers ? 1 : 0, settings.window, settings.labelDelay, settings.credit.rawValue,
      settings.optimizer.rawValue, settings.rehearses ? settings.rehearsalBytes : 0,
      settings.rehearses ? settings.rehearsalSteps : 0, settings.rehearses ? settings.rehearsalStretch : 0,
      settings.rehearses ? settings.rehearsalLeadIn : 0, settings.guards ? 1 : 0,
      settings.holdsUntaught(outputs: network.outputSize) ? 1 : 0,
    ]
    for index in 0..<layout.count { _ = stream.integer(layout[index], in: layout[index]...layout[index]) }
  }

  /// With learning, everything from the start of the first open window to the last step matters; without, only the slot in use.
  private var openCount: Int {
    #if HYPR_LEARNING
      if let learner { return learner.pointee.openCount }
    #endif
    return 1
  }

  /// Whether an update was computed that waits for its step.
  private var hasUpdate: Bool {
    #if HYPR_LEARNING
      if let learner { return learner.pointee.progress.hasUpdate }
    #endif
    return false
  }

  /// What is pending has no place in a saved state; that it is done changes nothing.
  private mutating func finishDeferred() {
    #if HYPR_LEARNING
      finishClosing()
    #endif
  }

  private mutating func slots(ofOpen window: Int) -> ClosedRange<Int> {
    #if HYPR_LEARNING
      if let learner { return learner.pointee.slots(ofOpen: window) }
    #endif
    return slot...slot
  }

  /// The state's format: every call names one piece, in order. A stream that measures or writes
  /// changes nothing, one that checks only the counters.
  @inline(never) private mutating func walkState(_ stream: inout StateStream) {
    walkLayout(&stream)
    statistics.pointee.walkState(&stream)
    network.input.walkState(&stream)
    // Which one of its two slots a session uses that does not learn is of no meaning.
    #if HYPR_LEARNING
      if let learner {
        learner.pointee.walkState(&stream)
        if stream.isInput { slot = slots(ofOpen: openCount - 1).upperBound }
        rehearsal?.pointee.walkState(&stream)
      }
    #endif
    for index in 0..<model.pointee.tensors.count {
      network.parameters.arrays[index].walkState(&stream, model.pointee.tensors[index], withNext: hasUpdate)
      #if HYPR_LEARNING
        learner?.pointee.reference?.pointee.network.parameters.arrays[index].walkState(
          &stream, model.pointee.tensors[index], withNext: false)
      #endif
    }
    for layer in network.layers {
      for window in 0..<openCount { layer.walkHistory(&stream, slots: slots(ofOpen: window)) }
      layer.walkTraces(&stream)
    }
    // The events of the layers follow from their outputs, and what a window started from has none of the input.
    for window in 0..<openCount {
      for slot in slots(ofOpen: window).dropFirst() { network.input.events.walkState(&stream, slot: slot) }
    }
  }
}

extension TrainedArray {
  fileprivate func walkState(_ stream: inout StateStream, _ tensor: TensorDescription, withNext: Bool) {
    let (size, width, rows) = shape(tensor.placement)
    stream.rows(values, rows, size: size, width: width) { _, value in tensor.allows(value) }
    if withNext && nextValues != values {
      // With the padding, which no stream has.
      if stream.mode == .read { nextValues.copy(from: values, count: count) }
      stream.rows(nextValues, rows, size: size, width: width) { _, value in tensor.allows(value) }
    }
    stream.rows(gradients, rows, size: size, width: width)
    // A moment that is not finite would end the learning of its parameter; a gradient that is not is dropped by the update.
    if let moment1 { stream.rows(moment1, rows, size: size, width: width) { $0.isFinite } }
    if let moment2 { stream.rows(moment2, rows, size: size, width: width) { $0 >= 0 && $0.isFinite } }
  }

  private func shape(_ placement: Placement) -> (size: Int, width: Int, rows: Int) {
    if let rows = placement.rows { return (rows.count, rows.count, 1) }
    return (placement.size, placement.width, placement.gateCount * placement.columns)
  }
}
