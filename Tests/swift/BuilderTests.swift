import CHypr
import HyprModelWriter
import Testing

@testable import HyprBuilding

/// What the builder of models is made of; Tests/c/test_builder.c has what hypr.h says of it.
@Suite("Builder") struct BuilderTests {
  @Test(arguments: [1, 2, 37]) func `orthogonal matrices are orthogonal`(size: Int) {
    var random = RandomNumbers(seed: 3)
    var matrix = [Float](repeating: 0, count: size * size)
    #expect(OrthogonalMatrix.fill(&matrix, size, &random))
    for row in 0..<size {
      for other in 0..<size {
        let product = (0..<size).reduce(Float(0)) { $0 + matrix[row * size + $1] * matrix[other * size + $1] }
        #expect(abs(product - (row == other ? 1 : 0)) < 1e-5)
      }
    }
  }

  /// The two users of the writer: a description of values, and the core's builder with the same values.
  @Test(arguments: [["BRF", "GRU"], ["GeneralLIF"], ["LSTM", "SEAdLIF", "LIF"]])
  func `a file comes back from a builder byte for byte`(neurons: [String]) throws {
    var net = RandomNet(seed: 5)
    var model = net.model(neurons, sizes: [3] + neurons.indices.map { 4 + $0 } + [2])
    model.name = "name"
    model.timeStep = 0.25
    model.classLabels = ["no", "yes"]
    model.recommendedOptions = [("window", 7), ("of another version", 1.5)]
    model.metadata = [("licence", "MIT"), ("empty", "")]
    var input = InputDescription(size: 3)
    input.channelNames = ["x", "y", "z"]
    input.scale = [1, 2, 3]
    input.encoding = .levelCrossing(thresholds: [0.5])
    model.input = input
    model.layers[0].name = "first"
    model.layers[0].surrogate = SurrogateDescription(.triangle, slope: 2)
    model.layers[0].inputWeight.trainable = false
    model.layers[0].recurrentWeight = model.layers[0].recurrentWeight?.sparse { $0 % 3 != 1 }
    var exemplar = ExemplarDescription()
    exemplar.spikeCounts = [0, 2]
    exemplar.spikeChannels = [0, 2]
    exemplar.labels = [.init(2, 1)]
    model.exemplars = [exemplar]
    let bytes = try model.serialized()
    var builder: OpaquePointer?
    let loaded = try TestModel(bytes: bytes)
    withExtendedLifetime(loaded) {
      #expect(hypr_builder_create_from(loaded.handle, &builder, nil, 0) == HYPR_OK)
    }
    defer { hypr_builder_free(builder) }
    var size = 0
    #expect(hypr_builder_build(builder, 9, &size) == HYPR_OK)
    var copy = [UInt8](repeating: 0, count: size)
    #expect(hypr_builder_copy_file(builder, &copy, size) == HYPR_OK)
    #expect(copy.elementsEqual(bytes), "\(copy.count) and \(bytes.count) bytes")
  }
}
