internal import CSystem

/// Lane vectors with names: a struct of nothing but `Lanes` and other such records. Loops see it as an array, in the order of its
/// fields.
protocol LaneRecord: LaneArray {}

extension LaneRecord {
  @inline(__always) static var size: Int { MemoryLayout<Self>.size / MemoryLayout<Lanes>.size }

  @inline(__always) init(each lanes: (Int) -> Lanes) {
    self = withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { place in
      let fields = UnsafeMutableRawPointer(place.baseAddress.unsafelyUnwrapped)
      for index in 0..<Self.size {
        fields.storeBytes(of: lanes(index), toByteOffset: index &* MemoryLayout<Lanes>.stride, as: Lanes.self)
      }
      return place[0]
    }
  }

  @inline(__always) init(repeating value: Lanes) { self.init(each: { _ in value }) }

  @inline(__always) subscript(row index: Int) -> Lanes {
    get {
      withUnsafeBytes(of: self) { $0.load(fromByteOffset: index &* MemoryLayout<Lanes>.stride, as: Lanes.self) }
    }
    set {
      withUnsafeMutableBytes(of: &self) {
        $0.storeBytes(of: newValue, toByteOffset: index &* MemoryLayout<Lanes>.stride, as: Lanes.self)
      }
    }
  }
}

/// A record without fields.
struct NoValues: LaneRecord {}

/// The state variables of a neuron, which as an array are the same type for all models that have as many: what depends on nothing
/// else is compiled once for these.
protocol StateRecord: LaneRecord {
  associatedtype Values: LaneArray
}
