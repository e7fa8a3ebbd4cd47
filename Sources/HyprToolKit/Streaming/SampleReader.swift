import FoundationEssentials

/// How samples come in and outputs go out.
package enum StreamFormat: String, CaseIterable {
  case csv
  case jsonl
}

/// A sample of a stream.
package struct StreamSample {
  /// [channels]
  package var values: [Float] = []
  /// `nil`: none.
  package var label: String?
  package var time: Double?
  package var group: String?
}

/// Samples line by line: comma-separated values below a header, or JSON, one object or array per line.
package struct SampleReader {
  package let format: StreamFormat
  private let lines: LineReader
  private let roles: ColumnRoles
  private let inputSize: Int
  private var time: TimeColumn
  private var table: CSVReader?
  private let columns: CSVColumns?
  /// The keys of the channels; none: only arrays can be read.
  private let keys: [String]

  /// The line on which the last sample begins.
  package var line: Int { table?.line ?? lines.number }

  /// Reads the header, if there is one. `format`: `nil` goes by the first line. Names are those of a model's inputs.
  package init(
    _ lines: LineReader, _ roles: ColumnRoles, modelChannels: [String], inputSize: Int, format: StreamFormat? = nil
  ) throws {
    self.lines = lines
    self.roles = roles
    self.inputSize = inputSize
    time = TimeColumn(roles.usedTimeUnit)
    keys = roles.channels ?? modelChannels
    guard keys.isEmpty || keys.count == inputSize else {
      throw ToolError("--channels names \(counted(keys.count, "channel")), the model has \(counted(inputSize, "input"))")
    }
    repeat {
      guard try lines.advance() else { throw ToolError("\(lines.name) is empty, expected samples") }
    } while lines.bytes.isEmpty
    lines.hold()
    let isJSON = lines.bytes.first == UInt8(ascii: "{") || lines.bytes.first == UInt8(ascii: "[")
    self.format = format ?? (isJSON ? .jsonl : .csv)
    guard self.format == .csv else {
      columns = nil
      return
    }
    let reader = try CSVReader(lines)
    columns = try CSVColumns(
      header: reader.header, file: lines.name, roles: roles, modelChannels: modelChannels, inputSize: inputSize)
    table = reader
  }

  /// The next sample; `nil` after the last one. An error is about one line: the next call goes on behind it.
  package mutating func next() throws -> StreamSample? {
    guard var reader = table, let columns else { return try nextOfJSON() }
    // Taken out, not copied.
    table = nil
    defer { table = reader }
    guard try reader.advance() else { return nil }
    var sample = StreamSample()
    sample.values.reserveCapacity(inputSize)
    try reader.readChannels(columns, into: &sample.values)
    sample.label = try reader.label(columns)
    if let column = columns.time { sample.time = try time.seconds(reader, column) }
    sample.group = try columns.group.map { try reader.text($0) }
    return sample
  }

  private mutating func nextOfJSON() throws -> StreamSample? {
    repeat {
      guard try lines.advance() else { return nil }
    } while lines.bytes.isEmpty
    let place = "\(lines.name), line \(lines.number)"
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(lines.bytes)) else {
      throw ToolError("\(place) is no JSON")
    }
    switch value {
    case .array(let values):
      guard values.count == inputSize else {
        throw ToolError("\(place) has \(values.count) values, the model \(inputSize) inputs")
      }
      guard roles.label == nil && roles.time == nil && roles.group == nil else {
        throw ToolError("\(place) is an array, expected an object with the keys of --label, --time and --group")
      }
      return StreamSample(values: try values.enumerated().map { try $1.single("\(place), value \($0)") })
    case .object(let values): return try sample(values, place)
    default: throw ToolError("\(place), expected an object or an array")
    }
  }

  private mutating func sample(_ values: [String: JSONValue], _ place: String) throws -> StreamSample {
    guard !keys.isEmpty else {
      throw ToolError("\(place) is an object, but the model's inputs have no names; --channels names the keys in their order")
    }
    var sample = StreamSample()
    sample.values = try keys.map { try (values[$0] ?? .null).single("\(place), \"\($0)\"") }
    if let key = roles.label, let text = (values[key] ?? .null).text, !text.isEmpty {
      do {
        sample.label = try ClassNames.plain(text)
      } catch {
        throw ToolError("\(place), \"\(key)\" \(error)")
      }
    }
    sample.group = roles.group.map { values[$0]?.text ?? "" }
    if let key = roles.time {
      switch values[key] {
      case .number(let number)?: sample.time = time.seconds(number)
      case let value:
        let text = value?.text ?? ""
        guard let seconds = time.seconds(of: text) else { throw ToolError("\(place), \"\(key)\" \(TimeColumn.expected(text))") }
        sample.time = seconds
      }
    }
    return sample
  }
}

/// What a line of JSON can hold.
private enum JSONValue: Decodable {
  case null
  case number(Double)
  case text(String)
  case boolean(Bool)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let boolean = try? value.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let array = try? value.decode([JSONValue].self) {
      self = .array(array)
    } else {
      self = .object(try value.decode([String: JSONValue].self))
    }
  }

  /// As a label or a group is written; `nil`: there is none.
  var text: String? {
    switch self {
    case .null, .array, .object: nil
    case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    case .text(let text): text
    case .boolean(let value): "\(value)"
    }
  }

  /// As a value of a sample.
  func single(_ place: String) throws -> Float {
    guard case .number(let number) = self else {
      if case .null = self { throw ToolError("\(place): the value is missing") }
      throw ToolError("\(place) is no number")
    }
    let value = Float(number)
    guard value.isFinite else { throw ToolError("\(place) is \(number), too large for single precision") }
    return value
  }
}
