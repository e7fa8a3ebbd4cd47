internal import CSystem

/// The parameters that the membranes of `GeneralLIF` and `CurrentBasedLIF` share, after their time constants.
enum MembraneParameters {
  static func quantity(_ index: Int) -> kernel_quantity? {
    switch index {
    case 0: resistance
    case 1: .init("leak_potential", from: -1e6, to: 1e6, default: 0, drawn: .uniform(0, 0))
    case 2: threshold
    case 3: resetPotential
    default: nil
    }
  }

  static var resistance: kernel_quantity { .init("resistance", from: -1e6, to: 1e6, default: 1, drawn: .uniform(1, 1)) }
  static var threshold: kernel_quantity { .init("threshold", from: 1e-6, to: 1e6, default: 1, drawn: .uniform(1, 1)) }
  static var resetPotential: kernel_quantity {
    .init("reset_potential", from: -1e6, to: 1e6, default: 0, drawn: .uniform(0, 0))
  }
}
