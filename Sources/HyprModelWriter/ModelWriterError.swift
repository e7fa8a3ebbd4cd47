/// Why a ``ModelDescription`` cannot be written. `place` says where: "layer 0", "readout", ...
public enum ModelWriterError: Error, Equatable, Sendable {
  /// The schema has no neuron model of this name.
  case unknownNeuron(place: String, name: String, allowed: [String])
  /// The neuron model has no constant of this name.
  case unknownConstant(place: String, neuron: String, name: String, allowed: [String])
  /// The neuron model has no parameter of this name.
  case unknownParameter(place: String, neuron: String, name: String, allowed: [String])
  /// A constant or parameter is given twice.
  case duplicate(place: String, name: String)
  /// The shape is empty, negative or larger than a file can hold.
  case badShape(place: String, shape: [Int])
  /// As many values as the shape or the number of channels says are needed.
  case countMismatch(place: String, expected: Int, actual: Int)
  /// The file would pass 2 GiB.
  case tooLarge
  /// There is no memory for the file.
  case outOfMemory
}

extension ModelWriterError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownNeuron(let place, let name, let allowed):
      "\(place): unknown neuron model \"\(name)\"; known are \(allowed.joined(separator: ", "))"
    case .unknownConstant(let place, let neuron, let name, let allowed):
      "\(place): \(neuron) has no constant \"\(name)\"; it has \(allowed.joined(separator: ", "))"
    case .unknownParameter(let place, let neuron, let name, let allowed):
      "\(place): \(neuron) has no parameter \"\(name)\"; it has \(allowed.joined(separator: ", "))"
    case .duplicate(let place, let name):
      "\(place): \"\(name)\" is given twice"
    case .badShape(let place, let shape):
      "\(place): shape \(shape) cannot be written; it must have 1 to 4 sizes from 0 to \(UInt32.max)"
    case .countMismatch(let place, let expected, let actual):
      "\(place): \(actual) values where \(expected) are needed"
    case .tooLarge:
      "the model is too large: a .hypr file holds less than 2 GiB"
    case .outOfMemory:
      "no memory for the model file"
    }
  }
}
