internal import CModelFormat
internal import CSystem

/// Turns raw samples into the inputs of the first layer: value = (sample - offset) * scale.
struct InputStage {
  let size: Int
  private let scale, offset: UnsafePointer<Float>?
  /// The inputs of the step being made.
  let values: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, _ model: Model) {
    size = model.inputSize
    values = arena.allocate(Float.self, size, .scratch)
    var info = format_input_info()
    _ = format_input(model.root, &info)
    scale = info.scale
    offset = info.offset
  }

  func load(_ sample: UnsafePointer<Float>, _ message: MessageBuffer) throws(Failure) {
    for channel in 0..<size {
      let value = transformed(sample[channel], channel)
      guard value.isFinite else {
        throw message.failure(.notFinite, "input[\(channel)] is \(sample[channel]), expected a finite number")
      }
      values[channel] = value
    }
  }

  /// A sample that is 1 at the indices and 0 elsewhere.
  func load(_ indices: UnsafeBufferPointer<UInt32>, _ message: MessageBuffer) throws(Failure) {
    var previous = -1
    for position in 0..<indices.count {
      let index = Int(clamping: indices[position])
      guard index < size else {
        throw message.failure(
          .invalidArgument, "indices[\(position)] is \(index), expected below the input size \(size)")
      }
      guard index > previous else {
        throw message.failure(
          .invalidArgument, "indices[\(position)] is \(index), expected more than \(previous) before it")
      }
      previous = index
    }
    for channel in 0..<size { values[channel] = transformed(0, channel) }
    for index in indices { values[Int(index)] = transformed(1, Int(index)) }
  }

  @inline(__always) private func transformed(_ sample: Float, _ channel: Int) -> Float {
    let centred = offset.map { sample - $0[channel] } ?? sample
    return scale.map { centred * $0[channel] } ?? centred
  }
}
