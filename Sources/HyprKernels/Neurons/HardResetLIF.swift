internal import CSystem

/// LIF with hard reset (Baronig et al. 2024, arXiv 2408.07517): ũ = α u' + (1 - α) I, z = Θ(ũ - threshold), u = ũ (1 - z), with
/// α = exp(-1/τ) and τ = p_u tau_u_max + (1 - p_u) tau_u_min. No gradient flows through the reset.
enum HardResetLIF: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<1, Lanes>
  typealias Derived = InlineArray<3, Lanes>
  typealias Tape = InlineArray<2, Lanes>

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
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .slayer }
  static var initialization: Initialization { .orthogonal }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("p_u", from: 0, to: 1, default: 0.5, drawn: .uniform(0, 1)) : nil
  }

  // Derived: α, 1 - α, dα/dp_u
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let membrane = InterpolatedDecay(parameters[0], constants.tauU)
    (derived[0], derived[1], derived[2]) = (membrane.decay, membrane.complement, membrane.slope)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let u = state[0]
    let uFree = derived[0] * u + derived[1] * current
    let distance = uFree - constants.threshold
    let spike = distance.heaviside
    tape[0] = distance
    tape[1] = u - current
    state[0] = uFree * (1 - spike)
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let freeAdjoint = adjoint[0] * (1 - output) + tape[0] * outputAdjoint
    gradient[0] += freeAdjoint * tape[1] * derived[2]
    adjoint[0] = freeAdjoint * derived[0]
    return freeAdjoint * derived[1]
  }
}

extension HardResetLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
