internal import CSystem

/// ALIF, LIF with an adaptive threshold (Bellec et al. 2018; Yin, Corradi & Bohté 2021).
///
/// State u (membrane potential after reset) and a, the adaptation that the next step uses; with primes for the step before,
///
///     ϑ = baseline_threshold + adaptation_strength a'     m = α u' + (1 - α) I     z = Θ(m - ϑ)
///     u = m - z ϑ     a = ρ a' + (1 - ρ) z
///
/// with α = exp(-1/|tau_m|) and ρ = exp(-1/|tau_a|). Nothing is detached.
enum AdaptiveThresholdLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<2, Lanes>
    var u, a: Lanes
  }

  struct Parameters: LaneRecord { var tauM, tauA: Lanes }
  struct Derived: LaneRecord { var membrane, adaptation: Decay }

  struct Tape: LaneRecord {
    /// u' - I
    var decaying: Lanes
  }

  struct Constants: NeuronConstants {
    let baseline, strength: Float

    init(_ values: Row) { (baseline, strength) = (values[0], values[1]) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("baseline_threshold", from: 1e-6, to: 1e6, default: 0.01)
      case 1: .init("adaptation_strength", from: 0, to: 1e6, default: 1.8)
      default: nil
      }
    }
  }

  static var name: StaticString { "ALIF" }
  static var states: StateNames { .init("u", "a") }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    case 1: .init("tau_a", from: 0.01, to: 1e6, default: 7, absolute: true, drawn: .normal(7, 0.2))
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(membrane: Decay(tau: parameters.tauM), adaptation: Decay(tau: parameters.tauA))
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let threshold = state.a * constants.strength + constants.baseline
    let m = derived.membrane.factor * state.u + derived.membrane.complement * current
    distances.spike = m - threshold
    let spike = distances.spike.heaviside
    tape.decaying = state.u - current
    state.u = m - spike * threshold
    state.a = derived.adaptation.factor * state.a + derived.adaptation.complement * spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let threshold = before.a * constants.strength + constants.baseline
    let spikeAdjoint = outputAdjoint - adjoint.u * threshold + adjoint.a * derived.adaptation.complement
    let distanceAdjoint = surrogates.spike * spikeAdjoint
    let mAdjoint = adjoint.u + distanceAdjoint
    let thresholdAdjoint = distanceAdjoint + adjoint.u * output
    gradient.tauM += mAdjoint * tape.decaying * derived.membrane.slope
    gradient.tauA += adjoint.a * (before.a - output) * derived.adaptation.slope
    adjoint.u = mAdjoint * derived.membrane.factor
    adjoint.a = adjoint.a * derived.adaptation.factor - thresholdAdjoint * constants.strength
    return mAdjoint * derived.membrane.complement
  }
}
