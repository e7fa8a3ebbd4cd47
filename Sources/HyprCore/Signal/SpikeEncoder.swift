internal import CModelFormat

/// How conditioned values become what the first layer gets.
enum SpikeEncoder {
  case levelCrossing(LevelCrossing, isOnOff: Bool)
  case delta(Delta, isOnOff: Bool)
  case thresholdAccumulation(ThresholdAccumulation, isOnOff: Bool)
  case receptiveFields(ReceptiveFields)

  /// Lays one out; nil: values are taken as they are. The loader has checked the encoding. (In a place of its own, as sessions are
  /// made with little stack.)
  @inline(never) static func place(
    _ arena: inout Arena, _ encoding: format_encoding, channels: Int
  ) -> UnsafeMutablePointer<SpikeEncoder>? {
    guard let encoder = SpikeEncoder(&arena, encoding, channels: channels) else { return nil }
    return arena.place(encoder)
  }

  private init?(_ arena: inout Arena, _ encoding: format_encoding, channels: Int) {
    let isOnOff = encoding.output == 1
    switch encoding.kind {
    case FORMAT_ENCODING_LEVEL_CROSSING:
      self = .levelCrossing(LevelCrossing(&arena, encoding, channels: channels), isOnOff: isOnOff)
    case FORMAT_ENCODING_DELTA: self = .delta(Delta(&arena, encoding, channels: channels), isOnOff: isOnOff)
    case FORMAT_ENCODING_THRESHOLD_ACCUMULATION:
      self = .thresholdAccumulation(ThresholdAccumulation(&arena, encoding, channels: channels), isOnOff: isOnOff)
    case FORMAT_ENCODING_RECEPTIVE_FIELDS: self = .receptiveFields(ReceptiveFields(&arena, encoding, channels: channels))
    default: return nil
    }
  }

  @_optimize(speed) @inline(never) func commit() {
    switch self {
    case .levelCrossing(let encoder, _): encoder.commit()
    case .delta(let encoder, _): encoder.commit()
    case .thresholdAccumulation(let encoder, _): encoder.commit()
    case .receptiveFields(let encoder): encoder.commit()
    }
  }

  /// The next sample is the first of a sequence: of the session's, or of one apart.
  @inline(never) func clear(apart: Bool) {
    switch self {
    case .levelCrossing(let encoder, _): encoder.clear(apart: apart)
    case .delta(let encoder, _): encoder.clear(apart: apart)
    case .thresholdAccumulation(let encoder, _): encoder.clear(apart: apart)
    case .receptiveFields(let encoder): encoder.clear(apart: apart)
    }
  }

  /// Goes on where another one is, of a kind and with as many channels at most.
  @inline(never) func take(_ other: SpikeEncoder) {
    switch (self, other) {
    case (.levelCrossing(let own, _), .levelCrossing(let from, _)): own.take(from)
    case (.delta(let own, _), .delta(let from, _)): own.take(from)
    case (.thresholdAccumulation(let own, _), .thresholdAccumulation(let from, _)): own.take(from)
    case (.receptiveFields(let own), .receptiveFields(let from)): own.take(from)
    default: break
    }
  }

  @inline(never) func walkState(_ stream: inout StateStream) {
    switch self {
    case .levelCrossing(let encoder, _): encoder.walkState(&stream)
    case .delta(let encoder, _): encoder.walkState(&stream)
    case .thresholdAccumulation(let encoder, _): encoder.walkState(&stream)
    case .receptiveFields(let encoder): encoder.walkState(&stream)
    }
  }
}
