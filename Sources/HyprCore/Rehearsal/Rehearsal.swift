internal import CSystem

/// Keeps stretches of the stream and rehearses them beside it, so that learning what comes now does not unlearn what came before: a
/// second network with the same parameters, and with its own state, eligibility and history, goes through them as through a stream.
///
/// After each window of the session's stream in which something was taught, the next steps of this second stream are one window of
/// their own. Its gradient is added to that of the session with a weight that gives it its share of the update.
struct Rehearsal: ~Copyable {
  let network: Network
  private var learner: Learner
  private(set) var memory: RehearsalMemory
  private var recorder: StretchRecorder
  let gauge: RehearsalGauge

  init(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, beside stream: borrowing Network,
    _ resources: LearningResources, _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) {
    let ofRehearsal = settings.ofRehearsal
    network = Network(&arena, model, ofRehearsal, sharing: (stream.layers, stream.parameters))
    learner = Learner(&arena, model.pointee, ofRehearsal, resources, reference)
    let shape = Stretch.Shape(columns: network.input.events.size, outputs: network.outputSize)
    memory = RehearsalMemory(&arena, shape, settings)
    recorder = StretchRecorder(&arena, shape, settings)
    gauge = RehearsalGauge(&arena, classes: shape.outputs)
  }

  // MARK: - Recording

  /// Records the first open window of the stream, before it is closed.
  @_optimize(speed) mutating func record(_ stream: borrowing Network, _ streamLearner: borrowing Learner) {
    let first = streamLearner.progress.firstPage
    for step in first..<first + min(streamLearner.progress.steps, streamLearner.settings.window) {
      let targets = streamLearner.targets
      let target = recorded(targets, step)
      noteTaught(target)
      let row = recorder.record(stream.input.events, slot: step + 1, target: target)
      if Stretch.Run.hasRow(target) { row.copy(from: targets.error(step), count: targets.outputs) }
      if target == Stretch.Run.values { findValues(row, targets, step, stream.readoutOutputs(step + 1)) }
      if recorder.isFull { endStretch(startsSequence: false) }
    }
  }

  /// Records a step that is not of the stream.
  mutating func record(_ events: EventSource, slot: Int, target: Int32, _ values: UnsafePointer<Float>?) {
    noteTaught(target)
    let row = recorder.record(events, slot: slot, target: target)
    if let values { row.copy(from: values, count: memory.shape.outputs) }
  }

  private func noteTaught(_ target: Int32) {
    if target >= 0 { learner.resources.taught?.insert(Int(target)) }
  }

  mutating func dropRecorded() { recorder.begin(startsSequence: false) }

  /// A sequence ends, or there is a gap: what was recorded is offered to the memory.
  mutating func endStretch(startsSequence: Bool) {
    if recorder.isTaught { memory.offer(recorder) }
    recorder.begin(startsSequence: startsSequence)
  }

  private func recorded(_ targets: Targets, _ step: Int) -> Int32 {
    switch targets.kinds[step] {
    case .none: Stretch.Run.none
    case .label: targets.weights[step] > 0 ? targets.labels[step] : Stretch.Run.none
    case .shared, .part: -2 - targets.labels[step]
    case .error: Stretch.Run.error
    case .values: targets.weights[step] > 0 ? Stretch.Run.values : Stretch.Run.none
    }
  }

  /// From the derivative of a squared error to the values that were taught.
  private func findValues(
    _ row: UnsafeMutablePointer<Float>, _ targets: Targets, _ step: Int, _ outputs: UnsafePointer<Float>
  ) {
    let factor = Float(targets.outputs) / (2 * Float(targets.weights[step]))
    for index in 0..<targets.outputs { row[index] = outputs[index] - factor * row[index] }
  }

  // MARK: - Rehearsing

  /// Rehearses the next steps beside `taught` targets of the stream, whose gradient `stream` has gathered.
  @_optimize(speed) mutating func rehearse(beside taught: Double, _ stream: inout Learner) {
    let all = learner.settings.window
    var left = all
    while left > 0 && memory.count > 0 {
      let steps = play(left)
      let part = 0..<steps
      let factor = weigh(part, share: taught * Double(steps) / Double(all), &stream)
      learner.compare(network, part, as: factor)
      var job = WindowJob(learner, network)
      while job.advance(&learner, network, work: .max) {}
      gauge.count(learner.targets, part)
      // What could not be finite has ended the stretch: the next one begins from a fresh state.
      left -= max(steps, 1)
    }
    learner.progress.gathered = GatheredTargets()
  }

  /// Goes on with the second stream for up to `most` steps, which are then an open window; fewer where the next one needs a fresh state.
  private mutating func play(_ most: Int) -> Int {
    var steps = 0
    while steps < most {
      let stretch: Stretch
      if let playing = memory.playing {
        stretch = memory.stretch(at: playing)
      } else {
        stretch = memory.draw()
      }
      if memory.cursor.step == 0 && stretch.header.startsSequence {
        if steps > 0 { return steps }
        clear()
      }
      memory.cursor.list(stretch, into: network.input.events, slot: steps + 1)
      guard network.step(from: steps, to: steps + 1, records: true) == nil else {
        memory.endPlaying()
        if steps == 0 { clear() }
        return steps
      }
      learner.beginStep(from: steps)
      learner.reference?.pointee.step(network.input.events, to: steps + 1)
      if stretch.header.startsSequence || memory.cursor.step >= learner.settings.rehearsalLeadIn { teach(steps, stretch) }
      steps += 1
      memory.advance(stretch)
    }
    return steps
  }

  private mutating func teach(_ step: Int, _ stretch: Stretch) {
    let target = memory.cursor.target(stretch)
    let (targets, outputs) = (learner.targets, network.readoutOutputs(step + 1))
    let error = targets.error(step)
    if target >= 0 { return learner.set(label: Int(target), weight: 1, step) }
    guard Stretch.Run.hasRow(target) else { return }
    UnsafeMutableRawPointer(error).copyMemory(from: memory.cursor.row(stretch), byteCount: targets.outputs * 4)
    var loss = 0.0
    if target == Stretch.Run.values {
      loss = meanSquaredError(outputs, targets.outputs, target: error, gradient: error)
      // Values that were taught may be far from what the network has become.
      for index in 0..<targets.outputs where !error[index].isFinite { return }
    }
    targets.set(Target(loss: loss, weight: 1, correct: false), step, kind: target == Stretch.Run.values ? .values : .error)
  }

  /// Weighs the targets of the open window so that together they have their share beside `share` targets of the stream; returns
  /// how many of these each is as good as.
  private func weigh(_ steps: Range<Int>, share: Double, _ stream: inout Learner) -> Double {
    let targets = learner.targets
    var count = 0.0
    for step in steps where targets.kinds[step].counts { count += 1 }
    guard count > 0 else { return 0 }
    let settings = learner.settings
    let factor = settings.rehearsalShare / (1 - settings.rehearsalShare) * share / count
    var gathered = GatheredTargets()
    for step in steps where targets.kinds[step].counts {
      targets.scale(step, by: factor)
      if targets.weights[step] > 0 { gathered.add(GatheredTargets(weight: targets.weights[step], steps: factor)) }
    }
    stream.progress.gathered.add(gathered)
    return factor
  }

  private func clear() {
    network.clearSlot(0)
    for layer in network.layers { layer.clearTraces() }
    learner.reference?.pointee.clear()
  }

  /// Forgets all stretches.
  mutating func forget() {
    memory.clear()
    recorder.begin(startsSequence: false)
    clear()
  }

  /// As after an update that was skipped.
  func dropOverflownTraces() { network.dropOverflownTraces() }

  /// The host has accepted the network: its reference goes on from the same state.
  func acceptState() {
    for layer in 0..<network.layers.count { learner.reference?.pointee.takeState(layer, of: network, slot: 0) }
  }

  // MARK: - Saved state

  /// Between two calls no window of the second stream is open.
  mutating func walkState(_ stream: inout StateStream) {
    memory.walkState(&stream)
    recorder.walkState(&stream)
    gauge.walkState(&stream)
    for layer in network.layers {
      layer.walkHistory(&stream, slots: 0...0)
      layer.walkTraces(&stream)
    }
    if stream.mode == .read { network.listEvents(0) }
    learner.reference?.pointee.walkState(&stream)
  }
}
