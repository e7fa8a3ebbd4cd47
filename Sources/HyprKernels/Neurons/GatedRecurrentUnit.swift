internal import CSystem

/// GRU, the gated recurrent unit (Cho et al. 2014, arXiv 1406.1078) with the equations of torch.nn.GRU:
///
///     r = σ(I_r)     u = σ(I_u)     n = tanh(candidate_bias + I_nx + r I_nh)     h = (1 - u) n + u h'     z = h
///
/// I_r and I_u get inputs, recurrent events and bias; of the candidate n, I_nx gets the inputs, and I_nh the recurrent events and the
/// bias, which the reset gate r scales. HYPR follows u h' inside the unit and cuts V h' as it cuts V z' of spiking neurons.
enum GatedRecurrentUnit: NeuronModel {
  typealias State = InlineArray<1, Lanes>
  typealias Parameters = InlineArray<1, Lanes>
  typealias Derived = InlineArray<1, Lanes>
  typealias Tape = InlineArray<4, Lanes>
  /// I_nx, I_r, I_u, I_nh: inputs to the first three, recurrent events and bias to the last three.
  typealias Currents = InlineArray<4, Lanes>
  typealias Constants = NoConstants

  static var name: StaticString { "GRU" }
  static var states: StateNames { .init("h") }
  static var spiking: Bool { false }
  static var gateCount: Int { 3 }
  static var surrogate: SurrogateKind { .straightThrough }
  static var initialization: Initialization { .gated }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("candidate_bias", from: -1e6, to: 1e6, default: 0, drawn: .uniform(0, 0)) : nil
  }

  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column) { derived[0] = parameters[0] }

  @inline(__always) static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants, tape: inout Tape
  ) -> Lanes {
    let reset = sigmoid(currents[1])
    let update = sigmoid(currents[2])
    let candidate = hyperbolicTangent(derived[0] + currents[0] + reset * currents[3])
    (tape[0], tape[1], tape[2], tape[3]) = (reset, update, candidate, currents[3])
    state[0] = candidate + update * (state[0] - candidate)
    return state[0]
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents {
    let (reset, update, candidate) = (tape[0], tape[1], tape[2])
    let hAdjoint = adjoint[0] + outputAdjoint
    let candidateAdjoint = hAdjoint * (1 - update) * (1 - candidate * candidate)
    gradient[0] += candidateAdjoint
    adjoint[0] = hAdjoint * update
    return [
      candidateAdjoint, candidateAdjoint * tape[3] * reset * (1 - reset),
      hAdjoint * (before[0] - candidate) * update * (1 - update), candidateAdjoint * reset,
    ]
  }
}

extension GatedRecurrentUnit {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
