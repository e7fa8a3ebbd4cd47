import Foundation

/// Reads a safetensors file of float64 and int64 arrays: an 8-byte length, a JSON header of that length, then the data.
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
        arrays[name] = Array(shape: entry.shape, values: SafetensorsFile.numbers(bytes, integers: entry.dtype == "I64"))
      }
    }
    self.metadata = metadata
    self.arrays = arrays
  }

  private static func numbers(_ bytes: Data, integers: Bool) -> [Double] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 8).map { index in
        integers
          ? Double(raw.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
          : raw.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
      }
    }
  }
}
