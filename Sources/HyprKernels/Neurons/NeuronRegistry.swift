internal import CSystem

/// Something to be done with the neuron model of an index, specialised for each model.
protocol NeuronVisitor {
  associatedtype Result
  func visit<Model: NeuronModel>(_ model: Model.Type) -> Result
  /// What is known of a model that this build leaves out.
  static var leftOut: Result? { get }
}

extension NeuronVisitor {
  static var leftOut: Result? { nil }
}

/// The registry: one line per neuron model, numbered without gaps. The order is of no consequence outside of a running process.
/// Package.swift reads these lines to find the models that a build shall have; what it leaves out is not linked.
@inline(__always) func visitNeuronModel<Visitor: NeuronVisitor>(_ index: Int32, _ visitor: Visitor) -> Visitor.Result? {
  @inline(__always) func visit<Model: NeuronModel>(_ model: Model.Type) -> Visitor.Result? {
    kernel_has_neuron(index) ? visitor.visit(model) : Visitor.leftOut
  }
  return switch index {
  case 0: visit(LeakyIntegrator.self)
  case 1: visit(BalancedResonateAndFire.self)
  case 2: visit(SymplecticAdaptiveLIF.self)
  case 3: visit(LeakyIntegrateAndFire.self)
  case 4: visit(HardResetLIF.self)
  case 5: visit(AdaptiveThresholdLIF.self)
  case 6: visit(EulerForwardAdaptiveLIF.self)
  case 7: visit(ResonateAndFire.self)
  case 8: visit(GeneralLIF.self)
  case 9: visit(CurrentBasedLIF.self)
  case 10: visit(IntegrateAndFire.self)
  case 11: visit(ExponentialBRF.self)
  case 12: visit(GatedRecurrentUnit.self)
  case 13: visit(LongShortTermMemory.self)
  case 14: visit(AdaptiveThresholdCurrentBasedLIF.self)
  default: nil
  }
}
