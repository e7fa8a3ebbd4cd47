import Testing

@testable import Hypr

/// Structs of hypr.h, as callers with an older and with a newer header have them.
@Suite struct GrowingStructTests {
  /// A struct of which the first version had one field less.
  struct Grown: GrowingStruct {
    var struct_size = 0
    var first: Int64 = 0
    var second: Int64 = 0

    static var firstSize: Int { 16 }
  }

  /// The bytes of a caller's struct that says it has `size` of them.
  private func withStruct(_ size: Int, _ fields: [Int64], _ body: (UnsafeMutablePointer<Grown>) -> Void) -> [Int64] {
    let words = UnsafeMutableRawPointer.allocate(byteCount: 48, alignment: 8).assumingMemoryBound(to: Int64.self)
    defer { words.deallocate() }
    for index in 0..<6 { words[index] = index == 0 ? Int64(size) : index <= fields.count ? fields[index - 1] : 77 }
    body(UnsafeMutableRawPointer(words).assumingMemoryBound(to: Grown.self))
    return (1..<6).map { words[$0] }
  }

  @Test func onlyWhatTheCallerHasIsWritten() {
    let value = Grown(struct_size: 0, first: 1, second: 2)
    #expect(withStruct(16, []) { fill($0, with: value) } == [1, 77, 77, 77, 77])
    #expect(withStruct(24, []) { fill($0, with: value) } == [1, 2, 77, 77, 77])
    #expect(withStruct(40, []) { fill($0, with: value) } == [1, 2, 77, 77, 77])
  }

  @Test func onlyWhatTheCallerHasIsRead() {
    _ = withStruct(16, [5, 6]) {
      let given = contents(of: $0)
      #expect(given.first == 5 && given.second == 0 && given.struct_size == 16)
      #expect(!hasUnknownFields($0))
    }
    _ = withStruct(40, [5, 6, 0, 0]) {
      #expect(contents(of: $0).second == 6)
      #expect(!hasUnknownFields($0))
    }
    _ = withStruct(40, [5, 6, 0, 1]) { #expect(hasUnknownFields($0)) }
    _ = withStruct(32, [5, 6, 0, 1]) { #expect(!hasUnknownFields($0)) }
  }

  @Test(arguments: [(0, false), (8, false), (15, false), (16, true), (24, true), (40, true), (-1, false)])
  func completeFromTheFirstVersionOn(size: Int, complete: Bool) {
    _ = withStruct(size, []) { #expect(isComplete($0) == complete) }
  }
}
