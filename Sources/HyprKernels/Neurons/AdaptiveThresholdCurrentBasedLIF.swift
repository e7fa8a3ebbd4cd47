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
  struct State: StateRecord {
    typealias Values = InlineArray<3, Lanes>
    var i, u, a: Lanes
  }

  struct Parameters: LaneRecord {
    var tauSyn, tauM, resistance, leakPotential, threshold, resetPotential, tauA, adaptation: Lanes
  }

  struct Derived: LaneRecord {
    var synapse, membrane, thresholdDecay: Decay
    var resistance, leakPotential, threshold, resetPotential, adaptation: Lanes
  }

  struct Tape: LaneRecord {
    /// i' - I
    var iDecaying: Lanes
    /// u' - (leak_potential + resistance j)
    var uDecaying: Lanes
    var j: Lanes
  }

  struct Constants: NeuronConstants {
    let synapticLag: Float

    init(_ values: Row) { synapticLag = values[0] }

    static func quantity(_ index: Int) -> kernel_quantity? {
      index == 0 ? .init("synaptic_lag", from: 0, to: 1, default: 0) : nil
    }
  }

  static var name: StaticString { "CubaALIF" }
  static var states: StateNames { .init("i", "u", "a") }
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

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(
      synapse: Decay(tau: parameters.tauSyn), membrane: Decay(tau: parameters.tauM),
      thresholdDecay: Decay(tau: parameters.tauA),
      resistance: parameters.resistance, leakPotential: parameters.leakPotential, threshold: parameters.threshold,
      resetPotential: parameters.resetPotential, adaptation: parameters.adaptation)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let iEarlier = state.i
    state.i = derived.synapse.factor * iEarlier + derived.synapse.complement * current
    let j = state.i * (1 - constants.synapticLag) + iEarlier * constants.synapticLag
    let drive = derived.leakPotential + derived.resistance * j
    let m = derived.membrane.factor * state.u + derived.membrane.complement * drive
    let aDecayed = derived.thresholdDecay.factor * state.a
    distances.spike = m - (derived.threshold + aDecayed)
    let spike = distances.spike.heaviside
    (tape.iDecaying, tape.uDecaying, tape.j) = (iEarlier - current, state.u - drive, j)
    state.u = m * (1 - spike) + spike * derived.resetPotential
    state.a = aDecayed + derived.adaptation * spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let distanceAdjoint = surrogates.spike * (outputAdjoint + adjoint.a * derived.adaptation)
    let decayedAdjoint = adjoint.a - distanceAdjoint
    let mAdjoint = adjoint.u * (1 - output) + distanceAdjoint
    let driveAdjoint = mAdjoint * derived.membrane.complement
    let jAdjoint = driveAdjoint * derived.resistance
    let iAdjoint = adjoint.i + jAdjoint * (1 - constants.synapticLag)
    gradient.tauSyn += iAdjoint * tape.iDecaying * derived.synapse.slope
    gradient.tauM += mAdjoint * tape.uDecaying * derived.membrane.slope
    gradient.resistance += driveAdjoint * tape.j
    gradient.leakPotential += driveAdjoint
    gradient.threshold -= distanceAdjoint
    gradient.resetPotential += adjoint.u * output
    gradient.tauA += decayedAdjoint * before.a * derived.thresholdDecay.slope
    gradient.adaptation += adjoint.a * output
    adjoint.i = iAdjoint * derived.synapse.factor + jAdjoint * constants.synapticLag
    adjoint.u = mAdjoint * derived.membrane.factor
    adjoint.a = decayedAdjoint * derived.thresholdDecay.factor
    return iAdjoint * derived.synapse.complement
  }
}
