import CHypr
import HyprCore

/// Where the first values of a parameter come from.
package enum Distribution: Equatable {
  case uniform(Double, Double)
  case normal(Double, Double)

  /// As a neuron model says; `nil` if it has no usual values.
  init?(_ facts: QuantityFacts) {
    switch facts.distribution {
    case Int32(HYPR_DISTRIBUTION_UNIFORM): self = .uniform(facts.first, facts.second)
    case Int32(HYPR_DISTRIBUTION_NORMAL): self = .normal(facts.first, facts.second)
    default: return nil
    }
  }
}

extension Distribution: Encodable, CustomStringConvertible {
  private enum CodingKeys: String, CodingKey { case kind, low, high, mean, deviation }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .uniform(let low, let high):
      try values.encode("uniform", forKey: .kind)
      try values.encode(low, forKey: .low)
      try values.encode(high, forKey: .high)
    case .normal(let mean, let deviation):
      try values.encode("normal", forKey: .kind)
      try values.encode(mean, forKey: .mean)
      try values.encode(deviation, forKey: .deviation)
    }
  }

  /// As docs/neuron-models.md writes it.
  package var description: String {
    switch self {
    case .uniform(let low, let high) where low == high: String(printf: "%g", low)
    case .uniform(let low, let high): String(printf: "U(%g, %g)", low, high)
    case .normal(let mean, let deviation): String(printf: "N(%g, %g)", mean, deviation)
    }
  }
}
