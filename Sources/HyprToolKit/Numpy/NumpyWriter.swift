/// Bytes of .npy files.
package enum NumpyWriter {
  /// An int32 array in C order, as version 1.0.
  package static func file(_ values: [Int32], shape: [Int]) -> [UInt8] {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (\(sizes)), }"
    // Magic, version, length and header together fill whole blocks of 64 bytes, the last of them a line feed.
    let unpadded = 10 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let length = UInt16(header.utf8.count)
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes += header.utf8
    bytes.reserveCapacity(bytes.count + values.count * 4)
    for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    return bytes
  }
}
