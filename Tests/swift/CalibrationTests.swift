import HyprCore
import Testing

@testable import HyprBuilding

/// What calibration and suggestion look at; Tests/c/test_calibration.c has what they give.
@Suite("Calibration") struct CalibrationTests {
  /// The pieces of sequences of these lengths, as ranges of steps.
  private func pieces(_ steps: [Int], most: Int) throws -> [Range<Int>] {
    let samples = [Float](repeating: 0, count: steps.reduce(0, +))
    return try samples.withUnsafeBufferPointer { samples in
      try steps.withUnsafeBufferPointer { steps in
        let recording = try RecordedSequences(samples.baseAddress!, steps, channels: 1, MessageBuffer(nil, size: 0))
        var list = try #require(recording.pieces(most: most))
        defer { list.free() }
        return (0..<list.count).map { list[$0].start..<list[$0].start + list[$0].count }
      }
    }
  }

  @Test func `a short recording is looked at whole`() throws {
    #expect(try pieces([0, 3, 0, 4, 1, 0], most: 100) == [0..<3, 3..<7, 7..<8])
    #expect(try pieces([8192], most: 8192) == [0..<8192])
  }

  @Test(arguments: [[100_000], [50_000, 7, 50_000], [Int](repeating: 300, count: 400), [Int](repeating: 3, count: 9000), [9000, 1]])
  func `of a long one pieces are evenly spread`(steps: [Int]) throws {
    let most = 8192
    let found = try pieces(steps, most: most)
    let total = found.reduce(0) { $0 + $1.count }
    #expect(total > most / 4 && total < most + 2 * RecordedSequences.pieceSteps)
    var start = 0
    let sequences = steps.map { count in
      defer { start += count }
      return start..<start + count
    }
    for (index, piece) in found.enumerated() {
      #expect(sequences.contains { $0.lowerBound <= piece.lowerBound && piece.upperBound <= $0.upperBound })
      #expect(index == 0 || piece.lowerBound > found[index - 1].lowerBound)
    }
    // No tenth of the recording is left out.
    for tenth in 0..<10 {
      let range = start * tenth / 10..<start * (tenth + 1) / 10
      #expect(found.contains { $0.overlaps(range) })
    }
  }

  @Test func `facts about a recording`() throws {
    let steps = [600, 400]
    var samples: [Float] = []
    var labels: [Int32] = []
    for step in 0..<1000 {
      let label = step / 50 % 2
      // A square wave of period 20 upon an offset, the class, and a constant.
      samples += [5 + (step / 10 % 2 == 0 ? 1 : -1), Float(label), 3]
      labels.append(Int32(label))
    }
    try samples.withUnsafeBufferPointer { samples in
      try steps.withUnsafeBufferPointer { steps in
        let recording = try RecordedSequences(samples.baseAddress!, steps, channels: 3, MessageBuffer(nil, size: 0))
        let facts = try #require(labels.withUnsafeBufferPointer { RecordingFacts(recording, .steps($0.baseAddress!), outputs: 2) })
        defer { facts.free() }
        #expect(facts.sequences == 2 && facts.meanSteps == 500 && facts.longest == 600 && facts.varying == 2)
        // 18 changes: where the second sequence begins is none.
        #expect(facts.run == 1000.0 / 18)
        let wave = facts.channels[0]
        #expect(abs(wave.mean - 5) < 1e-9 && abs(wave.deviation - 1) < 1e-9 && wave.isOffset && wave.classShare < 0.1)
        // Of such a wave the autocorrelation falls by 0.2 per step.
        #expect(abs(wave.neighbours - 0.8) < 0.01 && abs(wave.correlation - (1 - 1 / 2.718281828) / 0.2) < 0.1)
        #expect(abs(facts.channels[1].classShare - 1) < 1e-9 && !facts.channels[1].isOffset)
        #expect(!facts.channels[2].varies && !facts.channels[2].isOffset)
      }
    }
  }
}
