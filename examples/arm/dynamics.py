"""What the controller believes of the arm: its rigid model without load and friction, and the motions that it is asked for."""

import math

import numpy as np

TIME_STEP = 0.002  # seconds of a control step
LINK = 0.4  # metres, both
GRAVITY = 9.81
_CENTRE, _MASSES, _INERTIAS, _GRIPPER = 0.2, (3.0, 2.0), (0.04, 0.027), 0.3
_INERTIA_1 = _INERTIAS[0] + _MASSES[0] * _CENTRE**2 + (_MASSES[1] + _GRIPPER) * LINK**2
_INERTIA_2 = _INERTIAS[1] + _MASSES[1] * _CENTRE**2 + _GRIPPER * LINK**2
_COUPLING = (_MASSES[1] * _CENTRE + _GRIPPER * LINK) * LINK
_WEIGHT_1 = (_MASSES[0] * _CENTRE + (_MASSES[1] + _GRIPPER) * LINK) * GRAVITY
_WEIGHT_2 = (_MASSES[1] * _CENTRE + _GRIPPER * LINK) * GRAVITY


def inverse_dynamics(position, velocity, acceleration):
    """Torques in Nm that the nominal arm needs for a motion, in radians and seconds."""
    (q1, q2), (v1, v2), (a1, a2) = position, velocity, acceleration
    cosine, sine = math.cos(q2), math.sin(q2)
    upper, fore = math.cos(q1), math.cos(q1 + q2)
    return ((_INERTIA_1 + _INERTIA_2 + 2 * _COUPLING * cosine) * a1 + (_INERTIA_2 + _COUPLING * cosine) * a2
            - _COUPLING * sine * v2 * (2 * v1 + v2) + _WEIGHT_1 * upper + _WEIGHT_2 * fore,
            (_INERTIA_2 + _COUPLING * cosine) * a1 + _INERTIA_2 * a2 + _COUPLING * sine * v1 * v1 + _WEIGHT_2 * fore)


def regressor(position, velocity, acceleration):
    """[2, 9]: torques are linear in the errors of the model's five base parameters and in viscous and Coulomb friction."""
    (q1, q2), (v1, v2), (a1, a2) = position, velocity, acceleration
    cosine, sine = math.cos(q2), math.sin(q2)
    upper, fore = math.cos(q1), math.cos(q1 + q2)
    return np.array([
        [a1, a1 + a2, (2 * a1 + a2) * cosine - sine * v2 * (2 * v1 + v2), upper, fore, v1, 0, math.tanh(v1 / 0.2), 0],
        [0, a1 + a2, cosine * a1 + sine * v1 * v1, 0, fore, 0, v2, 0, math.tanh(v2 / 0.2)]])


def tip(q1, q2):
    return LINK * (math.cos(q1) + math.cos(q1 + q2)), LINK * (math.sin(q1) + math.sin(q1 + q2))


def features(position, velocity, acceleration, *grip):
    """What the networks are told of a motion and, where it acts, of the gripper: numbers around 1."""
    (q1, q2), (v1, v2), (a1, a2) = position, velocity, acceleration
    return (math.cos(q1), math.sin(q1), math.cos(q1 + q2), math.sin(q1 + q2), v1 / 2, v2 / 2, a1 / 10, a2 / 10, *grip)


class Reference:
    """Random pick and place: moves of minimum jerk between random joint angles, 0.6 to 1.2 s, with short rests. With `grips` the
    gripper closes or opens after one to three moves, which takes 50 ms at rest.

    position, velocity, acceleration [steps, 2], as lists of pairs; grip [steps]: what the gripper does, 1 it closes, -1 it
    opens, 0 it stays as it is; holds [steps]: whether it is closed.
    """

    def __init__(self, seed, seconds, grips=False):
        random = np.random.default_rng(seed)
        steps = int(round(seconds / TIME_STEP))
        motion = np.zeros((3, steps, 2))
        grip, holds = np.zeros(steps), np.zeros(steps, bool)
        step, here, moves = 0, np.array([-0.5, 1.0]), 1
        while step < steps:
            there = here
            while np.abs(there - here).max() <= 0.4:
                there = np.array([random.uniform(-1.2, 0.6), random.uniform(0.4, 2.0)])
            count = int(1.1 * (random.uniform(0.55, 0.9) + 0.15 * np.abs(there - here).max()) / TIME_STEP)
            part, duration = np.arange(1, count + 1)[:, None] / count, count * TIME_STEP
            end = min(step + count, steps)
            for values, begin, curve in (
                    (motion[0], here, 10 * part**3 - 15 * part**4 + 6 * part**5),
                    (motion[1], 0, (30 * part**2 - 60 * part**3 + 30 * part**4) / duration),
                    (motion[2], 0, (60 * part - 180 * part**2 + 120 * part**3) / duration**2)):
                values[step:end] = (begin + curve * (there - here))[:end - step]
            step, here = end, there
            end = min(step + int(random.uniform(0, 0.25) / TIME_STEP), steps)
            motion[0, step:end] = here
            step, moves = end, max(moves - 1, 0)
            if moves or not grips: continue
            moves = int(random.integers(1, 4))
            holds[step:] = not holds[step - 1]
            end = min(step + round(0.05 / TIME_STEP), steps)
            motion[0, step:end] = here
            grip[step:end] = 1 if holds[step:].any() else -1
            step = end
        self.steps, self.grips, self.grip, self.holds = steps, grips, grip.tolist(), holds.tolist()
        self.position, self.velocity, self.acceleration = ([tuple(pair) for pair in values.tolist()] for values in motion)

    def at(self, step):
        """The motion of a step; past the end that of the last one."""
        step = min(step, self.steps - 1)
        return self.position[step], self.velocity[step], self.acceleration[step]

    def gripper(self, step):
        """What it does in a step, and whether it is closed; nothing where it does not act."""
        step = min(step, self.steps - 1)
        return (self.grip[step], self.holds[step]) if self.grips else ()
