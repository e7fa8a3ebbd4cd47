public import CHypr
internal import HyprCore

/// A struct of hypr.h that later versions may make longer. Its first member says how long the caller's is: no shorter than the first
/// version's, and perhaps longer than this one.
protocol GrowingStruct {
  /// All zero.
  init()
  var struct_size: Int { get set }
  /// Bytes of the first version, which never change.
  static var firstSize: Int { get }
}

private var word: Int { MemoryLayout<Int>.size }
// On 32-bit machines the first counter lies at an address that 8 divides too.
extension hypr_statistics: GrowingStruct { static var firstSize: Int { 8 + 8 * 8 + 2 * word } }
extension hypr_layer_activity: GrowingStruct { static var firstSize: Int { 4 * word + 8 } }
// On 32-bit machines the first counter lies at an address that 8 divides too.
extension hypr_input_range: GrowingStruct { static var firstSize: Int { 40 } }
// Before and behind the share, which lies at an address that 8 divides.
extension hypr_update_settings: GrowingStruct { static var firstSize: Int { (word + 11) / 8 * 8 + 8 + 2 * word } }
extension hypr_tensor_info: GrowingStruct { static var firstSize: Int { 10 * word } }
extension hypr_exemplar_info: GrowingStruct { static var firstSize: Int { 4 * word + 8 } }
extension hypr_memory_report: GrowingStruct { static var firstSize: Int { 8 * word } }
// On 32-bit machines the first counter lies at an address that 8 divides too.
extension hypr_rehearsal: GrowingStruct { static var firstSize: Int { (3 * word + 7) / 8 * 8 + 24 } }
// Behind the number of 32 bits lie some of 64 bits, too.
extension hypr_guard: GrowingStruct { static var firstSize: Int { (word + 11) / 8 * 8 + 56 } }
extension hypr_batch: GrowingStruct { static var firstSize: Int { 8 * word } }
extension hypr_layer_settings: GrowingStruct { static var firstSize: Int { 2 * word + 40 } }
extension hypr_conditioning: GrowingStruct { static var firstSize: Int { 9 * word + 12 } }
extension hypr_encoding: GrowingStruct { static var firstSize: Int { 7 * word + 16 } }
extension hypr_recording: GrowingStruct { static var firstSize: Int { 8 * word + 8 } }
extension hypr_neuron: GrowingStruct { static var firstSize: Int { 7 * word + 12 } }
extension hypr_quantity: GrowingStruct { static var firstSize: Int { 2 * word + 40 } }

// The caller's struct may be shorter than the type that its pointer has: nothing here reads or writes it as a whole.

/// What a caller says about the size of a struct.
func structSize<Struct: GrowingStruct>(_ pointer: UnsafePointer<Struct>) -> Int {
  UnsafeRawPointer(pointer).load(as: Int.self)
}

/// Whether a struct is at least as long as its first version. (A size beyond all numbers is one that was not set.)
func isComplete<Struct: GrowingStruct>(_ pointer: UnsafePointer<Struct>) -> Bool {
  structSize(pointer) >= Struct.firstSize
}

/// What a caller put in, and zeros where its struct is shorter.
func contents<Struct: GrowingStruct>(of source: UnsafePointer<Struct>) -> Struct {
  var value = Struct()
  let count = min(structSize(source), MemoryLayout<Struct>.size)
  withUnsafeMutableBytes(of: &value) { bytes in
    bytes.baseAddress?.copyMemory(from: source, byteCount: count)
  }
  return value
}

/// Whether a caller set what this version does not know: its struct is longer, and not zero there. No version is longer than a page;
/// what says so is not read.
func hasUnknownFields<Struct: GrowingStruct>(_ source: UnsafePointer<Struct>) -> Bool {
  let size = structSize(source)
  guard size <= 4096 else { return true }
  for offset in min(MemoryLayout<Struct>.size, size)..<size {
    if UnsafeRawPointer(source).load(fromByteOffset: offset, as: UInt8.self) != 0 { return true }
  }
  return false
}

/// Writes as much of a struct as its caller has room for; what the caller's has beyond that stays as it is.
func fill<Struct: GrowingStruct>(_ target: UnsafeMutablePointer<Struct>, with value: Struct) {
  var value = value
  value.struct_size = structSize(target)
  let count = min(value.struct_size, MemoryLayout<Struct>.size)
  withUnsafeBytes(of: value) { bytes in
    if let start = bytes.baseAddress { UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: count) }
  }
}
