import ArgumentParser

/// Whether a stream is logged, and what with.
struct LogArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder for how the stream went, of which hypr report makes a page: outputs against labels, spike rates, time per step.",
      valueName: "folder"))
  var log: String?
  @Option(
    help: ArgumentHelp(
      "Samples kept aside, with the same columns, by which the log tells what is forgotten: they are never taught.",
      valueName: "file"))
  var gauge: String?
  @Option(help: ArgumentHelp("Steps between two readings of the gauge.", valueName: "steps")) var gaugeEvery = 5000

  func validate() throws {
    if log == nil, let gauge { throw ValidationError("--gauge \(gauge) needs --log, the folder that its readings go to") }
    if gaugeEvery < 1 { throw ValidationError("--gauge-every is \(gaugeEvery), expected 1 or more") }
  }

  /// The log, begun; `nil`: none was asked for.
  func begin(_ model: LoadedModel, _ session: RunningSession, _ roles: ColumnRoles, force: Bool) throws -> StreamLog? {
    guard let log else { return nil }
    guard model.outputSize > 1 else { throw ToolError("--log needs a model with classes, and this one has one output") }
    let kept = try gauge.map { path in
      guard roles.label != nil else { throw ToolError("--gauge \(path) needs --label, the column of the class") }
      let recording = try Recording(path: path, roles, modelChannels: model.channelNames, inputSize: model.inputSize)
      try TimeStepComparison(recording.timeStep, model, of: recording.name)?.tell()
      return try KnowledgeGauge(model, recording)
    }
    return try StreamLog(folder: log, force: force, model, session, gauge: kept, every: gaugeEvery)
  }
}
