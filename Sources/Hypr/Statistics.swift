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
      for layer in 0..<layers { rates[layer] = session.pointee.spikeRate(layer) }
    }
    let report = session.pointee.statisticsReport
    fill(
      statistics,
      with: hypr_statistics(
        struct_size: 0, steps: report.steps, taught_steps: report.taughtSteps, correct_steps: report.correctSteps,
        updates: report.updates, skipped_updates: report.skippedUpdates, mean_loss: report.meanLoss,
        gradient_norm: report.gradientNorm, learning_rate: report.learningRate, spike_rates: rates,
        spike_rate_count: count, unchanged_updates: report.unchangedUpdates))
  }
}

@c @implementation public func hypr_session_clear_statistics(_ session: OpaquePointer?) -> hypr_status {
  with(session: session) { session throws(Failure) in session.pointee.clearStatistics() }
}
