internal import CSystem

/// LI, the leaky integrator: y = κ y' + (1 - κ) I with κ = exp(-1/|tau|). Its output is y itself; the readout is a layer
/// of these.
enum LeakyIntegrator: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<1, Lanes>
  typealias Derived = InlineArray<3, Lanes>
  typealias Tape = InlineArray<1, Lanes>

  typealias Constants = NoConstants

  static var name: StaticString { "LI" }
  static var states: StateNames { .init("y") }
  static var spiking: Bool { false }
  static var surrogate: SurrogateKind { .straightThrough }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("tau", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 1)) : nil
  }

  // Derived: κ, 1 - κ (both known to the core, by kernels.h), dκ/dtau
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let kappa = Decay(tau: parameters[0])
    (derived[0], derived[1], derived[2]) = (kappa.decay, kappa.complement, kappa.slope)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let y = state[0]
    tape[0] = y - current
    state[0] = derived[0] * y + derived[1] * current
    return state[0]
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let outer = adjoint[0] + outputAdjoint
    gradient[0] += outer * tape[0] * derived[2]
    adjoint[0] = outer * derived[0]
    return outer * derived[1]
  }
}

extension LeakyIntegrator {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
