internal import CSystem

/// SE-adLIF, the adaptive leaky integrate-and-fire neuron in symplectic-Euler discretisation
/// (Baronig, Ferrand, Sabathiel & Legenstein 2024, arXiv 2408.07517).
///
/// State u (membrane potential after reset) and w (adaptation current); with primes for the step before,
///
///     ũ = α_u u' + (1 - α_u)(I - w')      z = Θ(ũ - threshold)       u = ũ (1 - z)
///     w = α_w w' + (1 - α_w) adaptation_gain (a u + b z)
///
/// with the new u and z in w, α = exp(-1/τ), τ_u = p_u tau_u_max + (1 - p_u) tau_u_min and τ_w likewise.
/// No gradient flows through the reset.
enum SymplecticAdaptiveLIF: PointNeuron {
  typealias State = InlineArray<2, Lanes>
  typealias Parameters = InlineArray<4, Lanes>
  typealias Derived = InlineArray<8, Lanes>
  typealias Tape = InlineArray<2, Lanes>

  struct Constants: NeuronConstants {
    let adaptive: AdaptiveLIFConstants

    init(_ values: Row) { adaptive = AdaptiveLIFConstants(values) }

    static func quantity(_ index: Int) -> kernel_quantity? { AdaptiveLIFConstants.quantity(index, gain: 120) }
  }

  static var name: StaticString { "SEAdLIF" }
  static var states: StateNames { .init("u", "w") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .slayer }
  static var initialization: Initialization { .orthogonal }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    AdaptiveLIFConstants.parameter(index)
  }

  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    constants.adaptive.derive(parameters, into: derived)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (u, w) = (state[0], state[1])
    let drive = current - w
    let uFree = derived[0] * u + derived[1] * drive
    let distance = uFree - constants.adaptive.threshold
    let spike = distance.heaviside
    tape[0] = distance
    tape[1] = u - drive
    state[0] = uFree * (1 - spike)
    state[1] = derived[3] * w + derived[4] * (derived[6] * state[0] + derived[7] * spike)
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let u = after[0]
    let wAdjoint = adjoint[1]
    let driveAdjoint = wAdjoint * derived[4]
    let spikeAdjoint = outputAdjoint + driveAdjoint * derived[7]
    let uAdjoint = adjoint[0] + driveAdjoint * derived[6]
    let freeAdjoint = uAdjoint * (1 - output) + tape[0] * spikeAdjoint
    let currentAdjoint = freeAdjoint * derived[1]
    gradient[0] += freeAdjoint * tape[1] * derived[2]
    gradient[1] += wAdjoint * (before[1] - (derived[6] * u + derived[7] * output)) * derived[5]
    gradient[2] += driveAdjoint * u * constants.adaptive.gain
    gradient[3] += driveAdjoint * output * constants.adaptive.gain
    adjoint[0] = freeAdjoint * derived[0]
    adjoint[1] = wAdjoint * derived[3] - currentAdjoint
    return currentAdjoint
  }
}

extension SymplecticAdaptiveLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
