internal import CSystem

/// LIF with soft reset: m = α u' + (1 - α) I, z = Θ(m - threshold), u = m - z threshold, with α = exp(-1/|tau_m|).
/// The gradient flows through the reset.
enum LeakyIntegrateAndFire: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var u: Lanes
  }

  struct Parameters: LaneRecord { var tauM: Lanes }
  struct Derived: LaneRecord { var membrane: Decay }

  struct Tape: LaneRecord {
    /// u' - I
    var decaying: Lanes
  }

  struct Constants: NeuronConstants {
    let threshold: Float

    init(_ values: Row) { threshold = values[0] }

    static func quantity(_ index: Int) -> kernel_quantity? {
      index == 0 ? .init("threshold", from: 1e-6, to: 1e6, default: 1) : nil
    }
  }

  static var name: StaticString { "LIF" }
  static var states: StateNames { .init("u") }
  static var surrogate: SurrogateKind { .triangle }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5)) : nil
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(membrane: Decay(tau: parameters.tauM))
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let m = derived.membrane.factor * state.u + derived.membrane.complement * current
    distances.spike = m - constants.threshold
    let spike = distances.spike.heaviside
    tape.decaying = state.u - current
    state.u = m - spike * constants.threshold
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let spikeAdjoint = outputAdjoint - adjoint.u * constants.threshold
    let mAdjoint = adjoint.u + surrogates.spike * spikeAdjoint
    gradient.tauM += mAdjoint * tape.decaying * derived.membrane.slope
    adjoint.u = mAdjoint * derived.membrane.factor
    return mAdjoint * derived.membrane.complement
  }
}
