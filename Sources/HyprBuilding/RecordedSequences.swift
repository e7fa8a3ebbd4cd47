public import HyprCore

/// Recorded sequences of raw samples, one behind the other: [all steps][channels]. The memory is the host's.
public struct RecordedSequences {
  let inputs: UnsafePointer<Float>
  /// Of each sequence.
  let steps: UnsafeBufferPointer<Int>
  let channels: Int
  /// Of all sequences.
  let total: Int

  /// Throws `invalidArgument`: there are more steps than can be addressed; `sizeMismatch`: none; `notFinite`: a sample is not.
  public init(
    _ inputs: UnsafePointer<Float>, _ steps: UnsafeBufferPointer<Int>, channels: Int, _ message: MessageBuffer
  ) throws(Failure) {
    var total = 0
    for index in 0..<steps.count {
      let (sum, overflow) = total.addingReportingOverflow(steps[index])
      guard steps[index] >= 0 && !overflow else { throw message.failure(.invalidArgument, "steps[\(index)] is too large") }
      total = sum
    }
    let (numbers, tooMany) = total.multipliedReportingOverflow(by: channels)
    guard !tooMany && !numbers.multipliedReportingOverflow(by: MemoryLayout<Float>.size).overflow else {
      throw message.failure(.invalidArgument, "there are \(total) steps of \(channels) channels, more than can be addressed")
    }
    guard total > 0 else { throw message.failure(.sizeMismatch, "there are no steps, expected at least one") }
    (self.inputs, self.steps, self.channels, self.total) = (inputs, steps, channels, total)
    for index in 0..<numbers where !inputs[index].isFinite {
      let (sequence, step) = place(index / channels)
      throw message.failure(
        .notFinite,
        "sequence \(sequence), step \(step): input[\(index % channels)] is \(inputs[index]), expected a finite number")
    }
  }

  /// The sequence and the step in it, of a step among all.
  private func place(_ step: Int) -> (sequence: Int, step: Int) {
    var (sequence, left) = (0, step)
    while left >= steps[sequence] {
      left -= steps[sequence]
      sequence += 1
    }
    return (sequence, left)
  }

  func sample(_ step: Int) -> UnsafePointer<Float> { inputs + step * channels }

  /// Whether any channel changes.
  var varies: Bool {
    for index in channels..<max(channels, total * channels) where inputs[index] != inputs[index % channels] { return true }
    return false
  }

  /// Consecutive steps of one sequence.
  struct Piece {
    let start, count: Int
  }

  /// Steps of a piece where sequences are cut: long enough for the slow states of neurons to settle.
  static var pieceSteps: Int { 512 }

  /// All sequences, or, if they have more than `most` steps, pieces of about as many, evenly spread. nil: no memory.
  func pieces(most: Int) -> List<Piece>? {
    var pieces = List<Piece>()
    var filled = 0
    for index in 0..<steps.count where steps[index] > 0 { filled += 1 }
    let isWhole = total <= most
    let wanted = isWhole ? filled : max(1, most / max(1, min(RecordedSequences.pieceSteps, total / filled)))
    var (sequence, start, last) = (0, 0, -1)
    for index in 0..<wanted {
      // Where the next piece lies among all steps; of whole sequences, each in turn.
      let position = isWhole ? last + 1 : Int(Double(total) * (Double(index) / Double(wanted)))
      while sequence < steps.count - 1 && position >= start + steps[sequence] {
        start += steps[sequence]
        sequence += 1
      }
      let length = isWhole ? steps[sequence] : min(steps[sequence], RecordedSequences.pieceSteps)
      let first = length == steps[sequence] ? start : min(position, start + steps[sequence] - length)
      guard first + length > last + 1 else { continue }
      guard pieces.hasRoom() else {
        pieces.free()
        return nil
      }
      pieces.append(Piece(start: first, count: length))
      last = first + length - 1
    }
    return pieces
  }
}
