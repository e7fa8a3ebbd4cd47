extension TestSession {
  /// The derivative of a loss by each of some parameters, by central differences: an arbiter that knows no derivative. A parameter
  /// moves by a share of its size, of 1 at least, and comes back.
  func finiteDifferences(_ range: Range<Int>, share: Float, of loss: () throws -> Double) throws -> [Double] {
    let start = try parameters
    defer { try? setParameters(start) }
    return try range.map { index in
      let distance = share * max(1, abs(start[index]))
      func moved(_ sign: Float) throws -> Double {
        var parameters = start
        parameters[index] += sign * distance
        try setParameters(parameters)
        return try loss()
      }
      return try (moved(1) - moved(-1)) / Double(2 * distance)
    }
  }
}
