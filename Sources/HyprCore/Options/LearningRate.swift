internal import CSystem

extension Settings {
  /// The learning rate of the update that follows `updates` others.
  func learningRate(after updates: UInt64) -> Double {
    let progress = min(Double(updates) / scheduleUpdates, 1)
    let warmth = warmUpUpdates == 0 ? 1 : min((Double(updates) + 1) / warmUpUpdates, 1)
    switch schedule {
    case .constant: return learningRate * warmth
    case .linear: return learningRate * warmth * (1 - progress)
    case .cosine: return learningRate * warmth * (1 + system_cos(progress * .pi)) / 2
    }
  }
}
