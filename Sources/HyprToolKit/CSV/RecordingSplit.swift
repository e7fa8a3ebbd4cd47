/// Which rows of a recording are kept for validation: never pieces at random, as neighbouring ones are alike.
package struct RecordingSplit {
  package let training: [Recording.Stretch]
  package let validation: [Recording.Stretch]
  /// How it was split, for people.
  package let words: String

  /// Whole groups, where there are any: those that appear last. Else the end of the recording;
  /// should a class hardly be there or hardly be left, the end of what there is of each class.
  package init(_ recording: Recording, share: Double) throws {
    guard share > 0 && share < 1 else { throw ToolError("the share to keep is \(share), expected between 0 and 1") }
    guard recording.groups.isEmpty else {
      try self.init(recording, keeping: RecordingSplit.lastGroups(recording, share))
      return
    }
    let percent = String(printf: "%.3g %%", share * 100)
    let count = recording.rowCount
    let end = count - max(1, Int((share * Double(count) + 0.5).rounded(.down)))
    guard end >= 1 else { throw ToolError("\(recording.name) has \(counted(count, "row")): too few to keep \(percent) of them") }
    if let missing = RecordingSplit.unfit(recording, end, share) {
      try self.init(
        recording, RecordingSplit.ends(recording, share),
        "the last \(percent) of each class (of \"\(missing.name)\" the end of the recording has "
          + (missing.isMany ? "nearly all)" : "next to nothing)"))
    } else {
      try self.init(recording, (0..<count).map { $0 >= end }, "the last \(percent) of the recording")
    }
  }

  /// Whole groups by their names.
  package init(_ recording: Recording, keeping names: [String]) throws {
    for name in names where !recording.groups.contains(name) {
      throw ToolError("\(recording.name) has no group \"\(name)\"; there are \(recording.groups.joined(separator: ", "))")
    }
    let kept = recording.groups.map { names.contains($0) }
    guard kept.contains(false) else { throw ToolError("\(recording.name): no group is left to learn from") }
    var rows = [Bool](repeating: false, count: recording.rowCount)
    for stretch in recording.stretches where kept[stretch.group] { for row in stretch.rows { rows[row] = true } }
    let list = recording.groups.filter { names.contains($0) }.joined(separator: ", ")
    try self.init(recording, rows, "\(names.count) of \(recording.groups.count) groups (\(list))")
  }

  private init(_ recording: Recording, _ isKept: [Bool], _ words: String) throws {
    guard isKept.contains(true) else {
      throw ToolError("\(recording.name) has \(counted(recording.rowCount, "row")): too few to keep any, as no class has two")
    }
    if !recording.labelTexts.isEmpty, !zip(isKept, recording.labels).contains(where: { $0 && $1 >= 0 }) {
      throw ToolError("\(recording.name): none of the rows to keep, \(words), has a label")
    }
    var parts: [[Recording.Stretch]] = [[], []]
    for stretch in recording.stretches {
      var start = stretch.rows.lowerBound
      for row in stretch.rows where row + 1 == stretch.rows.upperBound || isKept[row + 1] != isKept[row] {
        parts[isKept[row] ? 1 : 0].append(Recording.Stretch(rows: start..<row + 1, group: stretch.group))
        start = row + 1
      }
    }
    training = parts[0]
    validation = parts[1]
    var taught = Set<Int32>()
    for row in isKept.indices where !isKept[row] { taught.insert(recording.labels[row]) }
    let missing = recording.labelTexts.indices.filter { !taught.contains(Int32($0)) }.map { recording.labelTexts[$0] }
    self.words = words + (missing.isEmpty ? "" : "; nothing is left to learn of \(missing.joined(separator: ", "))")
  }

  private static func lastGroups(_ recording: Recording, _ share: Double) throws -> [String] {
    let count = max(1, Int((share * Double(recording.groups.count) + 0.5).rounded(.down)))
    guard count < recording.groups.count else {
      throw ToolError(
        "\(recording.name) has \(counted(recording.groups.count, "group")): too few to keep \(count) of them for validation")
    }
    return recording.groups.suffix(count)
  }

  /// A class of which the rows from `end` on have less than half its share, or leave less than half.
  private static func unfit(_ recording: Recording, _ end: Int, _ share: Double) -> (name: String, isMany: Bool)? {
    var (all, kept) = ([Double](repeating: 0, count: recording.labelTexts.count), [Double]())
    kept = all
    for (row, label) in recording.labels.enumerated() where label >= 0 {
      all[Int(label)] += 1
      if row >= end { kept[Int(label)] += 1 }
    }
    func isMany(_ label: Int) -> Bool { all[label] - kept[label] < all[label] * (1 - share) / 2 }
    return all.indices.first { kept[$0] < all[$0] * share / 2 || isMany($0) }.map { (recording.labelTexts[$0], isMany($0)) }
  }

  /// The last rows of each class; rows without a label go with the one before.
  private static func ends(_ recording: Recording, _ share: Double) -> [Bool] {
    var left = [Int](repeating: 0, count: recording.labelTexts.count)
    for label in recording.labels where label >= 0 { left[Int(label)] += 1 }
    let kept = left.map { min($0 - 1, max(1, Int((share * Double($0) + 0.5).rounded(.down)))) }
    var isKept = false
    return recording.labels.map { label in
      if label >= 0 {
        isKept = left[Int(label)] <= kept[Int(label)]
        left[Int(label)] -= 1
      }
      return isKept
    }
  }
}
