internal import CSystem

/// A leaky integrator whose output saturates, the example of docs/neuron-model.md: with α = exp(-1/|tau|),
///
///     y = α y' + (1 - α) I      z = y / (1 + |y| / limit)
enum Softsign: PointNeuron {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<1, Lanes>
  typealias Derived = InlineArray<3, Lanes>
  typealias Tape = InlineArray<2, Lanes>

  struct Constants: NeuronConstants {
    let limit: Float

    init(_ values: Row) { limit = values[0] }

    static func quantity(_ index: Int) -> kernel_quantity? {
      index == 0 ? .init("limit", from: 1e-6, to: 1e6, default: 1) : nil
    }
  }

  static var name: StaticString { "Softsign" }
  static var spiking: Bool { false }
  static var surrogate: SurrogateKind { .straightThrough }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("tau", from: 0.01, to: 1e6, default: 20, absolute: true) : nil
  }

  // Derived: α, 1 - α, dα/dtau
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {
    let alpha = Decay(tau: parameters[0])
    (derived[0], derived[1], derived[2]) = (alpha.decay, alpha.complement, alpha.slope)
  }

  // Tape: y' - I, dz/dy
  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let y = derived[0] * state[0] + derived[1] * current
    let shrink = 1 / (1 + y.magnitude / constants.limit)
    (tape[0], tape[1]) = (state[0] - current, shrink * shrink)
    state[0] = y
    return y * shrink
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let yAdjoint = adjoint[0] + tape[1] * outputAdjoint
    gradient[0] += yAdjoint * tape[0] * derived[2]
    adjoint[0] = yAdjoint * derived[0]
    return yAdjoint * derived[1]
  }
}
