package import CModelFormat

/// The checks of conditioning and encodings: of those in a file, and of those that a builder is told.
package struct SignalChecks {
  private let message: MessageBuffer
  private let channels: Int
  private let isFile: Bool

  package init(_ message: MessageBuffer, channels: Int, isFile: Bool) {
    (self.message, self.channels, self.isFile) = (message, channels, isFile)
  }

  /// A stage of conditioning. `place`: what stands before the names of its fields.
  package func check(_ stage: format_conditioning, timeStep: Float, _ place: Text) throws(Failure) {
    let tiny = Float.leastNormalMagnitude
    switch stage.kind {
    case FORMAT_CONDITIONING_HIGH_PASS, FORMAT_CONDITIONING_RUNNING_NORMALIZATION:
      try check(
        stage.time_constants, stage.time_constant_count, place, "time_constants", tiny...1e9, "above 0 and at most 1e9 seconds")
      guard timeStep > 0 else {
        throw wrong(
          "\(place)time_constants are in seconds, and the model's time_step is \(timeStep): expected the seconds between two samples")
      }
      if stage.kind == FORMAT_CONDITIONING_HIGH_PASS { return }
      try check(stage.deviations, stage.deviation_count, place, "deviations", 1e-6...1e6, "1e-6 to 1e6")
      try check(stage.largest_gain, place, "largest_gain", 1...1e6, "1 to 1e6")
      try check(stage.limit, place, "limit", tiny...1e6, "above 0 and at most 1e6")
    case FORMAT_CONDITIONING_CLIP:
      let any = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
      try check(stage.lower, stage.lower_count, place, "lower", any, "a finite number")
      try check(stage.upper, stage.upper_count, place, "upper", any, "a finite number")
      guard let lower = stage.lower, let upper = stage.upper else { return }
      for channel in 0..<max(stage.lower_count, stage.upper_count) {
        let (low, high) = (lower[stage.lower_count == 1 ? 0 : channel], upper[stage.upper_count == 1 ? 0 : channel])
        if !(low < high) { throw wrong("\(place)upper is \(high) for channel \(channel), expected above \(low), which is lower") }
      }
    case FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE: break
    default: throw unknown("\(place)kind is \(Int(stage.kind))")
    }
  }

  package func check(_ encoding: format_encoding, _ place: Text) throws(Failure) {
    switch encoding.kind {
    case FORMAT_ENCODING_LEVEL_CROSSING, FORMAT_ENCODING_DELTA, FORMAT_ENCODING_THRESHOLD_ACCUMULATION:
      try check(
        encoding.thresholds, encoding.threshold_count, place, "thresholds",
        Float.leastNormalMagnitude...Float.greatestFiniteMagnitude, "a finite number above 0")
    case FORMAT_ENCODING_RECEPTIVE_FIELDS:
      let fields = Int(clamping: encoding.fields)
      guard fields >= 1 && fields <= 255 else { throw wrong("\(place)fields is \(fields), expected 1 to 255") }
      let all = channels <= Int.max / fields ? fields * channels : Int.max
      guard let centers = encoding.centers, encoding.center_count == fields || encoding.center_count == all else {
        throw wrongCount(
          "\(place)centers has \(size: encoding.center_count) entries, expected \(fields), or \(all) for \(channels) channels")
      }
      for index in 0..<encoding.center_count where !(centers[index].magnitude <= 1e30) {
        throw wrong("\(place)centers[\(index)] is \(centers[index]), expected -1e30 to 1e30")
      }
      guard let widths = encoding.widths, encoding.width_count == 1 || encoding.width_count == encoding.center_count else {
        throw wrongCount("\(place)widths has \(size: encoding.width_count) entries, expected 1 or \(encoding.center_count)")
      }
      for index in 0..<encoding.width_count where !(widths[index] >= 1e-30 && widths[index] <= 1e30) {
        throw wrong("\(place)widths[\(index)] is \(widths[index]), expected above 0, 1e-30 to 1e30")
      }
      try check(encoding.cutoff, place, "cutoff", 0...1, "0 to 1")
    default: throw unknown("\(place)kind is \(Int(encoding.kind))")
    }
    guard encoding.output == 0 || encoding.output == 1 else { throw unknown("\(place)output is \(Int(encoding.output))") }
  }

  /// The range of conditioned values in training.
  package func checkRange(_ lower: UnsafePointer<Float>, _ upper: UnsafePointer<Float>, _ place: Text) throws(Failure) {
    for channel in 0..<channels where !(lower[channel].isFinite && upper[channel].isFinite && lower[channel] <= upper[channel]) {
      let found: Text = "\(place)lower[\(channel)] is \(lower[channel]) and \(place)upper[\(channel)] is \(upper[channel])"
      throw wrong("\(found), expected finite numbers, the upper one not below the other")
    }
  }

  /// One for all channels, or one each.
  private func check(
    _ values: UnsafePointer<Float>?, _ count: Int, _ place: Text, _ name: StaticString, _ range: ClosedRange<Float>,
    _ expected: StaticString
  ) throws(Failure) {
    guard let values, count == 1 || count == channels else {
      throw wrongCount("\(place)\(name) has \(size: count) entries, expected 1 or \(channels)")
    }
    for index in 0..<count where !range.contains(values[index]) {
      throw wrong("\(place)\(name)[\(index)] is \(values[index]), expected \(expected)")
    }
  }

  private func check(
    _ value: Float, _ place: Text, _ name: StaticString, _ range: ClosedRange<Float>, _ expected: StaticString
  ) throws(Failure) {
    if !range.contains(value) { throw wrong("\(place)\(name) is \(value), expected \(expected)") }
  }

  @inline(never) private func wrong(_ text: @autoclosure () -> Text) -> Failure {
    message.failure(isFile ? .modelInvalid : .invalidArgument, text())
  }

  @inline(never) private func wrongCount(_ text: @autoclosure () -> Text) -> Failure {
    message.failure(isFile ? .modelInvalid : .sizeMismatch, text())
  }

  @inline(never) private func unknown(_ text: @autoclosure () -> Text) -> Failure {
    message.failure(isFile ? .modelUnsupported : .invalidArgument, "\(text()), which this library does not know")
  }
}

extension format_encoding {
  /// Inputs of the first layer that a channel gives.
  package var inputsPerChannel: Int {
    switch kind {
    case FORMAT_ENCODING_NONE: 1
    case FORMAT_ENCODING_RECEPTIVE_FIELDS: Int(clamping: fields)
    default: output == 1 ? 2 : 1
    }
  }
}
