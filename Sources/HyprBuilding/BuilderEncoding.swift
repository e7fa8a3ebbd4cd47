internal import CModelFormat
internal import CModelWriter
internal import CSystem
public import HyprCore

// How the file stores weights: as float32, or in fewer bytes.

/// Elements of a tensor in a smaller type, in memory of their own.
struct EncodedElements {
  let data: UnsafeMutableRawPointer
  /// One per row; nil: they have none.
  let scales: UnsafeMutablePointer<Float>?
  let scaleCount: Int

  func free() {
    system_free(data)
    system_free(scales)
  }
}

extension ModelBuilder {
  /// Says how the file stores a weight; nil: all weights that there are.
  public mutating func setElementType(_ name: UnsafePointer<CChar>?, _ type: ElementType) throws(Failure) {
    if let name {
      let tensor = try tensor(name)
      guard tensor.pointee.columns != nil || type == .float32 else {
        throw invalid("\(name) is no weight: it is stored as float32")
      }
      forgetBuilt()
      return tensor.pointee.elementType = type
    }
    forgetBuilt()
    for number in 0...layers.count {
      guard let layer = number < layers.count ? layers[number] : readout else { return }
      for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].columns != nil {
        layer.pointee.tensors[slot].elementType = type
      }
    }
  }

  /// Makes of what was given and drawn what the file stores; `forgetDrawn` must follow, also after a failure.
  func encode() throws(Failure) {
    for number in 0...layers.count {
      guard let layer = number < layers.count ? layers[number] : readout else { return }
      for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
        let tensor = layer.pointee.tensors + slot
        if tensor.pointee.elementType == .float32 { continue }
        try encode(tensor, name(layer, number, slot))
      }
    }
  }

  private func encode(_ tensor: UnsafeMutablePointer<BuilderTensor>, _ name: UnsafePointer<CChar>) throws(Failure) {
    guard let values = tensor.pointee.drawn ?? tensor.pointee.given, let columns = tensor.pointee.columns else { return }
    let (type, rows) = (tensor.pointee.elementType, tensor.pointee.drawnRows ?? tensor.pointee.stored)
    let count = rows?.count ?? tensor.pointee.elementCount
    for element in 0..<count where !(values[element].magnitude < type.limit) {
      throw message.failure(
        .notFinite, "\(name)[\(element)] is \(values[element]), expected at most \(type.largest) in size, as the file stores it")
    }
    let rowCount = tensor.pointee.rows
    let scales: UnsafeMutablePointer<Float>? = type == .int8 ? allocated(rowCount) : nil
    let data: UnsafeMutablePointer<UInt8>? = allocated(count * type.size)
    guard let data, type != .int8 || scales != nil else {
      system_free(data)
      system_free(scales)
      throw outOfMemory()
    }
    tensor.pointee.encoded = EncodedElements(data: data, scales: scales, scaleCount: scales == nil ? 0 : rowCount)
    for row in 0..<rowCount {
      let elements = rows.map { Int($0.offsets[row])..<Int($0.offsets[row + 1]) } ?? row * columns..<(row + 1) * columns
      var scale: Float = 1
      if let scales {
        scale = ElementType.scale(of: elements, before: tensor.pointee.scales?[row] ?? 0) { values[$0] }
        scales[row] = scale
      }
      type.encode(values, elements, scale, at: data)
    }
  }
}
