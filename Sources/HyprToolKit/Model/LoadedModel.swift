import HyprCore

/// A model that the core has loaded and checked, freed with this object.
final class LoadedModel {
  let pointer: UnsafeMutablePointer<Model>

  /// Loads a file; what is wrong with it is in the error.
  init(path: String) throws {
    pointer = try withMessage(about: path) { message throws(Failure) in try Model.load(path: path, message) }
  }

  /// Loads the bytes of a file.
  init(_ bytes: [UInt8]) throws {
    pointer = try bytes.withUnsafeBytes { buffer in
      try withMessage { message throws(Failure) in try Model.load(buffer, message) }
    }
  }

  deinit { pointer.release() }

  var name: String { String(cString: pointer.pointee.name) }
  var inputSize: Int { pointer.pointee.inputSize }
  var outputSize: Int { pointer.pointee.outputSize }
  var layerCount: Int { pointer.pointee.layerCount }
  var parameterCount: Int { pointer.pointee.parameterCount }

  /// Bytes of the file.
  var fileSize: Int { pointer.pointee.fileSize }

  /// Seconds between two samples; 0: not said.
  var timeStep: Float { pointer.pointee.timeStep }
  /// Names of the channels; none if one has no name.
  var channelNames: [String] {
    let names = (0..<inputSize).map { text(pointer.pointee.inputName($0)) ?? "" }
    return names.contains("") ? [] : names
  }
  /// Names of the classes, one per output; "" for those that have none.
  var classNames: [String] { (0..<outputSize).map { text(pointer.pointee.classLabel($0)) ?? "" } }

  /// "BRF" and so on, of a hidden layer.
  func neuron(of layer: Int) -> String { text(pointer.pointee.layerNeuron(layer)) ?? "" }

  /// The name of a class; its number if it has none.
  func label(of output: Int) -> String { text(pointer.pointee.classLabel(output)) ?? String(output) }
}

/// Runs a call of the core; a failure becomes an error with the core's words. What is wrong inside of a file gets the name of the
/// file, `about`, in front; failures to read it have it already.
func withMessage<Result>(
  about file: String? = nil, _ call: (MessageBuffer) throws(Failure) -> Result
) throws -> Result {
  let size = 512
  let text = UnsafeMutablePointer<CChar>.allocate(capacity: size)
  text.initialize(repeating: 0, count: size)
  defer { text.deallocate() }
  do {
    return try call(MessageBuffer(text, size: size))
  } catch {
    let reason = String(cString: text)
    switch error {
    case .modelInvalid, .modelUnsupported, .outOfMemory: throw ToolError(file.map { "\($0): \(reason)" } ?? reason)
    default: throw ToolError(reason)
    }
  }
}

/// A C string of the core as text.
func text(_ string: UnsafePointer<CChar>?) -> String? { string.map { String(cString: $0) } }
