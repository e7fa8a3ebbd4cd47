internal import CSystem

/// LSTM, long short-term memory (Hochreiter & Schmidhuber 1997; with forget gate Gers, Schmidhuber & Cummins 2000) with the equations
/// of torch.nn.LSTM:
///
///     i = σ(I_i)     f = σ(I_f)     g = tanh(I_g)     o = σ(I_o)     c = f c' + i g     z = o tanh(c)
///
/// HYPR follows f c' inside the unit and cuts V z' as it cuts that of spiking neurons.
enum LongShortTermMemory: NeuronModel {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var c: Lanes
  }

  typealias Parameters = NoValues
  typealias Derived = NoValues
  struct Tape: LaneRecord { var input, forget, cell, output, squashed: Lanes }
  typealias Comparisons = NoValues
  /// I_i, I_f, I_g, I_o
  struct Currents: LaneRecord { var input, forget, cell, output: Lanes }
  typealias Constants = NoConstants

  static var name: StaticString { "LSTM" }
  static var states: StateNames { .init("c") }
  static var gateCount: Int { 4 }
  static var initialization: Initialization { .gated }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? { nil }
  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived { parameters }

  @inline(__always) static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants,
    distances: inout Comparisons, tape: inout Tape
  ) -> Lanes {
    let (input, forget) = (sigmoid(currents.input), sigmoid(currents.forget))
    let (cell, output) = (hyperbolicTangent(currents.cell), sigmoid(currents.output))
    state.c = forget * state.c + input * cell
    let squashed = hyperbolicTangent(state.c)
    tape = Tape(input: input, forget: forget, cell: cell, output: output, squashed: squashed)
    return output * squashed
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents {
    let (input, forget, cell, gate, squashed) = (tape.input, tape.forget, tape.cell, tape.output, tape.squashed)
    let cAdjoint = adjoint.c + outputAdjoint * gate * (1 - squashed * squashed)
    adjoint.c = cAdjoint * forget
    return Currents(
      input: cAdjoint * cell * input * (1 - input), forget: cAdjoint * before.c * forget * (1 - forget),
      cell: cAdjoint * input * (1 - cell * cell), output: outputAdjoint * squashed * gate * (1 - gate))
  }
}
