internal import CSystem

/// LI, the leaky integrator: y = κ y' + (1 - κ) I with κ = exp(-1/|tau|). Its output is y itself; the readout is a layer
/// of these.
enum LeakyIntegrator: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var y: Lanes
  }

  struct Parameters: LaneRecord { var tau: Lanes }
  /// The core knows that the first two are κ and 1 - κ: kernels.h.
  struct Derived: LaneRecord { var integrator: Decay }

  struct Tape: LaneRecord {
    /// y' - I
    var decaying: Lanes
  }

  typealias Comparisons = NoValues

  typealias Constants = NoConstants

  static var name: StaticString { "LI" }
  static var states: StateNames { .init("y") }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("tau", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 1)) : nil
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(integrator: Decay(tau: parameters.tau))
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    tape.decaying = state.y - current
    state.y = derived.integrator.factor * state.y + derived.integrator.complement * current
    return state.y
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let yAdjoint = adjoint.y + outputAdjoint
    gradient.tau += yAdjoint * tape.decaying * derived.integrator.slope
    adjoint.y = yAdjoint * derived.integrator.factor
    return yAdjoint * derived.integrator.complement
  }
}
