// Written by `make firmware-figures`, which measures in an emulator.
extension Target {
  static let all = [
    Target(
      name: "cortex-m4f", running: Firmware(flash: 117_384, stack: 6_504), learning: Firmware(flash: 217_840, stack: 6_936),
      cost: Cost(
        step: 659, stepPerNeuron: 130, learningPerNeuron: 351, window: 39_774, windowPerNeuron: 1_395, windowPerParameter: 73)),
    Target(
      name: "cortex-m7", running: Firmware(flash: 115_784, stack: 6_504), learning: Firmware(flash: 213_032, stack: 6_936),
      cost: Cost(
        step: 775, stepPerNeuron: 113, learningPerNeuron: 303, window: 39_997, windowPerNeuron: 1_503, windowPerParameter: 61)),
    Target(
      name: "cortex-m33", running: Firmware(flash: 116_604, stack: 6_504), learning: Firmware(flash: 216_900, stack: 6_936),
      cost: Cost(
        step: 657, stepPerNeuron: 129, learningPerNeuron: 349, window: 39_947, windowPerNeuron: 1_403, windowPerParameter: 71)),
    Target(
      name: "riscv32imafc", running: Firmware(flash: 139_024, stack: 6_480), learning: Firmware(flash: 246_212, stack: 6_880),
      cost: Cost(
        step: 1_035, stepPerNeuron: 145, learningPerNeuron: 346, window: 123_299, windowPerNeuron: 3_024, windowPerParameter: 65)),
  ]
}
