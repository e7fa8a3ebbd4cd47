"""The arm of examples/arm, some seconds of it."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="MuJoCo is not installed: pip install -r examples/arm/requirements.txt")
sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "arm"))
from contenders import CONTENDERS, SCENARIOS, settings  # noqa: E402
from control import run  # noqa: E402


def late_error(name, scenario):
    rate, observer = settings()[scenario, name]
    errors = run(3, SCENARIOS[scenario], CONTENDERS[name](3, rate), before=3, after=6, observer=observer)
    return 1000 * np.sqrt(np.mean(errors[-1500:]**2))


def test_an_arm_that_learns_carries_its_load():
    assert late_error("RSNN in hypr, NLMS", "load") < 0.5 * late_error("RSNN in hypr, as drawn", "load")


def test_nominal_dynamics_are_those_of_mujoco():
    import mujoco
    from dynamics import inverse_dynamics
    from plant import Plant
    plant = Plant([0.3, 0.7])
    motion = (0.3, 0.7), (0.5, -1.0), (2.0, 3.0)
    plant.data.qpos[:], plant.data.qvel[:], plant.data.qacc[:] = [*motion[0], -1.0], [*motion[1], 0.5], [*motion[2], -5.0]
    mujoco.mj_inverse(plant.model, plant.data)
    np.testing.assert_allclose(plant.data.qfrc_inverse[:2], inverse_dynamics(*motion), atol=0.05)
