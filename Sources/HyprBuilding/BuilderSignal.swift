internal import CModelFormat
internal import CSystem
public import HyprCore

/// Numbers of a caller.
public struct Floats {
  let start: UnsafePointer<Float>?
  let count: Int

  /// `count` is 0 if there are none.
  public init(_ start: UnsafePointer<Float>?, _ count: Int) { (self.start, self.count) = (start, count) }
}

/// A stage of conditioning as a caller describes it: of the fields those that its kind has.
public struct ConditioningSettings {
  /// The schema's ConditioningKind.
  public var kind: Int32 = 0
  public var timeConstants, deviations, lower, upper: Floats
  /// nil: the schema's default.
  public var largestGain, limit: Float?

  public init(kind: Int32, timeConstants: Floats, deviations: Floats, lower: Floats, upper: Floats) {
    self.kind = kind
    (self.timeConstants, self.deviations, self.lower, self.upper) = (timeConstants, deviations, lower, upper)
  }
}

/// An encoding as a caller describes it: of the fields those that its kind has.
public struct EncodingSettings {
  /// The schema's SpikeEncoding; 0: none.
  public var kind: Int32 = 0
  /// The schema's LevelCrossingOutput or ReceptiveFieldOutput.
  public var output: Int32 = 0
  public var fields: Int32 = 0
  public var thresholds, centers, widths: Floats
  /// nil: the schema's default.
  public var cutoff: Float?

  public init(kind: Int32, output: Int32, fields: Int32, thresholds: Floats, centers: Floats, widths: Floats) {
    (self.kind, self.output, self.fields) = (kind, output, fields)
    (self.thresholds, self.centers, self.widths) = (thresholds, centers, widths)
  }
}

// Conditioning, encoding, and what training said of the values.
extension ModelBuilder {
  private var checks: SignalChecks { SignalChecks(message, channels: inputCount, isFile: false) }

  /// Appends a stage.
  public mutating func addConditioning(_ settings: ConditioningSettings) throws(Failure) {
    guard input.conditioning.count < Model.mostConditioning else {
      throw message.failure(
        .wrongState, "there are \(input.conditioning.count) stages already, expected at most \(Model.mostConditioning)")
    }
    var stage = format_conditioning()
    stage.kind = settings.kind
    if settings.kind == FORMAT_CONDITIONING_HIGH_PASS || settings.kind == FORMAT_CONDITIONING_RUNNING_NORMALIZATION {
      (stage.time_constants, stage.time_constant_count) = (settings.timeConstants.start, settings.timeConstants.count)
    }
    if settings.kind == FORMAT_CONDITIONING_RUNNING_NORMALIZATION {
      (stage.deviations, stage.deviation_count) = (settings.deviations.start, settings.deviations.count)
      stage.largest_gain = settings.largestGain ?? FORMAT_LARGEST_GAIN
      stage.limit = settings.limit ?? FORMAT_LIMIT
    }
    if settings.kind == FORMAT_CONDITIONING_CLIP {
      (stage.lower, stage.lower_count) = (settings.lower.start, settings.lower.count)
      (stage.upper, stage.upper_count) = (settings.upper.start, settings.upper.count)
    }
    try checks.check(stage, timeStep: timeStep, "")
    try append(stage)
  }

  /// Takes all stages away.
  public mutating func clearConditioning() {
    forgetBuilt()
    input.clearConditioning()
  }

  /// Spikes, or activations, of the values take their place.
  public mutating func setEncoding(_ settings: EncodingSettings) throws(Failure) {
    try checkNoLayers()
    var encoding = format_encoding()
    encoding.kind = settings.kind
    if settings.kind == FORMAT_ENCODING_NONE { return take(encoding) }
    encoding.output = settings.output
    if settings.kind == FORMAT_ENCODING_RECEPTIVE_FIELDS {
      encoding.fields = UInt32(clamping: settings.fields)
      (encoding.centers, encoding.center_count) = (settings.centers.start, settings.centers.count)
      (encoding.widths, encoding.width_count) = (settings.widths.start, settings.widths.count)
      encoding.cutoff = settings.cutoff ?? FORMAT_CUTOFF
    } else {
      (encoding.thresholds, encoding.threshold_count) = (settings.thresholds.start, settings.thresholds.count)
    }
    try checks.check(encoding, "")
    try checkInputs(encoding)
    take(try copy(encoding))
  }

  /// The range of the conditioned values in training; nil: unknown.
  public mutating func setTrainedRange(
    _ lower: UnsafePointer<Float>?, _ upper: UnsafePointer<Float>?, _ count: Int
  ) throws(Failure) {
    guard let lower, let upper, count != 0 else { return takeRange(nil, nil) }
    guard count == inputCount else {
      throw message.failure(.sizeMismatch, "count is \(size: count), expected \(inputCount), one range per input")
    }
    try checks.checkRange(lower, upper, "")
    let copy: UnsafeMutablePointer<Float> = try copy(lower, count)
    guard let other: UnsafeMutablePointer<Float> = copied(upper, count) else {
      system_free(copy)
      throw outOfMemory()
    }
    takeRange(copy, other)
  }

  mutating func takeRange(_ lower: UnsafeMutablePointer<Float>?, _ upper: UnsafeMutablePointer<Float>?) {
    forgetBuilt()
    system_free(input.trainedLower)
    system_free(input.trainedUpper)
    (input.trainedLower, input.trainedUpper) = (lower, upper)
  }

  /// In memory of their own; nil: none.
  private func copy(_ values: Floats) throws(Failure) -> UnsafePointer<Float>? {
    guard let start = values.start, values.count > 0 else { return nil }
    let copy: UnsafeMutablePointer<Float> = try copy(start, values.count)
    return UnsafePointer(copy)
  }

  /// Appends a copy of a stage that was checked.
  mutating func append(_ stage: format_conditioning) throws(Failure) {
    guard input.conditioning.hasRoom() else { throw outOfMemory() }
    var own = stage
    (own.time_constants, own.deviations, own.lower, own.upper) = (nil, nil, nil, nil)
    do throws(Failure) {
      own.time_constants = try copy(Floats(stage.time_constants, stage.time_constant_count))
      own.deviations = try copy(Floats(stage.deviations, stage.deviation_count))
      own.lower = try copy(Floats(stage.lower, stage.lower_count))
      own.upper = try copy(Floats(stage.upper, stage.upper_count))
    } catch {
      own.free()
      throw error
    }
    forgetBuilt()
    input.conditioning.append(own)
  }

  /// With its numbers in memory of its own.
  func copy(_ encoding: format_encoding) throws(Failure) -> format_encoding {
    var own = encoding
    (own.thresholds, own.centers, own.widths) = (nil, nil, nil)
    do throws(Failure) {
      own.thresholds = try copy(Floats(encoding.thresholds, encoding.threshold_count))
      own.centers = try copy(Floats(encoding.centers, encoding.center_count))
      own.widths = try copy(Floats(encoding.widths, encoding.width_count))
    } catch {
      own.free()
      throw error
    }
    return own
  }
}

extension format_conditioning {
  func free() {
    system_free(UnsafeMutablePointer(mutating: time_constants))
    system_free(UnsafeMutablePointer(mutating: deviations))
    system_free(UnsafeMutablePointer(mutating: lower))
    system_free(UnsafeMutablePointer(mutating: upper))
  }
}

extension format_encoding {
  func free() {
    system_free(UnsafeMutablePointer(mutating: thresholds))
    system_free(UnsafeMutablePointer(mutating: centers))
    system_free(UnsafeMutablePointer(mutating: widths))
  }
}
