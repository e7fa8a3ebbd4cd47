internal import CSystem

extension Settings {
  /// The learning rate of the first update.
  var firstLearningRate: Double { learningRate * warmth(after: 0) }

  private func warmth(after updates: UInt64) -> Double {
    warmUpUpdates == 0 ? 1 : min((Double(updates) + 1) / warmUpUpdates, 1)
  }

  #if HYPR_LEARNING
    /// The learning rate of the update that follows `updates` others.
    func learningRate(after updates: UInt64) -> Double {
      let progress = min(Double(updates) / scheduleUpdates, 1)
      let warmth = warmth(after: updates)
      switch schedule {
      case .constant: return learningRate * warmth
      case .linear: return learningRate * warmth * (1 - progress)
      case .cosine: return learningRate * warmth * (1 + system_cos(progress * .pi)) / 2
      }
    }
  #endif
}
