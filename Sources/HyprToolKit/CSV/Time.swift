import Glibc

/// What the numbers of a column of times count.
package enum TimeUnit: String, CaseIterable {
  case seconds = "s"
  case milliseconds = "ms"
  case microseconds = "us"
  case nanoseconds = "ns"

  var perSecond: Double {
    switch self {
    case .seconds: 1
    case .milliseconds: 1e3
    case .microseconds: 1e6
    case .nanoseconds: 1e9
    }
  }

  /// In a sentence.
  var name: String {
    switch self {
    case .seconds: "seconds"
    case .milliseconds: "milliseconds"
    case .microseconds: "microseconds"
    case .nanoseconds: "nanoseconds"
    }
  }

  /// What the last word of a column's name says, as in "time_ms", "t (us)", "t [s]" and "millis"; `nil`: no unit.
  package init?(ofColumn column: String) {
    let letters = column.lowercased().split { !$0.isLetter }
    switch letters.last.map(String.init) {
    case "s", "sec", "seconds": self = .seconds
    case "ms", "msec", "millis", "milliseconds": self = .milliseconds
    case "us", "µs", "μs", "usec", "micros", "microseconds": self = .microseconds
    case "ns", "nsec", "nanos", "nanoseconds": self = .nanoseconds
    default: return nil
    }
  }
}

/// Times of rows as seconds: numbers, or dates as ISO 8601 writes them, counted from the first one's midnight.
package struct TimeColumn {
  private let unit: TimeUnit
  private var firstDay: Int?
  /// Whether times were dates, which need no unit.
  var hasDates: Bool { firstDay != nil }

  package init(_ unit: TimeUnit) { self.unit = unit }

  /// The time of a record.
  package mutating func seconds(_ reader: CSVReader, _ column: Int) throws -> Double {
    if let number = reader.number(column), number.isFinite { return seconds(number) }
    guard !reader.isEmpty(column) else { throw ToolError("\(reader.place(column)): the time is missing") }
    let text = try reader.text(column)
    guard let seconds = seconds(of: text) else { throw ToolError("\(reader.place(column)) \(TimeColumn.expected(text))") }
    return seconds
  }

  func seconds(_ number: Double) -> Double { number / unit.perSecond }

  /// Of a date; `nil`: it is none.
  mutating func seconds(of text: String) -> Double? {
    guard let (day, seconds) = TimeColumn.date(text) else { return nil }
    firstDay = firstDay ?? day
    return Double(day - (firstDay ?? day)) * 86400 + seconds
  }

  static func expected(_ text: String) -> String {
    "is \"\(text)\", expected a number or a date such as 2025-06-01T08:30:00.02"
  }

  /// Day since 1970 and seconds in it, UTC where a zone is given.
  package static func date(_ text: String) -> (day: Int, seconds: Double)? {
    var rest = Array(text.utf8)[...]
    func take(_ characters: String) -> Bool {
      guard let first = rest.first, characters.utf8.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    func number(_ digits: Int) -> Int? {
      guard rest.count >= digits else { return nil }
      var value = 0
      for byte in rest.prefix(digits) {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      rest = rest.dropFirst(digits)
      return value
    }
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("T ") else { return nil }
    guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2) else { return nil }
    guard (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 61 else { return nil }
    var seconds = Double(second)
    if take(".,") {
      let digits = rest.prefix { (48...57).contains($0) }.count
      guard (1...9).contains(digits), let fraction = number(digits) else { return nil }
      seconds += Double(fraction) / pow(10, Double(digits))
    }
    var offset = 0
    if !take("Z"), let sign = rest.first, take("+-") {
      guard let hours = number(2), take(":") || true, let minutes = number(2) else { return nil }
      offset = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
    let nextMonth = month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
    guard rest.isEmpty, days(year, month, day) < nextMonth else { return nil }
    seconds += Double(hour * 3600)
    seconds += Double(minute * 60 - offset)
    return (days(year, month, day), seconds)
  }

  /// Days from 1970-01-01 in the Gregorian calendar (howardhinnant.github.io/date_algorithms.html).
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146097 + dayOfEra - 719468
  }
}

/// Where recordings end, and how far their samples are apart.
package enum RecordingTimes {
  /// The median of the differences that are not negative; as few decimal digits of it as the times allow, since they are rounded.
  package static func step(_ times: [Double], _ ends: Set<Int>, _ name: String) throws -> Double {
    guard times.count > 1 else { return 0 }
    var differences: [Double] = []
    for row in 1..<times.count where !ends.contains(row) && times[row] >= times[row - 1] {
      differences.append(times[row] - times[row - 1])
    }
    differences.sort()
    guard !differences.isEmpty else { return 0 }
    let middle = differences.count / 2
    let isOdd = differences.count % 2 == 1
    let median: Double = isOdd ? differences[middle] : (differences[middle - 1] + differences[middle]) / 2
    guard median > 0 else {
      throw ToolError("\(name): most samples have the time of the one before; the times are too coarse for them")
    }
    var largest = 0.0
    for time in times { largest = max(largest, abs(time)) }
    for digits in 0..<9 {
      let rounded = Double(String(printf: "%.\(digits)e", median)) ?? median
      if abs(rounded - median) <= 4 * largest.ulp + 1e-9 * median { return rounded }
    }
    return median
  }
}
