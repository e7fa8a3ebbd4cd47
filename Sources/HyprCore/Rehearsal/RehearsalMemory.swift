internal import CSystem

/// The stretches that are kept, one after the other in a piece of memory of fixed size.
///
/// Which ones they are is decided by class-balancing reservoir sampling (Chrysakis and Moens, "Online continual learning from imbalanced
/// data", 2020): while there is room every stretch is kept; then one of a class that has fewer than others takes the place of one of the
/// class that has the most, and one of a class that has its part the place of another of its own, with the probability that makes each
/// of that class as likely to be kept.
struct RehearsalMemory {
  let shape: Stretch.Shape
  private let start: UnsafeMutableRawPointer
  let capacity: Int
  private(set) var used = 0
  /// [outputs + 1], the last one of stretches without a class: how many are kept, and how many there were since the memory was empty.
  private let kept, seen: UnsafeMutablePointer<Int>
  /// Of all classes.
  private(set) var count = 0
  var random: SplitMix64
  /// Where the one lies that is being rehearsed.
  private(set) var playing: Int?

  init(_ arena: inout Arena, _ shape: Stretch.Shape, _ settings: Settings) {
    self.shape = shape
    capacity = settings.rehearsalBytes & ~7
    start = UnsafeMutableRawPointer(arena.allocate(UInt8.self, capacity, .rehearsal))
    kept = arena.allocate(Int.self, shape.outputs + 1, .rehearsal)
    seen = arena.allocate(Int.self, shape.outputs + 1, .rehearsal)
    random = SplitMix64(seed: settings.rehearsalSeed)
  }

  /// A class, or `outputs` for none.
  func count(_ label: Int) -> Int { kept[label] }
  func offered(_ label: Int) -> Int { seen[label] }
  func setOffered(_ count: Int, _ label: Int) { seen[label] = count }

  func stretch(at offset: Int) -> Stretch { Stretch(start + offset, shape) }

  mutating func clear() {
    (used, count, playing) = (0, 0, nil)
    kept.clear(shape.outputs + 1)
    seen.clear(shape.outputs + 1)
  }

  /// Keeps what was recorded, or not.
  mutating func offer(_ recorder: StretchRecorder) {
    let header = recorder.header()
    let (bytes, label) = (Int(header.bytes), Int(header.label))
    seen[label] = min(seen[label] + 1, .max >> 1)
    guard bytes <= capacity else { return }
    if used + bytes > capacity {
      var largest = largestClass(from: label)
      // With one more than now it would have as many as the largest class: it has its part.
      if kept[label] + 1 >= kept[largest] && kept[label] > 0 { largest = label }
      if largest == label && random.below(seen[label]) >= kept[label] { return }
      while used + bytes > capacity {
        // Its stretches may be shorter than the new one.
        if kept[largest] == 0 { largest = largestClass(from: largest) }
        remove(random.below(kept[largest]), of: largest)
      }
    }
    recorder.write(Stretch(start + used, shape, header))
    used += bytes
    kept[label] += 1
    count += 1
  }

  /// The class of which the most are kept; `label` if none has more.
  private func largestClass(from label: Int) -> Int {
    var largest = label
    for other in 0...shape.outputs where kept[other] > kept[largest] { largest = other }
    return largest
  }

  /// Where one of a class lies, counted from 0.
  func offset(_ index: Int, of label: Int) -> Int {
    var (offset, left) = (0, index)
    while true {
      let header = stretch(at: offset).header
      if Int(header.label) == label {
        if left == 0 { return offset }
        left -= 1
      }
      offset += Int(header.bytes)
    }
  }

  private mutating func remove(_ index: Int, of label: Int) {
    let offset = offset(index, of: label)
    let bytes = Int(stretch(at: offset).header.bytes)
    (start + offset).copyMemory(from: start + offset + bytes, byteCount: used - offset - bytes)
    used -= bytes
    kept[label] -= 1
    count -= 1
    if let playing, playing >= offset { self.playing = playing == offset ? nil : playing - bytes }
  }

  /// One of a class, counted from 0, is being rehearsed from now on.
  mutating func play(_ index: Int, of label: Int) { playing = offset(index, of: label) }

  mutating func endPlaying() { playing = nil }

  /// `step`: the next one of the stretch that is being rehearsed.
  mutating func walkState(_ stream: inout StateStream, step: Int) {
    random.walkState(&stream)
    let used = stream.integer(used, in: 0...capacity)
    let place = stream.integer(playing ?? -1, in: -1...max(used - 1, -1))
    for label in 0...shape.outputs {
      let number = stream.integer(seen[label], in: 0...Int.max >> 1)
      if stream.mode == .read { seen[label] = number }
    }
    let memory = stream.mode == .check ? stream.next : start
    guard stream.has(used) else { return stream.refuse() }
    stream.bytes(start, used)
    if !stream.isInput { return }
    guard let memory else { return }
    var (counts, offset) = (0, 0)
    if stream.mode == .read { kept.clear(shape.outputs + 1) }
    var isPlaying = place < 0
    while offset < used {
      guard used - offset >= Stretch.Header.size else { return stream.refuse() }
      let stretch = Stretch(memory + offset, shape)
      guard stretch.isSound(room: used - offset) else { return stream.refuse() }
      if stream.mode == .read { kept[Int(stretch.header.label)] += 1 }
      if offset == place { isPlaying = step < Int(stretch.header.steps) }
      offset += Int(stretch.header.bytes)
      counts += 1
    }
    if !isPlaying { stream.refuse() }
    if stream.mode == .read { (self.used, count, playing) = (used, counts, place < 0 ? nil : place) }
  }
}
