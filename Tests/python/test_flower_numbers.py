"""The fleet of the example in numbers against the same fleet on Flower."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flwr", reason="Flower is not installed here: make test-fleet")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "fleet"))

import settings  # noqa: E402
import training  # noqa: E402
from flower_fleet import flat  # noqa: E402


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "MODELS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("message", ["float32", "int8, a third"])
@pytest.mark.parametrize("updates", [1, 2])
def test_it_is_the_fleet_on_flower(folder, message, updates):
    setting = settings.Setting(updates=updates, batch=2, sequences=updates * 2 * 9 * 4)
    assert setting.rounds(9) == 4
    numbers, _ = training.federated(2, 0, setting, message)
    flower, rounds = training.federated(2, 0, setting, message, messages=True)
    start = flat(training.hypr.Model.load(training.start(2, 0)))
    ways = [flat(model) - start for model in (numbers, flower)]
    assert len(rounds) == 4
    # Flower's average is float32, of parameters, and Adam does not see how small a difference is: signs next to 0 differ.
    assert np.corrcoef(*ways)[0, 1] > 0.99
    assert np.abs(ways[0] - ways[1]).mean() < 0.1 * np.abs(ways[1]).mean() > 1e-4


def test_it_goes_on_where_it_was_killed(folder, monkeypatch):
    setting = settings.Setting(batch=1, sequences=60 * 9)
    whole, rounds = training.federated(2, 0, setting, "int8, a third")
    for path in folder.glob("federated*"):
        path.unlink()
    make = training.Numbers.round

    def killed(self, number, rounds):
        if number == 55:
            raise KeyboardInterrupt
        return make(self, number, rounds)

    monkeypatch.setattr(training.Numbers, "round", killed)
    with pytest.raises(KeyboardInterrupt):
        training.federated(2, 0, setting, "int8, a third")
    monkeypatch.setattr(training.Numbers, "round", make)
    again, rounds_again = training.federated(2, 0, setting, "int8, a third")
    assert np.array_equal(flat(again), flat(whole))
    assert rounds_again == rounds and len(rounds) == 60
    assert not list(folder.glob("*.npz"))
