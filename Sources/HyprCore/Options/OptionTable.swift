/// What is known about one option. This table is the only place that says it; hypr.h's documentation and the keyword arguments
/// of the bindings follow it.
public struct OptionFacts {
  /// The option's number in hypr.h.
  public let key: Int32
  public let name: StaticString
  public let lower, upper, standard: Double
  /// Whether only whole numbers are allowed.
  public let whole: Bool

  /// A factor on the learning rate of one group of tensors.
  fileprivate static func rate(key: Int32, _ name: StaticString) -> OptionFacts {
    OptionFacts(key: key, name: name, lower: 0, upper: Option.largestRateFactor, standard: 1, whole: false)
  }
}

/// The options, in the order of their storage.
public enum Option: Int {
  case learning, window, credit, update, reduction, trainMask, labelSmoothing, loss, lossSteps, labelDelay, deferred, learningMemoryType
  case spikeRatePenalty, spikeRateLower, spikeRateUpper
  case optimizer, learningRate, beta1, beta2, epsilon, gradientClip, valueClip, weightDecay, anchorStrength
  case schedule, scheduleUpdates, warmUpUpdates
  case rateInputWeights, rateRecurrentWeights, rateBiases, rateNeuronParameters, rateReadout, rateReadoutTau
  case rehearsalBytes, rehearsalShare, rehearsalSteps, rehearsalWindows, rehearsalStretch, rehearsalLeadIn, rehearsalSeed, rehearsalBits
  case holdUntaught, guardHorizon, guardAnswer, guardMargin
  case threads, roundingSeed

  static var count: Int { Options.Values.count }
  static var largestRateFactor: Double { 1000 }

  public var facts: OptionFacts {
    switch self {
    case .learning: .init(key: 1, name: "learning", lower: 0, upper: 1, standard: 0, whole: true)
    case .window: .init(key: 2, name: "window", lower: 0, upper: 65_536, standard: 100, whole: true)
    case .credit: .init(key: 3, name: "credit", lower: 0, upper: 3, standard: 1, whole: true)
    case .update: .init(key: 4, name: "update", lower: 0, upper: 2, standard: 0, whole: true)
    case .reduction: .init(key: 5, name: "reduction", lower: 0, upper: 2, standard: 0, whole: true)
    case .trainMask: .init(key: 6, name: "train_mask", lower: 0, upper: 63, standard: 63, whole: true)
    case .labelSmoothing: .init(key: 7, name: "label_smoothing", lower: 0, upper: 0.999_999, standard: 0, whole: false)
    case .loss: .init(key: 8, name: "loss", lower: 0, upper: 2, standard: 0, whole: true)
    case .lossSteps: .init(key: 9, name: "loss_steps", lower: 1, upper: 65_536, standard: 1, whole: true)
    case .labelDelay: .init(key: 13, name: "label_delay", lower: 0, upper: 65_536, standard: 0, whole: true)
    case .deferred: .init(key: 14, name: "deferred", lower: 0, upper: 1, standard: 0, whole: true)
    case .learningMemoryType: .init(key: 15, name: "learning_memory_type", lower: 0, upper: 1, standard: 0, whole: true)
    case .spikeRatePenalty:
      .init(key: 10, name: "spike_rate_penalty", lower: 0, upper: 1e6, standard: 0, whole: false)
    case .spikeRateLower: .init(key: 11, name: "spike_rate_lower", lower: 0, upper: 1, standard: 0, whole: false)
    case .spikeRateUpper: .init(key: 12, name: "spike_rate_upper", lower: 0, upper: 1, standard: 1, whole: false)
    case .optimizer: .init(key: 20, name: "optimizer", lower: 0, upper: 4, standard: 1, whole: true)
    case .learningRate: .init(key: 21, name: "learning_rate", lower: 0, upper: 1000, standard: 1e-3, whole: false)
    case .beta1: .init(key: 22, name: "beta1", lower: 0, upper: 0.999_999, standard: 0.9, whole: false)
    case .beta2: .init(key: 23, name: "beta2", lower: 0, upper: 0.999_999, standard: 0.999, whole: false)
    case .epsilon: .init(key: 24, name: "epsilon", lower: 1e-12, upper: 1, standard: 1e-8, whole: false)
    case .gradientClip: .init(key: 25, name: "gradient_clip", lower: 0, upper: 1e30, standard: 1, whole: false)
    case .valueClip: .init(key: 26, name: "value_clip", lower: 0, upper: 1e30, standard: 0, whole: false)
    case .weightDecay: .init(key: 27, name: "weight_decay", lower: 0, upper: 1000, standard: 0, whole: false)
    case .anchorStrength: .init(key: 28, name: "anchor_strength", lower: 0, upper: 1000, standard: 0, whole: false)
    case .schedule: .init(key: 40, name: "schedule", lower: 0, upper: 2, standard: 0, whole: true)
    case .scheduleUpdates:
      .init(key: 41, name: "schedule_updates", lower: 1, upper: 1e12, standard: 10_000, whole: true)
    case .warmUpUpdates: .init(key: 42, name: "warm_up_updates", lower: 0, upper: 1e12, standard: 0, whole: true)
    case .rateInputWeights: .rate(key: 60, "rate_input_weights")
    case .rateRecurrentWeights: .rate(key: 61, "rate_recurrent_weights")
    case .rateBiases: .rate(key: 62, "rate_biases")
    case .rateNeuronParameters: .rate(key: 63, "rate_neuron_parameters")
    case .rateReadout: .rate(key: 64, "rate_readout")
    case .rateReadoutTau: .rate(key: 65, "rate_readout_tau")
    case .rehearsalBytes: .init(key: 100, name: "rehearsal_bytes", lower: 0, upper: 1_073_741_824, standard: 0, whole: true)
    case .rehearsalShare: .init(key: 101, name: "rehearsal_share", lower: 0, upper: 0.999, standard: 0, whole: false)
    case .rehearsalSteps: .init(key: 102, name: "rehearsal_steps", lower: 0, upper: 65_536, standard: 30, whole: true)
    case .rehearsalWindows: .init(key: 107, name: "rehearsal_windows", lower: 1, upper: 1e9, standard: 10, whole: true)
    case .rehearsalStretch: .init(key: 103, name: "rehearsal_stretch", lower: 1, upper: 65_536, standard: 200, whole: true)
    case .rehearsalLeadIn: .init(key: 104, name: "rehearsal_lead_in", lower: 0, upper: 65_535, standard: 50, whole: true)
    case .rehearsalSeed: .init(key: 105, name: "rehearsal_seed", lower: 0, upper: 4_294_967_295, standard: 0, whole: true)
    case .rehearsalBits: .init(key: 108, name: "rehearsal_bits", lower: 2, upper: 8, standard: 4, whole: true)
    case .holdUntaught: .init(key: 106, name: "hold_untaught", lower: 0, upper: 1000, standard: 0.3, whole: false)
    case .guardHorizon: .init(key: 110, name: "guard", lower: 0, upper: 1e9, standard: 0, whole: true)
    case .guardAnswer: .init(key: 111, name: "guard_answer", lower: 0, upper: 1, standard: 0, whole: true)
    case .guardMargin: .init(key: 112, name: "guard_margin", lower: 0, upper: 1e6, standard: 0.05, whole: false)
    case .threads: .init(key: 80, name: "threads", lower: 1, upper: 64, standard: 1, whole: true)
    case .roundingSeed: .init(key: 120, name: "rounding_seed", lower: 0, upper: 4_294_967_295, standard: 0, whole: true)
    }
  }

  /// Whether it is never taken from a model file: who learns, in how many threads, when, and with how much memory for what was.
  public var isOfHost: Bool {
    switch self {
    case .learning, .threads, .deferred, .learningMemoryType, .rehearsalBytes: true
    default: false
    }
  }

  public init?(key: Int32) {
    for index in 0..<Option.count {
      if let option = Option(rawValue: index), option.facts.key == key {
        self = option
        return
      }
    }
    return nil
  }

  public init?(name: UnsafePointer<CChar>) {
    for index in 0..<Option.count {
      if let option = Option(rawValue: index), equal(name, option.facts.name) {
        self = option
        return
      }
    }
    return nil
  }
}
