import CSystem
import Foundation
import Testing

@testable import HyprCore

/// A recorder and a memory outside of any session.
final class MemoryOfStretches {
  private let block: UnsafeMutableRawPointer
  let shape: Stretch.Shape
  var memory: RehearsalMemory
  var recorder: StretchRecorder
  let events: EventSource

  init(columns: Int, outputs: Int, bytes: Int, longest: Int, leadIn: Int = 0, seed: Int = 0, bits: Int = 8) {
    var options = Options()
    for (option, value) in [
      (Option.learning, 1), (.rehearsalBytes, bytes), (.rehearsalStretch, longest), (.rehearsalLeadIn, leadIn),
      (.rehearsalSeed, seed),
      (.rehearsalBits, bits),
    ] { options.set(option, Double(value)) }
    let (settings, shape) = (Settings(options), Stretch.Shape(columns: columns, outputs: outputs, longest: longest))
    func parts(_ arena: inout Arena) -> (RehearsalMemory, StretchRecorder, EventSource) {
      let memory = RehearsalMemory(&arena, shape, settings)
      let recorder = StretchRecorder(&arena, shape, settings)
      return (memory, recorder, EventSource(&arena, size: columns, slots: 1))
    }
    var measure = Arena(measuring: ())
    _ = parts(&measure)
    block = UnsafeMutableRawPointer.allocate(byteCount: measure.used, alignment: Arena.alignment)
    var arena = Arena(block)
    self.shape = shape
    (memory, recorder, events) = parts(&arena)
  }

  deinit { block.deallocate() }

  /// Records steps and offers them; `row` gives what the targets say that are values or errors.
  func offer(_ inputs: [[Float]], _ targets: [Int32], row: [Float] = [], startsSequence: Bool = true) {
    record(inputs, targets, row: row, startsSequence: startsSequence)
    if recorder.isTaught { memory.offer(recorder) }
  }

  func record(_ inputs: [[Float]], _ targets: [Int32], row: [Float] = [], startsSequence: Bool = true) {
    recorder.begin(startsSequence: startsSequence)
    for (input, target) in zip(inputs, targets) {
      var count = 0
      for (column, value) in input.enumerated() where value != 0 {
        (events.indices(0)[count], events.values(0)[count]) = (Int32(column), value)
        count += 1
      }
      events.setCount(count, 0)
      let place = recorder.record(events, slot: 0, target: target)
      if Stretch.Run.hasRow(target) { for index in row.indices { place[index] = row[index] } }
    }
  }

  /// All that are kept, one after the other.
  var stretches: [Stretch] {
    var (found, offset): ([Stretch], Int) = ([], 0)
    while offset < memory.used {
      found.append(memory.stretch(at: offset))
      offset += Int(found.last!.header.bytes)
    }
    #expect(offset == memory.used)
    return found
  }

  /// What the steps of a stretch give.
  func played(_ stretch: Stretch) -> (inputs: [[Float]], targets: [Int32], rows: [[Float]]) {
    var cursor = StretchCursor()
    var (inputs, targets, rows): ([[Float]], [Int32], [[Float]]) = ([], [], [])
    for _ in 0..<stretch.header.steps {
      cursor.list(stretch, into: events, slot: 0)
      var (input, last) = ([Float](repeating: 0, count: shape.columns), Int32(-1))
      for event in 0..<events.count(0) {
        let column = events.indices(0)[event]
        #expect(column > last && column < shape.columns)
        (input[Int(column)], last) = (events.values(0)[event], column)
      }
      inputs.append(input)
      targets.append(cursor.target(stretch))
      if Stretch.Run.hasRow(targets.last!) {
        let row = cursor.row(stretch)
        rows.append((0..<shape.outputs).map { row.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) })
      }
      cursor.advance(stretch)
    }
    return (inputs, targets, rows)
  }
}

/// How stretches are kept: with less precision, in few bytes, and read as they were written.
@Suite struct StretchTests {
  /// Steps of a value are such a part of the largest magnitude of its column; what is larger than 1e38 counts as that.
  private func expectClose(_ found: [[Float]], _ inputs: [[Float]], bits: Int = 8, _ comment: Comment) throws {
    let inputs = inputs.map { $0.map { max(-1e38, min(1e38, $0)) } }
    for column in inputs[0].indices {
      let largest = inputs.reduce(Float(0)) { max($0, abs($1[column])) }
      // Half a step, and the rounding of the step itself.
      let bound = largest < 1e-30 ? 1e-30 : Double(largest) / Double(1 << (bits - 1) - 1) * 0.50002
      for step in inputs.indices {
        try #require(found[step][column].isFinite)
        try #require(
          abs(Double(found[step][column]) - Double(inputs[step][column])) <= bound, "\(comment), step \(step), column \(column)")
      }
    }
  }

  /// Around the numbers of columns that one and two bytes can count.
  @Test(arguments: [1, 3, 255, 256, 65_535, 65_536, 70_000], [0, 0.002, 0.4, 1])
  func `What is played is what was recorded`(columns: Int, density: Double) throws {
    for bits in columns > 1000 ? [3, 8] : [2, 3, 4, 5, 6, 7, 8] { try playsWhatWasRecorded(columns, density, bits) }
  }

  private func playsWhatWasRecorded(_ columns: Int, _ density: Double, _ bits: Int) throws {
    var random = RandomNet(seed: 71)
    let steps = columns > 1000 ? 3 : 17
    let store = MemoryOfStretches(columns: columns, outputs: 3, bytes: 1 << 21, longest: 40, bits: bits)
    for isBinary in [false, true] {
      let inputs = (0..<steps).map { _ in
        (0..<columns).map { _ -> Float in
          guard Double.random(in: 0..<1, using: &random.generator) < density else { return 0 }
          return isBinary ? 1 : Float.random(in: -3...3, using: &random.generator)
        }
      }
      let targets = (0..<steps).map { [Int32(-1), 2, 2, -2, -3, -3, 0][$0 * 7 / steps] }
      store.memory.clear()
      store.offer(inputs, targets, row: [0.5, -1e30, 7], startsSequence: isBinary)
      let stretch = try #require(store.stretches.first)
      let header = stretch.header
      #expect(header.bytes == stretch.size && stretch.size % 8 == 0 && stretch.isSound(room: stretch.size))
      #expect(!stretch.isSound(room: stretch.size - 1))
      #expect(header.startsSequence == isBinary && Int(header.steps) == steps)
      let played = store.played(stretch)
      #expect(played.targets == targets)
      #expect(played.rows == [[Float]](repeating: [0.5, -1e30, 7], count: targets.filter { $0 < -1 }.count))
      let hasOnlyOnes = !inputs.joined().contains { $0 != 0 && $0 != 1 }
      if hasOnlyOnes { #expect(played.inputs == inputs) } else { try expectClose(played.inputs, inputs, bits: bits, "\(isBinary)") }
      // In the form that takes fewer bytes: of each step its count, and of each event its column and, unless all are 1, its value.
      let events = inputs.joined().filter { $0 != 0 }.count
      let index = columns < 256 ? 1 : columns < 65_536 ? 2 : 4
      let values = { (count: Int) in (count * bits + 7) / 8 + 1 + 4 * columns }
      let (dense, sparse) = (values(steps * columns), steps * index + events * index + (hasOnlyOnes ? 0 : values(events)))
      let other = 32 + Int(header.runs) * 8 + played.rows.count * 12
      #expect(stretch.size == (min(dense, sparse) + other + 7) & ~7)
      #expect(header.isDense == ((dense + other + 7) / 8 < (sparse + other + 7) / 8))
    }
  }

  /// The smallest and the largest numbers that there are, and what lies between.
  @Test func `Any finite input is kept as a finite one`() throws {
    let sizes: [Float] = [
      Float.leastNonzeroMagnitude, 1e-45, 1e-40, Float.leastNormalMagnitude, 9.9e-31, 1e-30, 1.01e-30, 1e-20, 1, 12_345, 1e30, 3e38,
      Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude,
    ]
    let store = MemoryOfStretches(columns: sizes.count, outputs: 2, bytes: 1 << 16, longest: 20)
    let factors: [Float] = [1, 0.999, -1, 0.5, 0.003_93, -0.003_95, 1e-7, 0]
    let inputs = factors.map { factor in sizes.map { $0 * factor } }
    store.offer(inputs, [Int32](repeating: 1, count: inputs.count))
    let stretch = try #require(store.stretches.first)
    #expect(stretch.isSound(room: stretch.size))
    try expectClose(store.played(stretch).inputs, inputs, "sizes")
  }

  /// A window that a damaged state brought may hold anything.
  @Test func `What is not finite is left out`() throws {
    let store = MemoryOfStretches(columns: 2, outputs: 2, bytes: 4096, longest: 4)
    store.offer([[1, 0.5], [.nan, -.infinity], [.infinity, 0.25]], [1, 1, 1])
    let inputs = store.played(try #require(store.stretches.first)).inputs
    #expect(inputs[0] == [1, 0.5] && inputs[1] == [0, 0] && inputs[2][0] == 0 && abs(inputs[2][1] - 0.25) < 0.0021)
  }

  /// The class that most steps are taught which count; the first of equals; none at all.
  @Test func `A stretch counts for a class`() {
    func label(_ targets: [Int32], startsSequence: Bool) -> Int {
      let store = MemoryOfStretches(columns: 1, outputs: 3, bytes: 4096, longest: 8, leadIn: 3)
      store.record(targets.map { _ in [1] }, targets, row: [0, 0, 0], startsSequence: startsSequence)
      return store.recorder.isTaught ? store.recorder.label : -1
    }
    #expect(label([0, 0, 0, 2, 2], startsSequence: true) == 0)
    #expect(label([0, 0, 0, 2, 2], startsSequence: false) == 2)
    #expect(label([2, 1, 1, 2, -1, -1], startsSequence: true) == 1)
    #expect(label([-2, -2, -2, 1, -2], startsSequence: true) == 1)
    #expect(label([-2, -3, -1, -2], startsSequence: true) == 3)
    #expect(label([1, 1, 1, -1, -1], startsSequence: false) == -1)
    #expect(label([-1, -1], startsSequence: true) == -1)
    #expect(label([1, 1], startsSequence: false) == -1)
  }

  /// Every byte of a stretch, changed in turn: what is said to be sound plays within the stretch.
  @Test(arguments: [0, 1, 2]) func `Damaged stretches are refused or play within their bounds`(kind: Int) throws {
    var random = RandomNet(seed: 73)
    let store = MemoryOfStretches(columns: 6, outputs: 3, bytes: 8192, longest: 9)
    let inputs = (0..<9).map { step in
      (0..<6).map { column -> Float in
        switch kind {
        case 0: Float.random(in: -1...1, using: &random.generator)
        case 1: step == column ? 0.5 : 0
        default: step == column ? 1 : 0
        }
      }
    }
    store.offer(inputs, [0, 0, -1, -2, -2, 1, -3, -3, 2], row: [1, 2, 3])
    let (stretch, copy) = (try #require(store.stretches.first), UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 8))
    defer { copy.deallocate() }
    #expect(stretch.header.isDense == (kind == 0) && stretch.header.isBinary == (kind == 2))
    let size = stretch.size
    var sound = 0
    for place in 0..<size {
      for value in [UInt8(0), 1, 2, 0x7f, 0x80, 0xff] {
        copy.copyMemory(from: stretch.start, byteCount: size)
        copy.storeBytes(of: value, toByteOffset: place, as: UInt8.self)
        let damaged = Stretch(copy, store.shape)
        guard damaged.isSound(room: size) else { continue }
        sound += 1
        #expect(damaged.size <= size)
        let played = store.played(damaged)
        #expect(played.inputs.count <= 9 && played.rows.joined().allSatisfy { $0.isFinite })
        #expect(played.targets.allSatisfy { $0 >= -3 && $0 < 3 })
      }
    }
    #expect(sound > size && sound < 6 * size)
  }
}
