internal import CSystem

/// A neuron model: k state variables s, p trainable parameters θ per neuron, and the map
///
///     s^t = f(s^{t-1}, I^t; θ)        z^t = g(s^{t-1}, I^t; θ)
///
/// with its transposed derivative. Everything that learning needs follows from `backward`: the loss
/// gradient is a sweep of the loss adjoint over a window, and the eligibility carried across windows comes
/// from k sweeps of unit adjoints (HYPR, arXiv 2506.14464, P-stage).
///
/// A new model is one file that conforms to this protocol, one table in the schema's union, and one line
/// in `visitNeuronModel`. All members are static; the generic loops in `NeuronLoops.swift` are specialised per model.
protocol NeuronModel {
  associatedtype State: LaneArray
  associatedtype Parameters: LaneArray
  /// Values computed once per parameter update, such as decay factors and their derivatives.
  associatedtype Derived: LaneArray
  /// What `backward` needs beyond the states before and after the step and the output.
  associatedtype Tape: LaneArray
  /// Constants of the whole layer, read from their array.
  associatedtype Constants: NeuronConstants

  /// Name of the member of the schema's union.
  static var name: StaticString { get }
  /// Whether outputs are spikes (0 or 1).
  static var spiking: Bool { get }
  /// The surrogate that the model was published with.
  static var surrogate: SurrogateKind { get }
  /// Facts about parameter `index`, in the order of θ; NULL past the end.
  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity?

  /// Derived values of one neuron. Not in a hot loop: may call libm.
  static func derive(_ parameters: Column, _ constants: Constants, into derived: Column)

  /// One step of a block of neurons; `current` is I^t. Returns the output z^t.
  static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants,
    _ surrogate: kernel_surrogate, tape: inout Tape, recording: Bool
  ) -> Lanes

  /// The transposed derivative of one step. `adjoint` is q^t = ∂L/∂s^t and becomes q^{t-1}; `outputAdjoint` is
  /// ℓ^t = ∂L/∂z^t. Adds ∂L/∂θ of this step to `gradient` and returns ∂L/∂I^t.
  static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, _ tape: Tape,
    _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes
}

/// The constants of a layer, stored in the order of `quantity`.
protocol NeuronConstants {
  static func quantity(_ index: Int) -> kernel_quantity?
  init(_ values: Row)
}

extension NeuronConstants {
  static var count: Int {
    var count = 0
    while quantity(count) != nil { count += 1 }
    return count
  }
}

extension kernel_quantity {
  /// A parameter or constant with its bounds, both allowed; `absolute` bounds hold for the magnitude.
  init(_ name: StaticString, from lower: Float, to upper: Float, default value: Float, absolute: Bool = false) {
    self.init(name: name.text, lower: lower, upper: upper, default_value: value, absolute: absolute)
  }
}

extension StaticString {
  /// The NUL-terminated UTF-8 text.
  var text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// Something to be done with the neuron model of an index, specialised for each model.
protocol NeuronVisitor {
  associatedtype Result
  func visit<Model: NeuronModel>(_ model: Model.Type) -> Result
}

/// The registry: one line per neuron model. The order is of no consequence outside of a running process.
@inline(__always) func visitNeuronModel<Visitor: NeuronVisitor>(_ index: Int32, _ visitor: Visitor) -> Visitor.Result? {
  switch index {
  case 0: visitor.visit(LeakyIntegrator.self)
  case 1: visitor.visit(BalancedResonateAndFire.self)
  case 2: visitor.visit(SymplecticAdaptiveLIF.self)
  case 3: visitor.visit(LeakyIntegrateAndFire.self)
  case 4: visitor.visit(HardResetLIF.self)
  case 5: visitor.visit(AdaptiveThresholdLIF.self)
  case 6: visitor.visit(EulerForwardAdaptiveLIF.self)
  case 7: visitor.visit(ResonateAndFire.self)
  default: nil
  }
}
