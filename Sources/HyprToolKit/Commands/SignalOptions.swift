import ArgumentParser

extension EncodingOutput: ExpressibleByArgument {}

/// Options of `hypr create` for what happens to values between scale and first layer.
struct SignalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Removes the running mean of a channel (gravity, drift), with this time constant in seconds: numbers as for --input-scale. \
      Needs --time or --time-step. Stages follow each other in the order high-pass, rectified difference, running \
      normalization, clip.
      """, valueName: "seconds"))
  var highPass: String?
  @Flag(help: "The magnitude of the change since the step before takes the place of a value.") var rectifiedDifference = false
  @Option(
    help: ArgumentHelp(
      """
      Makes mean 0 and deviation 1 of the last seconds: time constant as for --high-pass. Not where strength tells the classes \
      apart.
      """, valueName: "seconds"))
  var runningNormalization: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Bounds of a value, such as -3:3.", valueName: "low:high"))
  var clip: String?
  @Option(
    help: ArgumentHelp(
      """
      The first layer gets spikes: level-crossing=0.3, delta=0.3, threshold-accumulation=1 (thresholds as for --input-scale), or \
      receptive-fields=5:-2:2 (five per channel, from -2 to 2).
      """, valueName: "kind=numbers"))
  var encoding: String?
  @Option(help: "With --encoding: signed or on-off; of receptive fields graded or spikes (default: signed, graded).")
  var encodingOutput: EncodingOutput?
  @Option(
    help: ArgumentHelp(
      """
      Sets scale and offset, and the range of values in training, from recorded samples: an .npy file [steps, inputs] or \
      [sequences, steps, inputs], or the file of --csv.
      """, valueName: "file"))
  var fit: String?

  /// `numbers` reads numbers, one for all channels or one each, for an option.
  func plan(
    inputs: Int, timeStep: Float, _ recording: Recording?, _ numbers: (_ text: String, _ option: String) throws -> [Float]
  ) throws -> SignalPlan {
    var plan = SignalPlan()
    for (option, text) in [("--high-pass", highPass), ("--running-normalization", runningNormalization)] where timeStep == 0 {
      guard let text else { continue }
      throw ToolError(
        "\(option) \(text) is in seconds, and how long a sample is is not known: expected --time-step with the seconds between two"
          + " samples, or --csv with --time, the column of the time")
    }
    plan.highPass = try highPass.map { try numbers($0, "--high-pass") } ?? []
    plan.isRectified = rectifiedDifference
    plan.runningNormalization = try runningNormalization.map { try numbers($0, "--running-normalization") } ?? []
    if let clip {
      let range = try ClosedRange<Double>(text: clip, of: "--clip")
      plan.clip = ([Float(range.lowerBound)], [Float(range.upperBound)])
    }
    guard encoding != nil || encodingOutput == nil else {
      throw ToolError("--encoding-output without --encoding, expected both or none")
    }
    plan.encoding = try encoding.map { text in
      try EncodingPlan(text, output: encodingOutput) { try numbers($0, "--encoding") }
    }
    plan.fit = try fit.map { path in
      if let recording, recording.name == path {
        let pieces = Recording.pieces(recording.stretches, steps: Recording.usualPiece)
        return FitPlan(samples: recording.values, steps: pieces.map(\.rows.count))
      }
      guard !path.hasSuffix(".csv") else {
        throw ToolError("--fit \(path) is a file of comma-separated values: give --csv \(path), too, with what its columns are")
      }
      return try FitPlan(NumpyArray(path: path), channels: inputs)
    }
    return plan
  }
}
