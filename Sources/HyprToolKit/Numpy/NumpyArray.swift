import FoundationEssentials

/// An array from an .npy file. The file is mapped, not read: elements are converted as they are asked for, so that data may be
/// larger than memory.
package struct NumpyArray {
  /// What errors call it: the path.
  package let name: String
  package let elementType: NumpyElementType
  /// Sizes of the dimensions, the slowest first.
  package let shape: [Int]
  private let data: Data

  /// Elements of the whole array.
  package var count: Int { data.count / elementType.size }

  package init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw ToolError("cannot read \(path): \(Path.isFolder(path) ? "it is a folder" : Path.reason(error))")
    }
    try self.init(data, name: path)
  }

  /// The array in a whole file of these bytes.
  package init(_ file: Data, name: String) throws {
    let header = try NumpyHeader(file, name: name)
    var bytes = header.elementType.size
    for size in header.shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      guard !overflow else { throw ToolError("\(name): the shape \(header.shape) is too large") }
      bytes = product
    }
    let actual = file.count - header.dataOffset
    guard actual == bytes else {
      throw ToolError(
        "\(name) is \(actual < bytes ? "cut short" : "too long"): \(header.elementType.name)\(header.shape) takes \(bytes) bytes"
          + " after the header, the file has \(actual)")
    }
    self.name = name
    elementType = header.elementType
    shape = header.shape
    data = file.dropFirst(header.dataOffset)
  }

  /// An array in memory.
  package init(_ values: [Float], shape: [Int], name: String) { self.init(values, .float32, shape, name) }
  package init(_ values: [Int32], shape: [Int], name: String) { self.init(values, .int32, shape, name) }

  private init<Element: BitwiseCopyable>(_ values: [Element], _ type: NumpyElementType, _ shape: [Int], _ name: String) {
    self.name = name
    self.shape = shape
    elementType = type
    data = values.withUnsafeBytes { Data($0) }
  }

  /// The elements of a range, in the order of the file, as floats.
  package func floats(_ range: Range<Int>) -> [Float] {
    switch elementType {
    case .boolean: convert(range, UInt8.self) { $0 == 0 ? 0 : 1 }
    case .int8: convert(range, Int8.self) { Float($0) }
    case .int16: convert(range, Int16.self) { Float($0) }
    case .int32: convert(range, Int32.self) { Float($0) }
    case .int64: convert(range, Int64.self) { Float($0) }
    case .uint8: convert(range, UInt8.self) { Float($0) }
    case .uint16: convert(range, UInt16.self) { Float($0) }
    case .uint32: convert(range, UInt32.self) { Float($0) }
    case .uint64: convert(range, UInt64.self) { Float($0) }
    case .float16: convert(range, Float16.self) { Float($0) }
    case .float32: convert(range, Float.self) { $0 }
    case .float64: convert(range, Double.self) { Float($0) }
    }
  }

  /// The same as whole numbers; those that `Int` cannot hold become its largest. `nil` if the elements are not whole numbers.
  package func integers(_ range: Range<Int>) -> [Int]? {
    switch elementType {
    case .boolean: convert(range, UInt8.self) { $0 == 0 ? 0 : 1 }
    case .int8: convert(range, Int8.self) { Int($0) }
    case .int16: convert(range, Int16.self) { Int($0) }
    case .int32: convert(range, Int32.self) { Int($0) }
    case .int64: convert(range, Int64.self) { Int($0) }
    case .uint8: convert(range, UInt8.self) { Int($0) }
    case .uint16: convert(range, UInt16.self) { Int($0) }
    case .uint32: convert(range, UInt32.self) { Int($0) }
    case .uint64: convert(range, UInt64.self) { Int(clamping: $0) }
    case .float16, .float32, .float64: nil
    }
  }

  private func convert<Source: BitwiseCopyable, Result>(
    _ range: Range<Int>, _ type: Source.Type, _ value: (Source) -> Result
  ) -> [Result] {
    data.withUnsafeBytes { bytes in
      range.map { value(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Source>.size, as: type)) }
    }
  }
}
