// Written by `make firmware-figures`, which measures in an emulator.
extension Target {
  static let all = [
    Target(
      name: "cortex-m4f", running: Firmware(flash: 119_992, stack: 6_528), learning: Firmware(flash: 220_448, stack: 6_960),
      cost: Cost(
        step: 1_000, stepPerNeuron: 93, learningPerNeuron: 288, window: 1_478, windowPerNeuron: 2_964, windowPerParameter: 47)),
  ]
}
