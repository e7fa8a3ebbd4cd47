internal import CSystem

/// Numbers that are trained, and what the optimizer keeps of them; `Placement` says where the elements of a tensor lie in it.
struct TrainedArray {
  /// Numbers, whole vectors.
  let count: Int
  let values: UnsafeMutablePointer<Float>
  /// Summed over the taught steps since the last update. Only in learning sessions.
  let gradients: UnsafeMutablePointer<Float>?
  /// Only with optimizers that keep them.
  let moment1, moment2: UnsafeMutablePointer<Float>?
  /// The values of the model file, if parameters are pulled back to them.
  let anchor: UnsafeMutablePointer<Float>?

  init(_ arena: inout Arena, count: Int, _ settings: Settings) {
    func numbers(_ section: MemorySection, if isKept: Bool) -> UnsafeMutablePointer<Float>? {
      settings.learning && isKept ? arena.allocate(Float.self, count, section) : nil
    }
    self.count = count
    values = arena.allocate(Float.self, count, .parameters)
    gradients = numbers(.optimizer, if: true)
    moment1 = numbers(.optimizer, if: settings.optimizer != .gradientDescent)
    moment2 = numbers(.optimizer, if: settings.optimizer == .adam || settings.optimizer == .adamW)
    anchor = numbers(.optimizer, if: settings.anchorStrength > 0)
  }

  /// That of another, whose place is not known while memory is only measured.
  static var none: TrainedArray { TrainedArray(count: 0) }

  private init(count: Int) {
    self.count = count
    values = UnsafeMutablePointer(bitPattern: Arena.alignment)!
    (gradients, moment1, moment2, anchor) = (nil, nil, nil, nil)
  }

  private init(_ whole: TrainedArray, _ part: Range<Int>) {
    count = part.count
    values = whole.values + part.lowerBound
    gradients = whole.gradients.map { $0 + part.lowerBound }
    moment1 = whole.moment1.map { $0 + part.lowerBound }
    moment2 = whole.moment2.map { $0 + part.lowerBound }
    anchor = whole.anchor.map { $0 + part.lowerBound }
  }

  /// Some of the numbers.
  func part(_ range: Range<Int>) -> TrainedArray { TrainedArray(self, range) }

  func clearGradients() { gradients?.clear(count) }

  func clearMoments() {
    moment1?.clear(count)
    moment2?.clear(count)
  }
}
