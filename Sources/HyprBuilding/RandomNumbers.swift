internal import CSystem
internal import HyprCore

/// A seeded generator of random numbers, xoshiro256** by Blackman and Vigna: the same seed gives the same numbers in every
/// version of the library. (Swift's own generator cannot be seeded, and its distributions may change between releases.)
public struct RandomNumbers {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// The state is filled by SplitMix64, so that neighbouring seeds give unrelated sequences.
  public init(seed: UInt64) {
    var mixer = SplitMix64(seed: seed)
    state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    let scrambled = state.1 &* 5
    let result = (scrambled << 7 | scrambled >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// A number from 0 to below 1.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number from `lower` to below `upper`.
  public mutating func uniform(_ lower: Double, _ upper: Double) -> Double { lower + (upper - lower) * unit() }

  /// A number from the normal distribution (Box and Muller).
  public mutating func normal(_ mean: Double, _ deviation: Double) -> Double {
    let radius = (-2 * system_log_double(1 - unit())).squareRoot()
    return mean + deviation * radius * system_cos(2 * .pi * unit())
  }
}

/// Where the first values of a tensor come from.
enum Distribution {
  case uniform(Double, Double)
  case normal(Double, Double)

  static func within(_ limit: Double) -> Distribution { .uniform(-limit, limit) }

  func times(_ factor: Double) -> Distribution {
    switch self {
    case .uniform(let lower, let upper): .uniform(lower * factor, upper * factor)
    case .normal(let mean, let deviation): .normal(mean * factor, deviation * factor)
    }
  }

  /// `count` independent values.
  func fill(_ values: UnsafeMutablePointer<Float>, _ count: Int, _ random: inout RandomNumbers) {
    for index in 0..<count {
      switch self {
      case .uniform(let lower, let upper): values[index] = Float(random.uniform(lower, upper))
      case .normal(let mean, let deviation): values[index] = Float(random.normal(mean, deviation))
      }
    }
  }
}
