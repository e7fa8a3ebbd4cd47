// What the controller believes of the arm: its rigid model without load and friction, and the motions that it is asked for.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace arm {

constexpr double time_step = 0.002;  // seconds of a control step
constexpr double link = 0.4;         // metres, both
constexpr double gravity = 9.81;

using Pair = std::array<double, 2>;  // shoulder, elbow

/// Radians and seconds.
struct Motion {
  Pair position{}, velocity{}, acceleration{};
  double grip = 0;     // what the gripper does: 1 it closes, -1 it opens, 0 it stays as it is
  bool holds = false;  // closed
};

namespace nominal {
constexpr double centre = 0.2, mass_1 = 3, mass_2 = 2, gripper = 0.3;
constexpr double inertia_1 = 0.04 + mass_1 * centre * centre + (mass_2 + gripper) * link * link;
constexpr double inertia_2 = 0.027 + mass_2 * centre * centre + gripper * link * link;
constexpr double coupling = (mass_2 * centre + gripper * link) * link;
constexpr double weight_1 = (mass_1 * centre + (mass_2 + gripper) * link) * gravity;
constexpr double weight_2 = (mass_2 * centre + gripper * link) * gravity;
}  // namespace nominal

/// Torques in Nm that the nominal arm needs for a motion.
inline Pair inverse_dynamics(const Motion &m) {
  using namespace nominal;
  const auto [q1, q2] = m.position;
  const auto [v1, v2] = m.velocity;
  const auto [a1, a2] = m.acceleration;
  const double cosine = std::cos(q2), sine = std::sin(q2), upper = std::cos(q1), fore = std::cos(q1 + q2);
  return {(inertia_1 + inertia_2 + 2 * coupling * cosine) * a1 + (inertia_2 + coupling * cosine) * a2 -
              coupling * sine * v2 * (2 * v1 + v2) + weight_1 * upper + weight_2 * fore,
          (inertia_2 + coupling * cosine) * a1 + inertia_2 * a2 + coupling * sine * v1 * v1 + weight_2 * fore};
}

constexpr std::size_t parameters = 9;
/// Torques are linear in the errors of the model's five base parameters and in viscous and Coulomb friction.
using Regressor = std::array<std::array<double, parameters>, 2>;
inline Regressor regressor(const Motion &m) {
  const auto [q1, q2] = m.position;
  const auto [v1, v2] = m.velocity;
  const auto [a1, a2] = m.acceleration;
  const double cosine = std::cos(q2), sine = std::sin(q2), upper = std::cos(q1), fore = std::cos(q1 + q2);
  return {{{a1, a1 + a2, (2 * a1 + a2) * cosine - sine * v2 * (2 * v1 + v2), upper, fore, v1, 0, std::tanh(v1 / 0.2), 0},
           {0, a1 + a2, cosine * a1 + sine * v1 * v1, 0, fore, 0, v2, 0, std::tanh(v2 / 0.2)}}};
}

using Features = std::array<float, 9>;
/// What the networks are told of a motion, numbers around 1; the last, where the gripper acts, that it moves, for as long as it does
/// so. `latched`: that it is closed.
inline Features features(const Motion &m, bool latched = false) {
  const auto [q1, q2] = m.position;
  const auto number = [](double value) { return static_cast<float>(value); };
  return {number(std::cos(q1)),          number(std::sin(q1)),          number(std::cos(q1 + q2)),
          number(std::sin(q1 + q2)),     number(m.velocity[0] / 2),     number(m.velocity[1] / 2),
          number(m.acceleration[0] / 10), number(m.acceleration[1] / 10), number(latched ? m.holds : m.grip)};
}

/// Where the tip is, in metres.
inline Pair tip(const Pair &q) {
  return {link * (std::cos(q[0]) + std::cos(q[0] + q[1])), link * (std::sin(q[0]) + std::sin(q[0] + q[1]))};
}

/// Random pick and place: moves of minimum jerk between random joint angles, 0.6 to 1.2 s, with short rests. With `grips` the gripper
/// closes or opens after one to three moves, which takes 50 ms at rest.
class Reference {
 public:
  Reference(std::uint32_t seed, double seconds, bool grips) : random_(seed) {
    const auto steps = static_cast<std::size_t>(std::lround(seconds / time_step));
    Pair here{-0.5, 1.0};
    int moves = 1;
    while (motion_.size() < steps) {
      Pair there = here;
      while (farthest(there, here) <= 0.4) there = {between(-1.2, 0.6), between(0.4, 2.0)};
      const int count = static_cast<int>(1.1 * (between(0.55, 0.9) + 0.15 * farthest(there, here)) / time_step);
      for (int i = 1; i <= count; i++) {
        motion_.push_back(on_the_way(here, there, static_cast<double>(i) / count, count * time_step));
        motion_.back().holds = holds_;
      }
      here = there;
      rest(here, between(0, 0.25), 0);
      if (!grips || --moves > 0) continue;
      moves = static_cast<int>(between(1, 4));
      holds_ = !holds_;
      rest(here, 0.05, holds_ ? 1 : -1);
    }
  }

  /// The motion of a step; past the end that of the last one.
  const Motion &at(std::size_t step) const { return motion_[std::min(step, motion_.size() - 1)]; }

 private:
  void rest(const Pair &here, double seconds, double grip) {
    for (int i = static_cast<int>(seconds / time_step); i > 0; i--) motion_.push_back({here, {}, {}, grip, holds_});
  }
  double between(double low, double high) { return low + (high - low) * (random_() / 4294967296.0); }
  static double farthest(const Pair &a, const Pair &b) { return std::max(std::abs(a[0] - b[0]), std::abs(a[1] - b[1])); }
  static Motion on_the_way(const Pair &from, const Pair &to, double s, double seconds) {
    const double s2 = s * s, s3 = s2 * s;
    const double part = 10 * s3 - 15 * s3 * s + 6 * s3 * s2, speed = (30 * s2 - 60 * s3 + 30 * s2 * s2) / seconds;
    const double change = (60 * s - 180 * s2 + 120 * s3) / (seconds * seconds);
    Motion motion;
    for (int joint = 0; joint < 2; joint++) {
      const double way = to[joint] - from[joint];
      motion.position[joint] = from[joint] + part * way;
      motion.velocity[joint] = speed * way;
      motion.acceleration[joint] = change * way;
    }
    return motion;
  }

  std::mt19937 random_;
  bool holds_ = false;
  std::vector<Motion> motion_;
};

}  // namespace arm
