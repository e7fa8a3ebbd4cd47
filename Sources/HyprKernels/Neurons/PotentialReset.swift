internal import CSystem

/// What a spike does to the membrane potential m, for the models that leave the choice to the layer.
///
/// - none: u = m
/// - subtract: u = m - z threshold, with the gradient through z
/// - set: u = m (1 - z) + z reset_potential, without a gradient through z
struct PotentialReset {
  /// 1 or 0.
  private let subtracts, sets: Float

  /// The layer constant that holds the schema's ResetKind, without its ModelDefault.
  static var quantity: kernel_quantity { .init("reset", from: 1, to: 3, default: 3) }

  /// The schema's ResetKind.
  private static let subtract: Float = 2
  private static let set: Float = 3

  init(_ kind: Float) {
    subtracts = kind == PotentialReset.subtract ? 1 : 0
    sets = kind == PotentialReset.set ? 1 : 0
  }

  @inline(__always) func apply(_ m: Lanes, spike: Lanes, threshold: Lanes, resetPotential: Lanes) -> Lanes {
    m * (1 - spike * sets) + spike * (resetPotential * sets - threshold * subtracts)
  }

  /// Derivatives of the loss by m, the threshold and the reset potential.
  struct Adjoint {
    let potential, threshold, resetPotential: Lanes
  }

  @inline(__always) func backward(
    _ uAdjoint: Lanes, outputAdjoint: Lanes, spike: Lanes, surrogate: Lanes, threshold: Lanes
  ) -> Adjoint {
    let distanceAdjoint = surrogate * (outputAdjoint - uAdjoint * threshold * subtracts)
    return Adjoint(
      potential: uAdjoint * (1 - spike * sets) + distanceAdjoint,
      threshold: -distanceAdjoint - uAdjoint * spike * subtracts,
      resetPotential: uAdjoint * spike * sets)
  }
}

/// Of models that leave nothing but the reset to the layer.
struct ResetConstants: NeuronConstants {
  let reset: PotentialReset

  init(_ values: Row) { reset = PotentialReset(values[0]) }

  static func quantity(_ index: Int) -> kernel_quantity? { index == 0 ? PotentialReset.quantity : nil }
}
