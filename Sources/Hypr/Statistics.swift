public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_statistics(
  _ session: OpaquePointer?, _ statistics: UnsafeMutablePointer<hypr_statistics>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let statistics else { return session.pointee.nullProblem("statistics") }
  if let problem = session.pointee.structProblem("statistics", statistics) { return problem }
  let given = contents(of: statistics)
  let (rates, count) = (given.spike_rates, given.spike_rate_count)
  if let rates {
    let layers = session.pointee.model.pointee.layerCount
    if let problem = session.pointee.sizeProblem("statistics.spike_rates", count, layers) { return problem }
    for layer in 0..<layers { rates[layer] = session.pointee.spikeRate(layer) }
  }
  let report = session.pointee.statisticsReport
  fill(
    statistics,
    with: hypr_statistics(
      struct_size: 0, steps: report.steps, taught_steps: report.taughtSteps, correct_steps: report.correctSteps,
      updates: report.updates, skipped_updates: report.skippedUpdates, mean_loss: report.meanLoss,
      gradient_norm: report.gradientNorm, learning_rate: report.learningRate, spike_rates: rates,
      spike_rate_count: count))
  return ok
}

@c @implementation public func hypr_session_clear_statistics(_ session: OpaquePointer?) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  session.pointee.clearStatistics()
  return ok
}
