internal import CSystem

// What a host asks of the rehearsal memory.

/// What is known of the stretches of a class, or of all.
public struct RehearsalReport {
  /// Kept now, and offered since the memory was empty.
  public let stretches, offeredStretches: Int
  /// Counted since the last clear of the statistics.
  public let taughtSteps, correctSteps: UInt64
  public let meanLoss: Double
}

/// A stretch that a host has from elsewhere.
public struct HostStretch {
  /// [steps][input size]
  let inputs: UnsafePointer<Float>
  let steps: Int
  /// [steps]: classes, negative: no target; or nil.
  let labels: UnsafePointer<Int32>?
  /// [steps][C]; a step of which no value is a number has no target; or nil.
  let values: UnsafePointer<Float>?
  let startsSequence: Bool

  public init(
    inputs: UnsafePointer<Float>, steps: Int, labels: UnsafePointer<Int32>?, values: UnsafePointer<Float>?, startsSequence: Bool
  ) {
    self.inputs = inputs
    self.steps = steps
    self.labels = labels
    self.values = values
    self.startsSequence = startsSequence
  }
}

extension Session {
  /// Of a class, those without a class (`label` is the output size), or all (nil).
  public mutating func rehearsalReport(_ label: Int?) throws(Failure) -> RehearsalReport {
    let rehearsal = try requireRehearsal()
    finishClosing()
    if let label, label < 0 || label > network.outputSize {
      throw message.failure(
        .invalidArgument,
        "label is \(label > 0 ? label - 1 : label), \(aClass), or one of HYPR_REHEARSAL_")
    }
    return rehearsal.pointee.report(label)
  }

  /// Stretches of a class, or all, that are kept; 0 if nothing is rehearsed.
  public mutating func rehearsalCount(_ label: Int?) -> Int {
    guard let rehearsal else { return 0 }
    finishClosing()
    if let label, label < 0 || label > network.outputSize { return 0 }
    return rehearsal.pointee.report(label).stretches
  }

  /// Forgets all stretches, also the one that is being recorded.
  public mutating func clearRehearsal() throws(Failure) {
    let rehearsal = try requireRehearsal()
    finishClosing()
    rehearsal.pointee.forget()
  }

  /// Offers a stretch to the memory as if the stream had brought it.
  public mutating func addRehearsal(_ stretch: HostStretch) throws(Failure) {
    let rehearsal = try requireRehearsal()
    try check(stretch)
    finishClosing()
    do throws(Failure) {
      try rehearsal.pointee.add(stretch, message)
    } catch {
      rehearsal.pointee.dropRecorded()
      throw error
    }
  }

  /// Rehearses so many windows, each with its update, without the stream, while the learning rate falls to 0. The open windows are closed
  /// first. Throws `stopped`.
  public mutating func rehearse(windows: Int) throws(Failure) {
    let rehearsal = try requireRehearsal()
    guard settings.update == .window else {
      throw message.failure(.wrongState, "the option update is \(settings.update.rawValue), expected 0 (window)")
    }
    guard let learner else { return }
    closeWindows()
    var pace = beginSteps()
    for window in 0..<windows {
      if network.parameters.areApart { rehearsal.pointee.network.readParameters() }
      guard rehearsal.pointee.rehearse(&learner.pointee) else { return }
      update(rate: settings.learningRate * (1 - Double(window) / Double(windows)))
      pace.steps += settings.rehearsalSteps
      if pace.steps >= pace.interval { try look(up: &pace) }
    }
  }

  private mutating func check(_ stretch: HostStretch) throws(Failure) {
    let most = settings.rehearsalStretch
    guard stretch.steps > 0 && stretch.steps <= most else {
      let found: Text = "steps is \(size: stretch.steps)"
      throw message.failure(.invalidArgument, "\(found), expected 1 to the option rehearsal_stretch, here \(most)")
    }
    guard (stretch.labels == nil) != (stretch.values == nil) else {
      throw message.failure(.invalidArgument, "expected either labels or values, the other NULL")
    }
    let first = stretch.startsSequence ? 0 : settings.rehearsalLeadIn
    var isTaught = false
    for step in 0..<stretch.steps {
      if let label = stretch.labels?[step], label >= 0 {
        guard network.outputSize > 1 else { throw hasOneOutput("labels") }
        guard Int(label) < network.outputSize else { throw noClass("labels", step, label) }
        isTaught = isTaught || step >= first
      }
      if let row = stretch.row(step, network.outputSize) {
        for index in 0..<network.outputSize where !row[index].isFinite {
          throw message.failure(
            .notFinite, "step \(step): values[\(index)] is \(row[index]), expected a finite number, or all of the step not numbers")
        }
        isTaught = isTaught || step >= first
      }
      do throws(Failure) {
        try network.input.check(stretch.inputs + step * network.input.size, message)
      } catch {
        throw message.prepend("step \(step): ", error)
      }
    }
    guard isTaught else {
      throw message.failure(
        .invalidArgument, "the stretch teaches nothing: no step from \(first) on has a target (option rehearsal_lead_in)")
    }
  }

  private mutating func requireRehearsal() throws(Failure) -> UnsafeMutablePointer<Rehearsal> {
    try requireLearning()
    try requireRehearsalPart()
    guard let rehearsal else {
      throw message.failure(.wrongState, "nothing is rehearsed in this session: the option rehearsal_bytes or rehearsal_steps is 0")
    }
    return rehearsal
  }
}

extension HostStretch {
  /// The values of a step; nil: it has none.
  fileprivate func row(_ step: Int, _ outputs: Int) -> UnsafePointer<Float>? {
    guard let row = values.map({ $0 + step * outputs }) else { return nil }
    for index in 0..<outputs where !row[index].isNaN { return row }
    return nil
  }
}

extension Rehearsal {
  fileprivate func report(_ label: Int?) -> RehearsalReport {
    let outputs = player.memory.shape.outputs
    var (offered, counts) = (0, RehearsalGauge.Counts())
    for index in 0...outputs where label == nil || label == index {
      offered += player.memory.offered(index)
      counts.add(gauge.counts[index])
    }
    return RehearsalReport(
      stretches: label.map { player.memory.count($0) } ?? player.memory.count, offeredStretches: offered, taughtSteps: counts.taughtSteps,
      correctSteps: counts.correctSteps, meanLoss: counts.meanLoss)
  }

  /// What the stream was recorded until now comes before it, and after it a new stretch begins.
  fileprivate mutating func add(_ stretch: HostStretch, _ message: MessageBuffer) throws(Failure) {
    let isFresh = isAtStart
    endStretch(startsSequence: stretch.startsSequence)
    dropExemplar()
    let input = network.input
    input.clear()
    for step in 0..<stretch.steps {
      try input.list(stretch.inputs + step * input.size, slot: 1, network.kernels, message)
      input.commit()
      let label = stretch.labels?[step] ?? -1
      let values = stretch.row(step, player.memory.shape.outputs)
      record(input.events, slot: 1, target: values != nil ? Stretch.Run.values : label >= 0 ? label : Stretch.Run.none, row: values)
    }
    endStretch(startsSequence: isFresh)
  }
}
