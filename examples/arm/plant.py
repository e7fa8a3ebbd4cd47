"""The arm in MuJoCo: 1 kHz physics, torque commands that act late, joint friction, and encoders, which are all that is measured."""

import math
from pathlib import Path

import mujoco

from dynamics import TIME_STEP, tip

LIMITS = (60.0, 30.0)  # Nm
_PHYSICS = 0.001
_ENCODER = 2 * math.pi / 2**17
# Low-pass filters at 50 and 30 Hz, of a difference per control step.
_VELOCITY_GAIN, _ACCELERATION_GAIN = 0.47, 0.31
_VISCOUS = (0.3, 0.15)  # Nm s
_MOTOR_INERTIAS, _SPRING_DAMPING = (0.05, 0.02), (0.5, 0.2)  # kg m^2, Nm s / rad


class Plant:
    """`delay`: control steps from a command to the torque; the joints start at `position`."""

    def __init__(self, position, delay=5):
        self.model = mujoco.MjModel.from_xml_path(str(Path(__file__).with_name("arm.xml")))
        self.data = mujoco.MjData(self.model)
        self.data.qpos[:2] = position
        self.friction, self.stiffness = (0.5, 0.3), 60.0  # of Dahl's model: Nm, Nm / rad
        self._friction_states = [0.0, 0.0]
        self._commands = [(0.0, 0.0)] * delay
        self._previous = list(position)
        self._motors, self._motor_speeds = list(position), [0.0, 0.0]
        self._springs, self._play = (0.0, 0.0), 0.0
        self._found, self._holds = 0.0, False
        self.velocity, self.acceleration = [0.0, 0.0], [0.0, 0.0]
        self._hang(0.001, 0.0, 0.02)

    # ---- What changes

    def carry(self, mass):
        """A rigid load, in kg."""
        self._hang(mass, 0.0, 0.02)

    def swing(self, mass, length=0.25):
        """A load on a rod that turns freely in the hook."""
        self._hang(mass, length, 0.01)

    def find(self, mass):
        """What the gripper closes around from now on, in kg."""
        self._found = mass

    def grip(self, holds):
        if holds != self._holds and self._found: self.carry(self._found if holds else 0.001)
        self._holds = holds

    def loosen(self, stiffness, play):
        """Between motors and joints are springs (Nm / rad) with play (rad)."""
        self._springs, self._play = stiffness, play

    def wear(self, factor=4.0):
        """More friction, which gives way more softly."""
        self.friction, self.stiffness = tuple(factor * torque for torque in self.friction), 40.0

    def _hang(self, mass, length, damping):
        model, data, body = self.model, self.data, self.model.body("load").id
        model.body_mass[body] = mass
        model.body_ipos[body] = 0, 0, -length
        model.body_inertia[body] = 1e-5 if length else 2e-4
        model.dof_damping[2] = damping
        weight = model.geom("weight").id
        model.geom_pos[weight] = 0, 0, -max(length, 0.04) if mass > 0.01 else 0
        model.geom_size[weight, 0] = 0.04 if mass > 0.01 else 0.005
        mujoco.mj_setConst(model, mujoco.MjData(model))
        # It hangs straight down, and does not turn.
        data.qpos[2] = -(data.qpos[0] + data.qpos[1])
        data.qvel[2] = -(data.qvel[0] + data.qvel[1])

    # ---- A control step

    def step(self, torque):
        self._commands.append(torque)
        command = self._commands.pop(0)
        data = self.data
        for _ in range(round(TIME_STEP / _PHYSICS)):
            for joint in (0, 1):
                torque = min(max(command[joint], -LIMITS[joint]), LIMITS[joint])
                data.qfrc_applied[joint] = self._transmitted(joint, torque) + self._friction(joint)
            mujoco.mj_step(self.model, data)

    def _transmitted(self, joint, torque):
        """The torque on the joint of one on its motor, whose side nothing measures."""
        position, speed = float(self.data.qpos[joint]), float(self.data.qvel[joint])
        if not self._springs[joint]:
            self._motors[joint], self._motor_speeds[joint] = position, speed
            return torque
        twist = self._motors[joint] - position
        over = twist - min(max(twist, -self._play / 2), self._play / 2)
        passed = self._springs[joint] * over + _SPRING_DAMPING[joint] * (self._motor_speeds[joint] - speed) if over else 0.0
        self._motor_speeds[joint] += _PHYSICS * (torque - passed) / _MOTOR_INERTIAS[joint]
        self._motors[joint] += _PHYSICS * self._motor_speeds[joint]
        return passed

    def _friction(self, joint):
        """Dahl's model, by an implicit step: hysteresis in the displacement, Coulomb friction in motion."""
        speed, most = float(self.data.qvel[joint]), self.friction[joint]
        state = self._friction_states[joint]
        state = (state + speed * _PHYSICS) / (1 + self.stiffness * abs(speed) * _PHYSICS / most)
        self._friction_states[joint] = state
        return -self.stiffness * state - _VISCOUS[joint] * speed

    def measure(self):
        """Position, velocity and acceleration of the joints as far as encoders tell them."""
        position = [round(float(angle) / _ENCODER) * _ENCODER for angle in self.data.qpos[:2]]
        for joint in (0, 1):
            before = self.velocity[joint]
            difference = (position[joint] - self._previous[joint]) / TIME_STEP
            self.velocity[joint] = before + _VELOCITY_GAIN * (difference - before)
            change = (self.velocity[joint] - before) / TIME_STEP
            self.acceleration[joint] += _ACCELERATION_GAIN * (change - self.acceleration[joint])
        self._previous = position
        return position, tuple(self.velocity), tuple(self.acceleration)

    def error(self, position):
        """Distance of the tip from where it should be, in metres."""
        (x, y), (wanted_x, wanted_y) = tip(*map(float, self.data.qpos[:2])), tip(*position)
        return math.hypot(x - wanted_x, y - wanted_y)
