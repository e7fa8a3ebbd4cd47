internal import CSystem

/// RF, the resonate-and-fire neuron without reset (Izhikevich 2001; Higuchi et al. 2024, arXiv 2402.14603).
///
/// State u, v (complex membrane potential); with b = -|b_offset|, ω = |omega| and primes for the step before,
///
///     u = u' + dt (b u' - ω v' + I)     v = v' + dt (ω u' + b v')     z = Θ(u - threshold)
enum ResonateAndFire: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<2, Lanes>
    var u, v: Lanes
  }

  struct Parameters: LaneRecord { var omega, bOffset: Lanes }

  struct Derived: LaneRecord {
    /// dt ω
    var rotation: Lanes
    /// 1 + dt b
    var decay: Lanes
    /// Their derivatives by omega and by b_offset.
    var rotationSlope, decaySlope: Lanes
  }

  typealias Tape = NoValues

  struct Constants: NeuronConstants {
    let threshold, dt: Float

    init(_ values: Row) { (threshold, dt) = (values[0], values[1]) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("threshold", from: 1e-6, to: 1e6, default: 1)
      case 1: .init("dt", from: 1e-6, to: 1, default: 0.01)
      default: nil
      }
    }
  }

  static var name: StaticString { "RF" }
  static var states: StateNames { .init("u", "v") }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("omega", from: 0, to: 1 / constants.dt, default: 10, absolute: true, drawn: .uniform(3, 5))
    case 1: .init("b_offset", from: 0, to: 1 / constants.dt, default: 1, absolute: true, drawn: .uniform(0.1, 1))
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    let dt = constants.dt
    return .init(
      rotation: dt * parameters.omega.magnitude, decay: 1 - dt * parameters.bOffset.magnitude,
      rotationSlope: dt * parameters.omega.sign, decaySlope: -dt * parameters.bOffset.sign)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let (u, v) = (state.u, state.v)
    state.u = derived.decay * u - derived.rotation * v + current * constants.dt
    state.v = derived.rotation * u + derived.decay * v
    distances.spike = state.u - constants.threshold
    return distances.spike.heaviside
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (u, v) = (before.u, before.v)
    let uAdjoint = adjoint.u + surrogates.spike * outputAdjoint
    let vAdjoint = adjoint.v
    gradient.omega += (vAdjoint * u - uAdjoint * v) * derived.rotationSlope
    gradient.bOffset += (uAdjoint * u + vAdjoint * v) * derived.decaySlope
    adjoint.u = uAdjoint * derived.decay + vAdjoint * derived.rotation
    adjoint.v = vAdjoint * derived.decay - uAdjoint * derived.rotation
    return uAdjoint * constants.dt
  }
}
