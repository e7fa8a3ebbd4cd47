internal import CSystem

/// BRFExponential, the balanced resonate-and-fire neuron (Higuchi, Kairat, Bohté & Otte 2024, arXiv 2402.14603) integrated by the
/// exponential Euler method, which is stable for every frequency and needs no p(ω).
///
/// State u, v (complex membrane potential x = u + i v) and q (refractory variable); with primes for the step before,
///
///     x = exp(dt (-|b_offset| - q' + i |omega|)) x' + dt I
///     z = Θ(u - threshold - q')           q = refractory_decay q' + z
enum ExponentialBRF: PointNeuron {
  struct State: StateRecord {
    typealias Values = InlineArray<3, Lanes>
    var u, v, q: Lanes
  }

  struct Parameters: LaneRecord { var omega, bOffset: Lanes }

  struct Derived: LaneRecord {
    /// exp(-dt |b_offset|) times cos(dt ω) and sin(dt ω)
    var cosine, sine: Lanes
    /// Derivatives of the angle by omega and of the exponent by b_offset.
    var angleSlope, decaySlope: Lanes
  }

  struct Tape: LaneRecord {
    /// exp(-dt q')
    var damping: Lanes
    /// u without the input
    var uTurned: Lanes
  }

  typealias Constants = BalancedResonateAndFire.Constants

  static var name: StaticString { "BRFExponential" }
  static var states: StateNames { .init("u", "v", "q") }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    // Half a turn per step: a faster oscillation would look like a slower one.
    case 0: .init("omega", from: 0, to: .pi / constants.dt, default: 10, absolute: true, drawn: .uniform(3, 5))
    case 1: .init("b_offset", from: 0, to: 1 / constants.dt, default: 1, absolute: true, drawn: .uniform(0.1, 1))
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    let dt = constants.dt
    let angle = parameters.omega.magnitude
    let decay = (parameters.bOffset.magnitude * -dt).each(system_exp)
    return .init(
      cosine: decay * angle.each { Float(system_cos(Double(dt) * Double($0))) },
      sine: decay * angle.each { Float(system_sin(Double(dt) * Double($0))) },
      angleSlope: dt * parameters.omega.sign, decaySlope: -dt * parameters.bOffset.sign)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let (u, v, q) = (state.u, state.v, state.q)
    tape.damping = exponential(q * -constants.dt)
    tape.uTurned = tape.damping * (derived.cosine * u - derived.sine * v)
    state.u = tape.uTurned + current * constants.dt
    state.v = tape.damping * (derived.sine * u + derived.cosine * v)
    distances.spike = state.u - constants.threshold - q
    let spike = distances.spike.heaviside
    state.q = q * constants.refractoryDecay + spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (uTurned, vTurned) = (tape.uTurned, after.v)
    let distanceAdjoint = surrogates.spike * (outputAdjoint + adjoint.q)
    let uAdjoint = adjoint.u + distanceAdjoint
    let vAdjoint = adjoint.v
    let decayAdjoint = uAdjoint * uTurned + vAdjoint * vTurned
    gradient.omega += (vAdjoint * uTurned - uAdjoint * vTurned) * derived.angleSlope
    gradient.bOffset += decayAdjoint * derived.decaySlope
    adjoint.u = tape.damping * (uAdjoint * derived.cosine + vAdjoint * derived.sine)
    adjoint.v = tape.damping * (vAdjoint * derived.cosine - uAdjoint * derived.sine)
    adjoint.q = adjoint.q * constants.refractoryDecay - distanceAdjoint - decayAdjoint * constants.dt
    return uAdjoint * constants.dt
  }
}
