import Foundation

/// Reads a safetensors file of float64, float32 and int64 arrays: an 8-byte length, a JSON header of that length, then the data.
struct SafetensorsFile {
  struct Array {
    let shape: [Int]
    let values: [Double]
  }

  let metadata: [String: String]
  let arrays: [String: Array]

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private enum HeaderValue: Decodable {
    case entry(Entry)
    case metadata([String: String])

    init(from decoder: Decoder) throws {
      if let entry = try? Entry(from: decoder) {
        self = .entry(entry)
      } else {
        self = .metadata(try [String: String](from: decoder))
      }
    }
  }

  init(_ url: URL) throws {
    let file = try Data(contentsOf: url)
    let headerSize = Int(file.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    let header = try JSONDecoder().decode([String: HeaderValue].self, from: file.subdata(in: 8..<8 + headerSize))
    var metadata: [String: String] = [:]
    var arrays: [String: Array] = [:]
    for (name, value) in header {
      switch value {
      case .metadata(let found): metadata = found
      case .entry(let entry):
        let bytes = file.subdata(in: 8 + headerSize + entry.data_offsets[0]..<8 + headerSize + entry.data_offsets[1])
        arrays[name] = Array(shape: entry.shape, values: SafetensorsFile.numbers(bytes, entry.dtype))
      }
    }
    self.metadata = metadata
    self.arrays = arrays
  }

  private static func numbers(_ bytes: Data, _ type: String) -> [Double] {
    switch type {
    case "F32": values(bytes, of: Float.self).map(Double.init)
    case "I64": values(bytes, of: Int64.self).map(Double.init)
    default: values(bytes, of: Double.self)
    }
  }

  private static func values<Number: BitwiseCopyable>(_ bytes: Data, of type: Number.Type) -> [Number] {
    let size = MemoryLayout<Number>.size
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / size).map { raw.loadUnaligned(fromByteOffset: $0 * size, as: type) }
    }
  }
}
