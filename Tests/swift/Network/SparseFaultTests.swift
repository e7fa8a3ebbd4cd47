import CHypr
import HyprModelWriter
import Testing

/// Files whose sparse weights contradict themselves, or ask for more than they hold.
@Suite struct SparseFaultTests {
  /// Something wrong with a weight [R, C] of which the file stores every second element, and what is said of it.
  struct Fault: CustomTestStringConvertible, Sendable {
    let make: @Sendable (inout HyprModelWriter.TensorDescription) -> Void
    /// Of R, C and how many there are.
    let message: @Sendable (_ rows: Int, _ columns: Int, _ count: Int) -> String
    var testDescription: String { message(8, 4, 16) }

    init(
      _ message: @escaping @Sendable (_ rows: Int, _ columns: Int, _ count: Int) -> String,
      _ make: @escaping @Sendable (inout HyprModelWriter.TensorDescription) -> Void
    ) {
      (self.message, self.make) = (message, make)
    }
  }

  static let faults = [
    Fault({ rows, _, _ in ".row_offsets has \(rows) entries, expected \(rows + 1)" }) {
      $0.rows!.offsets.removeLast()
    },
    Fault({ rows, _, _ in ".row_offsets has 0 entries, expected \(rows + 1)" }) { $0.rows!.offsets = [] },
    Fault({ _, _, _ in ".row_offsets[0] is 1, expected 0" }) { $0.rows!.offsets[0] = 1 },
    Fault({ ".row_offsets[2] is \($1 / 2 - 1), expected \($1 / 2) to \($2)" }) {
      $0.rows!.offsets[2] = $0.rows!.offsets[1] - 1
    },
    Fault({ ".row_offsets[\($0)] is \($2 + 1), expected \($2 - $1 / 2) to \($2)" }) {
      $0.rows!.offsets[$0.shape[0]] += 1
    },
    Fault({ ".row_offsets[2] is 4294967295, expected \($1 / 2) to \($2)" }) { $0.rows!.offsets[2] = .max },
    Fault({ _, _, count in ".column_indices has \(count) entries, expected \(count - 1), the last of row_offsets" }) {
      $0.rows!.offsets[$0.shape[0]] -= 1
    },
    Fault({ _, _, count in ".column_indices has 4000 entries, expected \(count), the last of row_offsets" }) {
      $0.rows!.columns = [UInt32](repeating: 0, count: 4000)
    },
    Fault({ ".column_indices[\($2 - 1)] is \($1), expected \($1 - 3) to \($1 - 1), ascending in a row" }) {
      $0.rows!.columns[$0.values.count - 1] = UInt32($0.shape[1])
    },
    Fault({ _, columns, _ in ".column_indices[\(columns / 2)] is 4294967295, expected 0 to \(columns - 1)" }) {
      $0.rows!.columns[$0.shape[1] / 2] = .max
    },
    Fault({ _, columns, _ in
      ".column_indices[\(columns / 2 + 1)] is 0, expected 1 to \(columns - 1), ascending in a row"
    }) {
      $0.rows!.columns[$0.shape[1] / 2 + 1] = 0
    },
    Fault({ _, _, count in ".data has \(count * 4 - 4) bytes, expected \(count * 4)" }) { $0.values.removeLast() },
    Fault({ _, _, count in ".data has \(count * 4 + 4) bytes, expected \(count * 4)" }) { $0.values.append(1) },
    Fault({ _, _, count in "[\(count - 1)] is nan, expected a finite number" }) {
      $0.values[$0.values.count - 1] = .nan
    },
    Fault({ _, _, _ in " has no stored elements, expected at least one" }) {
      $0.values = []
      $0.rows = SparseRows(offsets: [UInt32](repeating: 0, count: $0.shape[0] + 1), columns: [])
    },
    // Far more columns than a file of this size may ask memory for.
    Fault({ _, _, _ in " has more stored elements or columns than there is room for in the file" }) {
      $0.shape[1] = 1 << 21
    },
  ]

  @Test(arguments: faults, SparseTests.weights) func faultIsNamed(fault: Fault, weight: SparseTests.Weight) throws {
    var description = LoaderTests.valid()
    description[keyPath: weight.path] = description[keyPath: weight.path].sparse { $0 % 2 == 0 }
    let (shape, count) = (description[keyPath: weight.path].shape, description[keyPath: weight.path].values.count)
    fault.make(&description[keyPath: weight.path])
    try expectFailure(
      description, HYPR_ERROR_MODEL_INVALID, "\(weight.place)\(fault.message(shape[0], shape[1], count))")
  }

  @Test func shapesAreThoseOfTheMatrix() throws {
    for shape in [[7, 8], [8, 7], [64]] {
      var description = LoaderTests.valid()
      description.layers[0].recurrentWeight = description.layers[0].recurrentWeight!.sparse { $0 % 2 == 0 }
      description.layers[0].recurrentWeight!.shape = shape
      let told = "[\(shape[0]), \(shape.count == 2 ? shape[1] : 0)] of rank \(shape.count), expected [8, 8]"
      try expectFailure(description, HYPR_ERROR_MODEL_INVALID, "layers[0].recurrent_weight.shape is \(told)")
    }
  }

  /// Vectors are whole.
  @Test func onlyWeightsAreSparse() throws {
    var description = LoaderTests.valid()
    description.layers[0].bias!.rows = SparseRows(offsets: [0, 8], columns: (0..<8).map { $0 })
    try expectFailure(description, HYPR_ERROR_MODEL_UNSUPPORTED, "layers[0].bias.layout is 1, expected 0 (Dense)")
  }

  private func expectFailure(_ description: ModelDescription, _ status: hypr_status, _ message: String) throws {
    let bytes = try description.serialized()
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(bytes: bytes) }
    #expect(failure.message.contains(message), "got: \(failure.message)")
    #expect(failure.status == status)
  }
}
