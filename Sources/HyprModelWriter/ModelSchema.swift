import CModelWriter

/// What the schema of the `.hypr` file knows about neuron models. A model added to the schema appears here by itself.
public enum ModelSchema {
  /// The names of all neuron models, in the schema's order.
  public static let neuronNames: [String] = (0..<writer_schema_neuron_count()).compactMap {
    writer_schema_neuron_name($0).map { String(cString: $0) }
  }

  /// The names of a neuron model's constants, in the schema's order; `nil` if there is no such model.
  public static func constantNames(of neuron: String) -> [String]? {
    fields(of: neuron)?.filter { !$0.isTensor }.map(\.name)
  }

  /// The names of a neuron model's trainable parameters, in the schema's order; `nil` if there is no such model.
  public static func parameterNames(of neuron: String) -> [String]? {
    fields(of: neuron)?.filter(\.isTensor).map(\.name)
  }

  private static func fields(of neuron: String) -> [(name: String, isTensor: Bool)]? {
    guard neuronNames.contains(neuron) else { return nil }
    return (0..<writer_schema_field_count(neuron)).compactMap { index in
      var isTensor = false
      guard let name = writer_schema_field_name(neuron, index, &isTensor) else { return nil }
      return (String(cString: name), isTensor)
    }
  }
}
