internal import CSystem

/// Numbers that are trained, and what the optimizer keeps of them; `Placement` says where the elements of a tensor lie in it.
struct TrainedArray {
  /// Numbers, whole vectors.
  let count: Int
  private var stored: UpdatedValues
  /// Summed over the taught steps since the last update. Only in learning sessions.
  @OnlyLearning private(set) var gradients: UnsafeMutablePointer<Float>?
  /// Only with optimizers that keep them.
  @OnlyLearning private(set) var moment1: KeptNumbers?
  @OnlyLearning private(set) var moment2: KeptNumbers?
  /// The values of the model file, if parameters are pulled back to them.
  @OnlyLearning private(set) var anchor: UnsafeMutablePointer<Float>?

  /// `apart`: an update writes the values that come next beside those in use.
  init(_ arena: inout Arena, count: Int, _ settings: Settings, apart: Bool) {
    func numbers(_ section: MemorySection, if isKept: Bool) -> UnsafeMutablePointer<Float>? {
      settings.learning && isKept ? arena.allocate(Float.self, count, section) : nil
    }
    func moments(if areKept: Bool) -> KeptNumbers? {
      settings.learning && areKept ? KeptNumbers(&arena, settings.learningMemoryType, count, .optimizer) : nil
    }
    self.count = count
    stored = UpdatedValues(&arena, count, apart: apart)
    gradients = numbers(.optimizer, if: true)
    moment1 = moments(if: settings.optimizer.hasMoments)
    moment2 = moments(if: settings.optimizer.isAdam)
    anchor = numbers(.optimizer, if: settings.anchorStrength > 0)
  }

  /// That of another, whose place is not known while memory is only measured.
  static var none: TrainedArray { TrainedArray(count: 0) }

  private init(count: Int) {
    self.count = count
    stored = .none
    gradients = nil
    moment1 = nil
    moment2 = nil
    anchor = nil
  }

  private init(_ whole: TrainedArray, _ part: Range<Int>) {
    count = part.count
    stored = whole.stored.dropFirst(part.lowerBound)
    gradients = whole.gradients.map { $0 + part.lowerBound }
    moment1 = whole.moment1.map { $0 + part.lowerBound }
    moment2 = whole.moment2.map { $0 + part.lowerBound }
    anchor = whole.anchor.map { $0 + part.lowerBound }
  }

  /// Those in use.
  var values: UnsafeMutablePointer<Float> { stored.current }
  /// Where an update writes what takes their place; the same place but for deferred learning.
  var nextValues: UnsafeMutablePointer<Float> { stored.next }
  mutating func turn() { stored.turn() }

  /// Some of the numbers.
  func part(_ range: Range<Int>) -> TrainedArray { TrainedArray(self, range) }

  func clearGradients() { gradients?.clear(count) }

  func clearMoments() {
    moment1?.clear(count)
    moment2?.clear(count)
  }

  /// Takes over what both have of another one, of which `from` says where its elements lie; `moments`: whether those are of the
  /// same optimizer.
  func take(_ other: TrainedArray, _ from: Placement, as placement: Placement, moments: Bool) {
    from.copy(KeptNumbers(other.values), to: KeptNumbers(values), placement)
    from.copy(other.gradients.map { KeptNumbers($0) }, to: gradients.map { KeptNumbers($0) }, placement)
    guard moments else { return }
    from.copy(other.moment1, to: moment1, placement)
    guard let moment2, let found = other.moment2 else { return }
    // Adam makes up for zeros that moments begin with by the number of updates, one for all: new ones would move at several
    // times the rate.
    var sum = 0.0
    for element in 0..<from.count { sum += Double(found[from.place(element)]) }
    let mean = Float(sum / Double(max(from.count, 1)))
    for element in 0..<placement.count { moment2[placement.place(element)] = mean }
    from.copy(found, to: moment2, placement)
  }
}
