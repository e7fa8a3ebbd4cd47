/// Classes of a recording that are most likely none: a name with a slip in it, which would cost the network an output.
package struct RareClasses {
  /// What cannot be learned and validated; `nil`: nothing.
  package private(set) var refusal: String?
  /// What may be meant, and may be not.
  package private(set) var warnings: [String] = []

  /// A class with fewer rows, if these are less than one in a hundred, cannot be both learned and validated.
  private static let fewRows = 10
  private static let fewShare = 100
  /// A class with less than this part of the rows of one that is written almost alike may be the same.
  private static let unlikeShare = 20

  /// `naming`: how somebody says that the classes are meant, for the words.
  package init(_ recording: Recording, naming: String) {
    var rows = [Int](repeating: 0, count: recording.labelTexts.count)
    for label in recording.labels where label >= 0 { rows[Int(label)] += 1 }
    let labelled = rows.reduce(0, +)
    for (index, name) in recording.labelTexts.enumerated() {
      let others = recording.labelTexts.indices.filter { rows[$0] > rows[index] }
      let meant = RareClasses.nearest(to: name, among: others.map { recording.labelTexts[$0] })
      let likely = meant.flatMap { name in recording.labelTexts.firstIndex(of: name) }.map { (recording.labelTexts[$0], rows[$0]) }
      let found = "\(recording.labelPlaces[index]): the class \"\(name)\", which is there for the first time, has"
      let guess = likely.map { "; did you mean \"\($0.0)\", which has \($0.1)?" } ?? ""
      if rows[index] < RareClasses.fewRows && rows[index] * RareClasses.fewShare < labelled {
        refusal = refusal
          ?? "\(found) \(rows[index]) of \(labelled) labelled rows, too few to learn and to validate it\(guess); \(naming)"
      } else if let likely, rows[index] * RareClasses.unlikeShare < likely.1 {
        warnings.append("\(found) \(counted(rows[index], "row"))\(guess)")
      }
    }
  }

  /// The name that differs by two letters at most; names of fewer than four letters, and those that differ in numbers alone, are
  /// different.
  private static func nearest(to name: String, among names: [String]) -> String? {
    let letters = name.filter { !$0.isNumber }
    guard letters.count >= 4 else { return nil }
    let near = names.filter { $0.filter { !$0.isNumber } != letters && $0.spellingDistance(to: name) <= 2 }
    return near.min { $0.spellingDistance(to: name) < $1.spellingDistance(to: name) }
  }
}
