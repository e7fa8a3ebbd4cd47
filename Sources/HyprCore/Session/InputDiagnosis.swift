internal import CSystem

// What the ranges of the inputs say beside those in training: they were left, or are hardly used any more.

/// A channel, and how many times as large as in training its values are.
struct InputBesideTraining {
  let channel: Int
  let range: InputRange
  let ratio: Double
}

/// The channel that uses the smallest share of its range in training, and the largest share that one uses.
private struct NarrowedInput {
  let channel: Int
  let share: Double
  let widest: Double
  let isOfAll: Bool
}

extension Session {
  private var channels: Int { statistics.pointee.inputs.channels }

  mutating func largestInput() -> Float {
    var largest: Float = 0
    for channel in 0..<channels { largest = max(largest, inputRange(channel).magnitude) }
    return largest
  }

  /// Half the widest range of a channel in training: how large inputs usually were; 0: no channel moved, or it is not known.
  private mutating func usualReach() -> Float {
    var widest: Float = 0
    for channel in 0..<channels { widest = max(widest, inputRange(channel).trainedWidth ?? 0) }
    return widest / 2
  }

  /// A channel beside its training; nil: the model does not say, or it stood still there and is where it was but for less than
  /// others moved, which says nothing.
  private mutating func besideTraining(_ channel: Int, _ usual: Float) -> InputBesideTraining? {
    let range = inputRange(channel)
    guard var most = range.trainedMagnitude else { return nil }
    if range.stoodStill {
      guard usual > 0, range.distance > usual else { return nil }
      most = max(most, usual)
    }
    guard most > 0 else { return nil }
    return InputBesideTraining(channel: channel, range: range, ratio: Double(range.magnitude) / Double(most))
  }

  /// The channel whose values are largest beside those in training. Nil: too few samples, or the model does not say.
  mutating func worstInput() -> InputBesideTraining? {
    var worst: InputBesideTraining?
    guard statistics.pointee.steps >= Threshold.steps else { return nil }
    let usual = usualReach()
    for channel in 0..<channels {
      if let found = besideTraining(channel, usual), found.ratio > worst?.ratio ?? -1 { worst = found }
    }
    return worst
  }

  /// The channel that was outside most often, if the worst one was not.
  private mutating func outermost(_ worst: InputBesideTraining) -> InputBesideTraining {
    var outermost = worst
    let usual = usualReach()
    for channel in 0..<channels {
      if let found = besideTraining(channel, usual), found.range.shareOutside > outermost.range.shareOutside { outermost = found }
    }
    return outermost
  }

  @inline(never) mutating func addOutside(_ lines: inout FoundLines, _ worst: InputBesideTraining, far: Bool) {
    let isFar = worst.ratio >= Threshold.farOutsideRatio && worst.range.shareOutside > Threshold.farOutsideShare
    let found = isFar ? worst : outermost(worst)
    guard isFar == far, found.range.shareOutside > Threshold.outsideShare else { return }
    let times: Text = found.ratio >= 1.5 && found.ratio.isFinite ? ", \(rounded: found.ratio) times larger than in training" : ""
    lines.append(
      far ? .inputFarOutside : .inputOutside,
      """
      \(place(found.channel, found.range))\(times), where it was \(trained(found.range)); \(percent: found.range.shareOutside) \
      of the samples are outside: was the sensor moved, or its unit changed?
      """)
  }

  /// A channel that moved in training and stands still, or channels that hardly use their range.
  @inline(never) mutating func addSmaller(_ lines: inout FoundLines) {
    guard statistics.pointee.steps >= Threshold.quietSteps, let found = narrowest() else { return }
    let range = inputRange(found.channel)
    let all: Text = found.isOfAll && channels > 1 ? ", and the other channels are hardly wider" : ""
    lines.append(
      .inputSmaller, "\(place(found.channel, range)), where it was \(trained(range)) in training\(all)\(whySmaller(found))")
  }

  private func whySmaller(_ found: NarrowedInput) -> Text {
    let isStill = found.share < Threshold.stillRange
    // What stands still does so by itself; all channels together become smaller by their unit.
    if found.isOfAll && found.widest > 0 && (!isStill || channels > 1 && found.widest < Threshold.likeNarrowest * found.share) {
      return ": inputs are \(rounded: 1 / found.widest) times smaller than in training: another unit, or range of the sensor?"
    }
    return isStill ? "; it stands still: is the sensor connected?" : ": was its unit changed, or the sensor's range?"
  }

  /// The channel whose range is narrowest beside that in training; nil: it is wide enough, or not known.
  private mutating func narrowest() -> NarrowedInput? {
    var narrowest: (channel: Int, share: Double)?
    var widest = 0.0
    for channel in 0..<channels {
      let range = inputRange(channel)
      guard let width = range.trainedWidth, !range.stoodStill else { continue }
      let share = Double(range.highest - range.lowest) / Double(width)
      widest = max(widest, share)
      if share < narrowest?.share ?? .infinity { narrowest = (channel, share) }
    }
    guard let narrowest, narrowest.share < Threshold.muchSmallerRange || widest < Threshold.smallerRange else { return nil }
    return NarrowedInput(
      channel: narrowest.channel, share: narrowest.share, widest: widest, isOfAll: widest < Threshold.smallerRange)
  }

  private func place(_ channel: Int, _ range: InputRange) -> Text {
    let name = name(ofInput: channel)
    return "input \(channel)\(name) is \(rounded: Double(range.lowest)) to \(rounded: Double(range.highest)) in the network"
  }

  private func name(ofInput channel: Int) -> Text {
    guard let name = model.pointee.inputName(channel) else { return "" }
    return " (\(name))"
  }

  private func trained(_ range: InputRange) -> Text {
    guard let trained = range.trained else { return "not known" }
    return "\(rounded: Double(trained.lower)) to \(rounded: Double(trained.upper))"
  }
}
