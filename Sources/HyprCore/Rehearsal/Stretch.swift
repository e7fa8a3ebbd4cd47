/// A stretch of the stream as it is kept: the inputs of the first layer in a few bits each with a scale for each of them, all or only
/// those that are not zero, and the targets, in one piece of memory without pointers.
///
/// Nothing in it needs to be aligned. After the header, and up to a multiple of 8 bytes:
///   scales    [columns]; none if all inputs are 0 or 1
///   runs      of equal targets
///   rows      [outputs] of each step that was taught values or an error
///   inputs    dense: [steps][columns] values; sparse: how many there are of each step and their columns, in as few bytes as the number
///             of columns takes, and a value for each unless all are 1. Values are whole numbers, the least one stored as 0, bit after bit
struct Stretch {
  /// Sizes that all stretches of a model have in common.
  struct Shape {
    /// Inputs of the first layer, outputs of the network, and the most steps of a stretch.
    let columns, outputs, longest: Int

    /// Of a number that is at most `columns`.
    var indexBytes: Int { columns < 1 << 8 ? 1 : columns < 1 << 16 ? 2 : 4 }
  }

  struct Header {
    /// The whole stretch.
    var bytes: UInt32
    var steps: UInt32
    var runs: UInt32
    var rows: UInt32
    /// Inputs that are not zero; `dense`: all are there.
    var events: UInt32
    /// The class that it counts for, `outputs` if it was taught none.
    var label: UInt32
    private var flags: UInt32
    /// Of a value.
    var bits: UInt32

    init(steps: Int, runs: Int, rows: Int, events: Int?, label: Int, startsSequence: Bool, isBinary: Bool, bits: Int) {
      bytes = 0
      self.bits = UInt32(truncatingIfNeeded: bits)
      self.steps = UInt32(truncatingIfNeeded: steps)
      self.runs = UInt32(truncatingIfNeeded: runs)
      self.rows = UInt32(truncatingIfNeeded: rows)
      // More than can be counted are too many for any memory.
      self.events = events.map { min(UInt32(clamping: $0), Header.dense - 1) } ?? Header.dense
      self.label = UInt32(truncatingIfNeeded: label)
      flags = (startsSequence ? 1 : 0) + (isBinary ? 2 : 0)
    }

    /// Whether the state before it was zero: then it needs no lead-in.
    var startsSequence: Bool { flags & 1 != 0 }
    /// Whether all events are 1.
    var isBinary: Bool { flags & 2 != 0 }
    /// Whether flags and bits are such as there are.
    var isKnown: Bool { flags < 4 && bits >= 2 && bits <= 8 && !(isDense && isBinary) }

    static var dense: UInt32 { .max }
    static var size: Int { 32 }
    var isDense: Bool { events == Header.dense }
  }

  /// Steps with the same target.
  struct Run {
    var steps: UInt32
    /// A class, or one of `none`, `values` and `error`.
    var target: Int32

    static var none: Int32 { -1 }
    /// Values of all outputs, and a derivative of the loss by them: of each step there is a row.
    static var values: Int32 { -2 }
    static var error: Int32 { -3 }
    static func hasRow(_ target: Int32) -> Bool { target <= values }
  }

  let start: UnsafeMutableRawPointer
  let shape: Shape
  let header: Header

  init(_ start: UnsafeMutableRawPointer, _ shape: Shape) {
    self.start = start
    self.shape = shape
    header = start.loadUnaligned(as: Header.self)
  }

  /// One that is to be written, whose memory may not be there yet.
  init(_ start: UnsafeMutableRawPointer, _ shape: Shape, _ header: Header) {
    self.start = start
    self.shape = shape
    self.header = header
  }

  private var eventCount: Int { header.isDense ? Int(header.steps) * shape.columns : Int(header.events) }
  private var runsOffset: Int { Header.size + (header.isBinary ? 0 : shape.columns * 4) }
  private var rowsOffset: Int { runsOffset + Int(header.runs) * 8 }
  private var countsOffset: Int { rowsOffset + Int(header.rows) * shape.outputs * 4 }
  private var columnsOffset: Int { countsOffset + (header.isDense ? 0 : Int(header.steps) * shape.indexBytes) }
  private var valuesOffset: Int { columnsOffset + (header.isDense ? 0 : eventCount * shape.indexBytes) }
  /// Of the whole stretch.
  var size: Int {
    // One byte more: of a value always two are read.
    let values = header.isBinary ? 0 : (eventCount * Int(header.bits) + 7) / 8 + 1
    return (valuesOffset + values + 7) & ~7
  }

  /// What a value of 1 of a column stands for.
  func scale(_ column: Int) -> Float { (start + Header.size).loadUnaligned(fromByteOffset: 4 * column, as: Float.self) }
  func setScale(_ scale: Float, _ column: Int) {
    (start + Header.size).storeBytes(of: scale, toByteOffset: 4 * column, as: Float.self)
  }
  func run(_ index: Int) -> Run { (start + runsOffset).loadUnaligned(fromByteOffset: 8 * index, as: Run.self) }
  func setRun(_ run: Run, _ index: Int) { (start + runsOffset).storeBytes(of: run, toByteOffset: 8 * index, as: Run.self) }
  /// [outputs] of one of the rows.
  func row(_ index: Int) -> UnsafeMutableRawPointer { start + rowsOffset + index * shape.outputs * 4 }

  /// The largest magnitude of a value.
  static func largest(bits: Int) -> Int { 1 << (bits - 1) - 1 }

  @inline(__always) func value(_ index: Int) -> Int {
    let bits = Int(header.bits)
    let (bytes, shift) = (start + valuesOffset + index * bits / 8, index * bits % 8)
    let word = Int(bytes.loadUnaligned(as: UInt16.self)) >> shift
    return word & (1 << bits - 1) - Stretch.largest(bits: bits)
  }

  /// The bits are zero before.
  func setValue(_ value: Int, _ index: Int) {
    let bits = Int(header.bits)
    let (bytes, shift) = (start + valuesOffset + index * bits / 8, index * bits % 8)
    let word = bytes.loadUnaligned(as: UInt16.self) | UInt16(truncatingIfNeeded: (value + Stretch.largest(bits: bits)) << shift)
    bytes.storeBytes(of: word, as: UInt16.self)
  }

  /// How many inputs of a step are not zero; only of sparse ones.
  func count(_ step: Int) -> Int { index(countsOffset, step) }
  func setCount(_ count: Int, _ step: Int) { setIndex(count, countsOffset, step) }
  /// The column of an event; only of sparse ones.
  func column(_ event: Int) -> Int { index(columnsOffset, event) }
  func setColumn(_ column: Int, _ event: Int) { setIndex(column, columnsOffset, event) }

  private func index(_ offset: Int, _ place: Int) -> Int {
    let bytes = start + offset
    return switch shape.indexBytes {
    case 1: Int(bytes.load(fromByteOffset: place, as: UInt8.self))
    case 2: Int(bytes.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self))
    default: Int(bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
    }
  }

  private func setIndex(_ value: Int, _ offset: Int, _ place: Int) {
    let bytes = start + offset
    switch shape.indexBytes {
    case 1: bytes.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: place, as: UInt8.self)
    case 2: bytes.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: 2 * place, as: UInt16.self)
    default: bytes.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: 4 * place, as: UInt32.self)
    }
  }
}

/// Where in a stretch its next step lies.
struct StretchCursor {
  private(set) var step = 0
  private var event = 0
  private var run = 0
  private var stepOfRun = 0
  private var row = 0

  init() {}

  init(_ step: Int, in stretch: Stretch) {
    for _ in 0..<step { advance(stretch) }
  }

  /// The inputs of the next step become events of a slot.
  @_optimize(speed) func list(_ stretch: Stretch, into events: EventSource, slot: Int) {
    let (indices, inputs) = (events.indices(slot), events.values(slot))
    var count = 0
    if stretch.header.isDense {
      let first = step * stretch.shape.columns
      for column in 0..<stretch.shape.columns {
        let value = stretch.value(first + column)
        if value == 0 { continue }
        indices[count] = Int32(truncatingIfNeeded: column)
        inputs[count] = Float(value) * stretch.scale(column)
        count += 1
      }
    } else {
      count = stretch.count(step)
      for place in 0..<count {
        let column = stretch.column(event + place)
        indices[place] = Int32(truncatingIfNeeded: column)
        inputs[place] = stretch.header.isBinary ? 1 : Float(stretch.value(event + place)) * stretch.scale(column)
      }
    }
    events.setCount(count, slot)
  }

  /// Its target: a class, or what `Stretch.Run` says.
  func target(_ stretch: Stretch) -> Int32 { stretch.run(run).target }
  /// Its row, if it has one.
  func row(_ stretch: Stretch) -> UnsafeRawPointer { UnsafeRawPointer(stretch.row(row)) }

  /// Goes on to the step after it.
  @_optimize(speed) mutating func advance(_ stretch: Stretch) {
    if !stretch.header.isDense { event += stretch.count(step) }
    if Stretch.Run.hasRow(target(stretch)) { row += 1 }
    step += 1
    stepOfRun += 1
    if stepOfRun == Int(stretch.run(run).steps) { (run, stepOfRun) = (run + 1, 0) }
  }
}
