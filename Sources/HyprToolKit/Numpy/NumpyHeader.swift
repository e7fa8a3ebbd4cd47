import FoundationEssentials

/// The header of an .npy file: what the elements are and how they lie
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0, 2.0 and 3.0).
package struct NumpyHeader: Equatable {
  package let elementType: NumpyElementType
  package let shape: [Int]
  /// Where the elements start in the file.
  package let dataOffset: Int

  /// Reads the header of a file of these bytes; `name` is what errors call the file.
  package init(_ data: Data, name: String) throws {
    let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    guard data.count >= 10, data.prefix(6).elementsEqual(magic) else {
      let found = data.prefix(2).elementsEqual("PK".utf8) ? "an archive, such as .npz" : "something else"
      throw ToolError("\(name) is not an .npy file, but \(found): numpy.save(path, array) writes one")
    }
    let bytes = [UInt8](data.prefix(12))
    let (lengthSize, start) = bytes[6] == 1 ? (2, 10) : (4, 12)
    guard (1...3).contains(bytes[6]), data.count >= start else {
      throw ToolError("\(name): .npy version is \(bytes[6]).\(bytes[7]), expected 1.0, 2.0 or 3.0")
    }
    let length = (0..<lengthSize).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    guard data.count - start >= length else {
      throw ToolError("\(name) is cut short: the header needs \(length) bytes, \(data.count - start) are left")
    }
    let header = data.dropFirst(start).prefix(length)
    guard let text = String(data: header, encoding: .utf8) else { throw ToolError("\(name): the header is not text") }
    let dictionary = HeaderText(text, name)
    guard try dictionary.value(of: "fortran_order") == "False" else {
      throw ToolError(
        "\(name) is in Fortran order, expected C order: save numpy.ascontiguousarray(array) instead")
    }
    elementType = try NumpyHeader.elementType(try dictionary.value(of: "descr"), name)
    shape = try NumpyHeader.shape(try dictionary.value(of: "shape"), name)
    dataOffset = start + length
  }

  private static func elementType(_ text: String, _ name: String) throws -> NumpyElementType {
    let known = NumpyElementType.allCases.map(\.name).joined(separator: ", ")
    guard text.count > 3, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
      throw ToolError("\(name): the elements are \(text), expected one of \(known)")
    }
    let code = text.dropFirst().dropLast()
    if code.contains("U") || code.contains("S") || code.contains("O") {
      throw ToolError(
        "\(name) holds texts or Python objects (\(text)), expected numbers; classes are the numbers from 0, such as those of"
          + " numpy.unique(labels, return_inverse=True)[1]")
    }
    guard let order = code.first, let type = NumpyElementType(rawValue: String(code.dropFirst())) else {
      throw ToolError("\(name): the element type is \(text), expected one of \(known)")
    }
    if order == ">" && type.size > 1 {
      throw ToolError("\(name) is big-endian (\(text)), expected little-endian: save array.astype('<\(type.rawValue)')")
    }
    return type
  }

  private static func shape(_ text: String, _ name: String) throws -> [Int] {
    let sizes = text.dropFirst().dropLast().split(separator: ",").map { $0.trimmed }
    let shape = sizes.filter { !$0.isEmpty }.compactMap { Int($0) }
    guard text.hasPrefix("("), text.hasSuffix(")"), shape.count == sizes.count(where: { !$0.isEmpty }),
      shape.allSatisfy({ $0 >= 0 })
    else { throw ToolError("\(name): the shape is \(text), expected whole numbers in parentheses") }
    return shape
  }
}

/// The Python dictionary that the header is, `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: only as much of the
/// language as NumPy writes.
private struct HeaderText {
  private let text: String
  private let name: String

  init(_ text: String, _ name: String) {
    self.text = text
    self.name = name
  }

  /// The text of a value: up to the comma or brace that ends it, those in brackets and quotes not counted.
  func value(of key: String) throws -> String {
    guard let place = text.firstRange(of: "'\(key)':") ?? text.firstRange(of: "\"\(key)\":") else {
      throw ToolError("\(name): the header has no '\(key)'")
    }
    var value = ""
    var depth = 0
    var quote: Character?
    for character in text[place.upperBound...] {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if "([".contains(character) {
        depth += 1
      } else if ")]".contains(character) {
        depth -= 1
      } else if depth == 0 && ",}".contains(character) {
        return value.trimmed
      }
      value.append(character)
    }
    throw ToolError("\(name): the header does not end after '\(key)'")
  }
}
