internal import CModelFormat
internal import CSystem

/// Turns raw samples into the first layer's events: value = (sample - offset) * scale, or the spikes of these values if the model
/// has an encoding, unless that is zero.
struct InputStage {
  /// Channels of a sample.
  let size: Int
  let scale, offset: UnsafePointer<Float>?
  private let encoding: LevelCrossing?
  /// Inputs of the first layer: as many as channels, or two per channel.
  let events: EventSource

  init(_ arena: inout Arena, _ model: Model, columns: Int, slots: Int) {
    size = model.inputSize
    events = EventSource(&arena, size: columns, slots: slots)
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

  /// The step on the events that were listed last was made.
  @_optimize(speed) func commit() { encoding?.commit() }

  /// Counts the sample of the step that was made, whose events stand in a slot.
  @_optimize(speed) @inline(__always) func count(_ slot: Int, in ranges: inout InputRanges) {
    if encoding == nil { ranges.count(events, slot: slot) }
  }

  /// A sequence begins.
  func clear() { encoding?.clear() }

  /// Goes on where another one is, of a kind and with as many channels at most.
  func take(_ other: InputStage) {
    if let encoding, let from = other.encoding { encoding.take(from) }
  }

  func walkState(_ stream: inout StateStream) { encoding?.walkState(&stream) }

  /// Lists the events of a sample in a slot.
  @_optimize(speed) @inline(__always) func list(
    _ sample: UnsafePointer<Float>, slot: Int, _ kernels: UnsafePointer<kernel_table>, _ message: MessageBuffer
  ) throws(Failure) {
    if encoding != nil { return try encode(sample, slot: slot, message) }
    let count = kernels.pointee.sample(sample, size, offset, scale, events.indices(slot), events.values(slot))
    if count < 0 { try check(sample, message) }
    events.setCount(count, slot)
  }

  @_optimize(speed) private func encode(_ sample: UnsafePointer<Float>, slot: Int, _ message: MessageBuffer) throws(Failure) {
    try check(sample, message)
    events.setCount(0, slot)
    for channel in 0..<size { append(channel, sample[channel], slot) }
  }

  /// Why a sample cannot be taken.
  func check(_ sample: UnsafePointer<Float>, _ message: MessageBuffer) throws(Failure) {
    for channel in 0..<size where !transformed(sample[channel], channel).isFinite {
      guard sample[channel].isFinite else {
        throw message.failure(.notFinite, "input[\(channel)] is \(sample[channel]), expected a finite number")
      }
      throw message.failure(
        .notFinite, "input[\(channel)] is \(sample[channel]), too large for the scale and offset of the model")
    }
  }

  /// Lists a sample that is 1 at the indices and 0 elsewhere in a slot.
  @_optimize(speed) func list(
    spikes: UnsafeBufferPointer<UInt32>, slot: Int, _ message: MessageBuffer
  ) throws(Failure) {
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
    events.setCount(0, slot)
    if offset == nil && encoding == nil {
      for index in spikes { append(Int(index), 1, slot) }
      return
    }
    var position = 0
    for channel in 0..<size {
      let spike = position < spikes.count && Int(spikes[position]) == channel
      append(channel, spike ? 1 : 0, slot)
      position += spike ? 1 : 0
    }
  }

  @_optimize(speed) private func append(_ channel: Int, _ sample: Float, _ slot: Int) {
    var (input, value) = (channel, transformed(sample, channel))
    if let encoding {
      value = encoding.spike(value, channel)
      if encoding.description.isOnOff { (input, value) = (2 * channel + (value < 0 ? 1 : 0), value.magnitude) }
    }
    if value == 0 { return }
    let count = events.count(slot)
    events.indices(slot)[count] = Int32(truncatingIfNeeded: input)
    events.values(slot)[count] = value
    events.setCount(count + 1, slot)
  }

  @inline(__always) private func transformed(_ sample: Float, _ channel: Int) -> Float {
    let centred = offset.map { sample - $0[channel] } ?? sample
    return scale.map { centred * $0[channel] } ?? centred
  }
}
