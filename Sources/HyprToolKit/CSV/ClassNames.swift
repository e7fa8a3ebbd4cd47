/// Names of classes, and which class a label is.
package struct ClassNames {
  /// One per output.
  package let names: [String]
  /// Whether they are the model's, or only its numbers.
  private let isNamed: Bool
  private let numbers: [String: Int32]
  /// Labels may also be the number of an output, unless that could be taken for a name.
  private let takesNumbers: Bool

  /// - Parameter names: "" for outputs without a name.
  package init(_ names: [String]) {
    isNamed = names.contains { !$0.isEmpty }
    self.names = names.enumerated().map { $1.isEmpty ? String($0) : $1 }
    takesNumbers = !isNamed || names.contains { Int($0) == nil }
    let known = names.enumerated().filter { !$1.isEmpty }.map { ($1, Int32($0)) }
    numbers = Dictionary(known) { first, _ in first }
  }

  init(_ model: LoadedModel) { self.init(model.classNames) }

  /// The class of a label: by its name, or else by the number of the output.
  package func index(of label: String) throws -> Int32 {
    if let number = numbers[label] { return number }
    if takesNumbers, let number = Int32(label), names.indices.contains(Int(number)) { return number }
    let expected =
      isNamed ? names.joined(separator: ", ") : "a whole number from 0 to \(names.count - 1), as the classes have no names"
    throw ToolError("is \"\(label)\", expected \(expected), or nothing for no label")
  }

  /// A label as it is compared: whole numbers without a fraction. Refuses other fractions.
  package static func plain(_ text: String) throws -> String {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let digits = parts[0].drop { "+-".contains($0) }
    func areDigits(_ text: Substring) -> Bool { text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
    guard parts.count == 2, digits.count + parts[1].count > 0, parts[0].count - digits.count <= 1, areDigits(digits),
      areDigits(parts[1])
    else { return text }
    guard !digits.isEmpty, parts[1].allSatisfy({ $0 == "0" }) else {
      throw ToolError("is \(text), expected a class: a whole number or a name")
    }
    return String(parts[0])
  }

  /// Labels in the order of the classes of a fresh model: numbers by value, else by the code of their characters.
  package static func ordered(_ labels: [String]) -> [String] {
    let numbers = labels.compactMap { Int64($0) }
    guard numbers.count == labels.count else { return labels.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    return zip(numbers, labels).sorted { $0.0 < $1.0 }.map(\.1)
  }
}
