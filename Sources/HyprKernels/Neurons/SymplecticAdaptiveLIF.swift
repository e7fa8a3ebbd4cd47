internal import CSystem

/// SE-adLIF, the adaptive leaky integrate-and-fire neuron in symplectic-Euler discretisation
/// (Baronig, Ferrand, Sabathiel & Legenstein 2024, arXiv 2408.07517).
///
/// State u (membrane potential after reset) and w (adaptation current); with primes for the step before,
///
///     m = α_u u' + (1 - α_u)(I - w')      z = Θ(m - threshold)       u = m (1 - z)
///     w = α_w w' + (1 - α_w) adaptation_gain (a u + b z)
///
/// with the new u and z in w, α = exp(-1/τ), τ_u = p_u tau_u_max + (1 - p_u) tau_u_min and τ_w likewise.
/// No gradient flows through the reset.
enum SymplecticAdaptiveLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<2, Lanes>
    var u, w: Lanes
  }

  typealias Parameters = AdaptiveLIFConstants.Parameters
  typealias Derived = AdaptiveLIFConstants.Derived

  struct Tape: LaneRecord {
    /// u' - (I - w')
    var decaying: Lanes
  }

  struct Constants: NeuronConstants {
    let adaptive: AdaptiveLIFConstants

    init(_ values: Row) { adaptive = AdaptiveLIFConstants(values) }

    static func quantity(_ index: Int) -> kernel_quantity? { AdaptiveLIFConstants.quantity(index, gain: 120) }
  }

  static var name: StaticString { "SEAdLIF" }
  static var states: StateNames { .init("u", "w") }
  static var surrogate: SurrogateKind { .slayer }
  static var initialization: Initialization { .orthogonal }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    AdaptiveLIFConstants.parameter(index)
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    constants.adaptive.derive(parameters)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let drive = current - state.w
    let m = derived.membrane.factor * state.u + derived.membrane.complement * drive
    distances.spike = m - constants.adaptive.threshold
    let spike = distances.spike.heaviside
    tape.decaying = state.u - drive
    state.u = m * (1 - spike)
    state.w =
      derived.adaptation.factor * state.w
      + derived.adaptation.complement * (derived.coupling * state.u + derived.increment * spike)
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let driveAdjoint = adjoint.w * derived.adaptation.complement
    let spikeAdjoint = outputAdjoint + driveAdjoint * derived.increment
    let uAdjoint = adjoint.u + driveAdjoint * derived.coupling
    let mAdjoint = uAdjoint * (1 - output) + surrogates.spike * spikeAdjoint
    let currentAdjoint = mAdjoint * derived.membrane.complement
    let adaptationDrive = derived.coupling * after.u + derived.increment * output
    gradient.pU += mAdjoint * tape.decaying * derived.membrane.slope
    gradient.pW += adjoint.w * (before.w - adaptationDrive) * derived.adaptation.slope
    gradient.a += driveAdjoint * after.u * constants.adaptive.gain
    gradient.b += driveAdjoint * output * constants.adaptive.gain
    adjoint.u = mAdjoint * derived.membrane.factor
    adjoint.w = adjoint.w * derived.adaptation.factor - currentAdjoint
    return currentAdjoint
  }
}
