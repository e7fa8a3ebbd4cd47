import HyprBuilding

extension RandomNumbers {
  /// A whole number from 0 to below `bound`.
  package mutating func index(below bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

  /// The elements in random order (Fisher and Yates).
  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for last in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(last, index(below: last + 1)) }
    return result
  }
}
