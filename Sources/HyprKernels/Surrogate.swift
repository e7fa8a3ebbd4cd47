internal import CSystem

/// The derivative that stands in for that of the spike's step function, numbered as in the schema's enum SurrogateKind.
///
/// With v the distance from the threshold, s the slope, k the scale and N(x; m, d) the normal density:
/// - double Gaussian: k (1.15 N(s v; 0, 0.5) - 0.30 N(s v; 0, 3)), negative tails (Yin, Corradi & Bohté 2021)
/// - slayer: k s / 2 exp(-s |v|) (Shrestha & Orchard 2018)
/// - triangle: k max(0, 1 - s |v|) (Bellec et al. 2018)
/// - fast sigmoid: k / (1 + s |v|)² (Zenke & Ganguli 2018)
/// - arc tangent: k / (1 + (π/2 s v)²) (Fang et al. 2021)
/// - straight through: k (Bengio, Léonard & Courville 2013)
enum SurrogateKind: Int32 {
  case doubleGaussian = 1
  case slayer, triangle, fastSigmoid, arcTangent, straightThrough

  var standard: kernel_surrogate {
    switch self {
    case .doubleGaussian: .init(kind: rawValue, slope: 1, scale: 0.5)
    case .slayer: .init(kind: rawValue, slope: 5, scale: 0.2)
    default: .init(kind: rawValue, slope: 1, scale: 1)
    }
  }
}

extension kernel_surrogate {
  /// Replaces distances from the threshold by the surrogate derivatives there; whole vectors.
  func replaceDistances(_ values: MutableRow, count: Int) {
    switch SurrogateKind(rawValue: kind) ?? .straightThrough {
    case .doubleGaussian:
      replace(values, count) { distance in
        let wide = exponential(distance * distance * (-1 / 18))
        // exp(-2 x²) is its 36th power, for half the work of another exponential.
        let fourth = wide * wide * (wide * wide)
        let eighth = fourth * fourth
        let sixteenth = eighth * eighth
        let narrow = sixteenth * sixteenth * fourth
        // 1.15 / (0.5 sqrt(2 pi)) and 0.30 / (3 sqrt(2 pi))
        return narrow * (0.917_567_24 * scale) - wide * (0.039_894_228 * scale)
      }
    case .slayer:
      replace(values, count) { exponential(-$0.magnitude) * (scale * slope * 0.5) }
    case .triangle:
      replace(values, count) { (1 - $0.magnitude).limited(from: 0, to: 1) * scale }
    case .fastSigmoid:
      replace(values, count) { distance in
        let base = distance.magnitude + 1
        return scale / (base * base)
      }
    case .arcTangent:
      replace(values, count) { distance in
        let argument = distance * (.pi / 2)
        return scale / (argument * argument + 1)
      }
    case .straightThrough:
      replace(values, count) { _ in Lanes(repeating: scale) }
    }
  }

  /// `derivative` is given the distance times the slope.
  @inline(__always) private func replace(_ values: MutableRow, _ count: Int, _ derivative: (Lanes) -> Lanes) {
    var index = 0
    while index < count {
      values.store(derivative(values.lanes(index) * slope), index)
      index &+= Lanes.scalarCount
    }
  }
}
