internal import CSystem

/// The stretch of the stream that is being made, and how it becomes one that is kept.
struct StretchRecorder {
  let shape: Stretch.Shape
  /// First steps of a stretch whose targets are not rehearsed.
  private let leadIn: Int
  /// Of a value.
  private let bits: Int
  /// [longest][columns]
  private let inputs: UnsafeMutablePointer<Float>
  /// [longest]: a class, or what `Stretch.Run` says.
  private let targets: UnsafeMutablePointer<Int32>
  /// [longest][outputs], of the steps that have a row.
  private let rows: UnsafeMutablePointer<Float>
  /// [columns]: which value stands for one.
  private let factors: UnsafeMutablePointer<Float>
  /// [outputs]
  private let taughtSteps: UnsafeMutablePointer<Int>
  private(set) var steps = 0
  /// Whether the state was zero before its first step.
  private var startsSequence = true

  init(_ arena: inout Arena, _ shape: Stretch.Shape, _ settings: Settings) {
    self.shape = shape
    leadIn = settings.rehearsalLeadIn
    bits = settings.rehearsalBits
    inputs = arena.allocate(Float.self, shape.columns, rows: shape.longest, .rehearsal)
    targets = arena.allocate(Int32.self, shape.longest, .rehearsal)
    rows = arena.allocate(Float.self, shape.outputs, rows: shape.longest, .rehearsal)
    factors = arena.allocate(Float.self, shape.columns, .rehearsal)
    taughtSteps = arena.allocate(Int.self, shape.outputs, .rehearsal)
  }

  var isFull: Bool { steps == shape.longest }

  /// Whether the next step begins a sequence.
  var isAtStart: Bool { steps == 0 && startsSequence }

  /// Drops what was recorded: the next step is the first one.
  mutating func begin(startsSequence: Bool) { (steps, self.startsSequence) = (0, startsSequence) }

  /// Records a step with the events of a slot; a row is given with the targets that have one.
  mutating func record(_ events: EventSource, slot: Int, target: Int32) -> UnsafeMutablePointer<Float> {
    let place = inputs + steps * shape.columns
    place.clear(shape.columns)
    let (indices, values) = (events.indices(slot), events.values(slot))
    // In the steps of a window that a saved state brought there may be anything.
    for event in 0..<events.count(slot) where values[event].isFinite { place[Int(indices[event])] = values[event] }
    targets[steps] = target
    steps += 1
    return rows + (steps - 1) * shape.outputs
  }

  /// The last step has no target after all.
  func dropTarget() { targets[steps - 1] = Stretch.Run.none }

  /// Steps whose targets only bring the state up to what follows.
  private var skipped: Int { startsSequence ? 0 : leadIn }

  /// Whether there is a target to be rehearsed.
  var isTaught: Bool {
    for step in min(skipped, steps)..<steps where targets[step] != Stretch.Run.none { return true }
    return false
  }

  /// The class that most steps were taught, the first of equals; `outputs`: none was.
  var label: Int {
    taughtSteps.clear(shape.outputs)
    var best = shape.outputs
    for step in min(skipped, steps)..<steps where targets[step] >= 0 { taughtSteps[Int(targets[step])] += 1 }
    for label in 0..<shape.outputs where taughtSteps[label] > (best == shape.outputs ? 0 : taughtSteps[best]) { best = label }
    return best
  }

  /// What the stretch will be: in the form that takes fewer bytes.
  func header() -> Stretch.Header {
    findFactors()
    var (runs, rowCount, events, isBinary) = (0, 0, 0, true)
    for step in 0..<steps {
      if step == 0 || targets[step] != targets[step - 1] { runs += 1 }
      if Stretch.Run.hasRow(targets[step]) { rowCount += 1 }
      for column in 0..<shape.columns {
        let value = inputs[step * shape.columns + column]
        if value != 0 && value != 1 { isBinary = false }
        if value != 0 { events += 1 }
      }
    }
    func header(events: Int?, isBinary: Bool) -> Stretch.Header {
      Stretch.Header(
        steps: steps, runs: runs, rows: rowCount, events: events, label: label, startsSequence: startsSequence,
        isBinary: isBinary, bits: bits)
    }
    var (dense, sparse) = (header(events: nil, isBinary: false), header(events: events, isBinary: isBinary))
    dense.bytes = size(dense)
    sparse.bytes = size(sparse)
    return dense.bytes < sparse.bytes ? dense : sparse
  }

  private func size(_ header: Stretch.Header) -> UInt32 {
    UInt32(clamping: Stretch(UnsafeMutableRawPointer(inputs), shape, header).size)
  }

  /// The largest magnitude of each column is the largest value.
  private func findFactors() {
    let largest = Float(Stretch.largest(bits: bits))
    factors.clear(shape.columns)
    for step in 0..<steps {
      for column in 0..<shape.columns { factors[column] = max(factors[column], inputs[step * shape.columns + column].magnitude) }
    }
    // What is smaller counts as zero, as its factor would overflow; what is larger as that, or its largest value would.
    for column in 0..<shape.columns {
      factors[column] = factors[column] < 1e-30 ? 0 : largest / min(factors[column], 1e38)
    }
  }

  /// Writes what `header` says that there will be.
  func write(_ stretch: Stretch) {
    stretch.start.initializeMemory(as: UInt8.self, repeating: 0, count: Int(stretch.header.bytes))
    stretch.start.storeBytes(of: stretch.header, as: Stretch.Header.self)
    let (columns, largest) = (shape.columns, Float(Stretch.largest(bits: bits)))
    if !stretch.header.isBinary {
      for column in 0..<columns { stretch.setScale(factors[column] == 0 ? 0 : 1 / factors[column], column) }
    }
    var (run, row, event) = (Stretch.Run(steps: 0, target: targets[0]), 0, 0)
    var runCount = 0
    for step in 0..<steps {
      let target = targets[step]
      if target != run.target { run = Stretch.Run(steps: 0, target: target) }
      run.steps += 1
      if step + 1 == steps || targets[step + 1] != target {
        stretch.setRun(run, runCount)
        runCount += 1
      }
      if Stretch.Run.hasRow(target) {
        stretch.row(row).copyMemory(from: rows + step * shape.outputs, byteCount: shape.outputs * 4)
        row += 1
      }
      let first = event
      for column in 0..<columns {
        let value = inputs[step * columns + column]
        if !stretch.header.isDense && value == 0 { continue }
        if !stretch.header.isDense { stretch.setColumn(column, event) }
        if !stretch.header.isBinary {
          stretch.setValue(Int(max(-largest, min(largest, (value * factors[column]).rounded(.toNearestOrEven)))), event)
        }
        event += 1
      }
      if !stretch.header.isDense { stretch.setCount(event - first, step) }
    }
  }

  /// A full one has been offered.
  mutating func walkState(_ stream: inout StateStream) {
    let steps = stream.integer(steps, in: 0...shape.longest - 1)
    let startsSequence = stream.flag(startsSequence)
    if stream.mode == .read { (self.steps, self.startsSequence) = (steps, startsSequence) }
    stream.finite(inputs, steps * shape.columns)
    for step in 0..<steps {
      let target = stream.integer(Int(targets[step]), in: Int(Stretch.Run.error)...shape.outputs - 1)
      if stream.mode == .read { targets[step] = Int32(truncatingIfNeeded: target) }
      if Stretch.Run.hasRow(Int32(truncatingIfNeeded: target)) {
        stream.finite(rows + step * shape.outputs, shape.outputs)
      }
    }
  }
}
