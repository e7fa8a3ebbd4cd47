internal import CSystem

/// ALIF, LIF with an adaptive threshold (Bellec et al. 2018; Yin, Corradi & Bohté 2021).
///
/// State u (membrane potential after reset) and a, the adaptation that the next step uses; with primes for the step before,
///
///     ϑ = baseline_threshold + adaptation_strength a'     ũ = α u' + (1 - α) I     z = Θ(ũ - ϑ)
///     u = ũ - z ϑ     a = ρ a' + (1 - ρ) z
///
/// with α = exp(-1/|tau_m|) and ρ = exp(-1/|tau_a|). Nothing is detached.
enum AdaptiveThresholdLIF: PointNeuron {
  typealias State = InlineArray<2, Lanes>
  typealias Parameters = InlineArray<2, Lanes>
  typealias Derived = InlineArray<6, Lanes>
  typealias Tape = InlineArray<2, Lanes>

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
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    case 1: .init("tau_a", from: 0.01, to: 1e6, default: 7, absolute: true, drawn: .normal(7, 0.2))
    default: nil
    }
  }

  // Derived: α, 1 - α, dα/dtau_m, ρ, 1 - ρ, dρ/dtau_a
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let membrane = Decay(tau: parameters[0])
    let adaptation = Decay(tau: parameters[1])
    (derived[0], derived[1], derived[2]) = (membrane.decay, membrane.complement, membrane.slope)
    (derived[3], derived[4], derived[5]) = (adaptation.decay, adaptation.complement, adaptation.slope)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (u, a) = (state[0], state[1])
    let threshold = a * constants.strength + constants.baseline
    let uFree = derived[0] * u + derived[1] * current
    let distance = uFree - threshold
    let spike = distance.heaviside
    tape[0] = distance
    tape[1] = u - current
    state[0] = uFree - spike * threshold
    state[1] = derived[3] * a + derived[4] * spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (uAdjoint, aAdjoint) = (adjoint[0], adjoint[1])
    let threshold = before[1] * constants.strength + constants.baseline
    let spikeAdjoint = outputAdjoint - uAdjoint * threshold + aAdjoint * derived[4]
    let distanceAdjoint = tape[0] * spikeAdjoint
    let freeAdjoint = uAdjoint + distanceAdjoint
    let thresholdAdjoint = distanceAdjoint + uAdjoint * output
    gradient[0] += freeAdjoint * tape[1] * derived[2]
    gradient[1] += aAdjoint * (before[1] - output) * derived[5]
    adjoint[0] = freeAdjoint * derived[0]
    adjoint[1] = aAdjoint * derived[3] - thresholdAdjoint * constants.strength
    return freeAdjoint * derived[1]
  }
}

extension AdaptiveThresholdLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
