import FoundationEssentials
import Glibc

/// How a session does on a stream, in the folder of a run, from which `hypr report` makes a page: what `hypr.StreamLog` of the
/// Python package keeps, in the same files.
///
///     stream.csv        label,prediction,seconds          a line per step; -1: no label
///     spike_rates.csv   step,layer0,…                     spikes per neuron and step since the line before
///     gauge.csv         step,class0,…                     of samples kept aside, the share of each class that is recognised
///     model.hypr        the model with what was learned
///
/// Lines are added while the stream goes on: what is kept in memory does not grow.
final class StreamLog {
  private let folder: URL
  private let session: RunningSession
  private let gauge: KnowledgeGauge?
  private let gaugeEvery: Int
  private let files: [LogFile]
  private var steps, rates, readings: LineWriter
  private var count = 0
  /// At the last reading of the spike rates.
  private var countedSteps: UInt64 = 0
  private var spikes: [Double]
  private var lastReading: Int?

  /// Over how many steps a spike rate is a mean.
  private static let spikeRateSteps = 200

  /// Makes the folder and begins its files.
  /// - Throws: ``ToolError`` if there is a stream in the folder already and `force` is false, or if it cannot be written.
  init(
    folder path: String, force: Bool, _ model: LoadedModel, _ session: RunningSession, gauge: KnowledgeGauge?, every: Int
  ) throws {
    folder = URL(fileURLWithPath: path)
    self.session = session
    self.gauge = gauge
    gaugeEvery = every
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw ToolError("cannot make the folder \(path): \(Path.reason(error))")
    }
    var files: [LogFile] = []
    for name in ["stream.csv", "spike_rates.csv", "gauge.csv"] {
      files.append(try LogFile(OutputFile(folder.appendingPathComponent(name).path, force: force)))
    }
    self.files = files
    steps = LineWriter(descriptor: files[0].descriptor)
    rates = LineWriter(descriptor: files[1].descriptor)
    readings = LineWriter(descriptor: files[2].descriptor)
    spikes = [Double](repeating: 0, count: model.layerCount)
    steps.add(["label", "prediction", "seconds"])
    rates.add(["step"] + (0..<model.layerCount).map { "layer\($0)" })
    readings.add(["step"] + (0..<model.outputSize).map { "class\($0)" })
    try readGauge()
  }

  /// Why nothing more is written, in words; `nil`: it is.
  var failure: String? {
    (steps.failure ?? rates.failure ?? readings.failure).map { "cannot write the log in \(folder.path): \(Path.reason($0))" }
  }

  /// A step that was made, the class of its largest output, and how long it and its lesson took. `label`: `nil`: not known.
  func add(label: Int32?, prediction: Int, took duration: Duration) throws {
    count += 1
    let (seconds, attoseconds) = duration.components
    steps.add(["\(label ?? -1)", "\(prediction)", "\(Float(seconds) + Float(attoseconds) * 1e-18)"])
    if count % StreamLog.spikeRateSteps == 0 { readRates() }
    if count % gaugeEvery == 0 { try readGauge() }
  }

  /// Writes what there is.
  func flush() {
    steps.flush()
    rates.flush()
    readings.flush()
  }

  /// The last reading of the gauge, and the model.
  func finish() throws {
    if lastReading != count { try readGauge() }
    flush()
    try session.save(to: folder.appendingPathComponent("model.hypr").path)
  }

  private func readRates() {
    let made = session.statistics.steps
    let now = session.spikeRates.map { $0 * Double(made) }
    let between = Double(made - countedSteps)
    rates.add(["\(count)"] + zip(now, spikes).map { "\(($0 - $1) / between)" })
    (countedSteps, spikes) = (made, now)
  }

  private func readGauge() throws {
    guard let gauge else { return }
    lastReading = count
    readings.add(["\(count)"] + (try gauge.read(session)).map { "\($0)" })
  }
}

/// A file that is open for writing, from its beginning; closed with this object.
private final class LogFile {
  let descriptor: Int32

  init(_ file: OutputFile) throws {
    descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw ToolError("cannot write \(file.path): \(Path.reason(errno))") }
  }

  deinit { close(descriptor) }
}
