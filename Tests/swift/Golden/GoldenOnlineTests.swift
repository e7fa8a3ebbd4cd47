import CHypr
import Foundation
import Testing

/// Learning online, with an update after every window and labels that come late, against float64 reference numbers: what every
/// parameter has changed by, leaf by leaf (oracle/online.py).
@Suite struct GoldenOnlineTests {
  struct Rule: CustomTestStringConvertible {
    let net: GoldenNet
    let credit: String
    let delay: Int
    let window: Int
    let learningRate, hiddenRate: Double
    let change: [Double]
    let changeInTime: [Double]
    var testDescription: String { "\(net.name) \(credit) delay \(delay)" }
  }

  static let rules: [Rule] = {
    let folder = GoldenNet.folder.appending(path: "online")
    let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return names.flatMap { name in
      let file = try! SafetensorsFile(folder.appending(path: name))
      let net = try! GoldenNet(name)
      return file.arrays.keys.sorted().map { key in
        let parts = key.components(separatedBy: "/")
        return Rule(
          net: net, credit: parts[1], delay: Int(parts[2])!, window: Int(file.metadata["window"]!)!,
          learningRate: Double(file.metadata["learning_rate"]!)!, hiddenRate: Double(file.metadata["hidden_rate"]!)!,
          change: file.arrays[key]!.values, changeInTime: file.arrays["change/\(parts[1])/0"]!.values)
      }
    }
  }()

  @Test func allAreThere() {
    #expect(Set(GoldenOnlineTests.rules.map(\.net.name)).count == 4)
    #expect(Set(GoldenOnlineTests.rules.map(\.credit)) == Set(GoldenTests.credits.keys))
    #expect(Set(GoldenOnlineTests.rules.map(\.delay)) == [0, 3, 7, 10])
    #expect(GoldenOnlineTests.rules.count == 4 * 4 * 4)
  }

  @Test(arguments: rules) func change(rule: Rule) throws {
    let net = rule.net
    let session = try TestSession(
      TestModel(net.model),
      [
        HYPR_OPTION_LEARNING: 1, HYPR_OPTION_WINDOW: Double(rule.window), HYPR_OPTION_LABEL_DELAY: Double(rule.delay),
        HYPR_OPTION_CREDIT: Double(GoldenTests.credits[rule.credit]!), HYPR_OPTION_OPTIMIZER: Double(HYPR_OPTIMIZER_SGD),
        HYPR_OPTION_LEARNING_RATE: rule.learningRate, HYPR_OPTION_GRADIENT_CLIP: 0,
        HYPR_OPTION_RATE_INPUT_WEIGHTS: rule.hiddenRate, HYPR_OPTION_RATE_RECURRENT_WEIGHTS: rule.hiddenRate,
        HYPR_OPTION_RATE_BIASES: rule.hiddenRate,
        HYPR_OPTION_TRAIN_MASK: Double(
          HYPR_TRAIN_INPUT_WEIGHTS + HYPR_TRAIN_RECURRENT_WEIGHTS + HYPR_TRAIN_BIASES + HYPR_TRAIN_READOUT),
      ])
    let before = try session.parameters
    for step in 0..<net.inputs.count + rule.delay {
      if step < net.inputs.count { try session.step(net.inputs[step]) }
      let late = step - rule.delay
      guard late >= 0 else { continue }
      try session.teach(net.labels[late], stepsAgo: min(step, net.inputs.count - 1) - late)
    }
    try session.flush()
    let after = try session.parameters
    for tensor in try session.tensors {
      let found = tensor.range.map { after[$0] - before[$0] }
      let expected = Array(rule.change[tensor.range])
      if !tensor.trainable {
        #expect(found.allSatisfy { $0 == 0 } && expected.allSatisfy { $0 == 0 }, "\(tensor.name)")
        continue
      }
      let error = relativeError(found, expected)
      #expect(error < 5e-4, "\(tensor.name): relative error \(error)")
      // Elsewhere there would be nothing to see.
      let difference = relativeError(rule.changeInTime[tensor.range].map(Float.init), expected)
      #expect(rule.delay == 0 ? difference == 0 : difference > 2e-3, "\(tensor.name): differs by \(difference)")
    }
  }
}
