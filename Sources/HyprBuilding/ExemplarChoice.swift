internal import CSystem
public import HyprCore

// Which of many exemplars are worth their bytes.
extension ModelBuilder {
  /// Keeps as many exemplars as take at most `bytes` in the file, drawn from a seed and balanced over classes: the next one is
  /// always of the class that has been taught for the fewest steps.
  public mutating func keepExemplars(bytes: Int, seed: UInt64) throws(Failure) {
    guard let readout, exemplars.count > 0 else {
      throw message.failure(.wrongState, "the builder has no exemplars to choose from")
    }
    var least = Int.max
    for index in 0..<exemplars.count { least = min(least, exemplar(index).byteCount) }
    guard bytes >= least else { throw invalid("bytes is \(size: bytes), expected at least \(least), what the smallest exemplar takes") }
    let (count, classes) = (exemplars.count, readout.pointee.size)
    guard let order = Choice(count, classes: classes) else { throw outOfMemory() }
    defer { order.free() }
    order.shuffle(seed: seed)
    choose(order, bytes: bytes)
    forgetBuilt()
    var kept = 0
    for index in 0..<count {
      if order.isKept[index] {
        exemplars[kept] = exemplars[index]
        kept += 1
      } else {
        exemplars[index].free()
      }
    }
    while exemplars.count > kept { exemplars.removeLast() }
  }

  private func exemplar(_ index: Int) -> Exemplar {
    exemplars[index].exemplar(channels: inputCount, outputs: readout?.pointee.size ?? 0)
  }

  private func choose(_ choice: Choice, bytes: Int) {
    var left = bytes
    while let label = choice.poorestClass {
      // The next in the order that teaches this class and was not looked at yet.
      let place = choice.next[label]
      choice.next[label] += 1
      let index = choice.order[place]
      let exemplar = exemplar(index)
      guard !choice.isSeen[index], exemplar.taughtStepCount(label) > 0 else { continue }
      choice.isSeen[index] = true
      guard exemplar.byteCount <= left else { continue }
      left -= exemplar.byteCount
      choice.isKept[index] = true
      for run in 0..<exemplar.runCount {
        let (steps, label) = exemplar.run(run)
        if label >= 0 { choice.taught[label] += steps }
      }
    }
  }

  /// What is known while exemplars are chosen.
  private struct Choice {
    let count, classes: Int
    /// [exemplars]
    let order: UnsafeMutablePointer<Int>
    let isSeen, isKept: UnsafeMutablePointer<Bool>
    /// [classes]: where in the order it was looked up to, and the steps that teach it in what is kept.
    let next, taught: UnsafeMutablePointer<Int>

    init?(_ count: Int, classes: Int) {
      // The numbers first: they need their alignment.
      guard let numbers: UnsafeMutablePointer<Int> = allocated(count + 2 * classes) else { return nil }
      guard let marks: UnsafeMutablePointer<Bool> = allocated(2 * count) else {
        system_free(numbers)
        return nil
      }
      numbers.initialize(repeating: 0, count: count + 2 * classes)
      marks.initialize(repeating: false, count: 2 * count)
      (self.count, self.classes, order) = (count, classes, numbers)
      (next, taught) = (numbers + count, numbers + count + classes)
      (isSeen, isKept) = (marks, marks + count)
    }

    func free() {
      system_free(order)
      system_free(isSeen)
    }

    func shuffle(seed: UInt64) {
      var random = RandomNumbers(seed: seed)
      for index in 0..<count {
        let other = Int(truncatingIfNeeded: random.next() % UInt64(index + 1))
        order[index] = order[other]
        order[other] = index
      }
    }

    /// Of the classes that have exemplars left, the one with the fewest steps; nil: there is none.
    var poorestClass: Int? {
      var poorest: Int?
      for label in 0..<classes where next[label] < count {
        if poorest.map({ taught[label] < taught[$0] }) ?? true { poorest = label }
      }
      return poorest
    }
  }
}
