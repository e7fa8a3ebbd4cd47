internal import CSystem

/// What the second stream goes through, step by step: the stretches that are kept, by turns with the exemplars that the model's file
/// brings as long as these have a class of which nothing is kept. Of both, classes come in turn.
struct StretchPlayer {
  private enum Playing {
    case stretch(StretchCursor)
    case exemplar(Int, ExemplarCursor)
  }

  var memory: RehearsalMemory
  private let exemplars: Exemplars
  private let turns, exemplarTurns: Turns
  private var wasExemplar = false
  /// [outputs]: whether the stream teaches the class now.
  private let current: UnsafeMutablePointer<Bool>
  private let leadIn: Int
  /// Whether the host has said how much of the gradient is rehearsed.
  private let hasShare: Bool
  private var playing: Playing?

  init(_ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ shape: Stretch.Shape, _ settings: Settings) {
    memory = RehearsalMemory(&arena, shape, settings)
    exemplars = Exemplars(&arena, model)
    turns = Turns(&arena, labels: shape.outputs + 1)
    exemplarTurns = Turns(&arena, labels: shape.outputs + 1)
    current = arena.allocate(Bool.self, shape.outputs, .rehearsal)
    leadIn = settings.rehearsalLeadIn
    hasShare = settings.rehearsalShare > 0
  }

  // MARK: - Which one

  /// What the stream teaches from now on: nothing yet.
  func clearCurrent() { current.clear(memory.shape.outputs) }
  func addCurrent(_ label: Int) { current[label] = true }

  /// Whether there is a next step: of what is being played, or of what begins. Stretches of classes that the stream teaches now do not
  /// begin beside it, unless the host has said how much is rehearsed and there are no others; exemplars of all classes do.
  mutating func goesOn(besideStream: Bool) -> Bool {
    // What was being played may have lost its place.
    if case .stretch = playing, memory.playing == nil { playing = nil }
    return playing != nil || begin(exceptCurrent: besideStream) || (besideStream && hasShare && begin(exceptCurrent: false))
  }

  private mutating func begin(exceptCurrent: Bool) -> Bool {
    // By turns, so that each class of the file counts as much as one of the stream.
    begin(exemplar: !wasExemplar, exceptCurrent) || begin(exemplar: wasExemplar, exceptCurrent)
  }

  private mutating func begin(exemplar: Bool, _ exceptCurrent: Bool) -> Bool {
    if exemplar {
      guard needsExemplars, let label = exemplarTurns.next(&memory.random, where: { exemplars.counts[$0] > 0 }) else { return false }
      let index = exemplars.index(memory.random.below(exemplars.counts[label]), of: label)
      playing = .exemplar(index, ExemplarCursor(exemplars.model.pointee.exemplar(index)))
    } else {
      let (kept, current, outputs) = (memory, current, memory.shape.outputs)
      func isThere(_ label: Int) -> Bool { kept.count(label) > 0 && !(exceptCurrent && label < outputs && current[label]) }
      guard let label = turns.next(&memory.random, where: isThere) else { return false }
      memory.play(memory.random.below(memory.count(label)), of: label)
      playing = .stretch(StretchCursor())
    }
    wasExemplar = exemplar
    return true
  }

  /// Whether the file has a class of which nothing is kept. Then all of its classes are rehearsed: by those alone the network would learn
  /// to tell the file's recordings from the device's.
  private var needsExemplars: Bool {
    for label in 0...memory.shape.outputs where exemplars.counts[label] > 0 && memory.count(label) == 0 { return true }
    return false
  }

  /// The part of all classes that the stream does not teach now, so that all weigh the same; nil: there are none.
  var shareOfOthers: Double? {
    var (all, now) = (0, 0)
    for label in 0..<memory.shape.outputs {
      if current[label] { now += 1 }
      if current[label] || memory.count(label) > 0 || exemplars.counts[label] > 0 { all += 1 }
    }
    // Values that the stream teaches count as a class: none would leave no share to the stream.
    return all > 0 ? Double(all - max(now, 1)) / Double(all) : nil
  }

  /// What another one's stream teaches, of perhaps fewer classes.
  func takeCurrent(_ other: StretchPlayer) {
    clearCurrent()
    current.copy(from: other.current, count: other.memory.shape.outputs)
  }

  var isEmpty: Bool { memory.count == 0 && exemplars.isEmpty }

  /// Whether what is being played came with the model's file.
  var isExemplar: Bool {
    if case .exemplar = playing { true } else { false }
  }

  // MARK: - Its next step

  /// Whether the step begins a sequence: the state before it is zero.
  var beginsSequence: Bool {
    switch playing {
    case .stretch(let cursor): cursor.step == 0 && stretch.header.startsSequence
    case .exemplar(_, let cursor): cursor.step == 0 && cursor.exemplar.startsSequence
    case nil: false
    }
  }

  /// Its inputs become events of a slot; false: they would not be finite, or nothing is being played.
  @_optimize(speed) func list(into input: InputStage, slot: Int, _ kernels: UnsafePointer<kernel_table>) -> Bool {
    switch playing {
    case .stretch(let cursor): cursor.list(stretch, into: input.events, slot: slot)
    case .exemplar(_, let cursor):
      if cursor.step == 0 { input.clear() }
      cursor.read(sample: exemplars.sample)
      guard (try? input.list(exemplars.sample, slot: slot, kernels, MessageBuffer(nil, size: 0))) != nil else { return false }
      input.commit()
    case nil: return false
    }
    return true
  }

  /// What it teaches, as `Stretch.Run` says, and the row of values or of an error.
  var target: (target: Int32, row: UnsafeRawPointer?) {
    switch playing {
    case .stretch(let cursor):
      guard cursor.step >= leadIn || stretch.header.startsSequence else { return (Stretch.Run.none, nil) }
      let target = cursor.target(stretch)
      return (target, Stretch.Run.hasRow(target) ? cursor.row(stretch) : nil)
    case .exemplar(_, let cursor):
      guard cursor.step >= leadIn || cursor.exemplar.startsSequence else { return (Stretch.Run.none, nil) }
      if let row = cursor.target { return (Stretch.Run.values, UnsafeRawPointer(row)) }
      return (cursor.exemplar.hasValues ? Stretch.Run.none : Int32(truncatingIfNeeded: cursor.label), nil)
    case nil: return (Stretch.Run.none, nil)
    }
  }

  /// Past it.
  @_optimize(speed) mutating func advance() {
    switch playing {
    case .stretch(var cursor):
      cursor.advance(stretch)
      playing = .stretch(cursor)
      if cursor.step == Int(stretch.header.steps) { end() }
    case .exemplar(let index, var cursor):
      cursor.advance()
      playing = .exemplar(index, cursor)
      if cursor.isAtEnd { end() }
    case nil: break
    }
  }

  /// Forgets all that was kept.
  mutating func forget() {
    end()
    memory.clear()
    turns.clear()
    exemplarTurns.clear()
    wasExemplar = false
  }

  /// The rest of the stretch is not played.
  mutating func end() {
    playing = nil
    memory.endPlaying()
  }

  private var stretch: Stretch { memory.stretch(at: memory.playing ?? 0) }

  // MARK: - Saved state

  mutating func walkState(_ stream: inout StateStream) {
    var step = 0
    var exemplar = -1
    switch playing {
    case .stretch(let cursor): step = memory.playing == nil ? 0 : cursor.step
    case .exemplar(let index, let cursor): (exemplar, step) = (index, cursor.step)
    case nil: break
    }
    exemplar = stream.integer(exemplar, in: -1...exemplars.model.pointee.exemplarCount - 1)
    step = stream.integer(step, in: 0...Model.mostExemplarSteps - 1)
    stream.flags(current, memory.shape.outputs)
    turns.walkState(&stream)
    exemplarTurns.walkState(&stream)
    let wasExemplar = stream.flag(wasExemplar)
    if stream.mode == .read { self.wasExemplar = wasExemplar }
    memory.walkState(&stream, step: step)
    if exemplar >= 0 {
      let content = exemplars.model.pointee.exemplar(exemplar)
      if step >= content.stepCount { stream.refuse() }
      if stream.mode == .read {
        var cursor = ExemplarCursor(content)
        for _ in 0..<step { cursor.advance() }
        playing = .exemplar(exemplar, cursor)
      }
    } else if stream.mode == .read {
      playing = memory.playing == nil ? nil : .stretch(StretchCursor(step, in: stretch))
    }
  }
}

/// The exemplars of a model's file, by the class that they count for.
private struct Exemplars {
  let model: UnsafeMutablePointer<Model>
  /// [outputs + 1]; the last one of those that are taught values.
  let counts: UnsafeMutablePointer<Int>
  /// [channels]: room for one.
  let sample: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, _ model: UnsafeMutablePointer<Model>) {
    self.model = model
    let outputs = model.pointee.outputSize
    counts = arena.allocate(Int.self, outputs + 1, .rehearsal)
    sample = arena.allocate(Float.self, model.pointee.inputSize, .rehearsal)
    if arena.isMeasuring { return }
    for index in 0..<model.pointee.exemplarCount { counts[label(index)] += 1 }
  }

  /// The class that one counts for; the number of outputs: it is taught values.
  private func label(_ index: Int) -> Int { model.pointee.exemplar(index).lastLabel ?? model.pointee.outputSize }

  var isEmpty: Bool { model.pointee.exemplarCount == 0 }

  /// That of one of a class, counted from 0.
  func index(_ place: Int, of label: Int) -> Int {
    var left = place
    for index in 0..<model.pointee.exemplarCount {
      guard self.label(index) == label else { continue }
      if left == 0 { return index }
      left -= 1
    }
    return 0
  }
}
