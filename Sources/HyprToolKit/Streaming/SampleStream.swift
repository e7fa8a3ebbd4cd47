import Glibc

/// Runs a session on samples from standard input, as a device would: a step, an output line, then perhaps a lesson.
final class SampleStream {
  /// Why it ended.
  enum End {
    case input, interruption
    /// Nobody reads the outputs any more.
    case brokenPipe
    /// They cannot be written; `errno` says why.
    case failure(Int32)
  }

  private(set) var accuracy = RunningAccuracy()
  /// Lines that were left out.
  private(set) var skipped = 0
  var status = StatusLine()

  private let model: LoadedModel
  private let session: RunningSession
  private let classes: ClassNames
  private let learns: Bool
  private let roles: ColumnRoles
  private var writer: OutputWriter?
  private var last: StreamSample?
  /// Seconds between the first samples.
  private var intervals: [Double] = []
  private static let comparedIntervals = 21

  init(_ model: LoadedModel, _ session: RunningSession, _ roles: ColumnRoles, learns: Bool) {
    self.model = model
    self.session = session
    self.roles = roles
    self.learns = learns
    classes = ClassNames(model)
  }

  /// Goes on until the input ends, somebody interrupts, nobody reads, or outputs cannot be written. A bad line ends it with an
  /// error, or is left out.
  func run(format: StreamFormat?, skipsBadLines: Bool) throws -> End {
    let lines = LineReader(descriptor: STDIN_FILENO, name: "standard input") { [unowned self] in waitForInput() }
    defer { writer?.flush() }
    var reader: SampleReader
    do {
      reader = try SampleReader(
        lines, roles, modelChannels: model.channelNames, inputSize: model.inputSize, format: format)
    } catch  where Interruption.isRequested {
      return .interruption
    }
    writer = OutputWriter(descriptor: STDOUT_FILENO, reader.format, classes: classes.names)
    while !Interruption.isRequested && writer?.failure == nil {
      do {
        guard let sample = try reader.next() else { break }
        try take(sample, line: reader.line, lines.name)
      } catch  where Interruption.isRequested || writer?.failure != nil {
        // Half of what would have been a line.
        break
      } catch  where skipsBadLines {
        skipped += 1
        status.tell("skipped: \(error)")
      }
    }
    writer?.flush()
    if Interruption.isRequested { return .interruption }
    return writer?.failure.map { $0 == EPIPE ? .brokenPipe : .failure($0) } ?? .input
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
      compareTimeSteps(sample, name)
      if begins(sample) { session.reset() }
      last = sample
      let output = try session.step(sample.values)
      let largest = output.indices.reduce(0) { output[$1] > output[$0] ? $1 : $0 }
      writer?.write(line: line, output, largest: largest)
      accuracy.add(label.map { Int($0) == largest })
      if learns, let label { try session.teach(label) }
    } catch let error as ToolError {
      throw ToolError("\(name), line \(line): \(error)")
    }
  }

  /// Tells once if the first samples are not as far apart as those of the model.
  private func compareTimeSteps(_ sample: StreamSample, _ name: String) {
    guard intervals.count < SampleStream.comparedIntervals, let time = sample.time, let before = last?.time, time > before else {
      return
    }
    intervals.append(time - before)
    guard intervals.count == SampleStream.comparedIntervals else { return }
    CSVArguments.compareTimeSteps(intervals.sorted()[intervals.count / 2], model, of: name)
  }

  /// Whether a sample begins a new sequence: another group, a time that goes back, or a gap.
  private func begins(_ sample: StreamSample) -> Bool {
    guard let last else { return false }
    if sample.group != last.group { return true }
    guard let time = sample.time, let before = last.time else { return false }
    let gap = (roles.gap ?? 3 * Double(model.timeStep)) * 1.001
    return time < before || (gap > 0 && time - before > gap)
  }

  /// Sends what was written, and waits for more; `false`: it shall end.
  private func waitForInput() -> Bool {
    writer?.flush()
    status.show(accuracy.description)
    // Asked again now and then: a signal may come just before the wait.
    while !Interruption.isRequested && writer?.failure == nil {
      var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&input, 1, 200)
      if ready > 0 || (ready < 0 && errno != EINTR) { return true }
      status.show(accuracy.description)
    }
    return false
  }
}
