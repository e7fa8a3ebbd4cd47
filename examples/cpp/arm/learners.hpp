// What learns the torque that the nominal model lacks. Each predicts it for a motion that is wanted, and is taught the one that was
// measured `lag` steps late, for the motion of that time. Torques are in units of `units`.
#pragma once

#include <hypr.hpp>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "dynamics.hpp"

namespace arm {

constexpr std::size_t lag = 10;  // control steps from a prediction to the torque that is measured for it: command delay and filters
constexpr Pair units{8, 4};      // Nm

class Learner {
 public:
  virtual ~Learner() = default;
  virtual Pair predict(const Motion &wanted) = 0;
  virtual void teach(const Pair &torque, const Motion &measured) = 0;
};

class Nothing : public Learner {
 public:
  Pair predict(const Motion &) override { return {}; }
  void teach(const Pair &, const Motion &) override {}
};

/// Recursive least squares on the arm's true equation, in which torques are linear in nine parameters.
class LeastSquares : public Learner {
 public:
  /// `forgets`: part that is forgotten in a step.
  explicit LeastSquares(double forgets) : keeps_(1 - forgets) {
    for (std::size_t i = 0; i < parameters; i++) covariance_[i][i] = 10;
  }
  Pair predict(const Motion &wanted) override {
    Pair torque = product(regressor(wanted));
    for (int joint = 0; joint < 2; joint++) torque[joint] /= units[joint];
    return torque;
  }
  void teach(const Pair &torque, const Motion &measured) override {
    const Regressor rows = regressor(measured);
    std::array<std::array<double, 2>, parameters> projected{}, gain{};
    double s[2][2] = {{keeps_, 0}, {0, keeps_}};
    for (std::size_t i = 0; i < parameters; i++) {
      for (int joint = 0; joint < 2; joint++) {
        for (std::size_t k = 0; k < parameters; k++) projected[i][joint] += covariance_[i][k] * rows[joint][k];
      }
      for (int a = 0; a < 2; a++) {
        for (int b = 0; b < 2; b++) s[a][b] += rows[a][i] * projected[i][b];
      }
    }
    const double determinant = s[0][0] * s[1][1] - s[0][1] * s[1][0];
    Pair wrong = product(rows);
    for (int joint = 0; joint < 2; joint++) wrong[joint] = torque[joint] * units[joint] - wrong[joint];
    for (std::size_t i = 0; i < parameters; i++) {
      gain[i] = {(projected[i][0] * s[1][1] - projected[i][1] * s[1][0]) / determinant,
                 (projected[i][1] * s[0][0] - projected[i][0] * s[0][1]) / determinant};
      theta_[i] = std::min(std::max(theta_[i] + gain[i][0] * wrong[0] + gain[i][1] * wrong[1], -20.0), 20.0);
    }
    double trace = 0;
    for (std::size_t i = 0; i < parameters; i++) {
      for (std::size_t k = 0; k < parameters; k++) {
        covariance_[i][k] = (covariance_[i][k] - gain[i][0] * projected[k][0] - gain[i][1] * projected[k][1]) / keeps_;
      }
      trace += covariance_[i][i];
    }
    // Parameters that the motion does not excite are not forgotten without bound.
    if (trace > 20) {
      for (auto &row : covariance_) {
        for (double &value : row) value *= 20 / trace;
      }
    }
  }

 private:
  Pair product(const Regressor &rows) const {
    Pair sum{};
    for (int joint = 0; joint < 2; joint++) {
      for (std::size_t i = 0; i < parameters; i++) sum[joint] += rows[joint][i] * theta_[i];
    }
    return sum;
  }
  double keeps_;
  std::array<double, parameters> theta_{};
  std::array<std::array<double, parameters>, parameters> covariance_{};
};

struct PerceptronSettings {
  bool normalized = true;             // errors are divided by the squared norm of the hidden outputs, as in NLMS
  std::size_t taps = 0, spacing = 10;  // earlier motions that it sees, and steps between them
  bool latched = false;               // whether it is told that the gripper is closed, not that it moves
};

/// One hidden layer of 64 tanh, a step of gradient descent after every control step.
class Perceptron : public Learner {
 public:
  Perceptron(std::uint32_t seed, double rate, std::size_t inputs, const PerceptronSettings &settings)
      : rate_(rate), settings_(settings), inputs_(inputs), size_(inputs * (1 + settings.taps)), hidden_(size_),
        output_(2 * (neurons + 1)), motions_(settings.spacing * settings.taps + 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < neurons; i++) {
      for (Row &row : hidden_) row[i] = static_cast<float>(normal(random) * 1.5 / std::sqrt(static_cast<double>(size_)));
    }
    for (float &value : bias_) value = static_cast<float>(0.3 * normal(random));
  }
  Pair predict(const Motion &wanted) override {
    motions_.push_front(features(wanted, settings_.latched));
    motions_.pop_back();
    std::vector<float> seen;
    for (std::size_t place = 0; place < motions_.size(); place += settings_.spacing) {
      seen.insert(seen.end(), motions_[place].begin(), motions_[place].begin() + static_cast<std::ptrdiff_t>(inputs_));
    }
    past_.push_back(seen);
    if (past_.size() > lag + 1) past_.pop_front();
    return outputs(activity(seen));
  }
  void teach(const Pair &torque, const Motion &) override {
    const std::vector<float> &seen = past_.size() > lag ? past_[1] : past_.front();
    const std::vector<double> active = activity(seen);
    Pair error = outputs(active);
    double norm = 0;
    for (double value : active) norm += value * value;
    for (int joint = 0; joint < 2; joint++) error[joint] = (error[joint] - torque[joint]) / (settings_.normalized ? norm : 1);
    Row slopes;
    for (std::size_t i = 0; i < neurons; i++) {
      const double slope = (error[0] * output_[i] + error[1] * output_[neurons + 1 + i]) * (1 - active[i] * active[i]);
      slopes[i] = static_cast<float>(slope * rate_);
      bias_[i] -= slopes[i];
    }
    for (std::size_t k = 0; k < size_; k++) {
      for (std::size_t i = 0; i < neurons; i++) hidden_[k][i] -= slopes[i] * seen[k];
    }
    for (std::size_t joint = 0; joint < 2; joint++) {
      for (std::size_t i = 0; i <= neurons; i++) output_[joint * (neurons + 1) + i] -= rate_ * error[joint] * active[i];
    }
  }

 private:
  static constexpr std::size_t neurons = 64;
  using Row = std::array<float, neurons>;  // of weights to all neurons, so that the loops over neurons are vectors
  /// The last of them is one.
  std::vector<double> activity(const std::vector<float> &seen) const {
    Row sums = bias_;
    for (std::size_t k = 0; k < size_; k++) {
      for (std::size_t i = 0; i < neurons; i++) sums[i] += hidden_[k][i] * seen[k];
    }
    std::vector<double> active(neurons + 1, 1.0);
    for (std::size_t i = 0; i < neurons; i++) active[i] = std::tanh(sums[i]);
    return active;
  }
  Pair outputs(const std::vector<double> &active) const {
    Pair sum{};
    for (std::size_t i = 0; i <= neurons; i++) {
      sum[0] += output_[i] * active[i];
      sum[1] += output_[neurons + 1 + i] * active[i];
    }
    return sum;
  }
  double rate_;
  PerceptronSettings settings_;
  std::size_t inputs_, size_;
  std::vector<Row> hidden_;
  Row bias_;
  std::vector<double> output_;
  std::deque<Features> motions_;
  std::deque<std::vector<float>> past_;
};

/// A network in hypr, as it is drawn but for its readout, which begins at zero.
struct Network {
  std::string neuron = "se_adlif";
  std::size_t neurons = 64;
  float scale = 10;    // of the features
  double tau = 5;      // of the readout, in steps
  double optimizer = HYPR_OPTIMIZER_NLMS;
  int window = 2;
  bool learns = true;
  bool slow = false;   // time constants of up to a second
  double epsilon = 1e-3, hidden = 1;  // hidden: factor on the rate of everything but the readout
};

/// Neurons that remember for up to a second (500 steps), each as long as it is drawn.
inline void slow_down(hypr::Builder &builder, const Network &network, std::uint32_t seed) {
  if (network.neuron == "se_adlif") {
    builder.set_constant("layer0.tau_u_max", 100);
    builder.set_constant("layer0.tau_w_max", 500);
  } else if (network.neuron == "gru") {  // the gate that keeps, open for a time constant between 2 and 500 steps
    std::mt19937 random(seed);
    std::vector<float> bias(3 * network.neurons);
    for (std::size_t i = 0; i < network.neurons; i++) {
      bias[network.neurons + i] = std::log(std::uniform_real_distribution<float>(1, 499)(random));
    }
    builder.set_tensor("layer0.bias", bias);
  }
}

/// Two sessions of one model: one predicts what will be needed, the other goes through the same motions `lag` steps later, when the
/// torque is known, and learns. Its errors are those of the weights that it has now: of outputs that were made `lag` steps ago they would not be.
class Recurrent : public Learner {
 public:
  Recurrent(std::uint32_t seed, double rate, std::size_t inputs, const Network &network)
      : learns_(network.learns), window_(network.window), inputs_(inputs) {
    hypr::Builder builder(inputs);
    builder.set_time_step(static_cast<float>(time_step));
    builder.set_input_scale(std::vector<float>(inputs, network.scale));
    builder.add_layer(network.neuron, network.neurons);
    if (network.neuron == "se_adlif") builder.set_constant("layer0.adaptation_gain", 2);
    if (network.slow) slow_down(builder, network, seed);
    builder.set_readout(2, 1, network.tau);
    builder.set_tensor("readout.weight", std::vector<float>(2 * network.neurons));
    std::vector<char> file(builder.build(seed));
    builder.copy_file(file.data(), file.size());
    const hypr::Model model = hypr::Model::load_buffer(file.data(), file.size());
    predictor_ = hypr::Session(model);
    if (!learns_) return;
    learner_ = hypr::Session(model, hypr::Options()
                                        .set(HYPR_OPTION_LEARNING, 1)
                                        .set(HYPR_OPTION_OPTIMIZER, network.optimizer)
                                        .set(HYPR_OPTION_LEARNING_RATE, rate)
                                        .set(HYPR_OPTION_EPSILON, network.epsilon)
                                        .set(HYPR_OPTION_GRADIENT_CLIP, 0)
                                        .set(HYPR_OPTION_RATE_INPUT_WEIGHTS, network.hidden)
                                        .set(HYPR_OPTION_RATE_RECURRENT_WEIGHTS, network.hidden)
                                        .set(HYPR_OPTION_RATE_BIASES, network.hidden)
                                        .set(HYPR_OPTION_RATE_NEURON_PARAMETERS, network.hidden)
                                        .set(HYPR_OPTION_WINDOW, window_));
  }
  Pair predict(const Motion &wanted) override {
    std::array<float, 2> output;
    past_.push_back(features(wanted));
    if (past_.size() > lag) past_.pop_front();
    predictor_.step(heard(past_.back()), output);
    return {output[0], output[1]};
  }
  void teach(const Pair &torque, const Motion &) override {
    if (!learns_ || past_.size() < lag) return;
    const std::array<float, 2> target{static_cast<float>(torque[0]), static_cast<float>(torque[1])};
    std::array<float, 2> output;
    learner_.step(heard(past_.front()), output);  // closes the window before it, if that is full
    learner_.teach_values(target);
    if (steps_++ % window_ == 0) predictor_.copy_parameters(learner_);
  }

 private:
  hypr::span<const float> heard(const Features &features) const { return {features.data(), inputs_}; }

  bool learns_;
  int window_, steps_ = 0;
  std::size_t inputs_;
  hypr::Session predictor_, learner_;
  std::deque<Features> past_;
};

}  // namespace arm
