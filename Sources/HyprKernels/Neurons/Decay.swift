internal import CSystem

/// The decay of a time constant in steps.
struct Decay: LaneRecord {
  /// exp(-1/|tau|)
  var factor: Lanes
  /// 1 - factor, without the cancellation of the difference
  var complement: Lanes
  /// The derivative of the factor by what is trained: tau, or p.
  var slope: Lanes
}

extension Decay {
  init(tau: Lanes) {
    let rate = -1 / tau.magnitude
    factor = rate.each(system_exp)
    complement = -rate.each(system_exp_minus_one)
    slope = factor / (tau * tau.magnitude)
  }

  /// That of τ = p τ_max + (1 - p) τ_min, trained through p.
  init(_ range: (minimum: Float, maximum: Float), at p: Lanes) {
    let span = range.maximum - range.minimum
    self.init(tau: p * span + range.minimum)
    slope *= Lanes(repeating: span)
  }
}
