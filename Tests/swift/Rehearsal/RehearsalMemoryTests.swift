import CSystem
import Foundation
import Testing

@testable import HyprCore

/// Which stretches are kept, and which one is rehearsed next.
@Suite struct RehearsalMemoryTests {
  /// One of `steps` steps whose first input says which it is.
  private func offer(_ store: MemoryOfStretches, _ label: Int, number: Int = 0, steps: Int = 4) {
    let inputs = (0..<steps).map { [$0 == 0 ? Float(number) + 1 : 0.5] }
    store.offer(inputs, [Int32](repeating: Int32(label), count: steps))
  }

  /// What stretches like these take.
  private func size(steps: Int = 4) -> Int {
    let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: 1 << 16, longest: 40)
    offer(store, 0, steps: steps)
    return store.memory.used
  }

  private func expectConsistent(_ store: MemoryOfStretches) throws {
    let stretches = store.stretches
    try #require(store.memory.used <= store.memory.capacity && stretches.count == store.memory.count)
    for label in 0...store.shape.outputs {
      try #require(stretches.filter { Int($0.header.label) == label }.count == store.memory.count(label))
    }
    for stretch in stretches { try #require(stretch.isSound(room: stretch.size)) }
    if let playing = store.memory.playing {
      try #require(stretches.contains { $0.start == store.memory.stretch(at: playing).start })
    }
  }

  /// Some of four classes are rare; in blocks or mixed.
  private func labels(_ counts: [Int], mixed: Bool, _ random: inout RandomNet) -> [Int] {
    var labels = counts.indices.flatMap { [Int](repeating: $0, count: counts[$0]) }
    if mixed { labels.shuffle(using: &random.generator) }
    return labels
  }

  @Test(arguments: [[200, 7, 90, 30], [5, 300, 300, 4], [40, 40, 40, 40]], [8, 10, 21, 64])
  func `Classes are kept alike, however rare they are`(counts: [Int], capacity: Int) throws {
    var random = RandomNet(seed: 81)
    for mixed in [false, true] {
      let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: capacity * size(), longest: 40, seed: 3)
      for label in labels(counts, mixed: mixed, &random) { offer(store, label) }
      try expectConsistent(store)
      #expect(store.memory.count == min(capacity, counts.reduce(0, +)))
      let kept = (0..<4).map { store.memory.count($0) }
      #expect((0..<4).map { store.memory.offered($0) } == counts)
      let most = kept.max()!
      for label in 0..<4 { #expect(kept[label] >= min(most - 1, counts[label]), "\(kept), mixed \(mixed)") }
    }
  }

  /// Over many seeds each stretch of a class is kept as often as any other of it: neither the first nor the last are preferred. (The part
  /// of a class differs by one from seed to seed.)
  @Test(arguments: [false, true], [9, 10, 11]) func `Of a class each is as likely to be kept`(mixed: Bool, capacity: Int) throws {
    let (counts, seeds) = ([60, 24, 12, 0], 1500)
    var random = RandomNet(seed: 82)
    let order = labels(counts, mixed: mixed, &random)
    var keptOften = counts.map { [Int](repeating: 0, count: $0) }
    for seed in 0..<seeds {
      let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: capacity * size(), longest: 40, seed: seed)
      var numbers = [0, 0, 0, 0]
      for label in order {
        offer(store, label, number: numbers[label])
        numbers[label] += 1
      }
      for stretch in store.stretches {
        keptOften[Int(stretch.header.label)][Int(store.played(stretch).inputs[0][0].rounded()) - 1] += 1
      }
    }
    for label in 0..<3 {
      let mean = Double(keptOften[label].reduce(0, +)) / Double(counts[label])
      #expect(mean > 50)
      // Draws with and without replacement spread at most like this one.
      let deviation = (mean * (1 - mean / Double(seeds))).squareRoot()
      for (number, often) in keptOften[label].enumerated() {
        #expect(abs(Double(often) - mean) < 5 * deviation, "class \(label), stretch \(number): \(keptOften[label])")
      }
      let half = counts[label] / 2
      let (early, late) = (keptOften[label][..<half].reduce(0, +), keptOften[label][half...].reduce(0, +))
      #expect(
        abs(Double(early - late)) < 5 * (2 * mean * Double(half)).squareRoot(), "class \(label): \(early) early, \(late) late")
    }
  }

  @Test func `Equal streams and seeds keep the same, and other seeds others`() throws {
    func kept(_ seed: Int) throws -> [UInt8] {
      let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: 900, longest: 40, seed: seed)
      for number in 0..<200 { offer(store, number % 3, number: number, steps: 3 + number % 5) }
      try expectConsistent(store)
      return Array(UnsafeRawBufferPointer(start: store.memory.stretch(at: 0).start, count: store.memory.used))
    }
    #expect(try kept(1) == kept(1))
    #expect(try kept(1) != kept(2))
  }

  @Test func `What was kept before leaves no trace`() {
    func bytes(after before: Int) -> [UInt8] {
      let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: 900, longest: 40)
      for number in 0..<before { offer(store, number % 3, number: number, steps: 30) }
      store.memory.clear()
      for number in 0..<8 { offer(store, number % 3, number: number, steps: 1 + number) }
      return Array(UnsafeRawBufferPointer(start: store.memory.stretch(at: 0).start, count: store.memory.used))
    }
    #expect(bytes(after: 0) == bytes(after: 9))
  }

  /// Of any length, also longer than the memory; the one that is being rehearsed may have to go.
  @Test func `The memory is never overfull`() throws {
    var random = RandomNet(seed: 83)
    let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: 400, longest: 400)
    offer(store, 0, steps: 400)
    #expect(store.memory.count == 0 && store.memory.offered(0) == 1)
    var (evicted, moved) = (0, 0)
    for round in 0..<2000 {
      // The longer a stream, the less of it replaces what is kept.
      if round % 25 == 0 { store.memory.clear() }
      if store.memory.playing == nil,
        let label = (0..<4).filter({ store.memory.count($0) > 0 }).randomElement(using: &random.generator)
      {
        store.memory.play(Int.random(in: 0..<store.memory.count(label), using: &random.generator), of: label)
      }
      let playing = store.memory.playing
      let content = playing.map { store.played(store.memory.stretch(at: $0)).inputs }
      offer(
        store, Int.random(in: 0..<4, using: &random.generator), steps: Int.random(in: 1...350, using: &random.generator) / 3 + 1)
      try expectConsistent(store)
      guard let playing else { continue }
      guard let now = store.memory.playing else {
        evicted += 1
        continue
      }
      if now != playing { moved += 1 }
      #expect(store.played(store.memory.stretch(at: now)).inputs == content)
    }
    #expect(evicted > 20 && moved > 20)
  }

  @Test func `Classes are rehearsed in turn, without the one that is taught now`() throws {
    var random = RandomNet(seed: 84)
    let model = try TestModel(random.model(["LIF"], sizes: [1, 3, 4]))
    let store = MemoryOfStretches(columns: 1, outputs: 4, bytes: 4096, longest: 40)
    var options = Options()
    options.set(.rehearsalBytes, 4096)
    let loaded = UnsafeMutablePointer<Model>(model.handle)
    var measure = Arena(measuring: ())
    _ = StretchPlayer(&measure, loaded, store.shape, Settings(options))
    let block = UnsafeMutableRawPointer.allocate(byteCount: measure.used, alignment: Arena.alignment)
    defer { block.deallocate() }
    var arena = Arena(block)
    var player = StretchPlayer(&arena, loaded, store.shape, Settings(options))
    func offer(_ label: Int) {
      store.record([[0.5]], [Int32(label)])
      player.memory.offer(store.recorder)
    }
    /// Beside a stream that teaches `except`, or by itself (nil).
    func drawn(_ count: Int, except: [Int]?) -> [Int] {
      player.clearCurrent()
      for label in except ?? [] { player.addCurrent(label) }
      return (0..<count).map { _ in
        player.end()
        return player.goesOn(besideStream: except != nil) ? Int(player.memory.stretch(at: player.memory.playing!).header.label) : -1
      }
    }
    #expect(drawn(1, except: nil) == [-1])
    for (label, count) in [9, 1, 0, 3].enumerated() { for _ in 0..<count { offer(label) } }
    var orders = Set<[Int]>()
    for _ in 0..<50 {
      let round = drawn(3, except: nil)
      #expect(Set(round) == [0, 1, 3])
      orders.insert(round)
    }
    #expect(orders.count == 6)
    for _ in 0..<20 { #expect(Set(drawn(2, except: [1])) == [0, 3]) }
    for _ in 0..<4 { #expect(drawn(2, except: [3, 1, 2]) == [0, 0]) }
    // What is left of a round is left after a window that teaches all that is kept.
    for _ in 0..<20 {
      let first = drawn(1, except: [0])
      #expect(drawn(1, except: [0, 1, 3]) == [-1])
      #expect(Set(first + drawn(1, except: [0])) == [1, 3])
    }
    // The last one of a round is that of which there was none in it.
    player.forget()
    #expect(drawn(1, except: nil) == [-1])
    offer(2)
    #expect(drawn(1, except: [2]) == [-1] && drawn(2, except: [0]) == [2, 2] && drawn(1, except: []) == [2])
  }
}
