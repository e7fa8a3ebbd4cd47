internal import CSystem

/// LIF with leak potential, resistance and reset potential, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
///
///     m = α u' + (1 - α)(leak_potential + resistance I)     z = Θ(m - threshold)
///
/// with α = exp(-1/|tau_m|); u follows from m by the layer's reset (see `PotentialReset`).
enum GeneralLIF: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<5, Lanes>
  typealias Derived = InlineArray<7, Lanes>
  typealias Tape = InlineArray<3, Lanes>
  typealias Constants = ResetConstants

  static var name: StaticString { "GeneralLIF" }
  static var states: StateNames { .init("u") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    default: MembraneParameters.quantity(index - 1)
    }
  }

  // Derived: α, 1 - α, dα/dtau_m, resistance, leak potential, threshold, reset potential
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let membrane = Decay(tau: parameters[0])
    (derived[0], derived[1], derived[2]) = (membrane.decay, membrane.complement, membrane.slope)
    for index in 1..<5 { derived[index + 2] = parameters[index] }
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let u = state[0]
    let drive = derived[4] + derived[3] * current
    let m = derived[0] * u + derived[1] * drive
    let outcome = constants.reset.apply(m, before: u, threshold: derived[5], resetPotential: derived[6])
    tape[0] = outcome.distance
    tape[1] = u - drive
    tape[2] = current
    state[0] = outcome.potential
    return outcome.spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let reset = constants.reset.backward(
      adjoint[0], outputAdjoint: outputAdjoint, before: before[0], spike: output, surrogate: tape[0],
      threshold: derived[5])
    let driveAdjoint = reset.potential * derived[1]
    gradient[0] += reset.potential * tape[1] * derived[2]
    gradient[1] += driveAdjoint * tape[2]
    gradient[2] += driveAdjoint
    gradient[3] += reset.threshold
    gradient[4] += reset.resetPotential
    adjoint[0] = reset.potential * derived[0]
    return driveAdjoint * derived[3]
  }
}

extension GeneralLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
