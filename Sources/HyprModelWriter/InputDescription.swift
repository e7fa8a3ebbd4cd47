/// One input sample, as the host hands it over in every step.
public struct InputDescription: Equatable, Sendable {
  /// Channels of one sample.
  public var size: Int
  /// None, or one per channel.
  public var channelNames: [String] = []
  /// `value = (sample - offset) * scale`, before any encoding; `nil`: all 1. One per channel.
  public var scale: [Float]?
  /// In the unit of the sample; `nil`: all 0. One per channel.
  public var offset: [Float]?
  /// How values become the inputs of the first layer; `nil`: they are those inputs.
  public var encoding: SpikeEncoding?

  /// An input of `size` channels.
  public init(size: Int) {
    self.size = size
  }
}

/// How values become spikes.
public enum SpikeEncoding: Equatable, Sendable {
  /// What level crossing gives to the first layer; raw values as in the schema.
  public enum LevelCrossingOutput: UInt8, Sendable, CaseIterable {
    /// One number per channel in {-1, 0, 1}.
    case signed = 0
    /// Two per channel in {0, 1}: rising, falling.
    case onOff
  }

  /// A spike whenever a channel has moved by a threshold since its last spike. One threshold for all channels or one each, in
  /// the unit of the scaled value.
  case levelCrossing(thresholds: [Float], output: LevelCrossingOutput = .signed)
}
