internal import CSystem

// What a session has learned since its model file, in few bytes; and the way back, for who reads them.

extension Session {
  /// Exact size of an update in bytes.
  public func fleetUpdateSize(_ settings: FleetUpdateSettings) -> Int {
    let tensors = model.pointee.tensors
    var size = FleetUpdateHeader.size + bitBytes(tensors.count) + FleetUpdateHeader.checksumSize
    for index in 0..<tensors.count where settings.has(index) { size += settings.size(of: tensors[index].count) }
    return size
  }

  /// Writes the difference of the parameters from those of the model file, and what earlier updates have lost of theirs.
  public mutating func writeFleetUpdate(
    _ settings: FleetUpdateSettings, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    let tensors = model.pointee.tensors
    let size = fleetUpdateSize(settings)
    guard let start = buffer.baseAddress, buffer.count >= size else {
      throw message.failure(.bufferTooSmall, "the buffer has \(buffer.count) bytes, the update takes \(size)")
    }
    for index in 0..<tensors.count where settings.has(index) {
      let difference = difference(index, settings)
      for element in 0..<tensors[index].count where !difference[element].isFinite {
        throw message.failure(
          .notFinite, "the difference of \(tensors[index].name)[\(element)] is \(difference[element]), expected a finite number")
      }
    }
    let header = FleetUpdateHeader(
      magic: FleetUpdateHeader.magic, version: FleetUpdateHeader.version, element: settings.element.rawValue,
      isPart: settings.isPart ? 1 : 0, bytes: UInt32(truncatingIfNeeded: size), structure: model.pointee.structure,
      base: model.pointee.base(settings.has))
    start.storeBytes(of: header, as: FleetUpdateHeader.self)
    let bits = start + FleetUpdateHeader.size
    writeBits(bits, tensors.count, settings.has)
    var place = bits + bitBytes(tensors.count)
    for index in 0..<tensors.count where settings.has(index) {
      difference(index, settings).write(settings, at: place)
      place += settings.size(of: tensors[index].count)
    }
    place.storeBytes(of: checksum(UnsafeRawBufferPointer(start: start, count: place - start)), as: UInt64.self)
  }

  private func difference(_ index: Int, _ settings: FleetUpdateSettings) -> TensorDifference {
    let tensor = model.pointee.tensors[index]
    return TensorDifference(
      tensor: tensor, values: network.parameters.arrays[index].values, residual: settings.residual.map { $0 + tensor.offset })
  }

  /// Takes the parameters that the sender had: those of the model file and the differences, moved to the bounds of neuron
  /// parameters. Tensors that are not in the update stay; elements left out of one that is get the file's value. Everything is
  /// checked before anything is changed.
  public mutating func applyFleetUpdate(_ buffer: UnsafeRawBufferPointer) throws(Failure) {
    let update = try readFleetUpdate(buffer)
    let tensors = model.pointee.tensors
    var bad: (tensor: Int, element: Int)?
    let isWhole = update.forEach(tensors) { tensor, element, value in
      if bad == nil && !(tensors[tensor].value(element) + value).isFinite { bad = (tensor, element) }
    }
    guard isWhole else { throw message.failure(.invalidArgument, "the update is damaged: it has another size than what is in it") }
    guard update.header.base == model.pointee.base(update.has) else {
      throw message.failure(.stateMismatch, "a stale update: it is not from the parameters of this model file")
    }
    if let bad {
      throw message.failure(.notFinite, "the update makes \(tensors[bad.tensor].name)[\(bad.element)] a number that is not finite")
    }
    endWindows(updating: false)
    for index in 0..<tensors.count where update.has(index) {
      let (tensor, values) = (tensors[index], network.parameters.arrays[index].values)
      tensor.placement.forEach { element, place in values[place] = tensor.value(element) }
    }
    _ = update.forEach(tensors) { index, element, value in
      let tensor = tensors[index]
      network.parameters.arrays[index].values[tensor.placement.place(element)] = tensor.limited(tensor.value(element) + value)
    }
    network.derive()
  }

  /// An update whose header and checksum are right, and which is of this model's structure.
  private mutating func readFleetUpdate(_ buffer: UnsafeRawBufferPointer) throws(Failure) -> FleetUpdate {
    let least = FleetUpdateHeader.size + FleetUpdateHeader.checksumSize
    guard let start = buffer.baseAddress, buffer.count >= least else {
      throw message.failure(.invalidArgument, "the update has \(buffer.count) bytes, expected at least \(least)")
    }
    let header = start.loadUnaligned(as: FleetUpdateHeader.self)
    guard header.magic == FleetUpdateHeader.magic else {
      throw message.failure(.invalidArgument, "this is no update: it does not start with HYPRUPDT")
    }
    guard header.version == FleetUpdateHeader.version else {
      throw message.failure(
        .stateMismatch, "the update has version \(UInt64(header.version)), expected \(UInt64(FleetUpdateHeader.version))")
    }
    guard header.bytes == buffer.count else {
      throw message.failure(
        .invalidArgument, "the update is damaged: it has \(buffer.count) bytes, expected \(UInt64(header.bytes))")
    }
    let contents = UnsafeRawBufferPointer(rebasing: buffer[..<(buffer.count - FleetUpdateHeader.checksumSize)])
    guard checksum(contents) == (start + contents.count).loadUnaligned(as: UInt64.self) else {
      throw message.failure(.invalidArgument, "the update is damaged: its checksum does not match")
    }
    guard let element = ElementType(rawValue: header.element) else {
      throw message.failure(.invalidArgument, "the update is damaged: there is no element type \(UInt64(header.element))")
    }
    guard header.isPart <= 1 else {
      throw message.failure(.invalidArgument, "the update is damaged: byte 11 is \(UInt64(header.isPart)), expected 0 or 1")
    }
    let tensors = model.pointee.tensors.count
    guard header.structure == model.pointee.structure else {
      throw message.failure(
        .stateMismatch,
        "the update is of another structure: layers, tensors, their shapes or stored weights differ from this model's")
    }
    let rest = UnsafeRawBufferPointer(rebasing: contents[FleetUpdateHeader.size...])
    guard rest.count >= bitBytes(tensors) else {
      throw message.failure(.invalidArgument, "the update is damaged: it has another size than what is in it")
    }
    let update = FleetUpdate(header: header, element: element, contents: rest)
    guard (0..<tensors).contains(where: update.has) else {
      throw message.failure(.invalidArgument, "the update is damaged: no tensor is in it")
    }
    return update
  }
}

/// How the values of a tensor differ from the file's.
private struct TensorDifference {
  let tensor: TensorDescription
  let values: UnsafeMutablePointer<Float>
  let residual: UnsafeMutablePointer<Float>?

  @inline(__always) subscript(element: Int) -> Float {
    values[tensor.placement.place(element)] - tensor.value(element) + (residual?[element] ?? 0)
  }

  func write(_ settings: FleetUpdateSettings, at start: UnsafeMutableRawPointer) {
    let threshold = magnitude(ofLargest: settings.sent(of: tensor.count))
    // Of those that are as large as the smallest that is sent, the first.
    var ties = settings.sent(of: tensor.count) - count { $0 > threshold }
    var place = start + (settings.isPart ? bitBytes(tensor.count) : 0)
    let scale = settings.element.scale(largest: largest)
    if settings.element == .int8 { place.storeBytes(of: scale, as: Float.self) }
    place += settings.element.scaleSize
    func send(_ element: Int) -> Bool {
      let value = self[element]
      let size = value.magnitude.bitPattern
      let isTie = size == threshold && ties > 0
      if isTie { ties -= 1 }
      guard size > threshold || isTie else {
        residual?[element] = value
        return false
      }
      let kept = settings.element.write(value, scale, at: place)
      residual?[element] = value - kept
      place += settings.element.size
      return true
    }
    if settings.isPart {
      writeBits(start, tensor.count, send)
    } else {
      for element in 0..<tensor.count { _ = send(element) }
    }
  }

  private var largest: Float {
    var largest: Float = 0
    for element in 0..<tensor.count { largest = max(largest, self[element].magnitude) }
    return largest
  }

  /// The magnitude, as bits, that so many elements reach, built from its highest bit down: takes no memory.
  private func magnitude(ofLargest wanted: Int) -> UInt32 {
    guard wanted < tensor.count else { return 0 }
    var threshold: UInt32 = 0
    for bit in stride(from: 30, through: 0, by: -1) where count({ $0 >= threshold | 1 << UInt32(bit) }) >= wanted {
      threshold |= 1 << UInt32(bit)
    }
    return threshold
  }

  /// Elements whose magnitude, as bits, is as asked for.
  @inline(__always) private func count(_ isCounted: (UInt32) -> Bool) -> Int {
    var count = 0
    for element in 0..<tensor.count where isCounted(self[element].magnitude.bitPattern) { count += 1 }
    return count
  }
}

/// An update that is read.
private struct FleetUpdate {
  let header: FleetUpdateHeader
  let element: ElementType
  /// What is between header and checksum.
  let contents: UnsafeRawBufferPointer

  func has(_ tensor: Int) -> Bool { isSet(tensor, 0) }

  /// All differences in it; false: there are more bytes, or fewer, than it says.
  func forEach(
    _ tensors: UnsafeBufferPointer<TensorDescription>, _ body: (_ tensor: Int, _ element: Int, _ value: Float) -> Void
  ) -> Bool {
    var position = bitBytes(tensors.count)
    for index in 0..<tensors.count where has(index) {
      let (count, bits) = (tensors[index].count, position)
      if header.isPart == 1 { position += bitBytes(count) }
      guard contents.count - position >= element.scaleSize else { return false }
      let scale = element == .int8 ? contents.loadUnaligned(fromByteOffset: position, as: Float.self) : 1
      position += element.scaleSize
      for place in 0..<count where header.isPart == 0 || isSet(place, bits) {
        guard let start = contents.baseAddress, contents.count - position >= element.size else { return false }
        body(index, place, element.read(scale, at: start + position))
        position += element.size
      }
    }
    return position == contents.count
  }

  private func isSet(_ bit: Int, _ start: Int) -> Bool { contents[start + bit / 8] >> (bit % 8) & 1 == 1 }
}

/// Writes bits, from the lowest of each byte.
private func writeBits(_ start: UnsafeMutableRawPointer, _ count: Int, _ isSet: (Int) -> Bool) {
  var byte: UInt8 = 0
  for bit in 0..<count {
    if isSet(bit) { byte |= 1 << UInt8(bit % 8) }
    guard bit % 8 == 7 || bit == count - 1 else { continue }
    start.storeBytes(of: byte, toByteOffset: bit / 8, as: UInt8.self)
    byte = 0
  }
}

extension Model {
  /// A checksum of what models must have in common for a difference of one to mean something in the other.
  fileprivate var structure: UInt64 {
    var sum = Checksum()
    for layer in layers { sum.add(layer.neuron.name) }
    for tensor in tensors {
      sum.add(tensor.name)
      let placement = tensor.placement
      sum.add(UInt64(placement.gateCount))
      sum.add(UInt64(placement.size))
      sum.add(UInt64(placement.columns))
      guard let rows = placement.rows else { continue }
      for row in 0...placement.gateCount * placement.size { sum.add(UInt64(rows.rowOffsets[row])) }
      for element in 0..<rows.count { sum.add(UInt64(rows.sources[element])) }
    }
    return sum.value
  }

  /// A checksum of the values of some tensors.
  fileprivate func base(_ isIn: (Int) -> Bool) -> UInt64 {
    var sum = Checksum()
    for index in 0..<tensors.count where isIn(index) {
      for element in 0..<tensors[index].count { sum.add(UInt64(tensors[index].value(element).bitPattern)) }
    }
    return sum.value
  }
}

extension Checksum {
  /// With its end, so that two texts are not one.
  fileprivate mutating func add(_ text: UnsafePointer<CChar>) {
    var index = 0
    repeat {
      add(UInt64(UInt8(bitPattern: text[index])))
      index += 1
    } while text[index - 1] != 0
  }
}

extension TensorDescription {
  /// The nearest value that is allowed, as optimizers choose it.
  fileprivate func limited(_ value: Float) -> Float {
    let size = min(max(bounds.absolute ? value.magnitude : value, bounds.lower), bounds.upper)
    return bounds.absolute && value.sign == .minus ? -size : size
  }
}
