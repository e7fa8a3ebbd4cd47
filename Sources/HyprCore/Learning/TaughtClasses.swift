internal import CSystem

/// The classes that were taught in the life of a session. What is not taught is kept: targets push only against these, and the outputs
/// of the others are held to those of the reference network.
struct TaughtClasses {
  private let classes: Int
  private let weight: Float
  /// [C + 1]: where a class stands among those that were taught, negative: it was not; then how many those are.
  private let places: UnsafeMutablePointer<Int32>
  private let block: LossBlock

  init(_ arena: inout Arena, classes: Int, weight: Float, _ block: LossBlock) {
    self.classes = classes
    self.weight = weight
    self.block = block
    places = arena.allocate(Int32.self, classes + 1, .reference)
    if !arena.isMeasuring { places.update(repeating: -1, count: classes) }
  }

  private var count: Int { Int(places[classes]) }
  var isComplete: Bool { count == classes }

  func insert(_ label: Int) {
    if places[label] >= 0 { return }
    places[label] = 0
    number()
  }

  /// What another session was taught, of perhaps fewer classes.
  func take(_ other: TaughtClasses) {
    for label in 0..<other.classes where other.places[label] >= 0 { insert(label) }
  }

  private func number() {
    places[classes] = 0
    for label in 0..<classes where places[label] >= 0 {
      places[label] = places[classes]
      places[classes] += 1
    }
  }

  /// Overwrites losses and errors of some steps whose target is a class, counted from `start` on, that were found with all classes, by
  /// what they are with the taught ones. `reference` [steps][width]: what the reference network gave.
  @_optimize(speed) @inline(never) func restrict(
    _ targets: Targets, _ steps: Range<Int>, from start: Int, _ network: borrowing Network, smoothing: Float,
    losses found: UnsafeMutablePointer<Float>, reference: UnsafePointer<Float>
  ) {
    var first = steps.lowerBound
    while first < steps.upperBound {
      let size = min(LossBlock.size, steps.upperBound - first)
      for index in 0..<size {
        let step = start + first + index
        // What counts for nothing may have a class that was never taught.
        let isRestricted = targets.kinds[step] == .label && !targets.isOfAllClasses[step]
        block.labels[index] = isRestricted ? places[Int(targets.labels[step])] : -1
        if block.labels[index] >= 0 { gather(network.readoutOutputs(step + 1), to: block.rows + index * targets.width) }
      }
      var pass = kernel_cross_entropy(
        steps: size, count: count, width: targets.width, smoothing: smoothing, labels: block.labels, scores: block.rows,
        gradient: targets.error(start + first), losses: block.losses, sums: block.sums, correct: block.correct)
      network.kernels.pointee.cross_entropy(&pass)
      for index in 0..<size where block.labels[index] >= 0 {
        let step = start + first + index
        found[first + index] = block.losses[index]
        spread(targets.error(step), network.readoutOutputs(step + 1), reference + step * targets.width)
      }
      first += size
    }
  }

  @inline(__always) private func gather(_ outputs: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>) {
    var place = 0
    for label in 0..<classes where places[label] >= 0 {
      row[place] = outputs[label]
      place += 1
    }
  }

  /// From the errors of the taught classes, one after the other, to those of all, in place: no class stands before its place.
  @inline(__always) private func spread(
    _ error: UnsafeMutablePointer<Float>, _ outputs: UnsafePointer<Float>, _ reference: UnsafePointer<Float>
  ) {
    var label = classes
    while label > 0 {
      label -= 1
      error[label] = places[label] >= 0 ? error[Int(places[label])] : weight * (outputs[label] - reference[label])
    }
  }

  func walkState(_ stream: inout StateStream) {
    for label in 0..<classes {
      let isTaught = stream.flag(places[label] >= 0)
      if stream.mode == .read { places[label] = isTaught ? 0 : -1 }
    }
    if stream.mode == .read { number() }
  }
}
