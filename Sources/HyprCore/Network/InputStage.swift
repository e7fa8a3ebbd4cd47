internal import CModelFormat
internal import CSystem

/// Turns raw samples into the first layer's events: value = (sample - offset) * scale, conditioned, or the spikes of these values if
/// the model has an encoding, unless that is zero.
struct InputStage {
  /// Channels of a sample.
  let size: Int
  let scale, offset: UnsafePointer<Float>?
  private let conditioning: UnsafeMutablePointer<Conditioning>?
  private let encoder: UnsafeMutablePointer<SpikeEncoder>?
  /// [channels]: what was encoded last, not apart; nil: there is no encoder, and the events have the values.
  private let values: UnsafeMutablePointer<Float>?
  /// Inputs of the first layer: as many as channels, or some per channel.
  let events: EventSource

  /// (Not inlined, as what is laid out after it has its stack then.)
  @inline(never) init(_ arena: inout Arena, _ model: Model, columns: Int, slots: Int) {
    size = model.inputSize
    events = EventSource(&arena, size: columns, slots: slots)
    var info = format_input_info()
    _ = format_input(model.root, &info)
    scale = info.scale
    offset = info.offset
    conditioning =
      info.conditioning_count == 0
      ? nil
      : Conditioning.place(&arena, channels: size, timeStep: model.timeStep, count: info.conditioning_count) { model.conditioning($0) }
    encoder = SpikeEncoder.place(&arena, model.encoding, channels: size)
    values = encoder == nil ? nil : arena.allocate(Float.self, size, .scratch)
  }

  /// Whether any finite sample can be taken.
  var isPlain: Bool { offset == nil && scale == nil && conditioning == nil }

  /// The step on the events that were listed last was made.
  @_optimize(speed) func commit() {
    conditioning?.pointee.commit()
    encoder?.pointee.commit()
  }

  /// Counts the sample of the step that was made, whose events stand in a slot.
  @_optimize(speed) @inline(__always) func count(_ slot: Int, in ranges: inout InputRanges) {
    if let values { ranges.count(values) } else { ranges.count(events, slot: slot) }
  }

  /// A sequence begins.
  func clear() { clear(apart: false) }

  /// A sequence begins, or one apart from it, which leaves it as it is.
  func clear(apart: Bool) {
    conditioning?.pointee.clear(apart: apart)
    encoder?.pointee.clear(apart: apart)
  }

  /// Goes on where another one is, of a kind and with as many channels at most.
  func take(_ other: InputStage) {
    if let conditioning, let from = other.conditioning { conditioning.pointee.take(from.pointee) }
    if let encoder, let from = other.encoder { encoder.pointee.take(from.pointee) }
  }

  func walkState(_ stream: inout StateStream) {
    conditioning?.pointee.walkState(&stream)
    encoder?.pointee.walkState(&stream)
  }

  /// Lists the events of a sample in a slot. `apart`: of the next one of a sequence apart.
  @_optimize(speed) @inline(__always) func list(
    _ sample: UnsafePointer<Float>, slot: Int, apart: Bool = false, _ kernels: UnsafePointer<kernel_table>, _ message: MessageBuffer
  ) throws(Failure) {
    if encoder != nil || conditioning != nil { return try listChannels(sample, slot: slot, apart: apart, message) }
    let count = kernels.pointee.sample(sample, size, offset, scale, events.indices(slot), events.values(slot))
    if count < 0 { try check(sample, message) }
    events.setCount(count, slot)
  }

  @_optimize(speed) @inline(never) private func listChannels(
    _ sample: UnsafePointer<Float>, slot: Int, apart: Bool, _ message: MessageBuffer
  ) throws(Failure) {
    try check(sample, message)
    events.setCount(0, slot)
    for channel in 0..<size { list(channel, sample[channel], slot, apart: apart) }
  }

  /// Why a sample cannot be taken.
  func check(_ sample: UnsafePointer<Float>, _ message: MessageBuffer) throws(Failure) {
    for channel in 0..<size where !isAllowed(transformed(sample[channel], channel)) {
      throw refusal(of: sample[channel], channel, message)
    }
  }

  @inline(__always) private func isAllowed(_ value: Float) -> Bool {
    value.magnitude <= (conditioning == nil ? Float.greatestFiniteMagnitude : Conditioning.largestValue)
  }

  @inline(never) private func refusal(of sample: Float, _ channel: Int, _ message: MessageBuffer) -> Failure {
    guard sample.isFinite else {
      return message.failure(.notFinite, "input[\(channel)] is \(sample), expected a finite number")
    }
    guard transformed(sample, channel).isFinite else {
      return message.failure(.notFinite, "input[\(channel)] is \(sample), too large for the scale and offset of the model")
    }
    return message.failure(
      .notFinite, "input[\(channel)] is \(sample), too large to be conditioned: scaled, expected at most \(Conditioning.largestValue)")
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
    if offset == nil && conditioning == nil && encoder == nil {
      for index in spikes { append(transformed(1, Int(index)), at: Int(index), slot) }
      return
    }
    var position = 0
    for channel in 0..<size {
      let spike = position < spikes.count && Int(spikes[position]) == channel
      let sample: Float = spike ? 1 : 0
      if !isAllowed(transformed(sample, channel)) { throw refusal(of: sample, channel, message) }
      list(channel, sample, slot, apart: false)
      position += spike ? 1 : 0
    }
  }

  /// The events of a channel.
  @_optimize(speed) @inline(never) private func list(_ channel: Int, _ sample: Float, _ slot: Int, apart: Bool) {
    var value = transformed(sample, channel)
    if let conditioning { value = conditioning.pointee.value(value, channel, apart: apart) }
    if let values, !apart { values[channel] = value }
    switch encoder?.pointee {
    case nil: append(value, at: channel, slot)
    case .levelCrossing(let encoder, let isOnOff):
      append(spike: encoder.spike(value, channel, apart: apart), channel, isOnOff: isOnOff, slot)
    case .delta(let encoder, let isOnOff):
      append(spike: encoder.spike(value, channel, apart: apart), channel, isOnOff: isOnOff, slot)
    case .thresholdAccumulation(let encoder, let isOnOff):
      append(spike: encoder.spike(value, channel, apart: apart), channel, isOnOff: isOnOff, slot)
    case .receptiveFields(let fields):
      for field in 0..<fields.count {
        append(fields.output(value, channel, field, apart: apart), at: channel * fields.count + field, slot)
      }
    }
  }

  @_optimize(speed) @inline(__always) private func append(spike: Float, _ channel: Int, isOnOff: Bool, _ slot: Int) {
    if isOnOff {
      append(spike.magnitude, at: 2 * channel + (spike < 0 ? 1 : 0), slot)
    } else {
      append(spike, at: channel, slot)
    }
  }

  @_optimize(speed) @inline(__always) private func append(_ value: Float, at input: Int, _ slot: Int) {
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
