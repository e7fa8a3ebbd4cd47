internal import CSystem

/// Keeps stretches of the stream and rehearses them beside it, so that learning what comes now does not unlearn what came before: a
/// second network with the same parameters, and with its own state, eligibility and history, goes through them as through a stream.
///
/// After a window of the session's stream, the next steps of this second stream are one window of their own. Its gradient is added to
/// that of the session with a weight that gives it its share of the update. What the stream teaches now is not rehearsed, but all other
/// classes are, each as often: with a share of (K - n) / K, for K classes of which the stream teaches n, all have the same weight.
struct Rehearsal: ~Copyable {
  let network: Network
  private let learner: UnsafeMutablePointer<Learner>
  private(set) var player: StretchPlayer
  private var recorder: StretchRecorder
  let gauge: RehearsalGauge
  /// Windows that are still followed by rehearsal if nothing is taught in them.
  private(set) var windowsLeft = 0

  /// Lays one out. (Not inlined, as a learner is not.)
  @inline(never) static func place(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, beside stream: borrowing Network,
    _ resources: LearningResources, _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) -> UnsafeMutablePointer<Rehearsal> {
    arena.begin(.rehearsal)
    let place = arena.allocate(Rehearsal.self, 1, .rehearsal)
    let rehearsal = Rehearsal(&arena, model, settings, beside: stream, resources, reference)
    arena.end()
    if !arena.isMeasuring { place.initialize(to: rehearsal) }
    return place
  }

  private init(
    _ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings, beside stream: borrowing Network,
    _ resources: LearningResources, _ reference: UnsafeMutablePointer<ReferenceNetwork>?
  ) {
    let ofRehearsal = settings.ofRehearsal
    network = Network(&arena, model, ofRehearsal, sharing: (stream.layers, stream.parameters))
    let settingsPlace = UnsafePointer(arena.place(ofRehearsal))
    learner = Learner.place(&arena, model.pointee, ofRehearsal, at: settingsPlace, resources, reference)
    let shape = Stretch.Shape(
      columns: model.pointee.layers[0].inputCount, outputs: model.pointee.outputSize, longest: settings.rehearsalStretch)
    player = StretchPlayer(&arena, model, shape, settings)
    recorder = StretchRecorder(&arena, shape, settings)
    gauge = RehearsalGauge(&arena, classes: shape.outputs)
  }

  // MARK: - Recording

  /// Records a window of the stream, before its end is computed.
  mutating func record(_ stream: borrowing Network, _ streamLearner: borrowing Learner, _ window: WindowPlace) {
    let (targets, steps) = (streamLearner.targets, window.range)
    var sharedWeight = 0.0
    for step in steps where targets.kinds[step] == .shared { sharedWeight = targets.weights[step] }
    var isTaught = false
    for step in steps {
      let target = recorded(targets, step, sharedWeight)
      if target != Stretch.Run.none {
        if !isTaught { player.clearCurrent() }
        isTaught = true
      }
      if target >= 0 { player.addCurrent(Int(target)) }
      noteTaught(target)
      let row = recorder.record(stream.input.events, slot: step + 1, target: target)
      if Stretch.Run.hasRow(target) {
        row.copy(from: targets.error(step), count: targets.outputs)
        if target == Stretch.Run.values { findValues(row, targets, step, stream.readoutOutputs(step + 1)) }
        for index in 0..<targets.outputs where !row[index].isFinite { recorder.dropTarget() }
      }
      if recorder.isFull { endStretch(startsSequence: false) }
    }
  }

  /// Records a step that is not of the stream.
  mutating func record(_ events: EventSource, slot: Int, target: Int32, row values: UnsafeRawPointer?) {
    noteTaught(target)
    let row = recorder.record(events, slot: slot, target: target)
    if let values { UnsafeMutableRawPointer(row).copyMemory(from: values, byteCount: player.memory.shape.outputs * 4) }
  }

  private func noteTaught(_ target: Int32) {
    if target >= 0 { learner.pointee.resources.taught?.insert(Int(target)) }
  }

  /// Whether the next step of the stream begins a sequence.
  var isAtStart: Bool { recorder.isAtStart }

  /// What was recorded is not offered: the next step is the first one of a stretch.
  mutating func dropRecorded(startsSequence: Bool = false) { recorder.begin(startsSequence: startsSequence) }

  /// A sequence ends, or there is a gap: what was recorded is offered to the memory.
  mutating func endStretch(startsSequence: Bool) {
    if recorder.isTaught { player.memory.offer(recorder) }
    recorder.begin(startsSequence: startsSequence)
  }

  private func recorded(_ targets: Targets, _ step: Int, _ sharedWeight: Double) -> Int32 {
    switch targets.kinds[step] {
    case .none: Stretch.Run.none
    case .label: targets.weights[step] > 0 ? targets.labels[step] : Stretch.Run.none
    case .shared, .part: sharedWeight > 0 ? -2 - targets.labels[step] : Stretch.Run.none
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

  /// Begins to rehearse the next steps beside `taught` targets of the stream; nil: it is not due.
  mutating func begin(beside taught: Double) -> RehearsalJob? {
    if taught > 0 { windowsLeft = learner.pointee.settings.rehearsalWindows }
    // An update of many windows has no share for those in which nothing was taught.
    guard windowsLeft > 0, taught > 0 || learner.pointee.settings.update == .window else { return nil }
    windowsLeft -= 1
    return RehearsalJob(besideStream: true, taught: taught, steps: learner.pointee.settings.window)
  }

  /// The same by itself, all classes in turn, at once; false: there is nothing to rehearse.
  mutating func rehearse(_ stream: inout Learner) -> Bool {
    var job = RehearsalJob(besideStream: false, taught: 0, steps: learner.pointee.settings.window)
    while advance(&job, &stream, work: .max) {}
    return !player.isEmpty
  }

  /// Does about `work` multiply-adds more of a job, at least one piece; the gradient is added to that which `stream` has gathered. False:
  /// everything is done.
  @_optimize(speed) @inline(never) mutating func advance(_ job: inout RehearsalJob, _ stream: inout Learner, work: Int) -> Bool {
    if job.window != nil {
      let before = job.window?.done ?? 0
      let goesOn = job.window?.advance(&learner.pointee, network, work: work) ?? false
      job.done += (job.window?.done ?? 0) - before
      if !goesOn { endPart(&job) }
    } else if job.steps == 0 && !(job.left > 0 && player.goesOn(besideStream: job.besideStream)) {
      learner.pointee.progress.gathered = GatheredTargets()
      return false
    } else {
      let target = job.done + min(work, .max - job.done)
      var isOpen = true
      repeat { isOpen = playStep(&job) } while isOpen && job.done < target
      if !isOpen { beginEndOfPart(&job, &stream) }
    }
    return true
  }

  /// Goes on with the second stream by a step; false: its open window ends before that, as it is full, nothing is left, or the next step
  /// needs a fresh state.
  @_optimize(speed) private mutating func playStep(_ job: inout RehearsalJob) -> Bool {
    guard job.steps < job.left && player.goesOn(besideStream: job.besideStream) else { return false }
    if player.beginsSequence {
      if job.steps > 0 { return false }
      clear()
    }
    job.done += workOfStep
    guard player.list(into: network.input, slot: job.steps + 1, network.kernels),
      network.step(from: job.steps, to: job.steps + 1, records: true) == nil
    else {
      player.end()
      if job.steps == 0 { clear() }
      return false
    }
    learner.pointee.beginStep(from: job.steps)
    learner.pointee.reference?.pointee.step(network.input.events, to: job.steps + 1)
    teach(job.steps)
    job.steps += 1
    player.advance()
    return true
  }

  /// Weighs what the steps since the last part teach, and begins the end of their window.
  private mutating func beginEndOfPart(_ job: inout RehearsalJob, _ stream: inout Learner) {
    let window = WindowPlace(start: 0, steps: job.steps)
    // Where the stream taught nothing there is no other gradient: what is rehearsed counts as one target.
    let (share, targets) = job.taught > 0 ? (share, job.taught) : (0.5, 1)
    let factor = weigh(window.range, share, beside: targets * Double(job.steps) / Double(learner.pointee.settings.window), &stream)
    learner.pointee.compare(network, window.range, as: factor)
    job.window = WindowJob(window, learner.pointee, network)
  }

  private mutating func endPart(_ job: inout RehearsalJob) {
    if job.steps > 0 { learner.pointee.endFirst(network) }
    gauge.count(learner.pointee.targets, 0..<job.steps)
    // Where not even the first step was finite, none was made, but the state is fresh: it counts as one, or this might not end.
    job.left -= max(job.steps, 1)
    (job.window, job.steps) = (nil, 0)
  }

  /// About how many multiply-adds a step takes: each neuron's, and the weights of few events.
  private var workOfStep: Int {
    var work = 0
    for layer in network.layers { work += layer.workOfStep }
    return work
  }

  /// About how many multiply-adds a job takes at most, if all of it is of one part.
  var mostWork: Int {
    let steps = learner.pointee.settings.window
    // With as many events as last time.
    let window = WindowJob(WindowPlace(start: 0, steps: steps), taught: true, learner.pointee, network)
    return steps * workOfStep + window.work(learner.pointee, network)
  }

  @_optimize(speed) private mutating func teach(_ step: Int) {
    let (target, row) = player.target
    let (targets, outputs) = (learner.pointee.targets, network.readoutOutputs(step + 1))
    let error = targets.error(step)
    targets.isExemplar[step] = player.isExemplar
    if target >= 0 { return learner.pointee.set(label: Int(target), weight: 1, step) }
    guard let row else { return }
    UnsafeMutableRawPointer(error).copyMemory(from: row, byteCount: targets.outputs * 4)
    var loss = 0.0
    if target == Stretch.Run.values {
      loss = meanSquaredError(outputs, targets.outputs, target: error, gradient: error)
      // Values that were taught may be far from what the network has become.
      for index in 0..<targets.outputs where !error[index].isFinite { return }
    }
    targets.set(Target(loss: loss, weight: 1, correct: false), step, kind: target == Stretch.Run.values ? .values : .error)
  }

  /// Weighs the targets of the open window so that together they have their share beside `taught` targets of the stream; returns how
  /// many of these each is as good as.
  private func weigh(_ steps: Range<Int>, _ share: Double, beside taught: Double, _ stream: inout Learner) -> Double {
    let targets = learner.pointee.targets
    var count = 0.0
    for step in steps where targets.kinds[step].counts && targets.weights[step] > 0 { count += 1 }
    guard count > 0 else { return 0 }
    let factor = share / (1 - share) * taught / count
    var gathered = GatheredTargets()
    for step in steps where targets.kinds[step].counts {
      targets.scale(step, by: factor)
      if targets.weights[step] > 0 { gathered.add(GatheredTargets(weight: targets.weights[step], steps: factor)) }
    }
    stream.progress.gathered.add(gathered)
    return factor
  }

  /// Of the gradient of an update.
  private var share: Double {
    if learner.pointee.settings.rehearsalShare > 0 { return learner.pointee.settings.rehearsalShare }
    return player.shareOfOthers ?? 0.5
  }

  private func clear() {
    network.clearSlot(0)
    for layer in network.layers { layer.clearTraces() }
    learner.pointee.reference?.pointee.clear()
  }

  /// Something else goes through the input stage: an exemplar that is being played, whose samples do, could not go on.
  mutating func dropExemplar() {
    if player.isExemplar { player.end() }
  }

  /// Forgets all stretches.
  mutating func forget() {
    player.forget()
    recorder.begin(startsSequence: false)
    clear()
  }

  /// Where another one's stream is.
  mutating func takeProgress(of other: borrowing Rehearsal) {
    player.takeCurrent(other.player)
    windowsLeft = min(other.windowsLeft, learner.pointee.settings.rehearsalWindows)
  }

  /// As after an update that was skipped.
  func dropOverflownTraces() { network.dropOverflownTraces() }

  /// The host has accepted the network: its reference goes on from the same state.
  func acceptState() { learner.pointee.reference?.pointee.takeState(of: network, slot: 0) }

  // MARK: - Saved state

  /// Between two calls no window of the second stream is open.
  mutating func walkState(_ stream: inout StateStream) {
    player.walkState(&stream)
    network.input.walkState(&stream)
    recorder.walkState(&stream)
    gauge.walkState(&stream)
    // It may have been saved with another number of windows.
    let windows = min(stream.integer(windowsLeft, in: 0...Int.max), learner.pointee.settings.rehearsalWindows)
    if stream.mode == .read { windowsLeft = windows }
    learner.pointee.walkRounding(&stream)
    for layer in network.layers {
      layer.walkHistory(&stream, slots: 0...0)
      layer.walkTraces(&stream)
    }
    if stream.mode == .read { network.listEvents(0) }
    learner.pointee.reference?.pointee.walkState(&stream)
  }
}
