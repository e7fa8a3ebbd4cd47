internal import CSystem

/// The decay factor exp(-1/|tau|) of a time constant in steps.
struct Decay {
  /// exp(-1/|tau|)
  let decay: Float
  /// 1 - exp(-1/|tau|), without the cancellation of the difference
  let complement: Float
  /// d decay / d tau
  let slope: Float

  init(tau: Float) {
    let rate = -1 / tau.magnitude
    decay = system_exp(rate)
    complement = -system_exp_minus_one(rate)
    slope = decay / (tau * tau.magnitude)
  }
}

/// The decay factor of τ = p τ_max + (1 - p) τ_min, trained through p.
struct InterpolatedDecay {
  let decay, complement: Float
  /// d decay / dp
  let slope: Float

  init(_ p: Float, _ range: (minimum: Float, maximum: Float)) {
    let span = range.maximum - range.minimum
    let base = Decay(tau: p * span + range.minimum)
    (decay, complement, slope) = (base.decay, base.complement, base.slope * span)
  }
}
