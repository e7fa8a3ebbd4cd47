// The controller of a motion: nominal inverse dynamics, PD, what a learner predicts, and a disturbance observer for the rest.
#pragma once

#include <array>
#include <deque>

#include "dynamics.hpp"
#include "learners.hpp"
#include "plant.hpp"

namespace arm {

constexpr int delay = 5;  // control steps from a command to the torque

class Controller {
 public:
  /// `observer`: its bandwidth in rad/s, 0: none; `integral`: gain of the integral part in units of Kp per second, 0: PD.
  Controller(const Reference &reference, Learner &learner, double observer, double integral)
      : reference_(reference), learner_(learner), observer_(observer), integral_(integral) {}

  /// The torques of this step, from what is measured.
  Pair command(const Motion &measured) {
    // What was commanded `lag` steps ago acted on the motion that is known now, less what the nominal arm needs for that.
    const Motion known = aligned(measured);
    const Pair needed = inverse_dynamics(known);
    Pair missing{}, taught{}, torques{};
    for (std::size_t joint = 0; joint < 2; joint++) {
      missing[joint] = limited(commands_.front()[joint] - needed[joint], 40);
      taught[joint] = missing[joint] / units[joint];
    }
    if (step_ > settling) learner_.teach(taught, known);
    const Motion &ahead = reference_.at(step_ + delay + 1), &wanted = reference_.at(step_);
    const Pair nominal = inverse_dynamics(ahead);
    Pair predicted = learner_.predict(ahead);
    for (std::size_t joint = 0; joint < 2; joint++) {
      predicted[joint] = limited(predicted[joint], most_predicted) * units[joint];
      const double unexplained = limited(missing[joint] - predictions_.front()[joint], limits[joint] / 2);
      disturbance_[joint] += observer_ * time_step * (unexplained - disturbance_[joint]);
      const double error = wanted.position[joint] - measured.position[joint];
      integrals_[joint] = limited(integrals_[joint] + integral_ * stiffness[joint] * error * time_step, 0.4 * limits[joint]);
      torques[joint] = limited(nominal[joint] + stiffness[joint] * error +
                                   damping[joint] * (wanted.velocity[joint] - measured.velocity[joint]) + predicted[joint] +
                                   disturbance_[joint] + integrals_[joint],
                               limits[joint]);
    }
    push(commands_, torques);
    push(predictions_, predicted);
    step_++;
    return torques;
  }

 private:
  static constexpr Pair stiffness{60, 20}, damping{9, 2};  // Kp in Nm / rad, Kd in Nm s / rad
  static constexpr double most_predicted = 3;              // units
  static constexpr std::size_t settling = 20;              // steps of the measurement's filters

  /// One motion of the three that are measured: the filters make the acceleration four and a half steps late, the velocity one and a
  /// half.
  Motion aligned(const Motion &measured) {
    positions_.push_back(measured.position);
    velocities_.push_back(measured.velocity);
    if (positions_.size() > 5) positions_.pop_front();
    if (velocities_.size() > 4) velocities_.pop_front();
    return {positions_.front(), velocities_.front(), measured.acceleration};
  }

  static void push(std::deque<Pair> &past, const Pair &now) {
    past.push_back(now);
    past.pop_front();
  }

  const Reference &reference_;
  Learner &learner_;
  double observer_, integral_;
  std::size_t step_ = 0;
  std::deque<Pair> commands_{lag, Pair{}}, predictions_{lag, Pair{}};
  std::deque<Pair> positions_, velocities_;
  Pair disturbance_{}, integrals_{};
};

}  // namespace arm
