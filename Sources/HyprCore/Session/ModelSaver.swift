internal import CModelFormat
internal import CSystem

// The model file with a session's parameters: the loaded file, byte for byte, but for the elements of its tensors and the scales of
// those that are int8. What the file holds beyond this version's knowledge is kept, and nothing is allocated.

extension Session {
  /// Writes it to a file, which is replaced atomically, and only by what reads back as it was written.
  public mutating func saveModel(to path: UnsafePointer<CChar>) throws(Failure) {
    try checkPlaces()
    var replacement = system_replacement()
    system_replacement_begin(&replacement, path)
    withUnsafeMutablePointer(to: &replacement) { replacement in
      write(to: .file(replacement))
      write(to: .check(replacement))
    }
    let error = system_replacement_end(&replacement)
    if error != 0 { throw notWritten(path, replacement.step, error, message) }
  }

  /// Its exact size in bytes.
  public var modelSize: Int { model.pointee.file.count }

  /// Writes it to memory.
  public mutating func saveModel(_ buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
    guard let start = buffer.baseAddress, buffer.count >= modelSize else {
      throw message.failure(.bufferTooSmall, "the buffer has \(buffer.count) bytes, the model takes \(modelSize)")
    }
    try checkPlaces()
    write(to: .memory(start))
  }

  /// That what will be written can be loaded: the file in memory is still the one that was loaded, and where the elements of
  /// tensors go there is nothing else. Loading has made sure of both; here a fault of the host, or of ours, would cost the file.
  private mutating func checkPlaces() throws(Failure) {
    let file = model.pointee.file
    guard checksum(file) == model.pointee.identity else {
      throw message.failure(.modelInvalid, "the model was changed in memory since it was loaded: its checksum does not match")
    }
    let isFree: format_visitor = { model, start, end in
      model.assumingMemoryBound(to: Model.self).pointee.isFreeOfElements(start..<max(start, end))
    }
    guard let start = file.baseAddress, format_visit_structure(start, file.count, isFree, model) else {
      throw message.failure(.modelInvalid, "the elements of a tensor lie where the file has something else")
    }
    try checkRange()
  }

  /// That the types of the file's tensors reach as far as their values.
  @inline(never) private mutating func checkRange() throws(Failure) {
    for index in 0..<model.pointee.tensors.count where model.pointee.tensors[index].elementType != .float32 {
      let (tensor, values) = (model.pointee.tensors[index], network.parameters.arrays[index].values)
      for element in 0..<tensor.count {
        let value = values[tensor.placement.place(element)]
        if value.magnitude < tensor.elementType.limit { continue }
        throw message.failure(
          .notFinite,
          "\(tensor.name)[\(element)] is \(value), expected at most \(tensor.elementType.largest) in size, as the file stores it")
      }
    }
  }

  /// Its bytes, in order.
  @inline(never) private mutating func write(to destination: ModelDestination) {
    var destination = destination
    let file = model.pointee.file
    guard let start = file.baseAddress else { return }
    var position = 0
    for key in model.pointee.places {
      let place = TensorPlace(key: key)
      let tensor = model.pointee.tensors[place.tensor]
      destination.take(start + position, place.start - position)
      let saved = SavedTensor(
        tensor: tensor, values: network.parameters.arrays[place.tensor].values, rounding: Rounding(seed: settings.roundingSeed))
      if place.isOfScales { saved.writeScales(to: &destination) } else { saved.writeElements(to: &destination) }
      position = place.start + tensor.byteCount(at: place)
    }
    destination.take(start + position, file.count - position)
  }
}

/// What takes a model's bytes, piece by piece.
private enum ModelDestination {
  case file(UnsafeMutablePointer<system_replacement>)
  /// What a file has is compared with them.
  case check(UnsafeMutablePointer<system_replacement>)
  case memory(UnsafeMutableRawPointer)

  @inline(never) mutating func take(_ bytes: UnsafeRawPointer, _ count: Int) {
    switch self {
    case .file(let replacement): system_replacement_write(replacement, bytes, count)
    case .check(let replacement): system_replacement_check(replacement, bytes, count)
    case .memory(let place):
      place.copyMemory(from: bytes, byteCount: count)
      self = .memory(place + count)
    }
  }
}

/// A tensor as the file will have it.
private struct SavedTensor {
  let tensor: TensorDescription
  /// At the places of its placement.
  let values: UnsafeMutablePointer<Float>
  let rounding: Rounding

  private static let pieceCount = 256

  private func value(_ element: Int) -> Float { values[tensor.placement.place(element)] }

  private func scale(_ index: Int) -> Float {
    ElementType.scale(of: tensor.elements(ofScale: index), before: tensor.scales[index], value)
  }

  func writeScales(to destination: inout ModelDestination) {
    for index in 0..<tensor.scales.count {
      var scale = scale(index)
      destination.take(&scale, MemoryLayout<Float>.size)
    }
  }

  func writeElements(to destination: inout ModelDestination) {
    let size = tensor.elementType.size
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: SavedTensor.pieceCount) { piece in
      guard let bytes = UnsafeMutableRawPointer(piece.baseAddress) else { return }
      // Of int8: the scale of the elements before `end`, and the number of the next one.
      var (scale, end, next): (Float, Int, Int) = (1, 0, 0)
      var count = 0
      for element in 0..<tensor.count {
        while !tensor.scales.isEmpty && element >= end {
          (scale, end) = (self.scale(next), tensor.elements(ofScale: next).upperBound)
          next += 1
        }
        let value = value(element)
        _ = tensor.elementType.write(value, scale, random: rounding.random(element, value), at: bytes + count * size)
        count += 1
        if count == SavedTensor.pieceCount || element == tensor.count - 1 {
          destination.take(bytes, count * size)
          count = 0
        }
      }
    }
  }
}

extension Model {
  /// Whether no tensor has elements in these bytes of the file.
  fileprivate func isFreeOfElements(_ bytes: Range<Int>) -> Bool {
    // The last tensor that begins before they end.
    var (first, last) = (0, places.count)
    while first < last {
      let middle = (first + last) / 2
      if TensorPlace(key: places[middle]).start < bytes.upperBound { first = middle + 1 } else { last = middle }
    }
    guard first > 0 else { return true }
    let place = TensorPlace(key: places[first - 1])
    return place.start + tensors[place.tensor].byteCount(at: place) <= bytes.lowerBound
  }
}

/// Why a file stays as it was.
package func notWritten(
  _ path: UnsafePointer<CChar>, _ step: UnsafePointer<CChar>?, _ error: Int32, _ message: MessageBuffer
) -> Failure {
  let advice: StaticString = error == EBUSY ? "; if it is a mount point, mount the folder that it is in" : ""
  return message.failure(.inputOutput, "cannot write \(path): \(step): \(systemText(error))\(advice)")
}
