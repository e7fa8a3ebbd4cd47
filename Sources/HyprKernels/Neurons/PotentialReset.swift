internal import CSystem

/// What a spike does to the membrane potential, for the models that leave the choice to the layer.
///
/// With m the potential before it, and u the state:
///
/// - none: u = m
/// - subtract: u = m - z threshold, with the gradient through z
/// - set: u = m (1 - z) + z reset_potential, without a gradient through z
///
/// The delayed kinds do the same to the potential of the step after, before it is compared with the threshold: m - z' threshold
/// or m (1 - z') + z' reset_potential takes the place of m, z' = Θ(u' - threshold) without a gradient, and u = m.
struct PotentialReset {
  /// Each 1 or 0.
  private struct Effect {
    let subtracts, sets: Float

    @inline(__always) func apply(_ potential: Lanes, spike: Lanes, threshold: Lanes, resetPotential: Lanes) -> Lanes {
      potential * (1 - spike * sets) + spike * (resetPotential * sets - threshold * subtracts)
    }
  }

  private let immediate, delayed: Effect

  /// The layer constant that holds the schema's ResetKind, without its ModelDefault.
  static var quantity: kernel_quantity { .init("reset", from: 1, to: 5, default: 3) }

  /// `kind`: the schema's ResetKind.
  init(_ kind: Float) {
    func isKind(_ number: Float) -> Float { kind == number ? 1 : 0 }
    immediate = Effect(subtracts: isKind(2), sets: isKind(3))
    delayed = Effect(subtracts: isKind(4), sets: isKind(5))
  }

  /// What a step makes of the potential: its distance from the threshold, the spike, and u.
  struct Outcome {
    let distance, spike, potential: Lanes
  }

  /// `potential`: as the inputs made it; `before`: u of the step before.
  @inline(__always) func apply(_ potential: Lanes, before: Lanes, threshold: Lanes, resetPotential: Lanes) -> Outcome {
    let earlierSpike = (before - threshold).heaviside
    let m = delayed.apply(potential, spike: earlierSpike, threshold: threshold, resetPotential: resetPotential)
    let distance = m - threshold
    let spike = distance.heaviside
    return Outcome(
      distance: distance, spike: spike,
      potential: immediate.apply(m, spike: spike, threshold: threshold, resetPotential: resetPotential))
  }

  /// Derivatives of the loss by the potential, the threshold and the reset potential.
  struct Adjoint {
    let potential, threshold, resetPotential: Lanes
  }

  @inline(__always) func backward(
    _ uAdjoint: Lanes, outputAdjoint: Lanes, before: Lanes, spike: Lanes, surrogate: Lanes, threshold: Lanes
  ) -> Adjoint {
    let earlierSpike = (before - threshold).heaviside
    let distanceAdjoint = surrogate * (outputAdjoint - uAdjoint * threshold * immediate.subtracts)
    let mAdjoint = uAdjoint * (1 - spike * immediate.sets) + distanceAdjoint
    return Adjoint(
      potential: mAdjoint * (1 - earlierSpike * delayed.sets),
      threshold: -distanceAdjoint - uAdjoint * spike * immediate.subtracts - mAdjoint * earlierSpike
        * delayed.subtracts,
      resetPotential: uAdjoint * spike * immediate.sets + mAdjoint * earlierSpike * delayed.sets)
  }
}

/// Of models that leave nothing but the reset to the layer.
struct ResetConstants: NeuronConstants {
  let reset: PotentialReset

  init(_ values: Row) { reset = PotentialReset(values[0]) }

  static func quantity(_ index: Int) -> kernel_quantity? { index == 0 ? PotentialReset.quantity : nil }
}
