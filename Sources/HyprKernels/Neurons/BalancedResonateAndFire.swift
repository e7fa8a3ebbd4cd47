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
  typealias State = InlineArray<3, Lanes>
  typealias Parameters = InlineArray<2, Lanes>
  typealias Derived = InlineArray<6, Lanes>
  typealias Tape = InlineArray<1, Lanes>

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
  static var spiking: Bool { true }
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

  // Derived: ω, p(ω) - |b_offset|, and times dt: sign(omega), sign(omega) dp/dω, sign(b_offset), ω
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let (omega, offset, dt) = (parameters[0], parameters[1], constants.dt)
    let root = (1 - (dt * omega) * (dt * omega)).squareRoot()
    let sign: Float = omega < 0 ? -1 : 1
    derived[0] = omega.magnitude
    derived[1] = (root - 1) / dt - offset.magnitude
    derived[2] = sign * dt
    derived[3] = -sign * dt * omega.magnitude / root * dt
    derived[4] = (offset < 0 ? -1 : 1) * dt
    derived[5] = omega.magnitude * dt
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (u, v, q) = (state[0], state[1], state[2])
    let omega = derived[0]
    let b = derived[1] - q
    let uNew = u + (b * u - omega * v + current) * constants.dt
    let vNew = v + (omega * u + b * v) * constants.dt
    let distance = uNew - constants.threshold - q
    let spike = distance.heaviside
    tape[0] = distance
    state[0] = uNew
    state[1] = vNew
    state[2] = q * constants.refractoryDecay + spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (u, v) = (before[0], before[1])
    let decay = (derived[1] - before[2]) * constants.dt + 1
    let rotation = derived[5]
    let distanceAdjoint = tape[0] * (outputAdjoint + adjoint[2])
    let uAdjoint = adjoint[0] + distanceAdjoint
    let vAdjoint = adjoint[1]
    let along = uAdjoint * u + vAdjoint * v
    gradient[0] += (vAdjoint * u - uAdjoint * v) * derived[2] + along * derived[3]
    gradient[1] -= along * derived[4]
    adjoint[0] = uAdjoint * decay + vAdjoint * rotation
    adjoint[1] = vAdjoint * decay - uAdjoint * rotation
    adjoint[2] = adjoint[2] * constants.refractoryDecay - distanceAdjoint - along * constants.dt
    return uAdjoint * constants.dt
  }
}

extension BalancedResonateAndFire {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
