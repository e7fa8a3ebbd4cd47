import HyprCore

/// When the optimizer steps.
package enum UpdateRule: Equatable {
  /// After every window in which something is taught: online.
  case window
  /// After every sequence.
  case sequence
  /// After so many sequences.
  case batch(Int)

  /// The value of the core's option.
  var option: Double {
    switch self {
    case .window: 0
    case .sequence: 1
    case .batch: 2
    }
  }
}

/// How a model shall be trained.
package struct TrainingPlan {
  package var epochs: Int
  package var update: UpdateRule
  package var settings: OptionSettings
  package var shuffleSeed: UInt64

  package init(epochs: Int, update: UpdateRule, settings: OptionSettings, shuffleSeed: UInt64) {
    self.epochs = epochs
    self.update = update
    self.settings = settings
    self.shuffleSeed = shuffleSeed
  }

  /// How many updates one epoch makes with windows of `window` steps, if only the last `taughtSteps` steps of a sequence are taught:
  /// what a falling learning rate needs to know.
  package func updatesPerEpoch(_ data: SequenceSet, window: Int, taughtSteps: Int = .max) -> Int {
    switch update {
    case .window:
      return (0..<data.count).reduce(0) { sum, index in
        let labels = data.labels(of: index)
        return sum
          + stride(from: 0, to: labels.count, by: window).count { start in
            let end = min(start + window, labels.count)
            return labels[max(start, min(end, labels.count - taughtSteps))..<end].contains { $0 >= 0 }
          }
      }
    case .sequence: return (0..<data.count).count { data.labels(of: $0).contains { $0 >= 0 } }
    case .batch(let size): return (data.count + size - 1) / size
    }
  }
}
