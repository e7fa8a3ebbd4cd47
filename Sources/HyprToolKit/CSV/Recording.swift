/// The rows of a file of comma-separated values: samples, and where there are such columns labels and groups, cut into stretches of
/// one recording each.
package struct Recording {
  /// Rows that follow each other in time, of one group.
  package struct Stretch: Equatable {
    package let rows: Range<Int>
    /// Among `groups`; 0 if there are none.
    package let group: Int

    package init(rows: Range<Int>, group: Int) {
      self.rows = rows
      self.group = group
    }
  }

  /// What errors call it: the path.
  package let name: String
  package let channels: [String]
  /// [rows][channels]
  package private(set) var values: [Float] = []
  package private(set) var rowCount = 0
  /// The texts of the labels, in the order in which they appear.
  package private(set) var labelTexts: [String] = []
  /// Where each of them appears first, for errors.
  private(set) var labelPlaces: [String] = []
  /// Of each row: its label among `labelTexts`; -1: none.
  package private(set) var labels: [Int32] = []
  /// Their names, in the order in which they appear; none without such a column.
  package private(set) var groups: [String] = []
  package private(set) var stretches: [Stretch] = []
  /// Seconds between two samples; 0: not known.
  package private(set) var timeStep = 0.0

  /// What was taken for the unit of the time, where that is worth a word.
  package private(set) var timeUnitWords: String?

  /// The classes that somebody named, in their order.
  package var namedClasses: [String]?
  /// Names of the classes of a fresh model.
  package var classNames: [String] { namedClasses ?? ClassNames.ordered(labelTexts) }

  /// Reads a whole file. `modelChannels` and `inputSize` are those of a model that the samples are for.
  package init(path: String, _ roles: ColumnRoles, modelChannels: [String] = [], inputSize: Int? = nil) throws {
    try self.init(CSVReader(LineReader(path: path)), roles, modelChannels: modelChannels, inputSize: inputSize)
  }

  package init(_ lines: CSVReader, _ roles: ColumnRoles, modelChannels: [String] = [], inputSize: Int? = nil) throws {
    var reader = lines
    let columns = try CSVColumns(
      header: reader.header, file: reader.name, roles: roles, modelChannels: modelChannels, inputSize: inputSize)
    name = reader.name
    channels = columns.channels.map { reader.header[$0] }
    var texts = Interned()
    var names = Interned()
    var times: [Double] = []
    var time = TimeColumn(roles.usedTimeUnit)
    var rowGroups: [Int32] = []
    while try reader.advance() {
      try reader.readChannels(columns, into: &values)
      labels.append(
        try columns.label.map { column in
          reader.isEmpty(column) ? -1 : try texts.index(reader.bytes(column)) { try reader.label(columns) ?? "" }
        } ?? -1)
      if let column = columns.label, texts.texts.count > labelPlaces.count { labelPlaces.append(reader.place(column)) }
      if let column = columns.group {
        guard !reader.isEmpty(column) else { throw ToolError("\(reader.place(column)): the group is missing") }
        rowGroups.append(try names.index(reader.bytes(column)) { try reader.text(column) })
      }
      if let column = columns.time { times.append(try time.seconds(reader, column)) }
      rowCount += 1
    }
    guard rowCount > 0 else { throw ToolError("\(name) has no rows below the header") }
    labelTexts = texts.texts
    groups = names.texts
    try cut(times, rowGroups, roles)
    if !time.hasDates { timeUnitWords = roles.timeUnitWords ?? roles.doubt(timeStep) }
  }

  /// A channel with the name of a time, or that never falls and mostly rises, as time does; `nil`: none.
  package var timeLikeChannel: Int? {
    if let named = channels.firstIndex(where: { Recording.timeNames.contains($0.lowercased()) }) { return named }
    guard rowCount >= 20 else { return nil }
    return channels.indices.first { channel in
      var rises = 0
      for row in 1..<rowCount {
        let (before, value) = (values[(row - 1) * channels.count + channel], values[row * channels.count + channel])
        guard value >= before else { return false }
        if value > before { rises += 1 }
      }
      return rises > rowCount / 2
    }
  }

  private static let timeNames: Set<String> = ["time", "timestamp", "datetime", "date"]

  /// Finds the stretches: a new one begins where the group changes, where time goes back, and after a gap.
  private mutating func cut(_ times: [Double], _ rowGroups: [Int32], _ roles: ColumnRoles) throws {
    var ends = Set((1..<max(1, rowGroups.count)).filter { rowGroups[$0] != rowGroups[$0 - 1] })
    guard ends.count <= rowCount / 2 else {
      throw ToolError(
        "\(name): the group \"\(roles.group ?? "")\" changes \(ends.count) times in \(rowCount) rows; sort them by group and time")
    }
    timeStep = try RecordingTimes.step(times, ends, name)
    let gap = (roles.gap ?? 3 * timeStep) * 1.001
    for row in 1..<max(1, times.count) {
      let difference = times[row] - times[row - 1]
      if difference < 0 || (difference > gap && gap > 0) { ends.insert(row) }
    }
    let bounds = [0] + ends.sorted() + [rowCount]
    stretches = zip(bounds, bounds.dropFirst()).map { start, end in
      Stretch(rows: start..<end, group: rowGroups.isEmpty ? 0 : Int(rowGroups[start]))
    }
  }

  /// The classes of the rows; -1: none.
  package func classes(_ names: ClassNames) throws -> [Int32] {
    let numbers = try zip(labelTexts, labelPlaces).map { text, place in
      do {
        return try names.index(of: text)
      } catch {
        throw ToolError("\(place): the label \(error)")
      }
    }
    return labels.map { $0 < 0 ? -1 : numbers[Int($0)] }
  }

  /// Rows of a piece that is learned from, if nothing else is said.
  package static let usualPiece = 200

  /// The stretches in pieces of at most `steps` rows, as equal as can be; 0: whole.
  package static func pieces(_ stretches: [Stretch], steps: Int) -> [Stretch] {
    guard steps > 0 else { return stretches }
    return stretches.flatMap { stretch in
      let count = (stretch.rows.count + steps - 1) / steps
      return (0..<count).map { piece in
        let start = stretch.rows.lowerBound
        let rows = start + stretch.rows.count * piece / count..<start + stretch.rows.count * (piece + 1) / count
        return Stretch(rows: rows, group: stretch.group)
      }
    }
  }
}

/// Texts by number, in the order in which they appear. Rows that follow each other mostly have the same.
private struct Interned {
  private(set) var texts: [String] = []
  private var numbers: [String: Int32] = [:]
  private var last: (bytes: [UInt8], number: Int32)?

  mutating func index(_ bytes: ArraySlice<UInt8>, _ text: () throws -> String) throws -> Int32 {
    if let last, last.bytes.elementsEqual(bytes) { return last.number }
    let text = try text()
    let number = numbers[text] ?? Int32(clamping: texts.count)
    if number == texts.count {
      numbers[text] = number
      texts.append(text)
    }
    last = (Array(bytes), number)
    return number
  }
}
