import CModelFormat
import HyprBuilding
import HyprCore

/// What a fresh model does with the values between scale and first layer. Numbers are for all channels or one each.
package struct SignalPlan {
  /// Time constant in seconds; empty: none.
  package var highPass: [Float] = []
  package var isRectified = false
  /// Time constant in seconds; empty: none.
  package var runningNormalization: [Float] = []
  package var clip: (lower: [Float], upper: [Float])?
  package var encoding: EncodingPlan?
  /// Recorded samples that offset, scale and trained range are set from.
  package var fit: FitPlan?

  package init() {}

  /// Tells it to a builder, whose time step, scale and offset are said. The order of the stages: a mean is removed, what is left
  /// rectified, its deviation made one, and the result clipped.
  func describe(_ model: FreshModel) throws {
    if let encoding {
      try encoding.thresholds.withFloats { thresholds in
        try encoding.centers.withFloats { centers in
          try encoding.widths.withFloats { widths in
            let settings = EncodingSettings(
              kind: encoding.kind, output: encoding.output, fields: Int32(clamping: encoding.centers.count), thresholds: thresholds,
              centers: centers, widths: widths)
            try model.tell { builder throws(Failure) in try builder.setEncoding(settings) }
          }
        }
      }
    }
    if !highPass.isEmpty { try add(FORMAT_CONDITIONING_HIGH_PASS, timeConstants: highPass, to: model) }
    if isRectified { try add(FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE, to: model) }
    if !runningNormalization.isEmpty {
      try add(FORMAT_CONDITIONING_RUNNING_NORMALIZATION, timeConstants: runningNormalization, deviations: [1], to: model)
    }
    if let clip { try add(FORMAT_CONDITIONING_CLIP, lower: clip.lower, upper: clip.upper, to: model) }
    guard let fit else { return }
    try fit.samples.withUnsafeBufferPointer { samples in
      guard let start = samples.baseAddress else { throw ToolError("the samples to fit are empty, expected at least one step") }
      try fit.steps.withUnsafeBufferPointer { steps in
        try model.tell { builder throws(Failure) in
          try builder.fitInput(try RecordedSequences(start, steps, channels: builder.inputCount, builder.message))
        }
      }
    }
  }

  private func add(
    _ kind: Int32, timeConstants: [Float] = [], deviations: [Float] = [], lower: [Float] = [], upper: [Float] = [],
    to model: FreshModel
  ) throws {
    try timeConstants.withFloats { timeConstants in
      try deviations.withFloats { deviations in
        try lower.withFloats { lower in
          try upper.withFloats { upper in
            let settings = ConditioningSettings(
              kind: kind, timeConstants: timeConstants, deviations: deviations, lower: lower, upper: upper)
            try model.tell { builder throws(Failure) in try builder.addConditioning(settings) }
          }
        }
      }
    }
  }
}

/// Recorded sequences, one behind the other.
package struct FitPlan {
  package let samples: [Float]
  package let steps: [Int]

  package init(samples: [Float], steps: [Int]) { (self.samples, self.steps) = (samples, steps) }

  /// From an array [steps, channels] or [sequences, steps, channels].
  package init(_ array: NumpyArray, channels: Int) throws {
    guard (2...3).contains(array.shape.count), array.shape.last == channels else {
      throw ToolError(
        "\(array.name) has the shape \(array.shape), expected [steps, \(channels)] or [sequences, steps, \(channels)]")
    }
    samples = array.floats(0..<array.count)
    steps = array.shape.count == 2 ? [array.shape[0]] : Array(repeating: array.shape[1], count: array.shape[0])
  }
}

/// How values become spikes.
package struct EncodingPlan {
  let kind: Int32
  var output: Int32 = 0
  var thresholds: [Float] = []
  /// Of the fields of every channel.
  var centers: [Float] = []
  var widths: [Float] = []

  /// `kind=numbers`, such as `delta=0.1` or `receptive-fields=5:-2:2`; `numbers` reads thresholds.
  package init(_ text: String, output: EncodingOutput?, numbers: (String) throws -> [Float]) throws {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let kinds = [
      "level-crossing": FORMAT_ENCODING_LEVEL_CROSSING, "delta": FORMAT_ENCODING_DELTA,
      "threshold-accumulation": FORMAT_ENCODING_THRESHOLD_ACCUMULATION, "receptive-fields": FORMAT_ENCODING_RECEPTIVE_FIELDS,
    ]
    guard sides.count == 2, let kind = kinds[sides[0]] else {
      let known = kinds.keys.sorted().joined(separator: ", ")
      throw ToolError("--encoding \(text), expected kind=numbers with one of the kinds \(known)")
    }
    self.kind = kind
    if kind == FORMAT_ENCODING_RECEPTIVE_FIELDS {
      let parts = sides[1].split(separator: ":", omittingEmptySubsequences: false).map { Float($0) }
      guard parts.count == 3, let count = parts[0].flatMap({ Int(exactly: $0) }), let low = parts[1], let high = parts[2],
        (2...255).contains(count), low < high, (high - low).isFinite
      else { throw ToolError("--encoding \(text), expected receptive-fields=COUNT:LOW:HIGH, such as 5:-2:2, with 2 to 255 fields") }
      let spacing = (high - low) / Float(count - 1)
      centers = (0..<count).map { low + spacing * Float($0) }
      widths = [spacing]
    } else {
      thresholds = try numbers(sides[1])
    }
    guard let output else { return }
    guard output.isOfFields == (kind == FORMAT_ENCODING_RECEPTIVE_FIELDS) else {
      throw ToolError(
        "--encoding-output \(output.rawValue) with \(sides[0]), expected \(output.isOfFields ? "signed or on-off" : "graded or spikes")")
    }
    self.output = output.number
  }
}

/// What an encoding gives to the first layer.
package enum EncodingOutput: String, CaseIterable {
  case signed
  case onOff = "on-off"
  case graded, spikes

  var isOfFields: Bool { self == .graded || self == .spikes }
  /// In the schema.
  var number: Int32 { self == .onOff || self == .spikes ? 1 : 0 }
}

extension [Float] {
  fileprivate func withFloats<Result>(_ body: (Floats) throws -> Result) throws -> Result {
    try withUnsafeBufferPointer { try body(Floats($0.baseAddress, $0.count)) }
  }
}
