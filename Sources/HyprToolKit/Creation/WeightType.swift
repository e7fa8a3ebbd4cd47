import HyprBuilding
import HyprCore

/// How a file stores weights, by the names of `ElementType`.
enum WeightType: String, CaseIterable {
  case int8, float16, float32

  fileprivate var elementType: ElementType {
    switch self {
    case .int8: .int8
    case .float16: .float16
    case .float32: .float32
    }
  }
}

extension FreshModel {
  /// Has the file store some tensors in a type; none named: all weights.
  func store(_ tensors: [String], as type: WeightType) throws {
    if tensors.isEmpty {
      try tell { builder throws(Failure) in try builder.setElementType(nil, type.elementType) }
    }
    for name in tensors {
      try tell([name]) { builder, names, _ throws(Failure) in try builder.setElementType(names[0], type.elementType) }
    }
  }
}
