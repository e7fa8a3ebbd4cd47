/// What can be seen of a session that learns nothing, or whose outputs mean nothing; the bits of hypr.h, the worst first.
struct Findings: OptionSet {
  var rawValue: UInt32

  static var diverged: Findings { .init(rawValue: 1) }
  static var silentLayer: Findings { .init(rawValue: 2) }
  static var saturatedLayer: Findings { .init(rawValue: 4) }
  static var inputFarOutside: Findings { .init(rawValue: 8) }
  static var noChange: Findings { .init(rawValue: 16) }
  static var chance: Findings { .init(rawValue: 32) }
  static var inputOutside: Findings { .init(rawValue: 64) }
  static var silentNeurons: Findings { .init(rawValue: 128) }
  static var inputSmaller: Findings { .init(rawValue: 256) }
}

/// From where on something is a finding.
enum Threshold {
  /// Fewer steps, taught steps or updates say nothing yet.
  static var steps: UInt64 { 100 }
  static var updates: UInt64 { 20 }
  /// Of a layer's neurons, that never spike.
  static var silentShare: Double { 0.75 }
  /// Of a layer's neurons, that spike in more than half of the steps; and of those that do or never spike, if some do.
  static var saturatedShare: Double { 0.5 }
  static var stuckShare: Double { 0.9 }
  static var fewSaturatedShare: Double { 0.25 }
  /// Of the samples, as a training range holds all that there were.
  static var outsideShare: Double { 0.05 }
  static var farOutsideShare: Double { 0.5 }
  /// Times the largest value in training.
  static var farOutsideRatio: Double { 3 }
  /// Times the loss that learning started from, and times that of outputs that say nothing (ln C, or the variance of the values):
  /// what is larger than both comes of parameters that ran away.
  static var divergedLoss: Double { 3 }
  /// The same where outputs are still right more often than by guessing.
  static var surelyDivergedLoss: Double { 10 }
  /// Of the updates, that were left out.
  static var skippedShare: Double { 0.1 }
  /// Times the loss of guessing: how near to it counts as no better.
  static var chanceLoss: Double { 0.97 }
  /// In nats: where nearly all targets are of one class, guessing is good.
  static var leastEntropy: Double { 0.2 }
  /// Fewer steps may be a quiet part of a recording.
  static var quietSteps: UInt64 { 1000 }
  /// Of the range in training: what all channels keep within, or a single one; and what is as good as none.
  static var smallerRange: Double { 0.125 }
  static var muchSmallerRange: Double { 0.05 }
  static var stillRange: Double { 1e-3 }
  /// Times the share of the narrowest channel: below it, all have become smaller alike.
  static var likeNarrowest: Double { 10 }
  /// Network inputs below this are small for every neuron model as it usually is.
  static var smallInput: Float { 0.1 }
}

/// What was found, and a line for each.
struct FoundLines {
  private(set) var findings = Findings(rawValue: 0)
  private var lines: TextLines

  /// The text is cut to `size` bytes.
  init(_ start: UnsafeMutablePointer<CChar>?, size: Int) { lines = TextLines(start, size: size, cuts: true) }

  @inline(never) mutating func append(_ finding: Findings, _ line: Text) {
    findings.insert(finding)
    lines.append(line)
  }
}
