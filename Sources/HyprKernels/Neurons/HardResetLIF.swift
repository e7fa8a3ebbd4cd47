internal import CSystem

/// LIF with hard reset (Baronig et al. 2024, arXiv 2408.07517): m = α u' + (1 - α) I, z = Θ(m - threshold), u = m (1 - z), with
/// α = exp(-1/τ) and τ = p_u tau_u_max + (1 - p_u) tau_u_min. No gradient flows through the reset.
enum HardResetLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var u: Lanes
  }

  struct Parameters: LaneRecord { var pU: Lanes }
  struct Derived: LaneRecord { var membrane: Decay }

  struct Tape: LaneRecord {
    /// u' - I
    var decaying: Lanes
  }

  struct Constants: NeuronConstants {
    let threshold: Float
    let tauU: (minimum: Float, maximum: Float)

    init(_ values: Row) {
      threshold = values[0]
      tauU = (values[1], values[2])
    }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("threshold", from: 1e-6, to: 1e6, default: 1)
      case 1: .init("tau_u_min", from: 0.01, to: 1e6, default: 5)
      case 2: .init("tau_u_max", from: 0.01, to: 1e6, default: 25)
      default: nil
      }
    }
  }

  static var name: StaticString { "LIFHard" }
  static var states: StateNames { .init("u") }
  static var surrogate: SurrogateKind { .slayer }
  static var initialization: Initialization { .orthogonal }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("p_u", from: 0, to: 1, default: 0.5, drawn: .uniform(0, 1)) : nil
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    .init(membrane: Decay(constants.tauU, at: parameters.pU))
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let m = derived.membrane.factor * state.u + derived.membrane.complement * current
    distances.spike = m - constants.threshold
    let spike = distances.spike.heaviside
    tape.decaying = state.u - current
    state.u = m * (1 - spike)
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let mAdjoint = adjoint.u * (1 - output) + surrogates.spike * outputAdjoint
    gradient.pU += mAdjoint * tape.decaying * derived.membrane.slope
    adjoint.u = mAdjoint * derived.membrane.factor
    return mAdjoint * derived.membrane.complement
  }
}
