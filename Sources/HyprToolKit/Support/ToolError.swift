/// Why the tool cannot do what was asked, in words for the person who asked: what, where, and what was expected.
package struct ToolError: Error, Equatable, CustomStringConvertible {
  package let description: String
  /// Whether the state of a network overflowed.
  package let isNotFinite: Bool

  package init(_ description: String, isNotFinite: Bool = false) {
    self.description = description
    self.isNotFinite = isNotFinite
  }
}
