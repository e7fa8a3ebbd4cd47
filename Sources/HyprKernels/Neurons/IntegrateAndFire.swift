internal import CSystem

/// IF, integrate-and-fire without leak, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
/// m = u' + resistance I, z = Θ(m - threshold); u follows from m by the layer's reset.
enum IntegrateAndFire: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<3, Lanes>
  typealias Derived = InlineArray<3, Lanes>
  typealias Tape = InlineArray<2, Lanes>
  typealias Constants = ResetConstants

  static var name: StaticString { "IF" }
  static var states: StateNames { .init("u") }
  static var spiking: Bool { true }
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

  // Derived: the parameters
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    for index in 0..<3 { derived[index] = parameters[index] }
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let u = state[0]
    let m = u + derived[0] * current
    let outcome = constants.reset.apply(m, before: u, threshold: derived[1], resetPotential: derived[2])
    tape[0] = outcome.distance
    tape[1] = current
    state[0] = outcome.potential
    return outcome.spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let reset = constants.reset.backward(
      adjoint[0], outputAdjoint: outputAdjoint, before: before[0], spike: output, surrogate: tape[0],
      threshold: derived[1])
    gradient[0] += reset.potential * tape[1]
    gradient[1] += reset.threshold
    gradient[2] += reset.resetPotential
    adjoint[0] = reset.potential
    return reset.potential * derived[0]
  }
}

extension IntegrateAndFire {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
