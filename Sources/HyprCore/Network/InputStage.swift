internal import CModelFormat
internal import CSystem

/// Turns raw samples into the first layer's events: value = (sample - offset) * scale, or the spikes of these values if the model
/// has an encoding, unless that is zero.
struct InputStage {
  /// Channels of a sample.
  let size: Int
  let scale, offset: UnsafePointer<Float>?
  private let encoding: LevelCrossing?
  /// The events of the step being made, with room for one per channel, and how many there are.
  let indices: UnsafeMutablePointer<Int32>
  let values: UnsafeMutablePointer<Float>
  let count: UnsafeMutablePointer<Int>

  init(_ arena: inout Arena, _ model: Model) {
    size = model.inputSize
    indices = arena.allocate(Int32.self, size, .scratch)
    values = arena.allocate(Float.self, size, .scratch)
    count = arena.allocate(Int.self, 1, .scratch)
    var info = format_input_info()
    _ = format_input(model.root, &info)
    scale = info.scale
    offset = info.offset
    if let description = model.encoding {
      encoding = LevelCrossing(&arena, description, channels: size)
    } else {
      encoding = nil
    }
  }

  var isPlain: Bool { offset == nil && scale == nil }

  var isEncoded: Bool { encoding != nil }

  /// Lists the spikes of a sample.
  func encode(_ sample: UnsafePointer<Float>, _ message: MessageBuffer) throws(Failure) {
    try check(sample, message)
    count.pointee = 0
    for channel in 0..<size { append(channel, sample[channel]) }
  }

  /// The step on these events was made.
  func commit() { encoding?.commit() }

  /// A sequence begins.
  func clear() { encoding?.clear() }

  func walkState(_ stream: inout StateStream) { encoding?.walkState(&stream) }

  /// Why a sample cannot be taken.
  func check(_ sample: UnsafePointer<Float>, _ message: MessageBuffer) throws(Failure) {
    for channel in 0..<size where !transformed(sample[channel], channel).isFinite {
      throw message.failure(.notFinite, "input[\(channel)] is \(sample[channel]), expected a finite number")
    }
  }

  /// A sample that is 1 at the indices and 0 elsewhere.
  func load(_ spikes: UnsafeBufferPointer<UInt32>, _ message: MessageBuffer) throws(Failure) {
    var previous = -1
    for position in 0..<spikes.count {
      let index = Int(clamping: spikes[position])
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
    count.pointee = 0
    if offset == nil && encoding == nil {
      for index in spikes { append(Int(index), 1) }
      return
    }
    var position = 0
    for channel in 0..<size {
      let spike = position < spikes.count && Int(spikes[position]) == channel
      append(channel, spike ? 1 : 0)
      position += spike ? 1 : 0
    }
  }

  private func append(_ channel: Int, _ sample: Float) {
    var (input, value) = (channel, transformed(sample, channel))
    if let encoding {
      value = encoding.spike(value, channel)
      if encoding.description.isOnOff { (input, value) = (2 * channel + (value < 0 ? 1 : 0), value.magnitude) }
    }
    indices[count.pointee] = Int32(truncatingIfNeeded: input)
    values[count.pointee] = value
    count.pointee += value == 0 ? 0 : 1
  }

  @inline(__always) private func transformed(_ sample: Float, _ channel: Int) -> Float {
    let centred = offset.map { sample - $0[channel] } ?? sample
    return scale.map { centred * $0[channel] } ?? centred
  }
}
