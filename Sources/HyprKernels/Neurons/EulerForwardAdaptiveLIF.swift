internal import CSystem

/// EF-adLIF, the adaptive leaky integrate-and-fire neuron in Euler-forward discretisation (Bittar & Garner 2022; Baronig,
/// Ferrand, Sabathiel & Legenstein 2024, arXiv 2408.07517).
///
/// State m (membrane potential before reset, so that z is a function of it) and w (adaptation current); with primes for the
/// step before and u' = m' (1 - z'),
///
///     m = α_u u' + (1 - α_u)(I - w')     z = Θ(m - threshold)
///     w = α_w w' + (1 - α_w) adaptation_gain (a u' + b z')
///
/// with the decays of SE-adLIF. No gradient flows through the reset.
enum EulerForwardAdaptiveLIF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<2, Lanes>
    var m, w: Lanes
  }

  typealias Parameters = AdaptiveLIFConstants.Parameters
  typealias Derived = AdaptiveLIFConstants.Derived

  struct Tape: LaneRecord {
    /// u' - (I - w')
    var decaying: Lanes
  }

  /// Of the new membrane potential for z, and of the one before for its reset.
  struct Comparisons: LaneRecord { var spike, earlierSpike: Lanes }

  struct Constants: NeuronConstants {
    let adaptive: AdaptiveLIFConstants

    init(_ values: Row) { adaptive = AdaptiveLIFConstants(values) }

    static func quantity(_ index: Int) -> kernel_quantity? { AdaptiveLIFConstants.quantity(index, gain: 60) }
  }

  static var name: StaticString { "EFAdLIF" }
  static var states: StateNames { .init("m", "w") }
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
    let threshold = constants.adaptive.threshold
    distances.earlierSpike = state.m - threshold
    let earlierSpike = distances.earlierSpike.heaviside
    let (u, w) = (state.m * (1 - earlierSpike), state.w)
    let drive = current - w
    state.m = derived.membrane.factor * u + derived.membrane.complement * drive
    state.w =
      derived.adaptation.factor * w + derived.adaptation.complement
      * (derived.coupling * u + derived.increment * earlierSpike)
    distances.spike = state.m - threshold
    tape.decaying = u - drive
    return distances.spike.heaviside
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let earlierSpike = (before.m - constants.adaptive.threshold).heaviside
    let u = before.m * (1 - earlierSpike)
    let driveAdjoint = adjoint.w * derived.adaptation.complement
    let mAdjoint = adjoint.m + surrogates.spike * outputAdjoint
    let currentAdjoint = mAdjoint * derived.membrane.complement
    let adaptationDrive = derived.coupling * u + derived.increment * earlierSpike
    gradient.pU += mAdjoint * tape.decaying * derived.membrane.slope
    gradient.pW += adjoint.w * (before.w - adaptationDrive) * derived.adaptation.slope
    gradient.a += driveAdjoint * u * constants.adaptive.gain
    gradient.b += driveAdjoint * earlierSpike * constants.adaptive.gain
    adjoint.m =
      (mAdjoint * derived.membrane.factor + driveAdjoint * derived.coupling) * (1 - earlierSpike)
      + surrogates.earlierSpike * driveAdjoint * derived.increment
    adjoint.w = adjoint.w * derived.adaptation.factor - currentAdjoint
    return currentAdjoint
  }
}
