// Written by `make firmware-figures`, which measures in an emulator.
extension Target {
  static let all = [
    Target(
      name: "cortex-m4f", running: Firmware(flash: 105_408, stack: 5_872), learning: Firmware(flash: 215_696, stack: 6_904),
      cost: Cost(
        step: 658, stepPerNeuron: 131, learningPerNeuron: 352, window: 40_128, windowPerNeuron: 1_345, windowPerParameter: 75)),
    Target(
      name: "cortex-m7", running: Firmware(flash: 105_088, stack: 5_872), learning: Firmware(flash: 212_552, stack: 6_904),
      cost: Cost(
        step: 778, stepPerNeuron: 113, learningPerNeuron: 304, window: 40_376, windowPerNeuron: 1_446, windowPerParameter: 63)),
    Target(
      name: "cortex-m33", running: Firmware(flash: 104_644, stack: 5_872), learning: Firmware(flash: 214_916, stack: 6_904),
      cost: Cost(
        step: 659, stepPerNeuron: 129, learningPerNeuron: 349, window: 40_261, windowPerNeuron: 1_356, windowPerParameter: 73)),
    Target(
      name: "riscv32imafc", running: Firmware(flash: 127_304, stack: 5_856), learning: Firmware(flash: 246_124, stack: 6_876),
      cost: Cost(
        step: 1_036, stepPerNeuron: 145, learningPerNeuron: 345, window: 125_674, windowPerNeuron: 2_871, windowPerParameter: 72)),
  ]
}
