import Glibc

/// Runs a session on samples from standard input, as a device would: a step, an output line, then perhaps a lesson.
final class SampleStream {
  /// Why it ended.
  enum End {
    case input, interruption
    /// Nobody reads the outputs any more.
    case brokenPipe
    /// They, or the log, cannot be written, and why.
    case failure(String)
  }

  private(set) var accuracy: RunningAccuracy
  /// Lines that were left out.
  private(set) var skipped = 0
  var status = StatusLine()

  private let model: LoadedModel
  private let session: RunningSession
  private let classes: ClassNames
  private let learns: Bool
  private let log: StreamLog?
  private let roles: ColumnRoles
  private var writer: OutputWriter?
  private var last: StreamSample?
  /// Seconds between the first samples, in order of their length.
  private var intervals: [Double] = []
  private static let comparedIntervals = 21
  /// So many that are all too long or too short are no gaps.
  private static let fewIntervals = 3
  /// Samples are so far from those of the model that nothing can come of it.
  private(set) var hasOtherTimeUnit = false
  /// The classes that were taught.
  private(set) var taught: Set<Int32> = []

  init(_ model: LoadedModel, _ session: RunningSession, _ roles: ColumnRoles, learns: Bool, log: StreamLog?) {
    self.model = model
    self.session = session
    self.roles = roles
    self.learns = learns
    self.log = log
    accuracy = RunningAccuracy(learns: learns)
    classes = ClassNames(model)
  }

  /// Goes on until the input ends, somebody interrupts, nobody reads, or outputs cannot be written. A bad line ends it with an
  /// error, or is left out.
  func run(format: StreamFormat?, skipsBadLines: Bool) throws -> End {
    let lines = LineReader(descriptor: STDIN_FILENO, name: "standard input") { [unowned self] in waitForInput() }
    defer { flush() }
    var reader: SampleReader
    do {
      reader = try SampleReader(
        lines, roles, modelChannels: model.channelNames, inputSize: model.inputSize, format: format)
    } catch  where !isGoingOn {
      return end
    }
    if let words = roles.timeUnitWords { status.tell("note: \(words)") }
    writer = OutputWriter(descriptor: STDOUT_FILENO, reader.format, classes: classes.names)
    while isGoingOn {
      do {
        guard let sample = try reader.next() else { break }
        try take(sample, line: reader.line, lines.name)
      } catch  where !isGoingOn {
        // Half of what would have been a line.
        break
      } catch  where skipsBadLines && !hasOtherTimeUnit {
        skipped += 1
        status.tell("skipped: \(error)")
      }
    }
    flush()
    return end
  }

  /// Why it ended, or would now.
  private var end: End {
    if Interruption.isRequested { return .interruption }
    if let number = writer?.failure {
      return number == EPIPE ? .brokenPipe : .failure("cannot write the outputs to standard output: \(Path.reason(number))")
    }
    return (log?.failure).map { .failure($0) } ?? .input
  }

  /// Nobody interrupts, and what is said can be written.
  private var isGoingOn: Bool { !Interruption.isRequested && writer?.failure == nil && log?.failure == nil }

  private func flush() {
    writer?.flush()
    log?.flush()
  }

  private func take(_ sample: StreamSample, line: Int, _ name: String) throws {
    do {
      let label = try sample.label.map { text in
        do {
          return try classes.index(of: text)
        } catch {
          throw ToolError("the label \(error)")
        }
      }
      try compareTimeSteps(sample, name)
      if begins(sample) { session.reset() }
      last = sample
      let clock = ContinuousClock()
      var output: [Float] = []
      var duration = try clock.measure { output = try session.step(sample.values) }
      let largest = output.indices.reduce(0) { output[$1] > output[$0] ? $1 : $0 }
      writer?.write(line: line, output, largest: largest)
      accuracy.add(label.map { Int($0) == largest })
      if learns, let label {
        duration += try clock.measure { try session.teach(label) }
        taught.insert(label)
      }
      try log?.add(label: label, prediction: largest, took: duration)
    } catch let error as ToolError {
      throw ToolError("\(name), line \(line): \(error)")
    }
  }

  /// Tells once if the first samples are not as far apart as those of the model, and ends it at once if that is most likely another
  /// unit.
  private func compareTimeSteps(_ sample: StreamSample, _ name: String) throws {
    guard intervals.count < SampleStream.comparedIntervals, let time = sample.time, let before = last?.time, time > before else {
      return
    }
    intervals.append(time - before)
    intervals.sort()
    let isLast = intervals.count == SampleStream.comparedIntervals
    guard isLast || intervals.count == SampleStream.fewIntervals else { return }
    let middle = intervals[intervals.count / 2]
    guard let comparison = TimeStepComparison(middle, model, of: name) else { return }
    // Of a few, one or two may be gaps: all of them have to be too long, or too short.
    let extreme = middle > Double(model.timeStep) ? intervals[0] : intervals[intervals.count - 1]
    let isSure = TimeStepComparison(extreme, model, of: name)?.isOtherUnit == true
    hasOtherTimeUnit = comparison.isOtherUnit && (isLast || isSure)
    if isLast || hasOtherTimeUnit { try comparison.tell() }
  }

  /// Seconds between two samples: of the model, or of this stream, if it is slower; otherwise every sample would be behind a gap.
  private var usualInterval: Double {
    let own = intervals.count > 1 ? intervals[(intervals.count - 1) / 2] : 0
    return model.timeStep > 0 ? max(Double(model.timeStep), own) : 0
  }

  /// Whether a sample begins a new sequence: another group, a time that goes back, or a gap.
  private func begins(_ sample: StreamSample) -> Bool {
    guard let last else { return false }
    if sample.group != last.group { return true }
    guard let time = sample.time, let before = last.time else { return false }
    let gap = (roles.gap ?? 3 * usualInterval) * 1.001
    return time < before || (gap > 0 && time - before > gap)
  }

  /// Sends what was written, and waits for more; `false`: it shall end.
  private func waitForInput() -> Bool {
    flush()
    status.show(accuracy.description)
    // Asked again now and then: a signal may come just before the wait.
    while isGoingOn {
      var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&input, 1, 200)
      if ready > 0 || (ready < 0 && errno != EINTR) { return true }
      status.show(accuracy.description)
    }
    return false
  }
}
