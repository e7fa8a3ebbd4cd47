internal import CSystem

/// A short text built without String or heap: what error messages are made of. Longer text is cut.
///
///     let text: Text = "input has \(size) elements, expected \(expected)"
public struct Text: ExpressibleByStringInterpolation {
  private typealias Bytes = InlineArray<320, UInt8>
  package static var capacity: Int { Bytes.count }

  private var bytes = Bytes(repeating: 0)
  private var count = 0

  @inline(never) fileprivate init() {}
  @inline(never) public init(stringLiteral literal: StaticString) {
    append(literal.utf8Start, literal.utf8CodeUnitCount)
  }
  public init(stringInterpolation interpolation: Interpolation) { self = interpolation.text }

  /// Bytes, without a NUL.
  var length: Int { count }

  /// Copies the text and a NUL into `target`, cut to its `size` bytes.
  @inline(never) package func copy(to target: UnsafeMutablePointer<CChar>, size: Int) {
    guard size > 0 else { return }
    let length = min(count, size - 1)
    for index in 0..<length { target[index] = CChar(bitPattern: bytes[index]) }
    target[length] = 0
  }

  @inline(never) private mutating func append(_ byte: UInt8) {
    guard count < Text.capacity else { return }
    bytes[count] = byte
    count += 1
  }

  @inline(never) private mutating func append(_ start: UnsafePointer<UInt8>, _ count: Int) {
    for index in 0..<count { append(start[index]) }
  }

  @inline(never) private mutating func append(_ string: UnsafePointer<CChar>, limit: Int) {
    var index = 0
    while string[index] != 0 && index < limit {
      append(UInt8(bitPattern: string[index]))
      index += 1
    }
  }

  public struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = Text()

    public init(literalCapacity: Int, interpolationCount: Int) {}
    // There is one before, between and behind all values, most of them empty: known when compiling.
    @inline(__always) public mutating func appendLiteral(_ literal: StaticString) {
      if literal.utf8CodeUnitCount > 0 { text.append(literal.utf8Start, literal.utf8CodeUnitCount) }
    }
    @inline(never) public mutating func appendInterpolation(_ literal: StaticString) {
      text.append(literal.utf8Start, literal.utf8CodeUnitCount)
    }
    @inline(never) public mutating func appendInterpolation(_ value: Int) {
      if value < 0 { text.append(UInt8(ascii: "-")) }
      appendInterpolation(UInt64(value.magnitude))
    }
    /// A size_t of the host: one from 2^63 on came as a negative number.
    @inline(never) public mutating func appendInterpolation(size value: Int) {
      appendInterpolation(UInt64(UInt(bitPattern: value)))
    }
    @inline(never) public mutating func appendInterpolation(_ value: UInt64) {
      if value >= 10 { appendInterpolation(value / 10) }
      text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }
    @inline(never) public mutating func appendInterpolation(_ value: Float) { append(Double(value), isFloat: true) }
    @inline(never) public mutating func appendInterpolation(_ value: Double) { append(value, isFloat: false) }

    private mutating func append(_ value: Double, isFloat: Bool) {
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
        guard let start = buffer.baseAddress else { return }
        system_format_number(start, buffer.count, value, isFloat)
        text.append(start, limit: buffer.count)
      }
    }

    /// Three digits of a number, whole numbers up to a million whole.
    @inline(never) mutating func appendInterpolation(rounded value: Double) {
      if value.magnitude >= 999.5 && value.magnitude < 1e6 { return appendInterpolation(Int(value.rounded())) }
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
        guard let start = buffer.baseAddress else { return }
        system_format_rounded(start, buffer.count, value)
        text.append(start, limit: buffer.count)
      }
    }

    /// A share, 0 to 1, in percent.
    @inline(never) mutating func appendInterpolation(percent share: Double) {
      appendInterpolation(rounded: share * 100)
      appendInterpolation(" %" as StaticString)
    }

    /// A C string, cut after 96 bytes: names come from files.
    @inline(never) public mutating func appendInterpolation(_ string: UnsafePointer<CChar>?) {
      if let string { text.append(string, limit: 96) }
    }

    /// A C string of ours, whole.
    @inline(never) package mutating func appendInterpolation(whole string: UnsafePointer<CChar>) {
      text.append(string, limit: Text.capacity)
    }

    @inline(never) public mutating func appendInterpolation(_ other: Text) {
      for index in 0..<other.count { text.append(other.bytes[index]) }
    }
  }
}

/// Where the reason of the last failure is kept: a caller's or an object's own buffer.
public struct MessageBuffer {
  let start: UnsafeMutablePointer<CChar>?
  let size: Int

  public init(_ start: UnsafeMutablePointer<CChar>?, size: Int) {
    self.start = start
    self.size = start == nil ? 0 : size
    clear()
  }

  func clear() {
    if let start, size > 0 { start[0] = 0 }
  }

  /// Notes why a call fails; to be thrown. The text is made only here, so that callers need no stack for it.
  @inline(never) public func failure(_ status: Failure, _ text: @autoclosure () -> Text) -> Failure {
    if let start { text().copy(to: start, size: size) }
    return status
  }

  /// Puts the place in front of the reason of a failure that is passed on.
  @inline(never) func prepend(_ place: @autoclosure () -> Text, _ status: Failure) -> Failure {
    guard let start else { return status }
    let reason: Text = "\(place())\(whole: start)"
    reason.copy(to: start, size: size)
    return status
  }
}

/// Why a call failed. The C ABI gives each a status code.
public enum Failure: Error {
  case invalidArgument, sizeMismatch, notFinite, wrongState, bufferTooSmall, notFound, stopped
  case modelInvalid, modelUnsupported, stateMismatch
  case outOfMemory, inputOutput
}
