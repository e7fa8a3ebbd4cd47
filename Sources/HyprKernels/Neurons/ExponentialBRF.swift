internal import CSystem

/// BRFExponential, the balanced resonate-and-fire neuron (Higuchi, Kairat, Bohté & Otte 2024, arXiv 2402.14603) integrated by the
/// exponential Euler method, which is stable for every frequency and needs no p(ω).
///
/// State u, v (complex membrane potential x = u + i v) and q (refractory variable); with primes for the step before,
///
///     x = exp(dt (-|b_offset| - q' + i |omega|)) x' + dt I
///     z = Θ(u - threshold - q')           q = refractory_decay q' + z
enum ExponentialBRF: PointNeuron {
  typealias State = InlineArray<3, Lanes>
  typealias Parameters = InlineArray<2, Lanes>
  typealias Derived = InlineArray<4, Lanes>
  typealias Tape = InlineArray<3, Lanes>

  typealias Constants = BalancedResonateAndFire.Constants

  static var name: StaticString { "BRFExponential" }
  static var states: StateNames { .init("u", "v", "q") }
  static var spiking: Bool { true }
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

  // Derived: exp(-dt |b_offset|) times cos(dt ω) and sin(dt ω); dt sign(omega), -dt sign(b_offset)
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let (omega, offset, dt) = (parameters[0], parameters[1], constants.dt)
    let decay = system_exp(-dt * offset.magnitude)
    derived[0] = decay * Float(system_cos(Double(dt) * Double(omega.magnitude)))
    derived[1] = decay * Float(system_sin(Double(dt) * Double(omega.magnitude)))
    derived[2] = omega < 0 ? -dt : dt
    derived[3] = offset < 0 ? dt : -dt
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (u, v, q) = (state[0], state[1], state[2])
    let damping = exponential(q * -constants.dt)
    let uTurned = damping * (derived[0] * u - derived[1] * v)
    state[0] = uTurned + current * constants.dt
    state[1] = damping * (derived[1] * u + derived[0] * v)
    let distance = state[0] - constants.threshold - q
    let spike = distance.heaviside
    tape[0] = distance
    tape[1] = damping
    tape[2] = uTurned
    state[2] = q * constants.refractoryDecay + spike
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let (uTurned, vTurned) = (tape[2], after[1])
    let distanceAdjoint = tape[0] * (outputAdjoint + adjoint[2])
    let uAdjoint = adjoint[0] + distanceAdjoint
    let vAdjoint = adjoint[1]
    let decayAdjoint = uAdjoint * uTurned + vAdjoint * vTurned
    gradient[0] += (vAdjoint * uTurned - uAdjoint * vTurned) * derived[2]
    gradient[1] += decayAdjoint * derived[3]
    adjoint[0] = tape[1] * (uAdjoint * derived[0] + vAdjoint * derived[1])
    adjoint[1] = tape[1] * (vAdjoint * derived[0] - uAdjoint * derived[1])
    adjoint[2] = adjoint[2] * constants.refractoryDecay - distanceAdjoint - decayAdjoint * constants.dt
    return uAdjoint * constants.dt
  }
}

extension ExponentialBRF {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
