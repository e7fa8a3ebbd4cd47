internal import CSystem

// What the first layer would get.

extension Session {
  /// What the first layer would get for samples [steps][input size] as a sequence of their own: `values` [steps][inputs of the
  /// first layer], after scale, conditioning and encoding. The session stays as it is. Throws `notFinite`, then nothing was
  /// written;
  /// `stopped`.
  @_optimize(speed) public mutating func condition(
    _ samples: UnsafePointer<Float>, steps: Int, into values: UnsafeMutablePointer<Float>
  ) throws(Failure) {
    let (input, slot, columns) = (network.input, nextSlot, network.input.events.size)
    try checkAddressable(steps: steps, numbers: max(input.size, columns))
    for step in 0..<steps {
      do throws(Failure) {
        try input.check(samples + step * input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
    }
    input.clear(apart: true)
    var pace = beginSteps()
    for step in 0..<steps {
      if pace.isDue { try look(up: &pace) }
      pace.steps += 1
      // As when looking ahead, the next step lists its own events there.
      try input.list(samples + step * input.size, slot: slot, apart: true, network.kernels, message)
      let row = values + step * columns
      row.clear(columns)
      for event in 0..<input.events.count(slot) { row[Int(input.events.indices(slot)[event])] = input.events.values(slot)[event] }
    }
  }
}
