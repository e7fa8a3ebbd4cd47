internal import CSystem

/// CubaALIF, LIF with a synaptic current and an adaptive threshold: the neuron of long short-term memory spiking networks
/// (Bellec et al. 2018, arXiv 1803.09574) as Norse simulates it.
///
/// State i (synaptic current), u (membrane potential after reset) and a (adaptation); with primes for the step before,
///
///     i = α_s i' + (1 - α_s) I     j = (1 - synaptic_lag) i + synaptic_lag i'
///     m = α_m u' + (1 - α_m)(leak_potential + resistance j)     z = Θ(m - threshold - ρ a')
///     u = m (1 - z) + z reset_potential     a = ρ a' + adaptation z
///
/// with α_s = exp(-1/|tau_syn|), α_m = exp(-1/|tau_m|) and ρ = exp(-1/|tau_a|). No gradient flows through the reset.
enum AdaptiveThresholdCurrentBasedLIF: PointNeuron {
  typealias State = InlineArray<3, Lanes>
  typealias Parameters = InlineArray<8, Lanes>
  typealias Derived = InlineArray<13, Lanes>
  typealias Tape = InlineArray<4, Lanes>

  struct Constants: NeuronConstants {
    let synapticLag: Float

    init(_ values: Row) { synapticLag = values[0] }

    static func quantity(_ index: Int) -> kernel_quantity? {
      index == 0 ? .init("synaptic_lag", from: 0, to: 1, default: 0) : nil
    }
  }

  static var name: StaticString { "CubaALIF" }
  static var states: StateNames { .init("i", "u", "a") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_syn", from: 0.01, to: 1e6, default: 5, absolute: true, drawn: .normal(5, 0.2))
    case 1: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    case 6: .init("tau_a", from: 0.01, to: 1e6, default: 100, absolute: true, drawn: .normal(100, 5))
    case 7: .init("adaptation", from: 0, to: 1e6, default: 1.8, drawn: .uniform(1, 1))
    default: MembraneParameters.quantity(index - 2)
    }
  }

  // Derived: α_s, 1 - α_s, dα_s/dtau_syn, α_m, 1 - α_m, dα_m/dtau_m, resistance, leak potential, threshold, reset potential,
  // ρ, dρ/dtau_a, adaptation
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let synapse = Decay(tau: parameters[0])
    let membrane = Decay(tau: parameters[1])
    let adaptation = Decay(tau: parameters[6])
    (derived[0], derived[1], derived[2]) = (synapse.decay, synapse.complement, synapse.slope)
    (derived[3], derived[4], derived[5]) = (membrane.decay, membrane.complement, membrane.slope)
    for index in 2..<6 { derived[index + 4] = parameters[index] }
    (derived[10], derived[11], derived[12]) = (adaptation.decay, adaptation.slope, parameters[7])
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (i, u, a) = (state[0], state[1], state[2])
    let iNew = derived[0] * i + derived[1] * current
    let j = iNew * (1 - constants.synapticLag) + i * constants.synapticLag
    let drive = derived[7] + derived[6] * j
    let m = derived[3] * u + derived[4] * drive
    let aDecayed = derived[10] * a
    let distance = m - (derived[8] + aDecayed)
    let spike = distance.heaviside
    tape[0] = distance
    tape[1] = i - current
    tape[2] = u - drive
    tape[3] = j
    state[0] = iNew
    state[1] = m * (1 - spike) + spike * derived[9]
    state[2] = aDecayed + derived[12] * spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (uAdjoint, aAdjoint) = (adjoint[1], adjoint[2])
    let distanceAdjoint = tape[0] * (outputAdjoint + aAdjoint * derived[12])
    let decayedAdjoint = aAdjoint - distanceAdjoint
    let mAdjoint = uAdjoint * (1 - output) + distanceAdjoint
    let driveAdjoint = mAdjoint * derived[4]
    let jAdjoint = driveAdjoint * derived[6]
    let iAdjoint = adjoint[0] + jAdjoint * (1 - constants.synapticLag)
    gradient[0] += iAdjoint * tape[1] * derived[2]
    gradient[1] += mAdjoint * tape[2] * derived[5]
    gradient[2] += driveAdjoint * tape[3]
    gradient[3] += driveAdjoint
    gradient[4] -= distanceAdjoint
    gradient[5] += uAdjoint * output
    gradient[6] += decayedAdjoint * before[2] * derived[11]
    gradient[7] += aAdjoint * output
    adjoint[0] = iAdjoint * derived[0] + jAdjoint * constants.synapticLag
    adjoint[1] = mAdjoint * derived[3]
    adjoint[2] = decayedAdjoint * derived[10]
    return iAdjoint * derived[1]
  }
}

extension AdaptiveThresholdCurrentBasedLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
