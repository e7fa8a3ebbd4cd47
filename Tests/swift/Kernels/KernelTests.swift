import CSystem
import Foundation
import Testing

@testable import HyprKernels

/// The numerics of the kernels against the C library in double precision.
@Suite struct KernelTests {
  @Test func exponentialIsAccurate() {
    var largest = 0.0
    for index in 0...20_000 {
      let x = -Float(index) * 87 / 20_000
      let expected = exp(Double(x))
      largest = max(largest, abs(Double(exponential(Lanes(repeating: x))[3]) - expected) / expected)
    }
    #expect(largest < 2e-7)
    #expect(exponential(Lanes(repeating: -1e30))[0] == exponential(Lanes(repeating: -87))[0])
    #expect(exponential(.zero) == Lanes(repeating: 1))
  }

  @Test func gateFunctionsAreAccurate() {
    var (largestSigmoid, largestTangent) = (0.0, 0.0)
    for index in -20_000...20_000 {
      let x = Float(index) * 20 / 20_000
      let (s, t) = (1 / (1 + exp(-Double(x))), tanh(Double(x)))
      largestSigmoid = max(largestSigmoid, abs(Double(sigmoid(Lanes(repeating: x))[2]) - s) / s)
      guard index != 0 else { continue }
      largestTangent = max(largestTangent, abs(Double(hyperbolicTangent(Lanes(repeating: x))[Lanes.scalarCount - 1]) - t) / abs(t))
    }
    #expect(largestSigmoid < 4e-7 && largestTangent < 4e-7, "\(largestSigmoid) \(largestTangent)")
    #expect(hyperbolicTangent(.zero) == .zero)
    for x: Float in [1e30, .greatestFiniteMagnitude] {
      #expect(hyperbolicTangent(Lanes(repeating: x))[0] == 1 && hyperbolicTangent(Lanes(repeating: -x))[0] == -1)
      #expect(sigmoid(Lanes(repeating: x))[0] == 1 && sigmoid(Lanes(repeating: -x))[0] < 1e-37)
    }
  }

  /// Squares that single precision loses or that overflow are summed as exactly as others.
  @Test(arguments: [0, 1e-37, 1e-25, 1e-12, 1, 1e14, 1e20, 1e30, 3e38] as [Float])
  func squaresOfAnySizeAreSummed(size: Float) {
    let count = 1536
    let values = UnsafeMutablePointer<Float>.allocate(capacity: count + 16)
    defer { values.deallocate() }
    let aligned = values + (64 - Int(bitPattern: values) % 64) % 64 / 4
    var expected = 0.0
    for index in 0..<count {
      aligned[index] = size * (Float(1 + index % 7) / 7)
      expected += Double(aligned[index]) * Double(aligned[index])
    }
    #expect(abs(squareSum(aligned, count) - expected) <= 1e-5 * expected)
    aligned[700] = .infinity
    #expect(!squareSum(aligned, count).isFinite)
    aligned[700] = .nan
    #expect(!squareSum(aligned, count).isFinite)
  }

  static let kinds: [SurrogateKind] = [
    .doubleGaussian, .slayer, .triangle, .fastSigmoid, .arcTangent, .straightThrough,
  ]

  @Test(arguments: kinds)
  func surrogateIsItsFormula(kind: SurrogateKind) {
    var surrogate = kind.standard
    surrogate.slope *= 1.25
    surrogate.scale *= 0.75
    let (s, k) = (Double(surrogate.slope), Double(surrogate.scale))
    func normal(_ x: Double, _ deviation: Double) -> Double {
      exp(-x * x / (2 * deviation * deviation)) / (deviation * (2 * Double.pi).squareRoot())
    }
    for index in -400...400 {
      let v = Double(index) / 100
      let expected =
        switch kind {
        case .doubleGaussian: k * (1.15 * normal(s * v, 0.5) - 0.30 * normal(s * v, 3))
        case .slayer: k * s / 2 * exp(-s * abs(v))
        case .triangle: k * max(0, 1 - s * abs(v))
        case .fastSigmoid: k / pow(1 + s * abs(v), 2)
        case .arcTangent: k / (1 + pow(.pi / 2 * s * v, 2))
        case .straightThrough: k
        }
      var row = Lanes(repeating: Float(v))
      withUnsafeMutableBytes(of: &row) { bytes in
        guard let start = bytes.baseAddress else { return }
        surrogate.replaceDistances(start.assumingMemoryBound(to: Float.self), count: Lanes.scalarCount)
      }
      let found = Double(row[Lanes.scalarCount - 1])
      #expect(abs(found - expected) < 1e-6, "\(kind) at \(v)")
    }
  }

  @Test func eventsListNonZeroEntries() {
    let source: [Float] = [0, 1, 0, -2, 0.5, -0.0, 0, 3, 4, 0, 5]
    var indices = [Int32](repeating: -1, count: source.count)
    var values = [Float](repeating: 0, count: source.count)
    // Of the sample as it is, and one float further so that it is not aligned.
    for first in 0...1 {
      let count = source.withUnsafeBufferPointer {
        sampleEvents($0.baseAddress! + first, source.count - first, nil, nil, &indices, &values)
      }
      #expect(Array(indices[..<count]) == [1, 3, 4, 7, 8, 10].map { Int32($0 - first) })
      #expect(Array(values[..<count]) == [1, -2, 0.5, 3, 4, 5])
    }
  }

  @Test func outputsAreListedInTheirSlot() {
    let outputs: [Float] = [0, 1, 0, -2, 0.5, -0.0, 0, 3, 4, 0, 5]
    var counts = [7, 7, 7]
    var indices = [Int32](repeating: -1, count: 3 * outputs.count)
    var values = [Float](repeating: -1, count: 3 * outputs.count)
    let row = UnsafeMutablePointer<Lanes>.allocate(capacity: 16)
    defer { row.deallocate() }
    row.withMemoryRebound(to: Float.self, capacity: 16) { padded in
      // What follows the last output in its vector does not count.
      for index in 0..<16 { padded[index] = index < outputs.count ? outputs[index] : 9 }
      counts.withUnsafeMutableBufferPointer { counts in
        indices.withUnsafeMutableBufferPointer { indices in
          values.withUnsafeMutableBufferPointer { values in
            var source = kernel_source(
              size: outputs.count, counts: counts.baseAddress!, indices: indices.baseAddress!,
              values: values.baseAddress!)
            listEvents(padded, &source, slot: 1)
          }
        }
      }
    }
    #expect(counts == [7, 6, 7])
    #expect(indices[11..<17] == [1, 3, 4, 7, 8, 10])
    #expect(values[11..<17] == [1, -2, 0.5, 3, 4, 5])
    #expect(Set(indices[..<11]) == [-1] && Set(indices[17...]) == [-1])
  }

  @Test(arguments: [0, 7, 8, 10], [Float.nan, .infinity])
  func samplesMustBeFinite(place: Int, value: Float) {
    var sample = [Float](repeating: 0.5, count: 11)
    var (indices, values) = ([Int32](repeating: 0, count: 11), sample)
    let (offset, scale) = ([Float](repeating: 0.5, count: 11), [Float](repeating: 2, count: 11))
    #expect(sampleEvents(sample, 11, offset, scale, &indices, &values) == 0)
    sample[place] = value
    #expect(sampleEvents(sample, 11, offset, scale, &indices, &values) == -1)
  }
}
