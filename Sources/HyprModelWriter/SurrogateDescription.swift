/// The surrogate derivative of the spike; affects learning only. The schema states the formulas.
public struct SurrogateDescription: Equatable, Sendable {
  /// Its shape.
  public var kind: SurrogateKind
  /// Steepness; `nil`: the kind's default.
  public var slope: Float?
  /// Factor; `nil`: the kind's default.
  public var scale: Float?

  /// A surrogate of this shape.
  public init(_ kind: SurrogateKind, slope: Float? = nil, scale: Float? = nil) {
    self.kind = kind
    self.slope = slope
    self.scale = scale
  }
}

/// Shapes of the surrogate derivative; raw values as in the schema.
public enum SurrogateKind: UInt8, Sendable, CaseIterable {
  /// The neuron model's own.
  case modelDefault = 0
  case doubleGaussian
  case slayer
  case triangle
  case fastSigmoid
  case arcTangent
  case straightThrough
}

/// What a spike does to the membrane; raw values as in the schema.
public enum ResetKind: UInt8, Sendable, CaseIterable {
  /// What the neuron model defines.
  case modelDefault = 0
  /// Nothing.
  case none
  /// The threshold is subtracted.
  case subtract
  /// It is set to the reset potential, 0 where the model has none.
  case set
  /// The threshold is subtracted in the step after.
  case delayedSubtract
  /// It is set to the reset potential in the step after.
  case delayedSet
}
