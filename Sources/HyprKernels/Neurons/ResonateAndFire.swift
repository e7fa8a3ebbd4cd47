internal import CSystem

/// RF, the resonate-and-fire neuron without reset (Izhikevich 2001; Higuchi et al. 2024, arXiv 2402.14603).
///
/// State u, v (complex membrane potential); with b = -|b_offset|, ω = |omega| and primes for the step before,
///
///     u = u' + dt (b u' - ω v' + I)     v = v' + dt (ω u' + b v')     z = Θ(u - threshold)
enum ResonateAndFire: PointNeuron {
  typealias State = InlineArray<2, Lanes>
  typealias Parameters = InlineArray<2, Lanes>
  typealias Derived = InlineArray<4, Lanes>
  typealias Tape = InlineArray<1, Lanes>

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
  static var spiking: Bool { true }
  static var surrogate: SurrogateKind { .doubleGaussian }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("omega", from: 0, to: 1 / constants.dt, default: 10, absolute: true, drawn: .uniform(3, 5))
    case 1: .init("b_offset", from: 0, to: 1 / constants.dt, default: 1, absolute: true, drawn: .uniform(0.1, 1))
    default: nil
    }
  }

  // Derived: dt ω, 1 - dt |b_offset|, dt sign(omega), -dt sign(b_offset)
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let (omega, offset, dt) = (parameters[0], parameters[1], constants.dt)
    derived[0] = dt * omega.magnitude
    derived[1] = 1 - dt * offset.magnitude
    derived[2] = omega < 0 ? -dt : dt
    derived[3] = offset < 0 ? dt : -dt
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (u, v) = (state[0], state[1])
    state[0] = derived[1] * u - derived[0] * v + current * constants.dt
    state[1] = derived[0] * u + derived[1] * v
    let distance = state[0] - constants.threshold
    tape[0] = distance
    return distance.heaviside
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (u, v) = (before[0], before[1])
    let uAdjoint = adjoint[0] + tape[0] * outputAdjoint
    let vAdjoint = adjoint[1]
    gradient[0] += (vAdjoint * u - uAdjoint * v) * derived[2]
    gradient[1] += (uAdjoint * u + vAdjoint * v) * derived[3]
    adjoint[0] = uAdjoint * derived[1] + vAdjoint * derived[0]
    adjoint[1] = vAdjoint * derived[1] - uAdjoint * derived[0]
    return uAdjoint * constants.dt
  }
}

extension ResonateAndFire {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
