/// One input sample, as the host hands it over in every step.
public struct InputDescription: Equatable, Sendable {
  /// Channels of one sample.
  public var size: Int
  /// None, or one per channel.
  public var channelNames: [String] = []
  /// `value = (sample - offset) * scale`, before conditioning and encoding; `nil`: all 1. One per channel.
  public var scale: [Float]?
  /// In the unit of the sample; `nil`: all 0. One per channel.
  public var offset: [Float]?
  /// How values become the inputs of the first layer; `nil`: they are those inputs.
  public var encoding: SpikeEncoding?
  /// Stages between scale and encoding, in order. With them, the model's `formatVersion` must be at least 2.
  public var conditioning: [ConditioningStage] = []
  /// The range of the conditioned values in training, one number each per channel; `nil`: unknown.
  public var trainedRange: (lower: [Float], upper: [Float])? {
    get { range.map { ($0.lower, $0.upper) } }
    set { range = newValue.map { Range(lower: $0.lower, upper: $0.upper) } }
  }
  private var range: Range?

  /// An input of `size` channels.
  public init(size: Int) {
    self.size = size
  }

  private struct Range: Equatable, Sendable {
    let lower, upper: [Float]
  }
}
