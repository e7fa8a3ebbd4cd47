/// Random orthogonal matrices.
package enum OrthogonalMatrix {
  /// A matrix `[size, size]`, row-major, drawn uniformly from all orthogonal ones: the Q of the QR decomposition of a Gaussian
  /// matrix in which the diagonal of R is positive. Gram and Schmidt's method gives just that; done twice per column, it is
  /// orthogonal to rounding. O(size³).
  package static func random(_ size: Int, _ random: inout RandomNumbers) -> [Float] {
    var columns: [[Double]] = []
    while columns.count < size {
      var column = (0..<size).map { _ in random.normal(0, 1) }
      for _ in 0..<2 {
        for other in columns { subtractProjection(&column, on: other) }
      }
      let length = dot(column, column).squareRoot()
      // Gaussian vectors are independent but for chance; such a one is drawn again.
      guard length > 1e-9 else { continue }
      columns.append(column.map { $0 / length })
    }
    return (0..<size * size).map { Float(columns[$0 % size][$0 / size]) }
  }

  private static func subtractProjection(_ vector: inout [Double], on other: [Double]) {
    let factor = dot(vector, other)
    for index in vector.indices { vector[index] -= factor * other[index] }
  }

  private static func dot(_ one: [Double], _ other: [Double]) -> Double {
    var sum = 0.0
    for index in one.indices { sum += one[index] * other[index] }
    return sum
  }
}
