internal import CSystem

/// What the two discretisations of the adaptive LIF share: constants, parameters and derived values.
struct AdaptiveLIFConstants {
  let threshold, gain: Float
  let tauU, tauW: (minimum: Float, maximum: Float)

  init(_ values: Row) {
    (threshold, gain) = (values[0], values[1])
    tauU = (values[2], values[3])
    tauW = (values[4], values[5])
  }

  static func quantity(_ index: Int, gain: Float) -> kernel_quantity? {
    switch index {
    case 0: .init("threshold", from: 1e-6, to: 1e6, default: 1)
    case 1: .init("adaptation_gain", from: 0, to: 1e6, default: gain)
    case 2: .init("tau_u_min", from: 0.01, to: 1e6, default: 5)
    case 3: .init("tau_u_max", from: 0.01, to: 1e6, default: 25)
    case 4: .init("tau_w_min", from: 0.01, to: 1e6, default: 60)
    case 5: .init("tau_w_max", from: 0.01, to: 1e6, default: 300)
    default: nil
    }
  }

  static func parameter(_ index: Int) -> kernel_quantity? {
    switch index {
    case 0: .init("p_u", from: 0, to: 1, default: 0.5, drawn: .uniform(0, 1))
    case 1: .init("p_w", from: 0, to: 1, default: 0.5, drawn: .uniform(0, 1))
    case 2: .init("a", from: 0, to: 1, default: 0.5, drawn: .uniform(0, 1))
    case 3: .init("b", from: 0, to: 2, default: 1, drawn: .uniform(0, 2))
    default: nil
    }
  }

  struct Parameters: LaneRecord { var pU, pW, a, b: Lanes }

  struct Derived: LaneRecord {
    /// Of u and w.
    var membrane, adaptation: Decay
    /// gain a and gain b: how much of the potential, and of a spike, the adaptation follows.
    var coupling, increment: Lanes
  }

  func derive(_ parameters: Parameters) -> Derived {
    .init(
      membrane: Decay(tauU, at: parameters.pU), adaptation: Decay(tauW, at: parameters.pW),
      coupling: gain * parameters.a, increment: gain * parameters.b)
  }
}
