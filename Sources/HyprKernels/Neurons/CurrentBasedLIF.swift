internal import CSystem

/// CubaLIF, LIF with a synaptic current, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
///
///     i = α_s i' + (1 - α_s) I     j = (1 - synaptic_lag) i + synaptic_lag i'
///     m = α_m u' + (1 - α_m)(leak_potential + resistance j)     z = Θ(m - threshold)
///
/// with α_s = exp(-1/|tau_syn|) and α_m = exp(-1/|tau_m|); u follows from m by the layer's reset. With a lag of 0 the membrane
/// sees the synaptic current of the step itself, with 1 that of the step before.
enum CurrentBasedLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<2, Lanes>
    var i, u: Lanes
  }

  struct Parameters: LaneRecord { var tauSyn, tauM, resistance, leakPotential, threshold, resetPotential: Lanes }

  struct Derived: LaneRecord {
    var synapse, membrane: Decay
    var resistance, leakPotential, threshold, resetPotential: Lanes
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
    let reset: PotentialReset

    init(_ values: Row) { (synapticLag, reset) = (values[0], PotentialReset(values[1])) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("synaptic_lag", from: 0, to: 1, default: 0)
      case 1: PotentialReset.quantity
      default: nil
      }
    }
  }

  static var name: StaticString { "CubaLIF" }
  static var states: StateNames { .init("i", "u") }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_syn", from: 0.01, to: 1e6, default: 5, absolute: true, drawn: .normal(5, 0.2))
    case 1: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    default: MembraneParameters.quantity(index - 2)
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(
      synapse: Decay(tau: parameters.tauSyn), membrane: Decay(tau: parameters.tauM), resistance: parameters.resistance,
      leakPotential: parameters.leakPotential, threshold: parameters.threshold,
      resetPotential: parameters.resetPotential)
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
    let outcome = constants.reset.apply(
      m, before: state.u, threshold: derived.threshold, resetPotential: derived.resetPotential)
    distances.spike = outcome.distance
    (tape.iDecaying, tape.uDecaying, tape.j) = (iEarlier - current, state.u - drive, j)
    state.u = outcome.potential
    return outcome.spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let reset = constants.reset.backward(
      adjoint.u, outputAdjoint: outputAdjoint, before: before.u, spike: output, surrogate: surrogates.spike,
      threshold: derived.threshold)
    let driveAdjoint = reset.potential * derived.membrane.complement
    let jAdjoint = driveAdjoint * derived.resistance
    let iAdjoint = adjoint.i + jAdjoint * (1 - constants.synapticLag)
    gradient.tauSyn += iAdjoint * tape.iDecaying * derived.synapse.slope
    gradient.tauM += reset.potential * tape.uDecaying * derived.membrane.slope
    gradient.resistance += driveAdjoint * tape.j
    gradient.leakPotential += driveAdjoint
    gradient.threshold += reset.threshold
    gradient.resetPotential += reset.resetPotential
    adjoint.i = iAdjoint * derived.synapse.factor + jAdjoint * constants.synapticLag
    adjoint.u = reset.potential * derived.membrane.factor
    return iAdjoint * derived.synapse.complement
  }
}
