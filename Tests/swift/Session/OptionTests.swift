import CHypr
import Testing

@testable import HyprCore

/// Facts about options that stand in several places.
@Suite struct OptionTests {
  private static var options: [HyprCore.Option] {
    (0..<HyprCore.Option.count).compactMap(HyprCore.Option.init(rawValue:))
  }

  @Test func thereIsAPlaceForEachOption() {
    #expect(OptionTests.options.count == Options.Values.count)
    #expect(HyprCore.Option(rawValue: Options.Values.count) == nil, "Options.Values has no place for it")
    #expect(Set(OptionTests.options.map(\.facts.key)).count == OptionTests.options.count)
    #expect(Set(OptionTests.options.map { "\($0.facts.name)" }).count == OptionTests.options.count)
  }

  /// The session's types have a case for each number that is allowed, and none that is not.
  @Test func enumerationsAreAsLargeAsTheirBounds() {
    func covers<Case: RawRepresentable<Int>>(_ option: HyprCore.Option, _ type: Case.Type) -> Bool {
      let upper = Int(option.facts.upper)
      return (0...upper).allSatisfy { Case(rawValue: $0) != nil } && Case(rawValue: upper + 1) == nil
    }
    #expect(covers(.credit, Credit.self) && covers(.update, Update.self) && covers(.reduction, Reduction.self))
    #expect(covers(.loss, SequenceLoss.self) && covers(.optimizer, Optimizer.self) && covers(.schedule, Schedule.self))
  }

  /// Groups are numbered as their options and their bits are.
  @Test func groupsHaveTheirOptionsAndBits() {
    let groups: [(TensorGroup, HyprCore.Option, Int)] = [
      (.inputWeights, .rateInputWeights, HYPR_TRAIN_INPUT_WEIGHTS),
      (.recurrentWeights, .rateRecurrentWeights, HYPR_TRAIN_RECURRENT_WEIGHTS),
      (.biases, .rateBiases, HYPR_TRAIN_BIASES),
      (.neuronParameters, .rateNeuronParameters, HYPR_TRAIN_NEURON_PARAMETERS),
      (.readout, .rateReadout, HYPR_TRAIN_READOUT), (.readoutTau, .rateReadoutTau, HYPR_TRAIN_READOUT_TAU),
    ]
    for (group, rate, bit) in groups { #expect(group.rate == rate && group.bit == bit) }
    #expect(
      groups.reduce(0) { $0 | $1.2 } == HYPR_TRAIN_ALL && HYPR_TRAIN_ALL == Int(HyprCore.Option.trainMask.facts.upper))
  }

  @Test func memorySectionsHaveAPlaceEach() {
    #expect(MemorySection(rawValue: MemorySection.Sizes.count - 1) != nil)
    #expect(MemorySection(rawValue: MemorySection.Sizes.count) == nil)
  }
}
