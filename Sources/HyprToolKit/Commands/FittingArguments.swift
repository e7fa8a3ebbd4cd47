import ArgumentParser

/// How a fresh model is fitted to samples.
struct FittingArguments: ParsableArguments {
  @Flag(
    help: """
      Choose conditioning, layers, readout and recommended options for the samples of --csv or --samples, say why, and calibrate.
      """)
  var suggest = false
  @Flag(help: """
      Make time constants suit the samples of --csv, --samples or --fit, and scale what layers get until their neurons spike at \
      --rate.
      """)
  var calibrate = false
  @Option(help: "Spikes per neuron and step of --calibrate and --suggest (default: 0.05).") var rate: Double?
  @Option(help: ArgumentHelp("An .npy file of samples, [S, T, n] or [steps, n].", valueName: "file")) var samples: String?
  @Option(help: ArgumentHelp("With --samples and --suggest: an .npy file of labels.", valueName: "file")) var sampleLabels: String?
  @Option(help: ArgumentHelp("With --samples: an .npy file of the sequences' lengths.", valueName: "file"))
  var sampleLengths: String?

  func validate() throws {
    if let rate, !suggest && !calibrate { throw ValidationError("--rate \(rate) needs --calibrate or --suggest") }
    if let samples, !suggest && !calibrate { throw ValidationError("--samples \(samples) needs --calibrate or --suggest") }
    if samples == nil, let file = sampleLabels ?? sampleLengths {
      throw ValidationError("\(file): --sample-labels and --sample-lengths need --samples")
    }
  }

  /// The samples of either kind of file; `classes`: the names of a recording's labels, `fit`: the file that scales are taken from.
  func samples(_ recording: Recording?, classes: [String], fit: String? = nil) throws -> Samples {
    if let samples {
      guard recording == nil else { throw ToolError("--samples \(samples) is given beside --csv, expected one of them") }
      return try Samples(inputs: samples, labels: sampleLabels, lengths: sampleLengths)
    }
    if recording == nil, let fit { return try Samples(inputs: fit, labels: nil, lengths: nil) }
    guard let recording else { throw ToolError("the samples are missing, expected --csv or --samples") }
    return try Samples(recording, classes: classes)
  }

  /// Calibrates a model that is not built yet, if that is wanted.
  func calibrate(_ model: FreshModel, _ recording: Recording?, fit: String?, seed: UInt64) throws {
    guard calibrate else { return }
    try samples(recording, classes: [], fit: fit).calibrate(model, rate: rate ?? Samples.usualRate, seed: seed)
  }
}
