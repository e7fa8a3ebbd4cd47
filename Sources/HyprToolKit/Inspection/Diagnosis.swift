import CHypr
import HyprCore

/// What the core says stands in the way of a session.
struct Diagnosis {
  private let findings: UInt32
  /// One for each finding, the worst first.
  let lines: [String]

  init(_ session: UnsafeMutablePointer<Session>) {
    var text = [CChar](repeating: 0, count: 4096)
    findings = text.withUnsafeMutableBufferPointer { session.pointee.diagnose(into: $0.baseAddress, size: $0.count) }
    let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    lines = words.split(separator: "\n").map(String.init)
  }

  /// Whether nothing can come of it.
  var cannotWork: Bool { findings & UInt32(HYPR_FINDINGS_CANNOT_WORK) != 0 }
  var diverged: Bool { findings & UInt32(HYPR_FINDING_DIVERGED) != 0 }

  /// Tells it on standard error, beside what the command prints.
  func warn() {
    for line in lines { StandardError.write("warning: \(line)\n") }
  }
}
