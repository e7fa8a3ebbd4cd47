internal import CModelFormat
internal import CSystem
public import HyprCore

/// What a network shall be good at.
public struct SuggestionTask {
  public var classes = RecordedClasses.none
  /// 0: one more than the largest label.
  public var outputs: Int
  /// Seconds between two samples; 0: not known.
  public var timeStep: Float

  public init(classes: RecordedClasses, outputs: Int, timeStep: Float) {
    (self.classes, self.outputs, self.timeStep) = (classes, outputs, timeStep)
  }
}

// A network that suits a recording. The rules follow what was measured (docs/choosing.md).
extension ModelBuilder {
  /// A builder with conditioning, fitted input, a layer, a readout and recommended options; what was chosen, and why, in words.
  public static func suggested(
    for recording: RecordedSequences, _ task: SuggestionTask, _ reasons: inout TextLines, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<ModelBuilder> {
    var task = task
    try complete(&task, recording, message)
    guard recording.varies else {
      throw message.failure(.invalidArgument, "all \(recording.total) samples are the same, expected some that change")
    }
    guard let facts = RecordingFacts(recording, task.classes, outputs: task.outputs) else {
      throw message.failure(.outOfMemory, "no memory to look at \(recording.total) samples")
    }
    defer { facts.free() }
    let builder = try create(inputs: recording.channels, message)
    do throws(Failure) {
      try builder.pointee.suggest(recording, task, facts, &reasons)
      return builder
    } catch {
      let reason = message.failure(error, "\(whole: builder.pointee.messageText)")
      free(builder)
      throw reason
    }
  }

  /// Checks outputs and labels, and counts the classes if the host has not.
  private static func complete(
    _ task: inout SuggestionTask, _ recording: RecordedSequences, _ message: MessageBuffer
  ) throws(Failure) {
    guard task.timeStep >= 0 && task.timeStep.isFinite else {
      throw message.failure(.invalidArgument, "time_step is \(task.timeStep), expected a finite number of seconds, 0 or more")
    }
    let given: (UnsafePointer<Int32>, Int, StaticString)? =
      switch task.classes {
      case .none: nil
      case .steps(let labels): (labels, recording.total, "labels")
      case .sequences(let labels): (labels, recording.steps.count, "sequence_labels")
      }
    if let (labels, count, name) = given {
      var largest = -1
      for index in 0..<count { largest = max(largest, Int(labels[index])) }
      if task.outputs == 0 { task.outputs = largest + 1 }
      guard task.outputs > 1 else {
        throw message.failure(.invalidArgument, "\(name) have \(task.outputs) classes, expected two or more")
      }
      guard largest < task.outputs else {
        throw message.failure(.invalidArgument, "\(name) go up to \(largest), expected below the \(task.outputs) outputs")
      }
    }
    guard task.outputs >= 1 && task.outputs <= Model.largestCount else {
      throw message.failure(.invalidArgument, "outputs is \(size: task.outputs), expected 1 to \(Model.largestCount)")
    }
  }

  private mutating func suggest(
    _ recording: RecordedSequences, _ task: SuggestionTask, _ facts: RecordingFacts, _ reasons: inout TextLines
  ) throws(Failure) {
    let every: Text = task.timeStep > 0 ? " of \(task.timeStep) s" : ""
    let channels: Text = recording.channels == 1 ? "1 channel" : "\(recording.channels) channels"
    let sequences: Text = facts.sequences == 1 ? "1 sequence" : "\(facts.sequences) sequences"
    let shape: Text = "\(sequences), \(short(facts.meanSteps)) steps\(every) in the mean, \(channels)"
    reasons.append("data: \(shape), \(task.outputs) outputs; autocorrelation falls to 1/e in \(short(facts.correlation)) steps")
    try setTimeStep(task.timeStep)
    try suggestConditioning(facts, task, &reasons)
    try fitInput(recording)
    try suggestLayer(facts, try timeScales(of: recording), task, &reasons)
    try suggestReadout(facts, task, &reasons)
    try suggestOptions(facts, &reasons)
    compare(facts, &reasons)
  }

  /// A high-pass where channels stand off zero, and that says nothing of the class.
  private mutating func suggestConditioning(
    _ facts: RecordingFacts, _ task: SuggestionTask, _ reasons: inout TextLines
  ) throws(Failure) {
    var (offset, telling): (Int?, Int?) = (nil, nil)
    for channel in 0..<facts.channelCount {
      if facts.channels[channel].isOffset && offset == nil { offset = channel }
      if facts.channels[channel].classShare > 0.3 && telling == nil { telling = channel }
    }
    guard let offset else {
      return reasons.append(
        "input: each channel with mean 0 and deviation 1, which calibration scales; none stands off zero by more than it moves")
    }
    let ratio = short(facts.channels[offset].mean.magnitude / facts.channels[offset].deviation)
    let found: Text = "channel \(offset) stands off zero by \(ratio) times its deviation"
    if let telling {
      let share = short(100 * facts.channels[telling].classShare)
      return reasons.append(
        """
          input: each channel with mean 0 and deviation 1, which calibration scales. \(found), but a high-pass would take \
          away what tells the classes apart: \(share) % of the variance of channel \(telling) lies between them; if the sensor \
          may be moved, record that too
          """
      )
    }
    guard task.timeStep > 0 else {
      return reasons.append(
        """
          input: each channel with mean 0 and deviation 1, which calibration scales. \(found), as gravity or an offset would: \
          say the time step, and a high-pass takes it away
          """)
    }
    let seconds = Float(handy(facts.highPassSteps * Double(task.timeStep)))
    try withUnsafePointer(to: seconds) { seconds throws(Failure) in
      let none = Floats(nil, 0)
      try addConditioning(
        ConditioningSettings(
          kind: FORMAT_CONDITIONING_HIGH_PASS, timeConstants: Floats(seconds, 1), deviations: none, lower: none, upper: none))
    }
    reasons.append(
      """
        input: high-pass of \(seconds) s, then deviation 1, which calibration scales: \(found), as \
        with gravity or an offset, which moves when the sensor does
        """)
  }

  private mutating func suggestLayer(
    _ facts: RecordingFacts, _ scales: TimeScales, _ task: SuggestionTask, _ reasons: inout TextLines
  ) throws(Failure) {
    let neurons = facts.neurons(outputs: task.outputs)
    if facts.isLongAndNarrow {
      try addLayer(text("BRF"), size: neurons, LayerSettings())
      _ = layers[0].pointee.suit(scales)
      let (slowest, fastest) = scales.angularFrequencies(dt: 0.01)
      return reasons.append(
        """
          layer: \(neurons) brf neurons, omega \(short(slowest)) to \(short(fastest)): one class for \
          \(short(facts.meanSteps)) steps of few channels is remembered by oscillations, as slow as a sequence and as fast \
          as what changes
          """
      )
    }
    try addLayer(text("SEAdLIF"), size: neurons, LayerSettings())
    reasons.append("""
      layer: \(neurons) se_adlif neurons, 8 per output from 32 to 128: of the spiking ones the most accurate where it was \
      measured
      """)
    _ = layers[0].pointee.suit(scales)
    guard scales.slowdown > 1 else { return }
    reasons.append("""
      layer: time constants \(short(scales.slowdown)) times the usual ones, as neighbouring samples are nearly the same: fewer \
      samples per second would do
      """)
  }

  private mutating func suggestReadout(
    _ facts: RecordingFacts, _ task: SuggestionTask, _ reasons: inout TextLines
  ) throws(Failure) {
    guard let run = facts.run else { return try setReadout(outputs: task.outputs, hasBias: nil, tau: nil) }
    let tau = min(20, max(3, run / 10))
    try setReadout(outputs: task.outputs, hasBias: nil, tau: tau)
    reasons.append("readout: time constant \(short(tau)) steps, a small part of the \(short(run)) for which a class lasts")
  }

  private mutating func suggestOptions(_ facts: RecordingFacts, _ reasons: inout TextLines) throws(Failure) {
    let rate = facts.isLongAndNarrow ? 0.03 : 0.01
    let window = min(100, facts.longest)
    try recommend(.learningRate, rate)
    try recommend(.window, Double(window))
    let update: Text = facts.run == nil ? "" : ", an update after every window"
    reasons.append("training: learning_rate \(rate), window \(window)\(update)")
  }

  /// Where something else serves better.
  private func compare(_ facts: RecordingFacts, _ reasons: inout TextLines) {
    if facts.longest == 1 {
      return reasons.append("instead: sequences of one step have no order: a classifier for feature vectors serves better")
    }
    if facts.neighbours.magnitude < 0.05 {
      reasons.append(
        """
          instead: neighbouring samples are not related, so their order may say little: compare with a logistic regression \
          on mean and deviation
          """)
    }
    if facts.isLongAndNarrow {
      reasons.append(
        """
          instead: on images pixel by pixel, which are such sequences, a GRU by PyTorch was 0.6 and 2.8 points better, with \
          three times the parameters and 80 times the memory, and a logistic regression on all values better still
          """
      )
    } else if facts.run != nil && facts.channelCount <= 8 && facts.sequences > 1 {
      reasons.append("""
        instead: on ECG recordings, which have a class at every step, too, a layer of gru was 0.6 to 2.5 points better, with \
        three times the weights and no spikes
        """)
    }
  }
}

// The rules.
extension RecordingFacts {
  fileprivate func neurons(outputs: Int) -> Int {
    var neurons = 32
    while neurons < 128 && neurons < 8 * outputs { neurons *= 2 }
    return neurons
  }

  /// One class for hundreds of steps of few channels.
  fileprivate var isLongAndNarrow: Bool { run == nil && meanSteps >= 500 && channelCount <= 2 }

  fileprivate var highPassSteps: Double { max(20, 40 * correlation) }
}

/// The next of 1, 2, 5, 10, ... from `value` down, or nearly up.
private func handy(_ value: Double) -> Double {
  var step = 1e-6
  while step * 10 <= value * 1.1 { step *= 10 }
  if 5 * step <= value * 1.1 { return 5 * step }
  return 2 * step <= value * 1.1 ? 2 * step : step
}

/// For people: whole from 10 on, else one decimal.
private func short(_ value: Double) -> Text {
  if value.magnitude >= 1e15 { return "\(value)" }
  return value.magnitude >= 9.95 ? "\(Int(value + 0.5))" : "\(Float(Int(value * 10 + 0.5)) / 10)"
}
