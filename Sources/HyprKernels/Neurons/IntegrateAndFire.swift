internal import CSystem

/// IF, integrate-and-fire without leak, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
/// m = u' + resistance I, z = Θ(m - threshold); u follows from m by the layer's reset.
enum IntegrateAndFire: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var u: Lanes
  }

  struct Parameters: LaneRecord { var resistance, threshold, resetPotential: Lanes }
  typealias Derived = Parameters
  struct Tape: LaneRecord { var current: Lanes }
  typealias Constants = ResetConstants

  static var name: StaticString { "IF" }
  static var states: StateNames { .init("u") }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: MembraneParameters.resistance
    case 1: MembraneParameters.threshold
    case 2: MembraneParameters.resetPotential
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    parameters
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let m = state.u + derived.resistance * current
    let outcome = constants.reset.apply(
      m, before: state.u, threshold: derived.threshold, resetPotential: derived.resetPotential)
    distances.spike = outcome.distance
    tape.current = current
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
    gradient.resistance += reset.potential * tape.current
    gradient.threshold += reset.threshold
    gradient.resetPotential += reset.resetPotential
    adjoint.u = reset.potential
    return reset.potential * derived.resistance
  }
}
