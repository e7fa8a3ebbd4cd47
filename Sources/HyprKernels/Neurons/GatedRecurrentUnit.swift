internal import CSystem

/// GRU, the gated recurrent unit (Cho et al. 2014, arXiv 1406.1078) with the equations of torch.nn.GRU:
///
///     r = σ(I_r)     u = σ(I_u)     n = tanh(candidate_bias + I_nx + r I_nh)     h = (1 - u) n + u h'     z = h
///
/// I_r and I_u get inputs, recurrent events and bias; of the candidate n, I_nx gets the inputs, and I_nh the recurrent events and the
/// bias, which the reset gate r scales. HYPR follows u h' inside the unit and cuts V h' as it cuts V z' of spiking neurons.
enum GatedRecurrentUnit: NeuronModel {
  struct State: StateRecord {
    typealias Values = InlineArray<1, Lanes>
    var h: Lanes
  }

  struct Parameters: LaneRecord { var candidateBias: Lanes }
  typealias Derived = Parameters
  struct Tape: LaneRecord { var reset, update, candidate, recurrentCandidate: Lanes }
  typealias Comparisons = NoValues
  /// I_nx, I_r, I_u, I_nh: inputs to the first three, recurrent events and bias to the last three.
  struct Currents: LaneRecord { var inputCandidate, reset, update, recurrentCandidate: Lanes }
  typealias Constants = NoConstants

  static var name: StaticString { "GRU" }
  static var states: StateNames { .init("h") }
  static var gateCount: Int { 3 }
  static var initialization: Initialization { .gated }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    index == 0 ? .init("candidate_bias", from: -1e6, to: 1e6, default: 0, drawn: .uniform(0, 0)) : nil
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived { parameters }

  @inline(__always) static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants,
    distances: inout Comparisons, tape: inout Tape
  ) -> Lanes {
    let reset = sigmoid(currents.reset)
    let update = sigmoid(currents.update)
    let candidate = hyperbolicTangent(
      derived.candidateBias + currents.inputCandidate + reset * currents.recurrentCandidate)
    tape = Tape(
      reset: reset, update: update, candidate: candidate, recurrentCandidate: currents.recurrentCandidate)
    state.h = candidate + update * (state.h - candidate)
    return state.h
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents {
    let (reset, update, candidate) = (tape.reset, tape.update, tape.candidate)
    let hAdjoint = adjoint.h + outputAdjoint
    let candidateAdjoint = hAdjoint * (1 - update) * (1 - candidate * candidate)
    gradient.candidateBias += candidateAdjoint
    adjoint.h = hAdjoint * update
    return Currents(
      inputCandidate: candidateAdjoint,
      reset: candidateAdjoint * tape.recurrentCandidate * reset * (1 - reset),
      update: hAdjoint * (before.h - candidate) * update * (1 - update), recurrentCandidate: candidateAdjoint * reset)
  }
}
