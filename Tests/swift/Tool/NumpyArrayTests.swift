import Foundation
import HyprToolKit
import Testing

@Suite("Tool: .npy files") struct NumpyArrayTests {
  /// The bytes of a file with this header dictionary, as NumPy writes it.
  private func file(_ dictionary: String, _ data: [UInt8], version: UInt8 = 1) -> Data {
    let header = Array(dictionary.utf8) + [0x0A]
    let length =
      version == 1
      ? [UInt8(header.count & 0xFF), UInt8(header.count >> 8)]
      : (0..<4).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + data)
  }

  private func dictionary(_ type: String, _ shape: String) -> String {
    "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
  }

  private func bytes<Number>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

  private func reason(_ file: Data) -> String {
    do {
      _ = try NumpyArray(file, name: "x.npy")
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `every element type is read`() throws {
    let cases: [(String, [UInt8])] = [
      ("<f2", bytes([Float16(0), 1, 7])), ("<f4", bytes([Float(0), 1, 7])), ("<f8", bytes([0.0, 1, 7])),
      ("|i1", bytes([Int8(0), 1, 7])), ("<i2", bytes([Int16(0), 1, 7])), ("<i4", bytes([Int32(0), 1, 7])),
      ("<i8", bytes([Int64(0), 1, 7])), ("|u1", bytes([UInt8(0), 1, 7])), ("<u2", bytes([UInt16(0), 1, 7])),
      ("<u4", bytes([UInt32(0), 1, 7])), ("<u8", bytes([UInt64(0), 1, 7])),
    ]
    for (type, data) in cases {
      let array = try NumpyArray(file(dictionary(type, "(3,)"), data), name: type)
      #expect(array.shape == [3])
      #expect(array.floats(0..<3) == [0, 1, 7], "\(type)")
      #expect(array.integers(1..<3) == (array.elementType.isInteger ? [1, 7] : nil), "\(type)")
    }
    let flags = try NumpyArray(file(dictionary("|b1", "(2,)"), [1, 0]), name: "flags")
    #expect(flags.floats(0..<2) == [1, 0])
  }

  @Test func `negative and very large integers keep their value, as far as Int goes`() throws {
    let small = try NumpyArray(file(dictionary("|i1", "(1,)"), bytes([Int8(-1)])), name: "small")
    #expect(small.integers(0..<1) == [-1])
    let large = try NumpyArray(file(dictionary("<u8", "(1,)"), bytes([UInt64.max])), name: "large")
    #expect(large.integers(0..<1) == [Int.max])
  }

  @Test(arguments: [UInt8(1), 2, 3]) func `versions differ in the size of the header's length`(version: UInt8) throws {
    let array = try NumpyArray(file(dictionary("<i2", "(2, 1)"), [1, 0, 2, 0], version: version), name: "x")
    #expect(array.shape == [2, 1])
    #expect(array.floats(0..<2) == [1, 2])
  }

  @Test func `what is written can be read`() throws {
    let written = Data(NumpyWriter.file([1, -2, 3, 4, 5, 6], shape: [2, 3]))
    #expect(written.count % 64 == 24, "the header fills whole blocks of 64 bytes")
    let array = try NumpyArray(written, name: "x")
    #expect(array.shape == [2, 3])
    #expect(array.integers(0..<6) == [1, -2, 3, 4, 5, 6])
  }

  @Test func `errors say what is wrong`() {
    #expect(reason(Data("PK".utf8)).contains("not an .npy file"))
    #expect(
      reason(file(dictionary("<f4", "(1,)"), bytes([Float(0)]), version: 4)).contains("version is 4.0, expected 1.0"))
    let fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }"
    #expect(reason(file(fortran, bytes([Float(0)]))).contains("is in Fortran order"))
    #expect(reason(file(dictionary(">f4", "(1,)"), bytes([Float(0)]))).contains("is big-endian ('>f4')"))
    #expect(reason(file(dictionary("<c8", "(1,)"), bytes([0.0]))).contains("element type is '<c8'"))
    let structure = "{'descr': [('a', '<f4'), ('b', '<i2')], 'fortran_order': False, 'shape': (1,), }"
    #expect(reason(file(structure, [])).contains("the elements are [('a', '<f4'), ('b', '<i2')]"))
    #expect(
      reason(file(dictionary("<f4", "(2,)"), [0]))
        == "x.npy is cut short: float32[2] takes 8 bytes after the header, the file has 1")
    #expect(reason(file(dictionary("|u1", "(1,)"), [0, 0])).contains("too long"))
    #expect(reason(file(dictionary("|u1", "(9223372036854775807, 3)"), [])).contains("is too large"))
    #expect(reason(file(dictionary("|u1", "(-1,)"), [])).contains("the shape is (-1,)"))
    #expect(reason(file("{'descr': '<f4'", [])).contains("has no 'fortran_order'"))
    #expect(reason(file(dictionary("<f4", "(1,)"), []).prefix(30)).contains("is cut short: the header"))
  }
}
