import CHypr
import CSystem
import Foundation
import HyprModelWriter
import HyprToolKit
import Testing

@testable import HyprCore

/// What neuron models say of themselves: complete, in agreement with the schema, and told by the ABI.
@Suite struct NeuronTests {
  /// All of the library's, by their names in the schema: tests of every model run over these.
  static let models = HyprToolKit.NeuronModel.all
  static let names = models.map(\.name)

  private static func facts(_ index: Int) -> hypr_neuron {
    var neuron = hypr_neuron()
    neuron.struct_size = MemoryLayout<hypr_neuron>.size
    #expect(hypr_neuron_info(index, &neuron) == HYPR_OK)
    return neuron
  }

  private typealias Read = (Int, Int, UnsafeMutablePointer<hypr_quantity>) -> hypr_status

  /// All parameters or constants of a model.
  private static func quantities(_ neuron: Int, _ count: Int, _ read: Read) -> [hypr_quantity] {
    var quantity = hypr_quantity()
    quantity.struct_size = MemoryLayout<hypr_quantity>.size
    #expect(read(neuron, count, &quantity) == HYPR_ERROR_NOT_FOUND)
    return (0..<count).map {
      #expect(read(neuron, $0, &quantity) == HYPR_OK)
      return quantity
    }
  }

  /// A gap in the registry's numbers ends the list, and is found here too.
  @Test func librariesAndSchemaHaveTheSameModels() {
    #expect(Set(NeuronTests.names) == Set(ModelSchema.neuronNames), "registry against the schema's union NeuronModel")
    #expect(NeuronTests.names.count == ModelSchema.neuronNames.count)
    #expect(Set(NeuronTests.models.map(\.writtenName)).count == NeuronTests.names.count)
    #expect(hypr_neuron_count() == NeuronTests.names.count)
  }

  @Test func theAbiTellsWhatModelsSay() throws {
    for (index, model) in NeuronTests.models.enumerated() {
      let neuron = NeuronTests.facts(index)
      var found = -1
      for spelling in [model.name, model.writtenName, model.name.lowercased()] {
        #expect(hypr_neuron_find(spelling, &found) == HYPR_OK && found == index)
      }
      #expect(String(cString: neuron.name) == model.name)
      #expect((neuron.spiking == 1, neuron.has_reset == 1) == (model.spiking, model.hasReset))
      #expect(String(cString: neuron.surrogate) == (model.surrogate ?? ""))
      #expect(neuron.gate_count == model.gates)
      let states = (0..<neuron.state_count).map { hypr_neuron_state(index, $0).map { String(cString: $0) } }
      // As many names as there are variables.
      #expect(states == model.states && hypr_neuron_state(index, neuron.state_count) == nil)
      let parameters = NeuronTests.quantities(index, neuron.parameter_count, hypr_neuron_parameter)
      let constants = NeuronTests.quantities(index, neuron.constant_count, hypr_neuron_constant)
      #expect(parameters.map { String(cString: $0.name) } == ModelSchema.parameterNames(of: model.name))
      #expect(constants.map { String(cString: $0.name) } == ModelSchema.constantNames(of: model.name))
    }
  }

  @Test(arguments: NeuronTests.models) func everythingIsSaidAndWithinBounds(model: NeuronModel) throws {
    #expect(Set(model.states).count == model.states.count)
    #expect(!model.states.contains(""))
    #expect(model.spiking == (model.surrogate != nil))
    for quantity in model.parameters + model.constants {
      #expect(quantity.lower <= quantity.standard && quantity.standard <= quantity.upper, "\(quantity.name)")
      #expect(quantity.lower.isFinite && quantity.upper.isFinite && (!quantity.absolute || quantity.lower >= 0))
    }
    #expect(model.constants.allSatisfy { $0.drawn == nil })
    for parameter in model.parameters {
      let (low, high) =
        switch try #require(parameter.drawn, "\(parameter.name) has no usual values") {
        case .uniform(let low, let high): (low, high)
        case .normal(let mean, let deviation): (mean - 6 * deviation, mean + 6 * deviation)
        }
      #expect(Double(parameter.lower) <= low && low <= high && high <= Double(parameter.upper), "\(parameter.name)")
    }
  }

  /// Tables of a fixed size: a mask of the models of a build, a tensor's name with the largest number of a layer, the currents that
  /// the gates of a projection add to.
  @Test func everythingFitsItsPlace() {
    #expect(NeuronTests.names.count <= UInt64.bitWidth)
    let fields = NeuronTests.models.flatMap(\.parameters).map(\.name) + ["input_weight", "recurrent_weight"]
    #expect("layer\(Model.mostLayers).".utf8.count + fields.map(\.utf8.count).max()! < Model.nameCapacity)
    #expect(NeuronTests.models.allSatisfy { (1...ProjectionDescription.Currents.count).contains($0.gates) })
    #expect(NeuronTests.models.allSatisfy { (1...Int(KERNEL_MOST_STATES)).contains($0.states.count) })
  }

  /// Messages are cut at a fixed length: the list of all models in one must not reach it.
  @Test func theMessageOfAnUnknownModelListsAll() throws {
    var made: OpaquePointer?
    #expect(hypr_builder_create(2, &made, nil, 0) == HYPR_OK)
    let builder = try #require(made)
    defer { hypr_builder_free(builder) }
    #expect(hypr_builder_add_layer(builder, "Izhikevich", 3, nil) == HYPR_ERROR_NOT_FOUND)
    let message = String(cString: hypr_builder_message(builder))
    #expect(message.hasSuffix("; known are " + NeuronTests.names.joined(separator: ", ")), "\(message)")
  }

  /// The core sweeps back through the readout by itself, and takes these rows from a model that it otherwise knows nothing of.
  @Test func theFirstDerivedRowsOfLIAreDecayAndGain() throws {
    let taus: [Float] = [0.5, 1, 3, -7.5, 20, 1e4, 1e6]
    var random = RandomNet(seed: 91)
    var description = random.model(["LI"], sizes: [2, taus.count, taus.count])
    let place = try #require(description.layers[0].neuron.parameters.firstIndex { $0.name == "tau" })
    description.layers[0].neuron.parameters[place].tensor = TensorDescription(taus)
    description.readout!.tau = TensorDescription(taus)
    let session = try TestSession(TestModel(description))
    // The layer, and the readout, which is one of these.
    for layer in 0..<2 {
      let view = UnsafePointer<Session>(session.handle).pointee.network.layers[layer].view.pointee
      for (neuron, tau) in taus.enumerated() {
        let rate = -1 / Double(tau.magnitude)
        func row(_ index: Int) -> Double { Double(view.derived[index * Int(view.width) + neuron]) }
        #expect(abs(row(Int(KERNEL_INTEGRATOR_DECAY)) - exp(rate)) <= 2e-7, "tau \(tau)")
        // Within some roundings of itself, however small: no difference of 1 and the decay.
        #expect(abs(row(Int(KERNEL_INTEGRATOR_GAIN)) + expm1(rate)) <= -1e-6 * expm1(rate), "tau \(tau)")
      }
    }
  }

  @Test func writtenNamesFollowTheirRule() {
    let written = [
      "BRFExponential": "brf_exponential", "GeneralLIF": "general_lif", "SEAdLIF": "se_adlif", "CubaALIF": "cuba_alif",
      "LIFHard": "lif_hard", "IF": "if", "QIF": "qif", "Softsign": "softsign",
    ]
    for (name, expected) in written { #expect(NeuronModel.written(name) == expected) }
  }

  @Test func whatIsNotThereIsRefused() {
    let count = hypr_neuron_count()
    var neuron = hypr_neuron()
    #expect(hypr_neuron_info(0, &neuron) == HYPR_ERROR_INVALID_ARGUMENT, "struct_size is 0")
    #expect(hypr_neuron_info(0, nil) == HYPR_ERROR_INVALID_ARGUMENT)
    neuron.struct_size = MemoryLayout<hypr_neuron>.size
    var quantity = hypr_quantity()
    quantity.struct_size = MemoryLayout<hypr_quantity>.size
    var index = 7
    for wrong in [count, .max, -1, Int(Int32.max) + 1] {
      #expect(hypr_neuron_info(wrong, &neuron) == HYPR_ERROR_NOT_FOUND && neuron.name == nil)
      #expect(hypr_neuron_state(wrong, 0) == nil && hypr_neuron_state(0, wrong) == nil)
      for read in [hypr_neuron_parameter, hypr_neuron_constant] {
        #expect(read(wrong, 0, &quantity) == HYPR_ERROR_NOT_FOUND)
        #expect(read(0, wrong, &quantity) == HYPR_ERROR_NOT_FOUND)
      }
    }
    #expect(hypr_neuron_find("Izhikevich", &index) == HYPR_ERROR_NOT_FOUND && index == 7)
    #expect(hypr_neuron_find("", &index) == HYPR_ERROR_NOT_FOUND)
    #expect(hypr_neuron_find(nil, &index) == HYPR_ERROR_INVALID_ARGUMENT)
    #expect(hypr_neuron_find("BRF", nil) == HYPR_ERROR_INVALID_ARGUMENT)
  }

  /// Callers of older and of newer versions: nothing is written past what they have room for, nor past what is known.
  @Test func structsOfOtherSizesAreFilledAsFarAsTheyGo() {
    let size = MemoryLayout<hypr_quantity>.size
    withUnsafeTemporaryAllocation(byteCount: size + 16, alignment: 8) { bytes in
      bytes.initializeMemory(as: UInt8.self, repeating: 0xa5)
      bytes.storeBytes(of: size + 16, as: Int.self)
      let quantity = bytes.baseAddress!.assumingMemoryBound(to: hypr_quantity.self)
      #expect(hypr_neuron_parameter(0, 0, quantity) == HYPR_OK)
      #expect(quantity.pointee.struct_size == size + 16 && quantity.pointee.default_value == 20)
      #expect(bytes[size...].allSatisfy { $0 == 0xa5 })
      bytes.storeBytes(of: size - 1, as: Int.self)
      #expect(hypr_neuron_parameter(0, 0, quantity) == HYPR_ERROR_INVALID_ARGUMENT)
    }
  }
}
