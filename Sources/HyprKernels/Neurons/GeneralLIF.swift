internal import CSystem

/// LIF with leak potential, resistance and reset potential, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
///
///     m = α u' + (1 - α)(leak_potential + resistance I)     z = Θ(m - threshold)
///
/// with α = exp(-1/|tau_m|); u follows from m by the layer's reset (see `PotentialReset`).
enum GeneralLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var u: Lanes
  }

  struct Parameters: LaneRecord { var tauM, resistance, leakPotential, threshold, resetPotential: Lanes }

  struct Derived: LaneRecord {
    var membrane: Decay
    var resistance, leakPotential, threshold, resetPotential: Lanes
  }

  struct Tape: LaneRecord {
    /// u' - (leak_potential + resistance I)
    var decaying: Lanes
    /// I
    var current: Lanes
  }
  typealias Constants = ResetConstants

  static var name: StaticString { "GeneralLIF" }
  static var states: StateNames { .init("u") }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    default: MembraneParameters.quantity(index - 1)
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(
      membrane: Decay(tau: parameters.tauM), resistance: parameters.resistance, leakPotential: parameters.leakPotential,
      threshold: parameters.threshold, resetPotential: parameters.resetPotential)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let drive = derived.leakPotential + derived.resistance * current
    let m = derived.membrane.factor * state.u + derived.membrane.complement * drive
    let outcome = constants.reset.apply(
      m, before: state.u, threshold: derived.threshold, resetPotential: derived.resetPotential)
    distances.spike = outcome.distance
    (tape.decaying, tape.current) = (state.u - drive, current)
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
    gradient.tauM += reset.potential * tape.decaying * derived.membrane.slope
    gradient.resistance += driveAdjoint * tape.current
    gradient.leakPotential += driveAdjoint
    gradient.threshold += reset.threshold
    gradient.resetPotential += reset.resetPotential
    adjoint.u = reset.potential * derived.membrane.factor
    return driveAdjoint * derived.resistance
  }
}
