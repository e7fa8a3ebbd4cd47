internal import CSystem

/// EF-adLIF, the adaptive leaky integrate-and-fire neuron in Euler-forward discretisation (Bittar & Garner 2022; Baronig,
/// Ferrand, Sabathiel & Legenstein 2024, arXiv 2408.07517).
///
/// State ũ (membrane potential before reset, so that z is a function of it) and w (adaptation current); with primes for the
/// step before and u' = ũ' (1 - z'),
///
///     ũ = α_u u' + (1 - α_u)(I - w')     z = Θ(ũ - threshold)
///     w = α_w w' + (1 - α_w) adaptation_gain (a u' + b z')
///
/// with the decays of SE-adLIF. No gradient flows through the reset.
enum EulerForwardAdaptiveLIF: PointNeuron {
  typealias State = InlineArray<2, Lanes>
  typealias Parameters = InlineArray<4, Lanes>
  typealias Derived = InlineArray<8, Lanes>
  typealias Tape = InlineArray<3, Lanes>

  struct Constants: NeuronConstants {
    let adaptive: AdaptiveLIFConstants

    init(_ values: Row) { adaptive = AdaptiveLIFConstants(values) }

    static func quantity(_ index: Int) -> kernel_quantity? { AdaptiveLIFConstants.quantity(index, gain: 60) }
  }

  static var name: StaticString { "EFAdLIF" }
  static var states: StateNames { .init("m", "w") }
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .slayer }
  static var initialization: Initialization { .orthogonal }
  /// Of the new membrane potential for z, and of the old one for its reset.
  static var surrogateCount: Int { 2 }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    AdaptiveLIFConstants.parameter(index)
  }

  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    constants.adaptive.derive(parameters, into: derived)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let threshold = constants.adaptive.threshold
    let oldDistance = state[0] - threshold
    let oldSpike = oldDistance.heaviside
    let (u, w) = (state[0] * (1 - oldSpike), state[1])
    let drive = current - w
    state[0] = derived[0] * u + derived[1] * drive
    state[1] = derived[3] * w + derived[4] * (derived[6] * u + derived[7] * oldSpike)
    let distance = state[0] - threshold
    tape[0] = distance
    tape[1] = oldDistance
    tape[2] = u - drive
    return distance.heaviside
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let oldSpike = (before[0] - constants.adaptive.threshold).heaviside
    let u = before[0] * (1 - oldSpike)
    let wAdjoint = adjoint[1]
    let driveAdjoint = wAdjoint * derived[4]
    let freeAdjoint = adjoint[0] + tape[0] * outputAdjoint
    let currentAdjoint = freeAdjoint * derived[1]
    gradient[0] += freeAdjoint * tape[2] * derived[2]
    gradient[1] += wAdjoint * (before[1] - (derived[6] * u + derived[7] * oldSpike)) * derived[5]
    gradient[2] += driveAdjoint * u * constants.adaptive.gain
    gradient[3] += driveAdjoint * oldSpike * constants.adaptive.gain
    adjoint[0] =
      (freeAdjoint * derived[0] + driveAdjoint * derived[6]) * (1 - oldSpike) + tape[1] * driveAdjoint * derived[7]
    adjoint[1] = wAdjoint * derived[3] - currentAdjoint
    return currentAdjoint
  }
}

extension EulerForwardAdaptiveLIF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
