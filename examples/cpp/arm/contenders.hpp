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
};

inline std::vector<Scenario> scenarios() {
  return {
      {"load", "a rigid load of 0.8 kg, four times the friction", [](Plant &plant) { plant.carry(0.8), plant.wear(4); }},
      {"swing", "0.8 kg on a rod of 0.25 m that swings", [](Plant &plant) { plant.swing(0.8, 0.25); }},
  };
}

/// `make(seed, rate)`. Every rate is tried with every bandwidth of the observer, by `arm --tune`.
struct Contender {
  std::string name;
  std::function<std::unique_ptr<Learner>(std::uint32_t, double)> make;
  std::vector<double> rates, observers;
  double integral = 0;
};

inline std::vector<Contender> contenders() {
  const auto nothing = [](std::uint32_t, double) { return std::make_unique<Nothing>(); };
  const auto perceptron = [](bool normalized, std::size_t taps) {
    return [=](std::uint32_t seed, double rate) { return std::make_unique<Perceptron>(seed, rate, normalized, taps); };
  };
  const auto network = [](const Network &network) {
    return [=](std::uint32_t seed, double rate) { return std::make_unique<Recurrent>(seed, rate, network); };
  };
  const std::vector<double> observers{30, 60, 100}, sgd{0.03, 0.1, 0.3}, nlms{0.1, 0.3, 0.6};
  Network gru, plain, fixed;
  gru.neuron = "gru", gru.scale = 1;
  plain.optimizer = HYPR_OPTIMIZER_SGD;
  fixed.learns = false;
  return {
      {"nominal model + PD", nothing, {0}, {0}},
      {"nominal model + PID", nothing, {0}, {0}, 0.7},
      {"disturbance observer", nothing, {0}, observers},
      {"least squares on the true equation",
       [](std::uint32_t, double rate) { return std::make_unique<LeastSquares>(rate); }, {2e-4, 5e-4, 1e-3}, observers},
      {"perceptron, SGD", perceptron(false, 0), sgd, observers},
      {"perceptron, NLMS", perceptron(true, 0), nlms, observers},
      {"perceptron with delay taps, NLMS", perceptron(true, 5), nlms, observers},
      {"GRU in hypr, NLMS", network(gru), nlms, observers},
      {"RSNN in hypr, as drawn", network(fixed), {0.1}, observers},
      {"RSNN in hypr, SGD", network(plain), sgd, observers},
      {"RSNN in hypr, NLMS", network({}), nlms, observers},
  };
}

}  // namespace arm
