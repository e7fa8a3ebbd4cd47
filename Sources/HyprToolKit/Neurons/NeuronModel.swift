import HyprCore

/// What a neuron model of the library says of itself.
package struct NeuronModel: Encodable, Equatable {
  package struct Quantity: Encodable, Equatable {
    package let name: String
    /// Bounds, both allowed; where they depend on constants, with the defaults of these.
    package let lower, upper: Float
    package let standard: Float
    /// Whether bounds hold for the magnitude.
    package let absolute: Bool
    /// How first values are usually drawn; `nil`: a constant, or a parameter without usual values.
    package let drawn: Distribution?

    private enum CodingKeys: String, CodingKey {
      case name, lower, upper, absolute, drawn
      case standard = "default"
    }

    init(_ facts: QuantityFacts) {
      name = String(cString: facts.name)
      (lower, upper, standard, absolute) = (facts.lower, facts.upper, facts.standard, facts.absolute)
      drawn = Distribution(facts)
    }
  }

  /// As the schema has it, such as SEAdLIF, and as commands and scripts write it, such as se_adlif.
  package let name, writtenName: String
  package let states: [String]
  package let parameters, constants: [Quantity]
  /// Weights per pair of neurons.
  package let gates: Int
  package let spiking: Bool
  /// Whether the layer says what a spike does to the membrane potential.
  package let hasReset: Bool
  /// Its own, as the schema has it; `nil`: it does not spike.
  package let surrogate: String?
  package let initialization: Initialization

  /// All models of the library.
  package static let all: [NeuronModel] = {
    let catalogue = NeuronCatalogue()
    return (0..<catalogue.count).compactMap { NeuronModel($0, catalogue) }
  }()

  package static func names(where isMeant: (NeuronModel) -> Bool) -> [String] { all.filter(isMeant).map(\.name) }

  private init?(_ index: Int, _ catalogue: NeuronCatalogue) {
    guard let facts = catalogue.facts(index), let initialization = Initialization(number: facts.initialization) else {
      return nil
    }
    name = String(cString: facts.name)
    writtenName = NeuronModel.written(name)
    states = (0..<facts.stateCount).compactMap { catalogue.state(index, $0).map { String(cString: $0) } }
    parameters = (0..<facts.parameterCount).compactMap { catalogue.parameter(index, $0).map(Quantity.init) }
    constants = (0..<facts.constantCount).compactMap { catalogue.constant(index, $0).map(Quantity.init) }
    (gates, spiking, hasReset) = (facts.gateCount, facts.spiking, facts.hasReset)
    surrogate = facts.spiking ? String(cString: facts.surrogate) : nil
    self.initialization = initialization
  }

  /// BRFExponential: brf_exponential; GeneralLIF: general_lif; SEAdLIF, whose AdLIF is one word: se_adlif.
  package static func written(_ name: String) -> String {
    var words = ""
    let letters = Array(name)
    for (index, letter) in letters.enumerated() {
      let endsWord = index > 0 && letters[index - 1].isLowercase
      let beginsWord = index > 0 && index + 1 < letters.count && letters[index + 1].isLowercase
      if letter.isUppercase && (endsWord || beginsWord) { words += "_" }
      words += letter.lowercased()
    }
    return words.replacing("ad_lif", with: "adlif")
  }
}

/// The published set-ups that the first weights follow, numbered as in hypr.h, which says what they are.
package enum Initialization: String, Encodable, CaseIterable {
  case xavier, orthogonal, gated

  init?(number: Int32) {
    guard Initialization.allCases.indices.contains(Int(number)) else { return nil }
    self = Initialization.allCases[Int(number)]
  }
}
