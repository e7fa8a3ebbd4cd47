internal import CSystem

/// LSTM, long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate Gers, Schmidhuber & Cummins 2000) with the equations
/// of torch.nn.LSTM:
///
///     i = σ(I_i)     f = σ(I_f)     g = tanh(I_g)     o = σ(I_o)     c = f c' + i g     z = o tanh(c)
///
/// HYPR follows f c' inside the unit and cuts V z' as it cuts that of spiking neurons.
enum LongShortTermMemory: NeuronModel {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<0, Lanes>
  typealias Derived = InlineArray<0, Lanes>
  typealias Tape = InlineArray<5, Lanes>
  /// I_i, I_f, I_g, I_o
  typealias Currents = InlineArray<4, Lanes>
  typealias Constants = NoConstants

  static var name: StaticString { "LSTM" }
  static var states: StateNames { .init("c") }
  static var spiking: Bool { false }
  static var gateCount: Int { 4 }
  static var surrogate: SurrogateKind { .straightThrough }
  static var initialization: Initialization { .gated }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? { nil }
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) {}

  @inline(__always) static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let (input, forget) = (sigmoid(currents[0]), sigmoid(currents[1]))
    let (cell, output) = (hyperbolicTangent(currents[2]), sigmoid(currents[3]))
    state[0] = forget * state[0] + input * cell
    let squashed = hyperbolicTangent(state[0])
    (tape[0], tape[1], tape[2], tape[3], tape[4]) = (input, forget, cell, output, squashed)
    return output * squashed
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents {
    let (input, forget, cell, gate, squashed) = (tape[0], tape[1], tape[2], tape[3], tape[4])
    let cAdjoint = adjoint[0] + outputAdjoint * gate * (1 - squashed * squashed)
    adjoint[0] = cAdjoint * forget
    return [
      cAdjoint * cell * input * (1 - input), cAdjoint * before[0] * forget * (1 - forget),
      cAdjoint * input * (1 - cell * cell), outputAdjoint * squashed * gate * (1 - gate),
    ]
  }
}

extension LongShortTermMemory {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
