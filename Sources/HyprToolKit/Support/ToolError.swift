/// Why the tool cannot do what was asked, in words for the person who asked: what, where, and what was expected.
package struct ToolError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
