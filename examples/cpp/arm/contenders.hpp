// Who is compared, and what happens to the arm.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "learners.hpp"
#include "plant.hpp"

namespace arm {

struct Scenario {
  std::string name, text;
  std::function<void(Plant &)> change;
  bool grips = false;
  std::size_t inputs() const { return grips ? 9 : 8; }
};

inline std::vector<Scenario> scenarios() {
  return {
      {"load", "a rigid load of 0.8 kg, four times the friction", [](Plant &plant) { plant.carry(0.8), plant.wear(4); }},
      {"swing", "0.8 kg on a rod of 0.25 m that swings", [](Plant &plant) { plant.swing(0.8, 0.25); }},
      {"pick", "each time that it closes the gripper holds 2 kg until it opens", [](Plant &plant) { plant.find(2); },
       true},
      {"play", "a rigid load of 0.8 kg, and gears with 3 degrees of play",
       [](Plant &plant) { plant.carry(0.8), plant.loosen({2000, 1000}, 0.0524); }},
  };
}

/// `make(seed, rate, inputs)`; which rates and bandwidths of the observer `arm --tune` tries.
struct Contender {
  std::string name;
  std::function<std::unique_ptr<Learner>(std::uint32_t, double, std::size_t)> make;
  std::vector<double> rates, observers;
  double integral = 0;
  bool hears_grip = false;  // where there is one
};

inline std::vector<Contender> contenders() {
  const auto nothing = [](std::uint32_t, double, std::size_t) { return std::make_unique<Nothing>(); };
  const auto perceptron = [](const PerceptronSettings &settings) {
    return [=](std::uint32_t seed, double rate, std::size_t inputs) {
      return std::make_unique<Perceptron>(seed, rate, inputs, settings);
    };
  };
  const auto network = [](const Network &network) {
    return [=](std::uint32_t seed, double rate, std::size_t inputs) {
      return std::make_unique<Recurrent>(seed, rate, inputs, network);
    };
  };
  const std::vector<double> observers{30, 100}, sgd{0.03, 0.1, 0.3}, nlms{0.1, 0.3, 0.6};
  PerceptronSettings without_norm, tapped, tapped_long, latched;
  without_norm.normalized = false;
  tapped.taps = 5;
  tapped_long.taps = 20, tapped_long.spacing = 25;
  latched.latched = true;
  Network gru, slow_gru, plain, fixed, slow;
  gru.neuron = "gru", gru.scale = 1;
  slow_gru = gru, slow_gru.slow = true;
  slow.slow = true;
  plain.optimizer = HYPR_OPTIMIZER_SGD;
  fixed.learns = false;
  return {
      {"nominal model + PD", nothing, {0}, {0}},
      {"nominal model + PID", nothing, {0}, {0}, 0.7},
      {"disturbance observer", nothing, {0}, observers},
      {"least squares on the true equation",
       [](std::uint32_t, double rate, std::size_t) { return std::make_unique<LeastSquares>(rate); }, {2e-4, 5e-4, 1e-3}, observers},
      {"perceptron, SGD", perceptron(without_norm), sgd, observers},
      {"perceptron, NLMS", perceptron({}), nlms, observers},
      {"perceptron with delay taps, NLMS", perceptron(tapped), nlms, observers},
      {"perceptron with taps of 1 s, NLMS", perceptron(tapped_long), nlms, observers},
      {"perceptron told of the grip, NLMS", perceptron(latched), nlms, observers, 0, true},
      {"GRU in hypr, NLMS", network(gru), nlms, observers},
      {"slow GRU in hypr, NLMS", network(slow_gru), nlms, observers},
      {"RSNN in hypr, as drawn", network(fixed), {0.1}, observers},
      {"RSNN in hypr, SGD", network(plain), sgd, observers},
      {"RSNN in hypr, NLMS", network({}), nlms, observers},
      {"slow RSNN in hypr, NLMS", network(slow), nlms, observers},
  };
}

}  // namespace arm
