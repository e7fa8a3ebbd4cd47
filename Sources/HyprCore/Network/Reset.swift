internal import CSystem

/// Parts of a session that can be reset by themselves; the bits of hypr.h.
struct SessionParts: OptionSet {
  let rawValue: UInt32

  static var state: SessionParts { .init(rawValue: 1) }
  static var traces: SessionParts { .init(rawValue: 2) }
  static var optimizer: SessionParts { .init(rawValue: 4) }
  static var all: SessionParts { [.state, .traces, .optimizer] }
}

extension Session {
  /// Ends the sequence: what was taught is kept, state and traces go to zero.
  public mutating func reset() {
    finishSequence()
    clear([.state, .traces])
  }

  public mutating func reset(parts: UInt32) throws(Failure) {
    let parts = SessionParts(rawValue: parts)
    guard SessionParts.all.isSuperset(of: parts) else {
      throw message.failure(.invalidArgument, "parts is \(Double(parts.rawValue)), expected a sum of 1, 2 and 4")
    }
    // An update just before the optimizer forgets would be lost at once.
    closeWindow(updating: !parts.contains(.optimizer))
    clear(parts)
  }

  /// State and traces of one layer, the readout being the last.
  public mutating func reset(layer: Int) throws(Failure) {
    try checkLayer(layer)
    closeWindow()
    layers[layer].clearSlot(slot)
    layers[layer].clearTraces(blockSize: blockSize)
    if settings.credit == .filtered && layer == layers.count - 1 {
      // What the readout has forgotten is no longer credited to the layer below.
      layers[layer - 1].clearOutputEligibility()
    }
  }

  /// The open window must be closed, or its history be dropped with the state.
  mutating func clear(_ parts: SessionParts) {
    for layer in layers {
      if parts.contains(.state) { layer.clearSlot(slot) }
      if parts.contains(.traces) { layer.clearTraces(blockSize: blockSize) }
    }
    if parts.contains(.state) {
      input.clear()
      learner?.pointee.sequenceSteps = 0
    }
    guard parts.contains(.optimizer) else { return }
    parameters.clearGradients()
    parameters.clearMoments()
    learner?.pointee.gatheredWeight = 0
    statistics.updates = 0
  }
}
