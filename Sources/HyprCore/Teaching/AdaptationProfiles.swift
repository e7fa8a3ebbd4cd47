/// Settings to learn with on a device, from the safest to the boldest; `nil` behind the last one. What each is for:
/// docs/online-adaptation.md.
///
/// train_mask 16 is the readout, 23 weights, biases and readout, 31 the neurons' parameters, too; schedule 1 falls in a straight
/// line; credit 3 is filtered. Those with settings of rehearsal come last: they are for sessions that have memory for it.
public func adaptationProfile(_ index: Int) -> StaticString? {
  switch index {
  case 0: "learning_rate=0"
  case 1: "learning_rate=0.001 window=10 schedule=0 train_mask=16"
  case 2: "learning_rate=0.01 window=10 schedule=1 train_mask=16"
  case 3: "learning_rate=0.0003 window=10 schedule=0 train_mask=23"
  case 4: "learning_rate=0.001 window=10 schedule=0 train_mask=23"
  case 5: "learning_rate=0.002 window=10 schedule=0 train_mask=23"
  case 6: "learning_rate=0.003 window=30 schedule=0 train_mask=23"
  case 7: "learning_rate=0.003 window=10 schedule=1 train_mask=23"
  case 8: "learning_rate=0.01 window=30 schedule=1 train_mask=23"
  case 9: "learning_rate=0.01 window=10 schedule=1 train_mask=23"
  case 10: "learning_rate=0.02 window=30 schedule=1 train_mask=23"
  case 11: "learning_rate=0.03 window=100 schedule=1 train_mask=23"
  case 12: "learning_rate=0.01 window=30 schedule=1 train_mask=23 credit=3"
  case 13: "learning_rate=0.01 window=30 schedule=1 train_mask=31 rate_neuron_parameters=0.1"
  case 14: "learning_rate=0.01 window=30 schedule=1 train_mask=23 rehearsal_steps=100 rehearsal_share=0.5"
  case 15: "learning_rate=0.01 window=100 schedule=1 train_mask=23 rehearsal_steps=100 rehearsal_share=0.5"
  default: nil
  }
}
