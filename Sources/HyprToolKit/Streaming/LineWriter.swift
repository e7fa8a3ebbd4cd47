import Glibc

/// Lines that go to a file or a pipe: gathered, and written whole.
package struct LineWriter {
  /// Why nothing more is written, as `errno` numbers it; `nil`: it is. EPIPE: nobody reads any more.
  package private(set) var failure: Int32?

  private let descriptor: Int32
  private var buffer: [UInt8] = []

  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Adds a line of these fields; it goes out with the next ``flush()``, or when there are many.
  package mutating func add(_ fields: [String]) {
    buffer += (fields.joined(separator: ",") + "\n").utf8
    if buffer.count > 1 << 16 { flush() }
  }

  /// Writes what there is.
  package mutating func flush() {
    var done = 0
    while done < buffer.count && failure == nil {
      let count = buffer.withUnsafeBytes { bytes in
        bytes.baseAddress.map { Glibc.write(descriptor, $0 + done, bytes.count - done) } ?? 0
      }
      let reason = errno
      if count > 0 {
        done += count
      } else if reason == EAGAIN || reason == EWOULDBLOCK {
        // Somebody made it non-blocking: there will be room.
        var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&output, 1, 200)
        if Interruption.isRequested { failure = EINTR }
      } else if reason != EINTR {
        failure = reason
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
