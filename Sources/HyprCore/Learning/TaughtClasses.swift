internal import CSystem

/// The classes that were taught in the life of a session. What is not taught is kept: the outputs of the other classes are held to
/// those of the reference network. Targets push against the taught ones and, less hard by a margin, against those that the exemplars
/// of the model's file teach; against the rest, for which nothing would speak, not at all.
struct TaughtClasses {
  /// In nats: how much smaller than it is the output of a class counts that is known from exemplars alone. The device is taught so
  /// many more steps of its own classes, in its own way, that without it these would be answered too often.
  private static var margin: Float { 2 }

  private let classes: Int
  private let weight: Float
  /// [C]
  private let isTaught, hasExemplars: UnsafeMutablePointer<Bool>
  /// [C + 2]: where a class stands among those that targets push against, negative: they do not; then how many those are, and how
  /// many classes were taught.
  private let places: UnsafeMutablePointer<Int32>
  private let block: LossBlock

  init(_ arena: inout Arena, _ model: Model, weight: Float, _ block: LossBlock) {
    classes = model.outputSize
    self.weight = weight
    self.block = block
    isTaught = arena.allocate(Bool.self, classes, .reference)
    hasExemplars = arena.allocate(Bool.self, classes, .reference)
    places = arena.allocate(Int32.self, classes + 2, .reference)
    if arena.isMeasuring { return }
    for index in 0..<model.exemplarCount {
      let exemplar = model.exemplar(index)
      if exemplar.hasValues { continue }
      for run in 0..<exemplar.runCount where exemplar.run(run).label >= 0 { hasExemplars[exemplar.run(run).label] = true }
    }
    number()
  }

  private var count: Int { Int(places[classes]) }
  var isComplete: Bool { places[classes + 1] == classes }

  func insert(_ label: Int) {
    if isTaught[label] { return }
    isTaught[label] = true
    number()
  }

  /// What another session was taught, of perhaps fewer classes.
  func take(_ other: TaughtClasses) {
    for label in 0..<other.classes where other.isTaught[label] { insert(label) }
  }

  private func number() {
    (places[classes], places[classes + 1]) = (0, 0)
    for label in 0..<classes {
      let isMet = isTaught[label] || hasExemplars[label]
      places[label] = isMet ? places[classes] : -1
      if isMet { places[classes] += 1 }
      if isTaught[label] { places[classes + 1] += 1 }
    }
  }

  /// Overwrites losses and errors of some steps whose target is a class, counted from `start` on, that were found with all classes,
  /// by what they are with those that are pushed against. `reference` [steps][width]: what the reference network gave.
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
        block.labels[index] = targets.kinds[step] == .label ? places[Int(targets.labels[step])] : -1
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
      row[place] = isTaught[label] ? outputs[label] : outputs[label] - TaughtClasses.margin
      place += 1
    }
  }

  /// From the errors of the classes that are pushed against, one after the other, to those of all, in place: no class stands before
  /// its place.
  @inline(__always) private func spread(
    _ error: UnsafeMutablePointer<Float>, _ outputs: UnsafePointer<Float>, _ reference: UnsafePointer<Float>
  ) {
    var label = classes
    while label > 0 {
      label -= 1
      error[label] = places[label] >= 0 ? error[Int(places[label])] : 0
      if !isTaught[label] { error[label] += weight * (outputs[label] - reference[label]) }
    }
  }

  func walkState(_ stream: inout StateStream) {
    for label in 0..<classes {
      let flag = stream.flag(isTaught[label])
      if stream.mode == .read { isTaught[label] = flag }
    }
    if stream.mode == .read { number() }
  }
}
