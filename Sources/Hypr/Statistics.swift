public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_statistics(
  _ session: OpaquePointer?, _ statistics: UnsafeMutablePointer<hypr_statistics>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let statistics else { throw session.pointee.message.isNull("statistics") }
    try session.pointee.checkStruct("statistics", statistics)
    let given = contents(of: statistics)
    let (rates, count) = (given.spike_rates, given.spike_rate_count)
    if let rates {
      let layers = session.pointee.model.pointee.layerCount
      try session.pointee.checkSize("statistics.spike_rates", count, layers)
      for layer in 0..<layers { rates[layer] = Float(session.pointee.activity(layer).spikeRate) }
    }
    let report = session.pointee.statisticsReport()
    fill(
      statistics,
      with: hypr_statistics(
        struct_size: 0, steps: report.steps, taught_steps: report.taughtSteps, correct_steps: report.correctSteps,
        updates: report.updates, skipped_updates: report.skippedUpdates, mean_loss: report.meanLoss,
        gradient_norm: report.gradientNorm, learning_rate: report.learningRate, spike_rates: rates,
        spike_rate_count: count, unchanged_updates: report.unchangedUpdates, chance_loss: report.chanceLoss))
  }
}

@c @implementation public func hypr_session_clear_statistics(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in session.pointee.clearStatistics() }
}

@c @implementation public func hypr_session_layer_activity(
  _ session: OpaquePointer?, _ layer: Int, _ activity: UnsafeMutablePointer<hypr_layer_activity>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let activity else { throw session.pointee.message.isNull("activity") }
    try session.pointee.checkStruct("activity", activity)
    let layers = session.pointee.model.pointee.layerCount
    guard layer >= 0 && layer < layers else {
      throw session.pointee.refuse(.notFound, "there is no hidden layer \(size: layer), the model has \(layers)")
    }
    let found = session.pointee.activity(layer)
    fill(
      activity,
      with: hypr_layer_activity(
        struct_size: 0, neurons: found.neurons, silent_neurons: found.silent, saturated_neurons: found.saturated,
        spike_rate: found.spikeRate))
  }
}

@c @implementation public func hypr_session_input_range(
  _ session: OpaquePointer?, _ channel: Int, _ range: UnsafeMutablePointer<hypr_input_range>?
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let range else { throw session.pointee.message.isNull("range") }
    try session.pointee.checkStruct("range", range)
    let channels = session.pointee.model.pointee.inputSize
    guard channel >= 0 && channel < channels else {
      throw session.pointee.refuse(
        .notFound, "there is no input channel \(size: channel), the model has \(channels)")
    }
    let found = session.pointee.inputRange(channel)
    fill(
      range,
      with: hypr_input_range(
        struct_size: 0, samples: found.samples, outside: found.outside, lowest: found.lowest, highest: found.highest,
        trained_lower: found.trained?.lower ?? .nan, trained_upper: found.trained?.upper ?? .nan))
  }
}

@c @implementation public func hypr_session_diagnose(
  _ session: OpaquePointer?, _ findings: UnsafeMutablePointer<UInt32>?, _ text: UnsafeMutablePointer<CChar>?, _ size: Int
) -> hypr_status {
  with(session: session) { session throws(Failure) in
    guard let findings else { throw session.pointee.message.isNull("findings") }
    guard text != nil || size == 0 else { throw session.pointee.message.isNull("text") }
    guard size >= 0 else { throw session.pointee.refuse(.invalidArgument, "size is too large") }
    findings.pointee = session.pointee.diagnose(into: text, size: size)
  }
}
