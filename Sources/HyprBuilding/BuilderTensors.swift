internal import CSystem
public import HyprCore

// Tensors by the names that hypr.h gives them, such as "layer0.input_weight".
extension ModelBuilder {
  /// The layer that a name begins with, and the rest of the name.
  func layer(of name: UnsafePointer<CChar>) -> (UnsafeMutablePointer<BuilderLayer>, UnsafePointer<CChar>)? {
    if let readout, let rest = rest(of: name, after: text("readout.")) { return (readout, rest) }
    guard var rest = rest(of: name, after: text("layer")), rest.pointee != 0x2E else { return nil }
    let first = rest
    var index = 0
    while rest.pointee >= 0x30 && rest.pointee <= 0x39 && index < layers.count {
      index = index * 10 + Int(rest.pointee - 0x30)
      rest += 1
    }
    let isPadded = first.pointee == 0x30 && rest != first + 1
    guard !isPadded, index < layers.count, rest.pointee == 0x2E else { return nil }
    return (layers[index], rest + 1)
  }

  private func rest(of text: UnsafePointer<CChar>, after start: UnsafePointer<CChar>) -> UnsafePointer<CChar>? {
    var index = 0
    while start[index] != 0 {
      if text[index] != start[index] { return nil }
      index += 1
    }
    return text + index
  }

  /// The place of a tensor that the network has.
  func tensor(_ name: UnsafePointer<CChar>) throws(Failure) -> UnsafeMutablePointer<BuilderTensor> {
    guard let (layer, field) = layer(of: name) else { throw message.failure(.notFound, "there is no tensor \(name)") }
    var known: Text = ""
    for index in 0..<layer.pointee.tensorCount where layer.pointee.tensors[index].isPresent {
      if equal(layer.pointee.tensors[index].field, field) { return layer.pointee.tensors + index }
      known = "\(known) \(layer.pointee.tensors[index].field)"
    }
    throw message.failure(.notFound, "there is no tensor \(name); its layer has:\(known)")
  }

  /// Sets the elements of a tensor: as many as it has.
  public mutating func setTensor(
    _ name: UnsafePointer<CChar>, _ values: UnsafePointer<Float>, _ count: Int
  ) throws(Failure) {
    let tensor = try tensor(name)
    guard count == tensor.pointee.count else {
      throw message.failure(.sizeMismatch, "\(name) gets \(size: count) elements, expected \(tensor.pointee.count)")
    }
    for index in 0..<count where !values[index].isFinite {
      throw message.failure(.notFinite, "\(name)[\(index)] is \(values[index]), expected a finite number")
    }
    let copy: UnsafeMutablePointer<Float> = try copy(values, count)
    forgetBuilt()
    system_free(tensor.pointee.given)
    tensor.pointee.source = .given(copy)
  }

  /// Has a tensor drawn uniformly between two numbers.
  public mutating func drawTensor(
    _ name: UnsafePointer<CChar>, from lower: Double, to upper: Double
  ) throws(Failure) {
    let tensor = try tensor(name)
    guard lower <= upper && Float(lower).isFinite && Float(upper).isFinite else {
      throw invalid("\(name) is from \(lower) to \(upper), expected (low, high), two finite numbers")
    }
    forgetBuilt()
    system_free(tensor.pointee.given)
    tensor.pointee.source = .range(lower, upper)
  }

  /// Says which elements of a weight there are; what was said of their values is forgotten.
  public mutating func setRows(
    _ name: UnsafePointer<CChar>, _ offsets: UnsafePointer<UInt32>, _ offsetCount: Int,
    _ columns: UnsafePointer<UInt32>?,
    _ columnCount: Int
  ) throws(Failure) {
    let tensor = try tensor(name)
    guard let width = tensor.pointee.columns else {
      throw invalid("\(name) is not a weight: all of its elements are stored")
    }
    guard tensor.pointee.density == 1 else {
      throw invalid(
        "which elements of \(name) there are is drawn with a density, expected a density of 1 where they are given")
    }
    let rows = tensor.pointee.rows
    guard offsetCount == rows + 1 else {
      throw message.failure(.sizeMismatch, "\(name) gets \(size: offsetCount) row offsets, expected \(rows + 1)")
    }
    try checkRows(name, offsets, rows, columns, columnCount, width: width)
    let copiedOffsets: UnsafeMutablePointer<UInt32> = try copy(offsets, offsetCount)
    guard let copiedColumns: UnsafeMutablePointer<UInt32> = columns.map({ copied($0, columnCount) }) ?? allocated(0)
    else {
      system_free(copiedOffsets)
      throw outOfMemory()
    }
    forgetBuilt()
    tensor.pointee.stored?.free()
    system_free(tensor.pointee.given)
    tensor.pointee.source = .usual(times: 1)
    tensor.pointee.stored = StoredRows(
      offsets: copiedOffsets, columns: copiedColumns, offsetCount: offsetCount, count: columnCount)
  }

  /// Elements are picked by these when a file is built, before the loader has seen them.
  private func checkRows(
    _ name: UnsafePointer<CChar>, _ offsets: UnsafePointer<UInt32>, _ rows: Int, _ columns: UnsafePointer<UInt32>?,
    _ count: Int, width: Int
  ) throws(Failure) {
    guard offsets[0] == 0 else { throw invalid("\(name): row offset 0 is \(Int(offsets[0])), expected 0") }
    for row in 0..<rows where offsets[row + 1] < offsets[row] || Int(offsets[row + 1]) > count {
      throw invalid(
        "\(name): row offset \(row + 1) is \(Int(offsets[row + 1])), expected \(Int(offsets[row])) to \(count)")
    }
    guard Int(offsets[rows]) == count else {
      throw message.failure(
        .sizeMismatch, "\(name) gets \(size: count) columns, expected \(Int(offsets[rows])), the last of its row offsets")
    }
    guard count == 0 || columns != nil else { throw invalid("columns is NULL") }
    for row in 0..<rows {
      var least = 0
      for element in Int(offsets[row])..<Int(offsets[row + 1]) {
        let column = columns.map { Int($0[element]) } ?? 0
        guard column >= least && column < width else {
          throw invalid(
            "\(name): column \(element) is \(column), expected \(least) to \(width - 1), ascending in a row")
        }
        least = column + 1
      }
    }
  }

  /// Whether sessions may train a tensor.
  public mutating func setTrainable(_ name: UnsafePointer<CChar>, _ trainable: Bool) throws(Failure) {
    let tensor = try tensor(name)
    forgetBuilt()
    tensor.pointee.trainable = trainable
  }

  /// Reads the elements that were given for a tensor.
  public func readTensor(
    _ name: UnsafePointer<CChar>, into values: UnsafeMutablePointer<Float>, _ count: Int
  ) throws(Failure) {
    let tensor = try tensor(name)
    guard let given = tensor.pointee.given else {
      throw message.failure(.wrongState, "\(name) is not given: it is drawn when the file is built")
    }
    guard count == tensor.pointee.count else {
      throw message.failure(
        .sizeMismatch, "\(name) has \(tensor.pointee.count) elements, expected room for as many, not \(size: count)")
    }
    values.update(from: given, count: count)
  }

  /// Facts about the tensors in the order of hypr.h; nil past the end. The name is good until the next call.
  public func tensor(_ index: Int) -> TensorFacts? {
    guard index >= 0 else { return nil }
    var (place, offset) = (0, 0)
    for number in 0...layers.count {
      guard let layer = number < layers.count ? layers[number] : readout else { return nil }
      for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
        if place == index { return facts(layer, number, slot, offset: offset) }
        place += 1
        offset += layer.pointee.tensors[slot].count
      }
    }
    return nil
  }

  public var tensorCount: Int {
    var count = 0
    for number in 0...layers.count {
      guard let layer = number < layers.count ? layers[number] : readout else { break }
      for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent { count += 1 }
    }
    return count
  }

  private func facts(
    _ layer: UnsafeMutablePointer<BuilderLayer>, _ number: Int, _ slot: Int, offset: Int
  ) -> TensorFacts {
    let tensor = layer.pointee.tensors + slot
    let stored = tensor.pointee.stored?.count
    return TensorFacts(
      name: name(layer, number, slot), rows: stored ?? tensor.pointee.rows, columns: stored == nil ? tensor.pointee.columns : nil,
      offset: offset, trainable: isTrainable(layer, slot), tensor.pointee.elementType)
  }

  /// The name of a tensor; good until the next one is asked for.
  func name(_ layer: UnsafeMutablePointer<BuilderLayer>, _ number: Int, _ slot: Int) -> UnsafePointer<CChar> {
    let field = layer.pointee.tensors[slot].field
    let name: Text = layer.pointee.isReadout ? "readout.\(field)" : "layer\(number).\(field)"
    name.copy(to: tensorName, size: Model.nameCapacity)
    return UnsafePointer(tensorName)
  }

  func isTrainable(_ layer: UnsafeMutablePointer<BuilderLayer>, _ slot: Int) -> Bool {
    let isTau = layer.pointee.isReadout && slot == BuilderLayer.firstParameter
    return layer.pointee.tensors[slot].trainable
      ?? (!isTau || layers[layers.count - 1].pointee.initialValues.trainsReadoutTau)
  }
}
