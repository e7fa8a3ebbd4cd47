internal import CSystem

/// CubaLIF, LIF with a synaptic current, as NIR describes it (Pedersen et al. 2024, arXiv 2311.14641):
///
///     i = α_s i' + (1 - α_s) I     j = (1 - synaptic_lag) i + synaptic_lag i'
///     m = α_m u' + (1 - α_m)(leak_potential + resistance j)     z = Θ(m - threshold)
///
/// with α_s = exp(-1/|tau_syn|) and α_m = exp(-1/|tau_m|); u follows from m by the layer's reset. With a lag of 0 the membrane
/// sees the synaptic current of the step itself, with 1 that of the step before.
enum CurrentBasedLIF: PointNeuron {
  typealias State = InlineArray<2, Lanes>
  typealias Parameters = InlineArray<6, Lanes>
  typealias Derived = InlineArray<10, Lanes>
  typealias Tape = InlineArray<4, Lanes>

  struct Constants: NeuronConstants {
    let synapticLag: Float
    let reset: PotentialReset

    init(_ values: Row) { (synapticLag, reset) = (values[0], PotentialReset(values[1])) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("synaptic_lag", from: 0, to: 1, default: 0)
      case 1: PotentialReset.quantity
      default: nil
      }
    }
  }

  static var name: StaticString { "CubaLIF" }
  static var states: StateNames { .init("i", "u") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_syn", from: 0.01, to: 1e6, default: 5, absolute: true, drawn: .normal(5, 0.2))
    case 1: .init("tau_m", from: 0.01, to: 1e6, default: 20, absolute: true, drawn: .normal(20, 0.5))
    default: MembraneParameters.quantity(index - 2)
    }
  }

  // Derived: α_s, 1 - α_s, dα_s/dtau_syn, α_m, 1 - α_m, dα_m/dtau_m, resistance, leak potential, threshold, reset potential
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let synapse = Decay(tau: parameters[0])
    let membrane = Decay(tau: parameters[1])
    (derived[0], derived[1], derived[2]) = (synapse.decay, synapse.complement, synapse.slope)
    (derived[3], derived[4], derived[5]) = (membrane.decay, membrane.complement, membrane.slope)
    for index in 2..<6 { derived[index + 4] = parameters[index] }
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (i, u) = (state[0], state[1])
    let iNew = derived[0] * i + derived[1] * current
    let j = iNew * (1 - constants.synapticLag) + i * constants.synapticLag
    let drive = derived[7] + derived[6] * j
    let m = derived[3] * u + derived[4] * drive
    let outcome = constants.reset.apply(m, before: u, threshold: derived[8], resetPotential: derived[9])
    tape[0] = outcome.distance
    tape[1] = i - current
    tape[2] = u - drive
    tape[3] = j
    state[0] = iNew
    state[1] = outcome.potential
    return outcome.spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let reset = constants.reset.backward(
      adjoint[1], outputAdjoint: outputAdjoint, before: before[1], spike: output, surrogate: tape[0],
      threshold: derived[8])
    let driveAdjoint = reset.potential * derived[4]
    let jAdjoint = driveAdjoint * derived[6]
    let iAdjoint = adjoint[0] + jAdjoint * (1 - constants.synapticLag)
    gradient[0] += iAdjoint * tape[1] * derived[2]
    gradient[1] += reset.potential * tape[2] * derived[5]
    gradient[2] += driveAdjoint * tape[3]
    gradient[3] += driveAdjoint
    gradient[4] += reset.threshold
    gradient[5] += reset.resetPotential
    adjoint[0] = iAdjoint * derived[0] + jAdjoint * constants.synapticLag
    adjoint[1] = reset.potential * derived[3]
    return iAdjoint * derived[1]
  }
}

extension CurrentBasedLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
