internal import CSystem

/// LIF with soft reset: ũ = α u' + (1 - α) I, z = Θ(ũ - threshold), u = ũ - z threshold, with α = exp(-1/|tau_m|).
/// The gradient flows through the reset.
enum LeakyIntegrateAndFire: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<1, Lanes>
  typealias Derived = InlineArray<3, Lanes>
  typealias Tape = InlineArray<2, Lanes>

  struct Constants: NeuronConstants {
    let threshold: Float

    init(_ values: Row) { threshold = values[0] }

    static func quantity(_ index: Int) -> kernel_quantity? {
      index == 0 ? .init("threshold", from: 1e-6, to: 1e6, default: 1) : nil
    }
  }

  static var name: StaticString { "LIF" }
  static var states: StateNames { .init("u") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .triangle }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5)) : nil
  }

  // Derived: α, 1 - α, dα/dtau_m
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let membrane = Decay(tau: parameters[0])
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
    state[0] = uFree - spike * constants.threshold
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let spikeAdjoint = outputAdjoint - adjoint[0] * constants.threshold
    let freeAdjoint = adjoint[0] + tape[0] * spikeAdjoint
    gradient[0] += freeAdjoint * tape[1] * derived[2]
    adjoint[0] = freeAdjoint * derived[0]
    return freeAdjoint * derived[1]
  }
}

extension LeakyIntegrateAndFire {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
