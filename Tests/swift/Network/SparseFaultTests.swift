import CHypr
import HyprModelWriter
import Testing

/// Files whose sparse weights contradict themselves, or ask for more than they hold.
@Suite struct SparseFaultTests {
  /// Something wrong with a weight [R, C] of which the file stores every second element, and what is said of it.
  struct Fault: CustomTestStringConvertible, Sendable {
    /// Of R, C and how many there are.
    let message: @Sendable (_ rows: Int, _ columns: Int, _ count: Int) -> String
    let make: @Sendable (inout HyprModelWriter.TensorDescription) -> Void
    var testDescription: String { message(8, 4, 16) }
  }

  static let faults = [
    Fault(
      message: { rows, _, _ in ".row_offsets has \(rows) entries, expected \(rows + 1)" },
      make: { $0.rows!.offsets.removeLast() }),
    Fault(
      message: { rows, _, _ in ".row_offsets has 0 entries, expected \(rows + 1)" },
      make: { $0.rows!.offsets = [] }),
    Fault(
      message: { _, _, _ in ".row_offsets[0] is 1, expected 0" },
      make: { $0.rows!.offsets[0] = 1 }),
    Fault(
      message: { ".row_offsets[2] is \($1 / 2 - 1), expected \($1 / 2) to \($2)" },
      make: { $0.rows!.offsets[2] = $0.rows!.offsets[1] - 1 }),
    Fault(
      message: { ".row_offsets[\($0)] is \($2 + 1), expected \($2 - $1 / 2) to \($2)" },
      make: { $0.rows!.offsets[$0.shape[0]] += 1 }),
    Fault(
      message: { ".row_offsets[2] is 4294967295, expected \($1 / 2) to \($2)" },
      make: { $0.rows!.offsets[2] = .max }),
    Fault(
      message: { _, _, count in ".column_indices has \(count) entries, expected \(count - 1), the last of row_offsets"
      },
      make: { $0.rows!.offsets[$0.shape[0]] -= 1 }),
    Fault(
      message: { _, _, count in ".column_indices has 4000 entries, expected \(count), the last of row_offsets" },
      make: { $0.rows!.columns = [UInt32](repeating: 0, count: 4000) }),
    Fault(
      message: { ".column_indices[\($2 - 1)] is \($1), expected \($1 - 3) to \($1 - 1), ascending in a row" },
      make: { $0.rows!.columns[$0.values.count - 1] = UInt32($0.shape[1]) }),
    Fault(
      message: { _, columns, _ in ".column_indices[\(columns / 2)] is 4294967295, expected 0 to \(columns - 1)" },
      make: { $0.rows!.columns[$0.shape[1] / 2] = .max }),
    Fault(
      message: { _, columns, _ in
        ".column_indices[\(columns / 2 + 1)] is 0, expected 1 to \(columns - 1), ascending in a row"
      },
      make: { $0.rows!.columns[$0.shape[1] / 2 + 1] = 0 }),
    Fault(
      message: { _, _, count in ".data has \(count * 4 - 4) bytes, expected \(count * 4)" },
      make: { $0.values.removeLast() }),
    Fault(
      message: { _, _, count in ".data has \(count * 4 + 4) bytes, expected \(count * 4)" },
      make: { $0.values.append(1) }),
    Fault(
      message: { _, _, count in "[\(count - 1)] is nan, expected a finite number" },
      make: { $0.values[$0.values.count - 1] = .nan }),
    Fault(
      message: { _, _, _ in " has no stored elements, expected at least one" },
      make: {
        $0.values = []
        $0.rows = SparseRows(offsets: [UInt32](repeating: 0, count: $0.shape[0] + 1), columns: [])
      }),
    // Far more columns than a file of this size may ask memory for.
    Fault(
      message: { _, _, _ in " has more stored elements, rows or columns than there is room for in the file" },
      make: { $0.shape[1] = 1 << 21 }),
  ]

  @Test(arguments: faults, SparseTests.weights) func faultIsNamed(fault: Fault, weight: SparseTests.Weight) throws {
    let whole = LoaderTests.valid()[keyPath: weight.path]
    let message = fault.message(whole.shape[0], whole.shape[1], whole.values.count / 2)
    try ModelFault(message: "\(weight.place)\(message)") {
      $0[keyPath: weight.path] = whole.sparse { $0 % 2 == 0 }
      fault.make(&$0[keyPath: weight.path])
    }.expectIsNamed()
  }

  @Test(arguments: [[7, 8], [8, 7], [64]]) func shapesAreThoseOfTheMatrix(shape: [Int]) throws {
    let told = "[\(shape[0]), \(shape.count == 2 ? shape[1] : 0)] of rank \(shape.count)"
    try ModelFault(message: "layers[0].recurrent_weight.shape is \(told), expected [8, 8]") {
      $0.layers[0].recurrentWeight = $0.layers[0].recurrentWeight!.sparse { $0 % 2 == 0 }
      $0.layers[0].recurrentWeight!.shape = shape
    }.expectIsNamed()
  }

  /// Vectors are whole.
  @Test func onlyWeightsAreSparse() throws {
    try ModelFault(message: "layers[0].bias.layout is 1, expected 0 (Dense)", unsupported: true) {
      $0.layers[0].bias!.rows = SparseRows(offsets: [0, 8], columns: (0..<8).map { $0 })
    }.expectIsNamed()
  }
}
