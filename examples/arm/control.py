"""The controller of a motion: nominal inverse dynamics, PD, what a learner predicts, and a disturbance observer for the rest."""

import math
from collections import deque

import numpy as np

from dynamics import TIME_STEP, Reference, inverse_dynamics
from learners import LAG, LIMIT, UNITS
from plant import LIMITS, Plant

DELAY = 5  # control steps from a command to the torque
_AHEAD = DELAY + 1  # what is commanded now acts then
_STIFFNESS, _DAMPING = (60.0, 20.0), (9.0, 2.0)  # Kp in Nm / rad, Kd in Nm s / rad
_START = 20  # steps until the filters of the measurement have settled


class Controller:
    """`observer`: its bandwidth in rad/s, 0: none; `integral`: gain of the integral part in units of Kp per second, 0: PD."""

    def __init__(self, reference, learner, observer=0.0, integral=0.0):
        self.reference, self.learner, self.observer, self.integral = reference, learner, observer, integral
        self.step = 0
        self._commands = deque([(0.0, 0.0)] * LAG, maxlen=LAG)
        self._predictions = deque([(0.0, 0.0)] * LAG, maxlen=LAG)
        self._positions, self._velocities = deque(maxlen=5), deque(maxlen=4)
        self._disturbance, self._integrals = [0.0, 0.0], [0.0, 0.0]

    def command(self, position, velocity, acceleration):
        """The torques of this step, from what is measured."""
        # One motion of the three that are measured: the filters make the acceleration 4.5 steps late, the velocity 1.5.
        self._positions.append(position)
        self._velocities.append(velocity)
        measured = self._positions[0], self._velocities[0], acceleration
        # What was commanded LAG steps ago acted on it, less what the nominal arm needs for it.
        missing = [_limited(acted - needed, 40) for acted, needed in zip(self._commands[0], inverse_dynamics(*measured))]
        if self.step > _START:
            self.learner.teach([torque / unit for torque, unit in zip(missing, UNITS)], measured)
        ahead = self.reference.at(self.step + _AHEAD)
        learnt = self.learner.predict(ahead, self.reference.gripper(self.step + _AHEAD))
        predicted = [_limited(torque, LIMIT) * unit for torque, unit in zip(learnt, UNITS)]
        nominal = inverse_dynamics(*ahead)
        wanted_position, wanted_velocity, _ = self.reference.at(self.step)
        torques = []
        for joint in (0, 1):
            if self.observer:
                unexplained = _limited(missing[joint] - self._predictions[0][joint], LIMITS[joint] / 2)
                self._disturbance[joint] += self.observer * TIME_STEP * (unexplained - self._disturbance[joint])
            error = wanted_position[joint] - position[joint]
            if self.integral:
                integral = self._integrals[joint] + self.integral * _STIFFNESS[joint] * error * TIME_STEP
                self._integrals[joint] = _limited(integral, 0.4 * LIMITS[joint])
            torque = (nominal[joint] + _STIFFNESS[joint] * error
                      + _DAMPING[joint] * (wanted_velocity[joint] - velocity[joint])
                      + predicted[joint] + self._disturbance[joint] + self._integrals[joint])
            torques.append(_limited(torque, LIMITS[joint]))
        self._commands.append(tuple(torques))
        self._predictions.append(tuple(predicted))
        self.step += 1
        return tuple(torques)


def _limited(value, most): return min(max(value, -most), most)


def run(seed, disturb, learner, before=20.0, after=65.0, watch=None, grips=False, **controller):
    """Errors of the tip in metres, one per control step; `disturb(plant)` changes the arm after `before` seconds;
    `grips`: the gripper acts.
    `watch(plant, step)` is called after every step. An arm that is lost, its tip a metre away, ends the run: the errors after that are infinite."""
    reference = Reference(seed, before + after + 1, grips)
    plant, control = Plant(reference.position[0], DELAY), Controller(reference, learner, **controller)
    errors = np.full(round((before + after) / TIME_STEP), np.inf)
    for step in range(len(errors)):
        if step == round(before / TIME_STEP): disturb(plant)
        plant.grip(reference.holds[step])
        plant.step(control.command(*plant.measure()))
        errors[step] = plant.error(reference.at(step + 1)[0])
        if watch: watch(plant, step)
        if not errors[step] < 1: break
    return errors


def figures(errors, before=20.0):
    """Root mean squares in mm: before the change, in its first 5 s, and around 10 s and 60 s after it."""
    def rms(begin, end):
        part = errors[round((before + begin) / TIME_STEP):round((before + end) / TIME_STEP)]
        return 1000 * math.sqrt(np.mean(part**2)) if len(part) else math.nan
    return rms(-10, 0), rms(0, 5), rms(5, 15), rms(55, 65)
