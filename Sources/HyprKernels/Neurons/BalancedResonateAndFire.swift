internal import CSystem

/// BRF, the balanced resonate-and-fire neuron (Higuchi, Kairat, Bohté & Otte 2024, arXiv 2402.14603).
///
/// State u, v (complex membrane potential) and q (refractory variable); with primes for the step before,
///
///     b = p(ω) - |b_offset| - q'          p(ω) = (-1 + sqrt(1 - (dt ω)²)) / dt
///     u = u' + dt (b u' - ω v' + I)       v = v' + dt (ω u' + b v')
///     z = Θ(u - threshold - q')           q = refractory_decay q' + z
///
/// with ω = |omega|. The refractory path is differentiated too.
enum BalancedResonateAndFire: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<3, Lanes>
    var u, v, q: Lanes
  }

  struct Parameters: LaneRecord { var omega, bOffset: Lanes }

  struct Derived: LaneRecord {
    /// ω
    var omega: Lanes
    /// p(ω) - |b_offset|
    var damping: Lanes
    /// dt dω/domega
    var omegaSlope: Lanes
    /// dt dp/domega
    var dampingSlope: Lanes
    /// dt d|b_offset|/db_offset
    var offsetSlope: Lanes
    /// dt ω
    var rotation: Lanes
  }

  typealias Tape = NoValues

  struct Constants: NeuronConstants {
    let threshold, dt, refractoryDecay: Float

    init(_ values: Row) { (threshold, dt, refractoryDecay) = (values[0], values[1], values[2]) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("threshold", from: 1e-6, to: 1e6, default: 1)
      case 1: .init("dt", from: 1e-6, to: 1, default: 0.01)
      case 2: .init("refractory_decay", from: 0, to: 0.999_999, default: 0.9)
      default: nil
      }
    }
  }

  static var name: StaticString { "BRF" }
  static var states: StateNames { .init("u", "v", "q") }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    // p(ω) is real only for dt ω < 1, and its slope grows without bound towards 1.
    case 0: .init("omega", from: 0, to: 0.9999 / constants.dt, default: 10, absolute: true, drawn: .uniform(3, 5))
    case 1: .init("b_offset", from: 0, to: 1 / constants.dt, default: 1, absolute: true, drawn: .uniform(0.1, 1))
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    let (dt, omega) = (constants.dt, parameters.omega.magnitude)
    let root = lanes_square_root(1 - (dt * omega) * (dt * omega))
    let sign = parameters.omega.sign
    return .init(
      omega: omega, damping: (root - 1) / dt - parameters.bOffset.magnitude, omegaSlope: sign * dt,
      dampingSlope: -sign * dt * omega / root * dt, offsetSlope: parameters.bOffset.sign * dt, rotation: omega * dt)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let (u, v, q) = (state.u, state.v, state.q)
    let b = derived.damping - q
    state.u = u + (b * u - derived.omega * v + current) * constants.dt
    state.v = v + (derived.omega * u + b * v) * constants.dt
    distances.spike = state.u - constants.threshold - q
    let spike = distances.spike.heaviside
    state.q = q * constants.refractoryDecay + spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (u, v) = (before.u, before.v)
    let decay = (derived.damping - before.q) * constants.dt + 1
    let distanceAdjoint = surrogates.spike * (outputAdjoint + adjoint.q)
    let uAdjoint = adjoint.u + distanceAdjoint
    let vAdjoint = adjoint.v
    let dampingAdjoint = uAdjoint * u + vAdjoint * v
    gradient.omega += (vAdjoint * u - uAdjoint * v) * derived.omegaSlope + dampingAdjoint * derived.dampingSlope
    gradient.bOffset -= dampingAdjoint * derived.offsetSlope
    adjoint.u = uAdjoint * decay + vAdjoint * derived.rotation
    adjoint.v = vAdjoint * decay - uAdjoint * derived.rotation
    adjoint.q = adjoint.q * constants.refractoryDecay - distanceAdjoint - dampingAdjoint * constants.dt
    return uAdjoint * constants.dt
  }
}
