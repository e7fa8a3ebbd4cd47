internal import CSystem

/// QIF, the quadratic integrate-and-fire neuron (Latham, Richmond, Nelson & Nirenberg 2000, J. Neurophysiology 83:808; Gerstner,
/// Kistler, Naud & Paninski 2014, Neuronal Dynamics, section 5.3) by the forward Euler method.
///
/// State u (membrane potential after reset); with primes for the step before,
///
///     d = gain (u' - rest_potential)(u' - critical_potential) + resistance I
///     m = u' + d / |tau_m|     z = Θ(m - peak)     u = m (1 - z) + z reset_potential
///
/// Above the critical potential the neuron goes on to its spike by itself. No gradient flows through the reset.
enum QuadraticIntegrateAndFire: PointNeuron {
  struct State: LaneRecord { var u: Lanes }

  struct Parameters: LaneRecord { var tauM, criticalPotential, resistance: Lanes }

  struct Derived: LaneRecord {
    /// 1 / |tau_m|
    var rate: Lanes
    /// d rate / d tau_m
    var rateSlope: Lanes
    var criticalPotential, resistance: Lanes
  }

  struct Tape: LaneRecord {
    /// d
    var drive: Lanes
    /// I
    var current: Lanes
  }

  struct Constants: NeuronConstants {
    let gain, restPotential, peak, resetPotential: Float

    init(_ values: Row) { (gain, restPotential, peak, resetPotential) = (values[0], values[1], values[2], values[3]) }

    static func quantity(_ index: Int) -> kernel_quantity? {
      switch index {
      case 0: .init("gain", from: 0, to: 1e6, default: 1)
      case 1: .init("rest_potential", from: -1e6, to: 1e6, default: 0)
      case 2: .init("peak", from: 1e-6, to: 1e6, default: 1)
      case 3: .init("reset_potential", from: -1e6, to: 1e6, default: 0)
      default: nil
      }
    }
  }

  static var name: StaticString { "QIF" }
  static var states: StateNames { .init("u") }
  static var surrogate: SurrogateKind { .arcTangent }
  static var initialization: Initialization { .xavier }

  static func parameter(_ index: Int, _ constants: Constants) -> kernel_quantity? {
    switch index {
    case 0: .init("tau_m", from: 1, to: 1e6, default: 10, absolute: true, drawn: .normal(10, 0.5))
    case 1: .init("critical_potential", from: -1e6, to: 1e6, default: 0.5, drawn: .uniform(0.4, 0.6))
    case 2: .init("resistance", from: -1e6, to: 1e6, default: 1, drawn: .uniform(1, 1))
    default: nil
    }
  }

  static func derive(_ parameters: Parameters, _ constants: Constants) -> Derived {
    let tau = parameters.tauM
    return .init(
      rate: 1 / tau.magnitude, rateSlope: -1 / (tau * tau.magnitude), criticalPotential: parameters.criticalPotential,
      resistance: parameters.resistance)
  }

  @inline(__always) static func step(
    _ state: inout State, current: Lanes, _ derived: Derived, _ constants: Constants, distances: inout Comparisons,
    tape: inout Tape
  ) -> Lanes {
    let u = state.u
    let curve = (u - constants.restPotential) * (u - derived.criticalPotential) * constants.gain
    tape.drive = curve + derived.resistance * current
    tape.current = current
    let m = u + derived.rate * tape.drive
    distances.spike = m - constants.peak
    let spike = distances.spike.heaviside
    state.u = m * (1 - spike) + spike * constants.resetPotential
    return spike
  }

  @inline(__always) static func backward(
    _ adjoint: inout State, outputAdjoint: Lanes, before: State, after: State, output: Lanes, surrogates: Comparisons,
    _ tape: Tape, _ derived: Derived, _ constants: Constants, gradient: inout Parameters
  ) -> Lanes {
    let mAdjoint = adjoint.u * (1 - output) + surrogates.spike * outputAdjoint
    let driveAdjoint = mAdjoint * derived.rate
    let (aboveRest, aboveCritical) = (before.u - constants.restPotential, before.u - derived.criticalPotential)
    gradient.tauM += mAdjoint * tape.drive * derived.rateSlope
    gradient.criticalPotential -= driveAdjoint * aboveRest * constants.gain
    gradient.resistance += driveAdjoint * tape.current
    adjoint.u = mAdjoint + driveAdjoint * (aboveRest + aboveCritical) * constants.gain
    return driveAdjoint * derived.resistance
  }
}

extension QuadraticIntegrateAndFire {
  static var stepLoop: kernel_step_loop { { NeuronLoops<Self>.step($0, from: $1, to: $2, records: $3) } }
  static var sweepLoop: kernel_sweep_loop { { NeuronLoops<Self>.sweep($0, $1) } }
}
