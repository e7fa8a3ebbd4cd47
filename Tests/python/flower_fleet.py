"""A fleet of a few clients on Flower, for the tests of hypr.flower; without Flower these are skipped."""

import os

import numpy as np
import pytest

import hypr

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"  # before Flower is imported
pytest.importorskip("flwr", reason="Flower is not installed here: make test-fleet")
from flwr.serverapp.strategy import FedAvg  # noqa: E402

from hypr import flower  # noqa: E402

CLIENTS = 5


def network(size=16, seed=0):
    return hypr.ModelBuilder(inputs=3, dt=0.01).input(scale=5).layer("se_adlif", size, threshold=0.1).readout(3).build(seed=seed)


def recorded(seed, sequences=24):
    """Which of three channels is larger."""
    drawn = np.random.default_rng(seed)
    labels = drawn.integers(0, 3, sequences)
    values = drawn.normal(0, 0.3, (sequences, 40, 3))
    values[np.arange(sequences), :, labels] += 1
    return values.astype(np.float32), labels.astype(np.int32)


def local(context):
    return flower.DataSet(*recorded(context.node_config["partition-id"]), batch_size=8)


def flat(model):
    return np.concatenate([values.reshape(-1) for values in model.parameters.values()])


def judged(model):
    return flower.DataSet(*recorded(99, 90)).evaluate(model, {})[1]


class Fleet:
    """A fleet of a few clients; what was reported of its rounds."""

    def __init__(self, folder, model=None):
        self.folder, self.model = folder, model or network()
        self.model.save(folder / "start.hypr")
        self.output, self.rounds = folder / "fleet.hypr", []

    def client(self, **settings):
        return flower.client_app(self.model, local, learning_rate=0.01, **settings)

    def run(self, rounds=3, client=None, strategy=None, nodes=CLIENTS, **settings):
        server = flower.server_app(
            self.folder / "start.hypr", self.output, rounds=rounds, strategy=strategy or FedAvg(fraction_evaluate=0.0),
            report=lambda number, checked: self.rounds.append((number, dict(checked.dropped), checked.bytes_received)), **settings)
        self.grid = flower.LocalGrid(client or self.client(), nodes)
        self.grid.run_app(server)
        return hypr.Model.load(self.output)


@pytest.fixture
def fleet(tmp_path):
    return Fleet(tmp_path)
