/// Mean and variance of the values that were taught since the last clear, by output: how good guessing would be.
struct ValueMoments {
  private struct Total {
    var count: UInt64 = 0
    var weight = 0.0
  }

  /// Nothing that was counted can make a sum leave the range of doubles, nor that of saved states.
  private static var largest: Double { 1e38 }

  private let outputs: Int
  private let total: UnsafeMutablePointer<Total>
  /// [outputs]; squares: of the distances from the mean, times the weights (West, 1979).
  private let means, squares: UnsafeMutablePointer<Double>

  init(_ arena: inout Arena, outputs: Int) {
    self.outputs = outputs
    total = arena.allocate(Total.self, 1, .scratch)
    means = arena.allocate(Double.self, outputs, .scratch)
    squares = arena.allocate(Double.self, outputs, .scratch)
  }

  /// Counts the values that a step was taught, from its outputs and ∂loss/∂y = 2 (y - value) / C, times the weight.
  @inline(never) func count(outputs row: UnsafePointer<Float>, error: UnsafePointer<Float>, weight: Double) {
    guard weight > 0 else { return }
    let scale = Double(outputs) / (2 * weight)
    for index in 0..<outputs {
      let value = Double(row[index]) - Double(error[index]) * scale
      guard value.magnitude <= ValueMoments.largest else { return }
    }
    total.pointee.count &+= 1
    total.pointee.weight += weight
    let share = weight / total.pointee.weight
    for index in 0..<outputs {
      let distance = Double(row[index]) - Double(error[index]) * scale - means[index]
      means[index] += share * distance
      squares[index] += weight * (1 - share) * distance * distance
    }
  }

  func clear() {
    total.pointee = Total()
    means.update(repeating: 0, count: outputs)
    squares.update(repeating: 0, count: outputs)
  }

  func add(_ other: ValueMoments) {
    guard other.total.pointee.count > 0 else { return }
    let weight = total.pointee.weight + other.total.pointee.weight
    let share = other.total.pointee.weight / weight
    for index in 0..<outputs {
      let distance = other.means[index] - means[index]
      means[index] += share * distance
      squares[index] += other.squares[index] + total.pointee.weight * share * distance * distance
    }
    total.pointee = Total(count: total.pointee.count &+ other.total.pointee.count, weight: weight)
  }

  /// Becomes what another session counted; nothing, if it has another number of outputs.
  func take(_ other: ValueMoments) {
    clear()
    if outputs == other.outputs { add(other) }
  }

  func walkState(_ stream: inout StateStream) {
    total.pointee.count = stream.count(total.pointee.count)
    total.pointee.weight = stream.sum(total.pointee.weight)
    stream.doubles(means, outputs, in: -1e200...1e200, orNaN: false)
    stream.doubles(squares, outputs, in: 0...1e200, orNaN: false)
  }

  /// How often values were taught.
  var taught: UInt64 { total.pointee.count }

  /// The mean loss of always saying the mean of each output: the mean variance; 0 where the values are all the same.
  var chanceLoss: Double {
    guard total.pointee.weight > 0 else { return 0 }
    var (variance, square) = (0.0, 0.0)
    for index in 0..<outputs {
      variance += squares[index] / total.pointee.weight / Double(outputs)
      square += means[index] * means[index] / Double(outputs)
    }
    // What rounding leaves of a constant is no variance.
    return variance > 1e-10 * square ? variance : 0
  }
}
