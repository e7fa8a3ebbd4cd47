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
    endSequence()
    clear([.state, .traces])
  }

  public mutating func reset(parts: UInt32) throws(Failure) {
    let parts = SessionParts(rawValue: parts)
    guard SessionParts.all.isSuperset(of: parts) else {
      throw message.failure(.invalidArgument, "parts is \(Double(parts.rawValue)), expected a sum of 1, 2 and 4")
    }
    // An update just before the optimizer forgets would be lost at once.
    endWindows(updating: !parts.contains(.optimizer))
    clear(parts)
  }

  /// State and traces of one layer, the readout being the last.
  public mutating func reset(layer: Int) throws(Failure) {
    let layers = network.layers
    try checkLayer(layer)
    endWindows()
    endStretch(startsSequence: false)
    layers[layer].clearSlot(slot)
    layers[layer].clearTraces()
    takeOver(layer)
    if settings.credit == .filtered && layer == layers.count - 1 {
      // What the readout has forgotten is no longer credited to the layer below.
      layers[layer - 1].clearOutputTraces()
    }
  }

  /// Closes the open windows, if the session learns.
  mutating func endWindows(updating: Bool = true) {
    #if HYPR_LEARNING
      if learner != nil { closeWindows(updating: updating) }
    #endif
  }

  /// What the host has made of a layer's state holds for the reference network, too.
  mutating func takeOver(_ layer: Int) {
    #if HYPR_LEARNING
      learner?.pointee.reference?.pointee.takeState(layer, of: network, slot: slot)
    #endif
  }

  /// What comes next does not go on from what was recorded for rehearsal.
  mutating func endStretch(startsSequence: Bool) {
    #if HYPR_LEARNING
      rehearsal?.pointee.endStretch(startsSequence: startsSequence)
    #endif
  }

  /// Closes the sequence that is being learned, if the session learns.
  private mutating func endSequence() {
    #if HYPR_LEARNING
      if learner != nil { finishSequence() }
    #endif
  }

  /// The open windows must be closed, or their history be dropped with the state.
  mutating func clear(_ parts: SessionParts) {
    if parts.contains(.state) {
      endStretch(startsSequence: true)
      network.clearSlot(slot)
      #if HYPR_LEARNING
        learner?.pointee.reference?.pointee.clear()
      #endif
      network.input.clear()
    }
    if parts.contains(.traces) {
      for layer in network.layers { layer.clearTraces() }
    }
    #if HYPR_LEARNING
      learner?.pointee.clear(parts, network)
    #endif
  }
}

#if HYPR_LEARNING
  extension Learner {
    fileprivate mutating func clear(_ parts: SessionParts, _ network: borrowing Network) {
      if parts.contains(.state) { progress.sequenceSteps = 0 }
      guard parts.contains(.optimizer) else { return }
      network.parameters.clearGradients()
      network.parameters.clearMoments()
      progress.gathered = GatheredTargets()
      progress.statistics.clearUpdates()
      progress.windows = 0
    }
  }
#endif
