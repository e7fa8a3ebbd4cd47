import CHypr
import Foundation
import HyprCore

/// Where the first values of a parameter come from.
package enum Distribution: Equatable {
  case uniform(Double, Double)
  case normal(Double, Double)

  /// `count` independent values.
  func values(_ count: Int, _ random: inout RandomNumbers) -> [Float] {
    (0..<count).map { _ in
      switch self {
      case .uniform(let lower, let upper): Float(random.uniform(lower, upper))
      case .normal(let mean, let deviation): Float(random.normal(mean, deviation))
      }
    }
  }

  /// `low:high`, or one number for all.
  package init(range text: String, of name: String) throws {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard (1...2).contains(numbers.count), let lower = numbers[0], let upper = numbers[numbers.count - 1],
      lower.isFinite, upper.isFinite, lower <= upper
    else { throw ToolError("\(name) is \"\(text)\", expected LOW:HIGH, such as 3:5, or one number") }
    self = .uniform(lower, upper)
  }

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
    case .uniform(let low, let high) where low == high: String(format: "%g", low)
    case .uniform(let low, let high): String(format: "U(%g, %g)", low, high)
    case .normal(let mean, let deviation): String(format: "N(%g, %g)", mean, deviation)
    }
  }
}
