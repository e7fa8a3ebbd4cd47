import CHypr
import Testing

@testable import HyprCore

@Suite struct MomentTests {
  /// Moments that decay end at zero, not among the subnormal numbers.
  @Test(arguments: [HYPR_OPTIMIZER_MOMENTUM, HYPR_OPTIMIZER_ADAM])
  func momentsDecayToZero(rule: Int) throws {
    var random = RandomNet(seed: 14)
    let model = try TestModel(random.model(["SEAdLIF"], sizes: [4, 10, 3]))
    let options: [Int: Double] = [HYPR_OPTION_OPTIMIZER: Double(rule), HYPR_OPTION_BETA1: 0.8, HYPR_OPTION_BETA2: 0.95]
    let session = try TestSession(model, PropertyTests.manual.merging(options) { $1 })
    let arrays = UnsafeMutablePointer<Session>(session.handle).pointee.network.parameters.arrays
    func moments() -> [Float] {
      arrays.flatMap { array in
        [array.moment1, array.moment2].flatMap { moment in
          moment.map { values in (0..<array.count).map { values[$0] } } ?? []
        }
      }
    }
    try session.learn(random.inputs(50, 4), random.labels(50, 3))
    try session.apply()
    #expect(moments().contains { $0 != 0 })
    for _ in 0..<3000 {
      try session.step([0, 0, 0, 0])
      try session.teach(error: [0, 0, 0])
      try session.apply()
      let subnormal = moments().filter(\.isSubnormal)
      try #require(subnormal.isEmpty)
    }
    #expect(moments().allSatisfy { $0 == 0 })
  }
}
