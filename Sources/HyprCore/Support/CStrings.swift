// C strings: names of the schema, of neuron models and of files.

/// The NUL-terminated UTF-8 text of a literal.
package func text(_ literal: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Whether a C string and a literal hold the same bytes.
package func equal(_ string: UnsafePointer<CChar>, _ literal: StaticString) -> Bool {
  for index in 0..<literal.utf8CodeUnitCount where UInt8(bitPattern: string[index]) != literal.utf8Start[index] {
    return false
  }
  return string[literal.utf8CodeUnitCount] == 0
}

/// Whether two C strings hold the same bytes.
package func equal(_ one: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>) -> Bool {
  var index = 0
  while one[index] == other[index] {
    if one[index] == 0 { return true }
    index += 1
  }
  return false
}
