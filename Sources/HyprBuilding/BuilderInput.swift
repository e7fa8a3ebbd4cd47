internal import CModelFormat
internal import CSystem
public import HyprCore

/// What is done to a sample before the first layer.
struct BuilderInput {
  /// Whether a file that is being changed describes its input, though none of the following is there.
  var isDescribed = false
  /// [channels] each, in memory of their own; nil: none.
  var scale, offset: UnsafeMutablePointer<Float>?
  var names = List<UnsafeMutablePointer<CChar>>()
  /// Whose numbers are in memory of their own.
  var encoding = format_encoding()
  var conditioning = List<format_conditioning>()
  /// [channels] each, both or none.
  var trainedLower, trainedUpper: UnsafeMutablePointer<Float>?

  var exists: Bool {
    isDescribed || scale != nil || offset != nil || names.count > 0 || encoding.kind != FORMAT_ENCODING_NONE
      || conditioning.count > 0 || trainedLower != nil
  }

  mutating func free() {
    system_free(scale)
    system_free(offset)
    system_free(trainedLower)
    system_free(trainedUpper)
    encoding.free()
    clearConditioning()
    ModelBuilder.free(&names)
  }

  mutating func clearConditioning() {
    for index in 0..<conditioning.count { conditioning[index].free() }
    conditioning.free()
  }
}

extension ModelBuilder {
  /// Inputs of the first layer.
  var firstInputCount: Int { inputCount * input.encoding.inputsPerChannel }

  /// value = (sample - offset) * scale. One number, for all channels, or one per channel; none: as they are.
  public mutating func setInputScale(_ values: UnsafePointer<Float>?, _ count: Int) throws(Failure) {
    let copy = try perChannel(values, count, "scales")
    forgetBuilt()
    system_free(input.scale)
    input.scale = copy
  }

  public mutating func setInputOffset(_ values: UnsafePointer<Float>?, _ count: Int) throws(Failure) {
    let copy = try perChannel(values, count, "offsets")
    forgetBuilt()
    system_free(input.offset)
    input.offset = copy
  }

  /// One per channel, or none.
  public mutating func setInputNames(_ names: UnsafePointer<UnsafePointer<CChar>?>, _ count: Int) throws(Failure) {
    guard count == 0 || count == inputCount else {
      throw message.failure(.sizeMismatch, "\(size: count) input names, expected \(inputCount), one per channel")
    }
    let copies = try copies(names, count, of: "names")
    forgetBuilt()
    ModelBuilder.free(&input.names)
    input.names = copies
  }

  /// Spikes of the values take their place; none if there are no thresholds. `output`: the schema's LevelCrossingOutput.
  public mutating func setLevelCrossing(
    _ thresholds: UnsafePointer<Float>?, _ count: Int, _ output: Int32
  ) throws(Failure) {
    let none = Floats(nil, 0)
    let kind = thresholds == nil || count == 0 ? FORMAT_ENCODING_NONE : FORMAT_ENCODING_LEVEL_CROSSING
    try setEncoding(
      EncodingSettings(
        kind: kind, output: output, fields: 0, thresholds: Floats(thresholds, count), centers: none, widths: none))
  }

  func checkNoLayers() throws(Failure) {
    guard layers.count == 0 else {
      throw message.failure(.wrongState, "there are layers already, expected the encoding of the input before them")
    }
  }

  /// The first layer must be able to have as many inputs.
  func checkInputs(_ encoding: format_encoding) throws(Failure) {
    let perChannel = encoding.inputsPerChannel
    guard inputCount <= Model.largestCount / max(perChannel, 1) else {
      throw invalid("\(inputCount) inputs, expected at most \(Model.largestCount / perChannel) with \(perChannel) spikes each")
    }
  }

  /// Takes over an encoding, whose numbers are in memory of their own.
  mutating func take(_ encoding: format_encoding) {
    forgetBuilt()
    input.encoding.free()
    input.encoding = encoding
  }

  /// Whether a factor on the scale is one on what the first layer gets: nothing behind it has a unit of its own.
  var scaleIsGain: Bool {
    for index in 0..<input.conditioning.count where input.conditioning[index].hasUnit { return false }
    return input.encoding.kind == FORMAT_ENCODING_NONE
  }

  mutating func multiplyInputScale(by factor: Float) throws(Failure) {
    if input.scale == nil {
      var one: Float = 1
      try setInputScale(&one, 1)
    }
    guard let scale = input.scale else { return }
    for channel in 0..<inputCount where !(scale[channel] * factor).isFinite {
      throw message.failure(
        .notFinite, "the scale of input \(channel) would be \(scale[channel]) times \(factor), expected a finite number")
    }
    for channel in 0..<inputCount {
      scale[channel] *= factor
      input.trainedLower?[channel] *= factor
      input.trainedUpper?[channel] *= factor
    }
    forgetBuilt()
  }

  /// A copy with one number per channel; nil: none.
  private func perChannel(
    _ values: UnsafePointer<Float>?, _ count: Int, _ what: StaticString
  ) throws(Failure) -> UnsafeMutablePointer<Float>? {
    guard let values, count != 0 else { return nil }
    guard count == 1 || count == inputCount else {
      throw message.failure(.sizeMismatch, "\(size: count) \(what), expected 1 or \(inputCount), one per input")
    }
    for index in 0..<count where !values[index].isFinite {
      throw message.failure(.notFinite, "\(what)[\(index)] is \(values[index]), expected a finite number")
    }
    guard let copy: UnsafeMutablePointer<Float> = allocated(inputCount) else { throw outOfMemory() }
    for index in 0..<inputCount { copy[index] = values[count == 1 ? 0 : index] }
    return copy
  }
}
