/// What columns are for, as a user says.
package struct ColumnRoles {
  package var label: String?
  package var time: String?
  package var group: String?
  /// The channels of a sample in their order; `nil`: those of the model, or all columns without another role.
  package var channels: [String]?
  /// What numbers of the time count; `nil`: what the column's name says, or else seconds.
  package var timeUnit: TimeUnit?
  /// The longest time between two samples of one recording, in seconds; `nil`: three time steps.
  package var gap: Double?

  package init(label: String? = nil, time: String? = nil, group: String? = nil, channels: [String]? = nil) {
    self.label = label
    self.time = time
    self.group = group
    self.channels = channels
  }

  /// What the name of the column of the time says, where nobody says something else.
  package var namedTimeUnit: TimeUnit? { timeUnit == nil ? time.flatMap(TimeUnit.init(ofColumn:)) : nil }
  /// What numbers of the time count.
  package var usedTimeUnit: TimeUnit { timeUnit ?? namedTimeUnit ?? .seconds }

  /// What is taken from the column's name and is not what it would be without; `nil`: nothing.
  package var timeUnitWords: String? {
    guard let time, let unit = namedTimeUnit, unit != .seconds else { return nil }
    return "column \(time) counts \(unit.name)"
  }

  /// Whether whole seconds between samples are meant, where nothing says so; `nil`: there is no doubt.
  func doubt(_ timeStep: Double) -> String? {
    guard let time, timeUnit == nil, namedTimeUnit == nil, timeStep >= 1, timeStep == timeStep.rounded() else { return nil }
    return "\(time) counts \(String(printf: "%.9g", timeStep)) s per row; if it counts milliseconds say --time-unit ms"
  }
}

/// Which column of a file is what.
package struct CSVColumns {
  package let channels: [Int]
  package let label: Int?
  package let time: Int?
  package let group: Int?

  /// - Parameters:
  ///   - header: the names of the columns.
  ///   - file: what errors call it.
  ///   - modelChannels: names of the model's inputs; none: it has no names, or there is no model.
  ///   - inputSize: how many channels the model has, if there is one.
  package init(header: [String], file: String, roles: ColumnRoles, modelChannels: [String] = [], inputSize: Int? = nil) throws {
    let places = Dictionary(zip(header, header.indices)) { first, _ in first }
    var repeated = Set<String>()
    for (place, name) in header.enumerated() where places[name] != place { repeated.insert(name) }
    func place(of name: String, _ what: String, _ hint: String = "") throws -> Int {
      guard let place = places[name] else {
        throw ToolError("\(file) has no column \"\(name)\"\(what); its columns are \(header.joined(separator: ", "))\(hint)")
      }
      guard !repeated.contains(name) else { throw ToolError("\(file) has two columns \"\(name)\"") }
      return place
    }
    label = try roles.label.map { try place(of: $0, " for the label") }
    time = try roles.time.map { try place(of: $0, " for the time") }
    group = try roles.group.map { try place(of: $0, " for the group") }
    let taken = [label, time, group].compactMap { $0 }
    if let names = roles.channels {
      channels = try names.map { try place(of: $0, "") }
    } else if !modelChannels.isEmpty {
      let hint = "; --channels names those that are the model's \(modelChannels.count) inputs, in their order"
      channels = try modelChannels.map { try place(of: $0, ", a channel of the model", hint) }
    } else {
      channels = header.indices.filter { !taken.contains($0) }
      if let unnamed = channels.first(where: { header[$0].isEmpty }) {
        throw ToolError(
          "\(file): column \(unnamed + 1) has no name, such as row numbers of a table; --channels names the columns to use")
      }
      for column in channels { _ = try place(of: header[column], "") }
    }
    var used = Set<Int>()
    if let twice = (channels + taken).first(where: { !used.insert($0).inserted }) {
      throw ToolError("\(file): column \"\(header[twice])\" has two roles, expected one of channel, label, time and group")
    }
    guard !channels.isEmpty else { throw ToolError("\(file) has no columns for channels beside label, time and group") }
    if let inputSize, channels.count != inputSize {
      let names = channels.map { header[$0] }.joined(separator: ", ")
      throw ToolError(
        "\(file) has \(counted(channels.count, "channel")) (\(names)), the model \(counted(inputSize, "input"));"
          + " --channels names the columns to use")
    }
  }
}

extension CSVReader {
  /// The samples of the record [channels], into `values`.
  package func readChannels(_ columns: CSVColumns, into values: inout [Float]) throws {
    for column in columns.channels {
      guard let value = number(column), case let single = Float(value), single.isFinite else { throw try noValue(column) }
      values.append(single)
    }
  }

  /// The label of the record; `nil`: none. A whole number with a decimal point is that number.
  package func label(_ columns: CSVColumns) throws -> String? {
    guard let column = columns.label, !isEmpty(column) else { return nil }
    let text = try text(column)
    do {
      return try ClassNames.plain(text)
    } catch {
      throw ToolError("\(place(column)) \(error)")
    }
  }

  /// Where a field is, for errors.
  package func place(_ column: Int) -> String { "\(name), line \(line), column \"\(header[column])\"" }

  /// How others write that there is no number.
  private static let missing: Set<String> = ["nan", "na", "n/a", "null", "none", "inf", "-inf"]

  private func noValue(_ column: Int) throws -> ToolError {
    if isEmpty(column) { return ToolError("\(place(column)): the value is missing; fill it in, or leave the row out") }
    let text = try text(column)
    if number(column) != nil { return ToolError("\(place(column)) is \(text), too large for single precision") }
    if CSVReader.missing.contains(text.lowercased()) {
      return ToolError("\(place(column)) is \"\(text)\", expected a number; fill it in, or leave the row out")
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let isDecimal = parts.count == 2 && parts.allSatisfy { Double($0) != nil }
    return ToolError(
      "\(place(column)) is \"\(text)\", expected a number" + (isDecimal ? " with a point: decimal commas are not read" : ""))
  }
}
