/// Classes in turn: in each round every one of them once, in random order.
struct Turns {
  /// [labels]: whether it had its turn in this round.
  private let hadTurn: UnsafeMutablePointer<Bool>
  private let labels: Int

  init(_ arena: inout Arena, labels: Int) {
    hadTurn = arena.allocate(Bool.self, labels, .rehearsal)
    self.labels = labels
  }

  /// The next one of those that there are; nil: there is none.
  func next(_ random: inout SplitMix64, where isThere: (Int) -> Bool) -> Int? {
    // Where there is none at all the round is not over.
    guard (0..<labels).contains(where: isThere) else { return nil }
    if count(where: isThere) == 0 { clear() }
    let candidates = count(where: isThere)
    var (left, label) = (random.below(candidates), 0)
    while hadTurn[label] || !isThere(label) || left > 0 {
      if !hadTurn[label] && isThere(label) { left -= 1 }
      label += 1
    }
    hadTurn[label] = true
    return label
  }

  private func count(where isThere: (Int) -> Bool) -> Int {
    var count = 0
    for label in 0..<labels where !hadTurn[label] && isThere(label) { count += 1 }
    return count
  }

  func clear() { hadTurn.clear(labels) }

  func walkState(_ stream: inout StateStream) { stream.flags(hadTurn, labels) }
}
