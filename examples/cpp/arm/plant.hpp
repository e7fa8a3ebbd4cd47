// The arm in MuJoCo: 1 kHz physics, torque commands that act late, joint friction, and encoders, which are all that is measured.
#pragma once

#include <mujoco/mujoco.h>

#include <cmath>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "dynamics.hpp"

namespace arm {

constexpr Pair limits{60, 30};  // Nm
inline double limited(double value, double most) { return std::min(std::max(value, -most), most); }

class Plant {
 public:
  /// `delay`: control steps from a command to the torque.
  Plant(const std::string &path, const Pair &position, int delay)
      : commands_(static_cast<std::size_t>(delay)), previous_(position) {
    char why[500] = "";
    model_.reset(mj_loadXML(path.c_str(), nullptr, why, sizeof why));
    if (!model_) throw std::runtime_error(path + ": " + why);
    data_.reset(mj_makeData(model_.get()));
    if (!data_) throw std::runtime_error("MuJoCo has no memory for the arm");
    for (int joint = 0; joint < 2; joint++) data_->qpos[joint] = position[static_cast<std::size_t>(joint)];
    motors_ = position;
    hang(0.001, 0, 0.02);
  }

  // ---- What changes

  void carry(double mass) { hang(mass, 0, 0.02); }  // kg, rigid
  void swing(double mass, double length) { hang(mass, length, 0.01); }  // on a rod that turns freely in the hook, m
  void find(double mass) { found_ = mass; }  // kg: what the gripper closes around from now on
  void grip(bool holds) {
    if (holds != std::exchange(holds_, holds) && found_ > 0) carry(holds ? found_ : 0.001);
  }
  /// Between motors and joints are springs (Nm / rad) with play (rad).
  void loosen(const Pair &stiffness, double play) { springs_ = stiffness, play_ = play; }
  void wear(double factor) {                                       // more friction, which gives way more softly
    for (double &torque : friction_) torque *= factor;
    friction_stiffness_ = 40;
  }

  // ---- A control step

  void step(const Pair &torque) {
    commands_.push_back(torque);
    const Pair command = commands_.front();
    commands_.pop_front();
    for (int i = 0; i < 2; i++) {
      for (int joint = 0; joint < 2; joint++) {
        data_->qfrc_applied[joint] = transmitted(joint, limited(command[joint], limits[joint])) + friction(joint);
      }
      mj_step(model_.get(), data_.get());
    }
  }

  /// The motion of the joints as far as encoders tell it: differences, low-pass filtered at 50 and 30 Hz.
  Motion measure() {
    constexpr double encoder = 2 * 3.14159265358979323846 / (1 << 17), velocity_gain = 0.47, acceleration_gain = 0.31;
    for (int joint = 0; joint < 2; joint++) {
      const double position = std::nearbyint(data_->qpos[joint] / encoder) * encoder, before = measured_.velocity[joint];
      measured_.velocity[joint] += velocity_gain * ((position - previous_[joint]) / time_step - before);
      const double change = (measured_.velocity[joint] - before) / time_step;
      measured_.acceleration[joint] += acceleration_gain * (change - measured_.acceleration[joint]);
      measured_.position[joint] = previous_[joint] = position;
    }
    return measured_;
  }

  /// Distance of the tip from where it should be, in metres.
  double error(const Pair &wanted) const {
    const Pair is = tip({data_->qpos[0], data_->qpos[1]}), should = tip(wanted);
    return std::hypot(is[0] - should[0], is[1] - should[1]);
  }

 private:
  static constexpr double physics = 0.001;

  void hang(double mass, double length, double damping) {
    const int body = mj_name2id(model_.get(), mjOBJ_BODY, "load");
    model_->body_mass[body] = mass;
    model_->body_ipos[3 * body + 2] = -length;
    for (int axis = 0; axis < 3; axis++) model_->body_inertia[3 * body + axis] = length > 0 ? 1e-5 : 2e-4;
    model_->dof_damping[2] = damping;
    const std::unique_ptr<mjData, decltype(&mj_deleteData)> scratch(mj_makeData(model_.get()), mj_deleteData);
    mj_setConst(model_.get(), scratch.get());
    // It hangs straight down, and does not turn.
    data_->qpos[2] = -(data_->qpos[0] + data_->qpos[1]);
    data_->qvel[2] = -(data_->qvel[0] + data_->qvel[1]);
  }

  /// The torque on the joint of one on its motor, whose side nothing measures.
  double transmitted(int joint, double torque) {
    if (springs_[joint] == 0) {
      motors_[joint] = data_->qpos[joint], motor_speeds_[joint] = data_->qvel[joint];
      return torque;
    }
    const double twist = motors_[joint] - data_->qpos[joint], over = twist - limited(twist, play_ / 2);
    const double turning = motor_speeds_[joint] - data_->qvel[joint];
    const double passed = over == 0 ? 0 : springs_[joint] * over + spring_damping[joint] * turning;
    motor_speeds_[joint] += physics * (torque - passed) / motor_inertias[joint];
    motors_[joint] += physics * motor_speeds_[joint];
    return passed;
  }

  /// Dahl's model, by an implicit step: hysteresis in the displacement, Coulomb friction in motion.
  double friction(int joint) {
    const double speed = data_->qvel[joint];
    double &state = friction_states_[joint];
    state = (state + speed * physics) / (1 + friction_stiffness_ * std::abs(speed) * physics / friction_[joint]);
    return -friction_stiffness_ * state - (joint == 0 ? 0.3 : 0.15) * speed;
  }

  std::unique_ptr<mjModel, decltype(&mj_deleteModel)> model_{nullptr, mj_deleteModel};
  std::unique_ptr<mjData, decltype(&mj_deleteData)> data_{nullptr, mj_deleteData};
  std::deque<Pair> commands_;
  Pair friction_{0.5, 0.3};           // Nm
  double friction_stiffness_ = 60;    // Nm / rad
  Pair friction_states_{}, previous_;
  static constexpr Pair motor_inertias{0.05, 0.02}, spring_damping{0.5, 0.2};  // kg m^2, Nm s / rad
  Pair motors_{}, motor_speeds_{}, springs_{};
  double play_ = 0, found_ = 0;
  bool holds_ = false;
  Motion measured_;
};

}  // namespace arm
