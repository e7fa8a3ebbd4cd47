internal import CSystem

/// A neuron model: k state variables s, p trainable parameters θ per neuron, and the map
///
///     s^t = f(s^{t-1}, I^t; θ)        z^t = g(s^{t-1}, I^t; θ)
///
/// with its transposed derivative. Everything that learning needs follows from `backward`: the loss
/// gradient is a sweep of the loss adjoint over a window, and the eligibility carried across windows comes
/// from k sweeps of unit adjoints (HYPR, arXiv 2506.14464, P-stage).
///
/// A new model is one file that conforms to this protocol (most: to `PointNeuron`), one table in the schema's union, and one line
/// in `NeuronRegistry.swift`. All members are static; the generic loops in `NeuronLoops.swift` are specialised per model.
protocol NeuronModel {
  /// At most four, with the names in `states`.
  associatedtype State: LaneRecord
  /// θ, in the order of `parameter`.
  associatedtype Parameters: LaneRecord
  /// Values computed once per parameter update, such as decay factors and their derivatives.
  associatedtype Derived: LaneRecord
  /// What `step` compares with 0, each by `heaviside`: distances of potentials from their thresholds. `backward` gets the surrogate
  /// derivative at each instead. `NoValues` for models that do not spike.
  associatedtype Comparisons: LaneRecord = OneComparison
  /// What else `backward` needs beyond the states before and after the step and the output.
  associatedtype Tape: LaneRecord
  /// The input currents I, one per gate; a `PointNeuron` has one.
  associatedtype Currents: LaneArray
  /// Constants of the whole layer, read from their array.
  associatedtype Constants: NeuronConstants

  /// Name of the member of the schema's union.
  static var name: StaticString { get }
  /// The state variables by their symbols in the model's equations, in the order of `State`.
  static var states: StateNames { get }
  /// How many currents a presynaptic event adds to, one weight for each: inputs to the first ones, recurrent events and the bias to
  /// the last ones. Fewer than there are currents where a gate keeps the two apart.
  static var gateCount: Int { get }
  /// The surrogate that the model was published with; models that do not spike need not name one.
  static var surrogate: SurrogateKind { get }
  /// How the weights of a fresh layer are usually drawn.
  static var initialization: Initialization { get }
  /// Facts about parameter `index`, in the order of θ; NULL past the end.
  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity?

  /// Derived values of a block of neurons. Not in a hot loop: may call libm (`Lanes.each`).
  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived

  /// One step of a block of neurons; `currents` is I^t. Fills distances and tape, and returns the output z^t.
  static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants,
    distances: inout Comparisons, tape: inout Tape
  ) -> Lanes

  /// The transposed derivative of one step. `adjoint` is q^t = ∂L/∂s^t and becomes q^{t-1}; `outputAdjoint` is
  /// ℓ^t = ∂L/∂z^t. Adds ∂L/∂θ of this step to `gradient` and returns ∂L/∂I^t.
  static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents

  // The loops over this model, each `{ NeuronLoops<Self>... }`: C function pointers cannot be made in generic code.
  static var stepLoop: kernel_step_loop { get }
  static var sweepLoop: kernel_sweep_loop { get }
}

/// Of models whose only comparison is that of the spike they give out.
struct OneComparison: LaneRecord { var spike: Lanes }

extension NeuronModel {
  /// Whether outputs are spikes (0 or 1).
  static var spiking: Bool { Comparisons.size > 0 }
}

extension NeuronModel where Comparisons == NoValues {
  static var surrogate: SurrogateKind { .straightThrough }
}

/// A neuron model with one input current, which all of its presynaptic events add to.
protocol PointNeuron: NeuronModel where Currents == InlineArray<1, Lanes> {
  static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes

  static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes
}

extension PointNeuron {
  static var gateCount: Int { 1 }

  @inline(__always) static func step(
    _ state: inout State, currents: Currents, _ derived: Derived, _ constants: Constants,
    distances: inout Comparisons, tape: inout Tape
  ) -> Lanes {
    step(&state, current: currents[0], derived, constants, distances: &distances, tape: &tape)
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Currents {
    let current: Lanes = backward(
      &adjoint, outputAdjoint: outputAdjoint, before: before, after: after, output: output, surrogates: surrogates,
      tape, derived, constants, gradient: &gradient)
    return [current]
  }
}

extension StaticString {
  /// The NUL-terminated UTF-8 text.
  var text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
