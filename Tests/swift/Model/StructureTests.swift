import CHypr
import HyprModelWriter
import Testing

/// What FlatBuffers' verifier accepts and saving would destroy, or users could not read: objects that share bytes, fields outside
/// of their tables, strings that are not UTF-8.
@Suite struct StructureTests {
  /// A file that can be changed by its references.
  private struct File {
    var bytes: [UInt8]

    init(_ description: ModelDescription) throws { bytes = try description.serialized() }

    func word(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }

    mutating func setWord(_ place: Int, _ value: Int) {
      for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }

    /// Where a string or a vector of bytes begins: with its size.
    func place(of content: [UInt8]) -> Int? {
      let whole = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
      return (0..<bytes.count - whole.count).first { Array(bytes[$0..<$0 + whole.count]) == whole }
    }

    func place(of values: [Float]) -> Int? {
      place(of: values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
    }

    /// What refers to an object.
    func references(to place: Int) -> [Int] {
      stride(from: 0, to: place, by: 4).filter { word($0) == place - $0 }
    }
  }

  private func message(_ file: File) throws -> String {
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(bytes: file.bytes) }
    #expect(failure.status == HYPR_ERROR_MODEL_INVALID)
    return failure.message
  }

  private func labelled() throws -> File {
    var description = LoaderTests.valid()
    description.classLabels = ["left", "middle", "right"]
    return try File(description)
  }

  /// Makes the references to one object lead to another.
  private func redirect(_ file: inout File, from: Int, to: Int) throws {
    let references = file.references(to: from).filter { $0 < to }
    try #require(references.count == 1)
    file.setWord(references[0], to - references[0])
  }

  /// As writers do that keep a table of strings.
  @Test func equalStringsMayBeOne() throws {
    var file = try labelled()
    let places = try ["left", "middle", "right"].map { try #require(file.place(of: Array($0.utf8))) }
    let last = places.max()!
    for place in places where place != last { try redirect(&file, from: place, to: last) }
    let model = try TestModel(bytes: file.bytes)
    let expected = ["left", "middle", "right"][places.firstIndex(of: last)!]
    #expect((0..<3).allSatisfy { String(cString: hypr_model_class_label(model.handle, $0)) == expected })
  }

  @Test func stringsMayNotShareAPart() throws {
    var file = try labelled()
    let places = try ["left", "middle", "right"].map { try #require(file.place(of: Array($0.utf8))) }
    let last = places.max()!
    // The characters of the last one look like a string of its own, which is empty.
    let inside = last + 4
    for byte in 0..<5 { file.bytes[inside + byte] = 0 }
    for place in places where place != last { try redirect(&file, from: place, to: inside) }
    let text = try message(file)
    #expect(text.contains("class_labels[") && text.contains("share bytes of the file"), "\(text)")
  }

  @Test func tensorsMayNotShareElements() throws {
    var description = LoaderTests.valid()
    let (one, other) = ([Float](repeating: 0.125, count: 6), [Float](repeating: 0.375, count: 6))
    let places = ["a", "b"].map { name in description.layers[1].neuron.parameters.firstIndex { $0.name == name }! }
    description.layers[1].neuron.parameters[places[0]].tensor.values = one
    description.layers[1].neuron.parameters[places[1]].tensor.values = other
    var file = try File(description)
    let (first, second) = (try #require(file.place(of: one)), try #require(file.place(of: other)))
    try redirect(&file, from: min(first, second), to: max(first, second))
    let text = try message(file)
    #expect(
      text == "layers[1].neuron.a.data and layers[1].neuron.b.data share bytes of the file, expected each to have its own")
  }

  /// The elements of one tensor lie among those of another.
  @Test func tensorsMayNotOverlap() throws {
    var description = LoaderTests.valid()
    let (small, large) = ((0..<6).map { Float($0) / 8 }, description.layers[1].inputWeight.values)
    let place = description.layers[1].neuron.parameters.firstIndex { $0.name == "a" }!
    description.layers[1].neuron.parameters[place].tensor.values = small
    var file = try File(description)
    let (start, target) = (try #require(file.place(of: small)), try #require(file.place(of: large)))
    let reference = try #require(file.references(to: start).first { $0 < target })
    // A weight looks like the size of a vector.
    file.setWord(target + 4 + 40, 24)
    file.setWord(reference, target + 4 + 40 - reference)
    let text = try message(file)
    #expect(
      text == "layers[1].input_weight.data and layers[1].neuron.a.data share bytes of the file, expected each to have its own")
  }

  static let texts: [(bytes: [UInt8], position: Int)] = [
    ([0x61, 0x62, 0xFF, 0x64], 2), ([0x80, 0x62, 0x63, 0x64], 0), ([0x61, 0x62, 0x63, 0xC3], 3), ([0xC0, 0xAF, 0x63, 0x64], 0),
    ([0x61, 0xED, 0xA0, 0x80], 1), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xF8, 0x88, 0x80, 0x80], 0), ([0x61, 0xE2, 0x82, 0x63], 1),
  ]

  @Test(arguments: texts) func textsThatAreNotUTF8AreNamed(text: (bytes: [UInt8], position: Int)) throws {
    var file = try labelled()
    let place = try #require(file.place(of: Array("left".utf8)))
    file.bytes.replaceSubrange(place + 4..<place + 8, with: text.bytes)
    let message = try message(file)
    let byte = text.bytes[text.position]
    #expect(message == "class_labels[0] is no UTF-8: byte \(text.position) is \(byte), which begins no character")
  }

  @Test(arguments: ["é€𝄞", "a\u{10FFFF}", "\u{D7FF}\u{E000}"]) func textsMayHaveAllCharacters(text: String) throws {
    var description = LoaderTests.valid()
    description.name = text
    let model = try TestModel(description)
    #expect(String(cString: hypr_model_name(model.handle)) == text)
  }

  @Test func theRootMustLieInTheFile() throws {
    var file = try labelled()
    for root in [0, 4, file.bytes.count, 1 << 31] {
      file.setWord(0, root)
      #expect(try message(file).contains("the root is at byte \(root) of the file, expected 8 to \(file.bytes.count - 1)"))
    }
  }
}
