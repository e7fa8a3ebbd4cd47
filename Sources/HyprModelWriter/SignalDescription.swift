import CModelFormat
import CModelWriter

/// How values become spikes. Numbers are for all channels or one each, in the unit of the conditioned value.
public enum SpikeEncoding: Equatable, Sendable {
  /// What level crossing gives to the first layer; raw values as in the schema.
  public enum LevelCrossingOutput: UInt8, Sendable, CaseIterable {
    /// One number per channel in {-1, 0, 1}.
    case signed = 0
    /// Two per channel in {0, 1}: rising, falling.
    case onOff
  }

  /// A spike whenever a channel has moved by a threshold since its last spike.
  case levelCrossing(thresholds: [Float], output: LevelCrossingOutput = .signed)
  /// A spike whenever a channel moves by a threshold from one step to the next.
  case delta(thresholds: [Float], output: LevelCrossingOutput = .signed)
  /// Values are summed up; a spike takes a threshold away.
  case thresholdAccumulation(thresholds: [Float], output: LevelCrossingOutput = .signed)
  /// `fields` per channel; centers `[fields]` or `[channels][fields]`; widths: one, or as many as centers.
  case receptiveFields(fields: Int, centers: [Float], widths: [Float], cutoff: Float = FORMAT_CUTOFF, spikes: Bool = false)

  func add(to writer: OpaquePointer) {
    var encoding = format_encoding()
    switch self {
    case .levelCrossing(let thresholds, let output): (encoding.kind, encoding.output) = (FORMAT_ENCODING_LEVEL_CROSSING, output.number)
      thresholds.add(to: writer, &encoding)
    case .delta(let thresholds, let output): (encoding.kind, encoding.output) = (FORMAT_ENCODING_DELTA, output.number)
      thresholds.add(to: writer, &encoding)
    case .thresholdAccumulation(let thresholds, let output):
      (encoding.kind, encoding.output) = (FORMAT_ENCODING_THRESHOLD_ACCUMULATION, output.number)
      thresholds.add(to: writer, &encoding)
    case .receptiveFields(let fields, let centers, let widths, let cutoff, let spikes):
      encoding.kind = FORMAT_ENCODING_RECEPTIVE_FIELDS
      (encoding.fields, encoding.cutoff, encoding.output) = (UInt32(clamping: fields), cutoff, spikes ? 1 : 0)
      centers.withUnsafeBufferPointer { centers in
        widths.withUnsafeBufferPointer { widths in
          (encoding.centers, encoding.center_count) = (centers.baseAddress, centers.count)
          (encoding.widths, encoding.width_count) = (widths.baseAddress, widths.count)
          writer_set_encoding(writer, &encoding)
        }
      }
    }
  }
}

extension SpikeEncoding.LevelCrossingOutput {
  fileprivate var number: Int32 { Int32(rawValue) }
}

extension [Float] {
  /// As the thresholds of an encoding.
  fileprivate func add(to writer: OpaquePointer, _ encoding: inout format_encoding) {
    withUnsafeBufferPointer { thresholds in
      (encoding.thresholds, encoding.threshold_count) = (thresholds.baseAddress, thresholds.count)
      writer_set_encoding(writer, &encoding)
    }
  }
}

/// What is done to a value between scale and encoding. Numbers are for all channels or one each.
public enum ConditioningStage: Equatable, Sendable {
  /// The value without its running mean. Time constants in seconds.
  case highPass(timeConstants: [Float])
  /// (value - running mean) / running deviation. Time constants in seconds; deviations at the start of a sequence.
  case runningNormalization(
    timeConstants: [Float], deviations: [Float], largestGain: Float = FORMAT_LARGEST_GAIN, limit: Float = FORMAT_LIMIT)
  case clip(lower: [Float], upper: [Float])
  /// The magnitude of the change since the step before.
  case rectifiedDifference
  /// Anything, for files that readers must refuse.
  case unknown(kind: Int32)

  func add(to writer: OpaquePointer) {
    var stage = format_conditioning()
    var (first, second) = ([Float](), [Float]())
    switch self {
    case .highPass(let timeConstants): (stage.kind, first) = (FORMAT_CONDITIONING_HIGH_PASS, timeConstants)
    case .runningNormalization(let timeConstants, let deviations, let largestGain, let limit):
      (stage.kind, first, second) = (FORMAT_CONDITIONING_RUNNING_NORMALIZATION, timeConstants, deviations)
      (stage.largest_gain, stage.limit) = (largestGain, limit)
    case .clip(let lower, let upper): (stage.kind, first, second) = (FORMAT_CONDITIONING_CLIP, lower, upper)
    case .rectifiedDifference: stage.kind = FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE
    case .unknown(let kind): stage.kind = kind
    }
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        (stage.time_constants, stage.time_constant_count) = (first.baseAddress, first.count)
        (stage.deviations, stage.deviation_count) = (second.baseAddress, second.count)
        (stage.lower, stage.lower_count, stage.upper, stage.upper_count) =
          (first.baseAddress, first.count, second.baseAddress, second.count)
        writer_add_conditioning(writer, &stage)
      }
    }
  }
}
