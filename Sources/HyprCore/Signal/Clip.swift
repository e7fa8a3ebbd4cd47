internal import CModelFormat

/// y = min(max(x, lower), upper); the schema's table of that name. Read in the file.
struct Clip {
  private let lower, upper: UnsafePointer<Float>?
  /// 0: one for all channels; 1: one each.
  private let lowerStride, upperStride: Int

  init(_ stage: format_conditioning) {
    (lower, upper) = (stage.lower, stage.upper)
    (lowerStride, upperStride) = (stage.lower_count == 1 ? 0 : 1, stage.upper_count == 1 ? 0 : 1)
  }

  @inline(__always) func value(_ value: Double, _ channel: Int) -> Double {
    guard let lower, let upper else { return value }
    return min(max(value, Double(lower[channel * lowerStride])), Double(upper[channel * upperStride]))
  }
}
