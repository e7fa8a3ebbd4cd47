internal import CSystem

/// Random orthogonal matrices.
enum OrthogonalMatrix {
  /// Fills a matrix `[size, size]`, row-major, drawn uniformly from all orthogonal ones: the Q of the QR decomposition of a Gaussian
  /// matrix in which the diagonal of R is positive. Gram and Schmidt's method gives just that; done twice per column, it is
  /// orthogonal to rounding. O(size³). False: no memory.
  static func fill(_ matrix: UnsafeMutablePointer<Float>, _ size: Int, _ random: inout RandomNumbers) -> Bool {
    guard let columns: UnsafeMutablePointer<Double> = allocated(size * size) else { return false }
    defer { system_free(columns) }
    var count = 0
    while count < size {
      let column = columns + count * size
      for row in 0..<size { column[row] = random.normal(0, 1) }
      for _ in 0..<2 {
        for other in 0..<count {
          let other = columns + other * size
          let factor = dot(column, other, size)
          for row in 0..<size { column[row] -= factor * other[row] }
        }
      }
      let length = dot(column, column, size).squareRoot()
      // Gaussian vectors are independent but for chance; such a one is drawn again.
      guard length > 1e-9 else { continue }
      for row in 0..<size { column[row] /= length }
      count += 1
    }
    for row in 0..<size {
      for column in 0..<size { matrix[row * size + column] = Float(columns[column * size + row]) }
    }
    return true
  }

  private static func dot(_ one: UnsafePointer<Double>, _ other: UnsafePointer<Double>, _ size: Int) -> Double {
    var sum = 0.0
    for index in 0..<size { sum += one[index] * other[index] }
    return sum
  }
}
