/// How a short name is written, without regard to capitals, `-` and `_`: to compare names that people type.
struct Spelling {
  static var capacity: Int { 32 }

  private var letters = InlineArray<32, UInt8>(repeating: 0)
  private(set) var count = 0

  /// nil: it is longer than any name of ours.
  init?(_ name: UnsafePointer<CChar>) {
    var place = name
    while place.pointee != 0 {
      let letter = UInt8(bitPattern: place.pointee)
      place += 1
      if letter == UInt8(ascii: "_") || letter == UInt8(ascii: "-") { continue }
      guard count < Spelling.capacity else { return nil }
      letters[count] = letter >= UInt8(ascii: "A") && letter <= UInt8(ascii: "Z") ? letter + 0x20 : letter
      count += 1
    }
  }

  /// How many letters must be changed, added or left out to make the one the other (Levenshtein).
  func distance(to other: Spelling) -> Int {
    // Of the letters until now to the first ones of the other.
    var row = InlineArray<33, Int>(repeating: 0)
    for column in 0...other.count { row[column] = column }
    for index in 0..<count {
      var diagonal = row[0]
      row[0] = index + 1
      for column in 0..<other.count {
        let change = diagonal + (letters[index] == other.letters[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(change, min(row[column], diagonal) + 1)
      }
    }
    return row[other.count]
  }

  /// Whether the other is a part of this one.
  func contains(_ other: Spelling) -> Bool {
    guard other.count <= count else { return false }
    for start in 0...count - other.count {
      var index = 0
      while index < other.count && letters[start + index] == other.letters[index] { index += 1 }
      if index == other.count { return true }
    }
    return false
  }
}
