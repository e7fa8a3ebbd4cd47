import ArgumentParser
import Glibc

extension StreamFormat: ExpressibleByArgument {}

/// `hypr stream`: a model at work on a pipe.
struct StreamCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Run a model on samples from standard input, line by line, and perhaps teach it.",
    discussion: """
      Samples are comma-separated values below a line of names, or JSON lines: objects with a key per channel, or arrays. For each \
      a line goes out at once: the line of the sample, the class with the largest score, and the scores.

        sensor | hypr stream motor.hypr
        sensor | hypr stream motor.hypr --learn --label mode --out adapted.hypr
        sensor | hypr stream motor.hypr --learn --label mode --log runs/motor && hypr report runs/motor

      With --label outputs are compared with the labels, and how many were right is told on standard error. With --learn a label \
      is taught, after its output was compared; an empty one teaches nothing. The accuracy while learning falls where harder parts \
      come, also if what counts rises: hypr eval tells that, on other data. What was learned is saved when the input ends, when \
      nobody reads any more, when outputs cannot be written, on Ctrl-C and SIGTERM, and before a bad line ends it.
      """)

  @Argument(help: "The model file.") var model: String
  @OptionGroup var columns: ColumnArguments
  @Option(help: "csv or jsonl, of samples and outputs (default: by the first line).") var format: StreamFormat?
  @Flag(help: "Learn from the labels.") var learn = false
  @OptionGroup var learning: OptionArguments
  @Option(help: "The file for the model that has learned.") var out: String?
  @OptionGroup var logging: LogArguments
  @Flag(help: "Replace files that are there.") var force = false
  @Flag(help: "Go on after lines that cannot be read, and say which.") var skipBadLines = false

  func validate() throws {
    if learn && columns.label == nil { throw ValidationError("--learn needs --label, the column of the class") }
    if !learn, let out { throw ValidationError("--out \(out) needs --learn: otherwise the model stays as it is") }
  }

  func run() throws {
    let file = try out.map { try OutputFile($0, force: force) }
    let model = try LoadedModel(path: model)
    guard columns.label == nil || model.outputSize > 1 else {
      throw ToolError("--label needs a model with classes, and this one has one output")
    }
    var settings = try learning.settings()
    if settings.contains("learning") { throw ToolError("option learning: use --learn instead") }
    try settings.set("learning", learn ? "on" : "off")
    let session = try RunningSession(model, settings)
    let log = try logging.begin(model, session, columns.roles, force: force)
    let stream = SampleStream(model, session, columns.roles, learns: learn, log: log)
    Interruption.watch()
    signal(SIGPIPE, SIG_IGN)
    let result = Result { try stream.run(format: format, skipsBadLines: skipBadLines) }
    // Ends the last window: what was taught in it counts, too.
    session.reset()
    session.diagnosis.warn()
    let saved = stream.accuracy.samples > 0 && !stream.hasOtherTimeUnit ? file : nil
    try saved.map { try session.save(to: $0.path) }
    try log?.finish()
    let skipped = stream.skipped > 0 ? ", \(counted(stream.skipped, "line")) skipped" : ""
    stream.status.tell("\(stream.accuracy.description)\(skipped)" + (saved.map { "; saved: \($0.path)" } ?? ""))
    if !stream.hasOtherTimeUnit, let words = ForgottenClasses.words(taught: stream.taught, model, session) {
      stream.status.tell(words)
    }
    switch try result.get() {
    case .input:
      if stream.accuracy.samples == 0 { throw ToolError("standard input has no samples that can be read") }
    case .interruption: throw ExitCode(Interruption.exitStatus)
    case .brokenPipe: throw ExitCode(128 + SIGPIPE)
    case .failure(let words): throw ToolError(words)
    }
  }
}
