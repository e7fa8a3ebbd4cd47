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
}
