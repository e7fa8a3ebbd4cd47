"""Fleets on Flower: the model file of every round, and a server that goes on from it."""

import numpy as np
import pytest
from flower_fleet import CLIENTS, Fleet, flat, fleet, network  # first: skips without Flower
from flwr.serverapp.strategy import FedAdam, FedAvg, FedAvgM

import hypr
from hypr import flower


def test_every_round_is_a_model_file(fleet):
    rounds = []

    def look(number, checked):
        rounds.append((number, flower.completed_rounds(hypr.Model.load(fleet.output))))

    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=3, report=look)
    flower.LocalGrid(fleet.client(), CLIENTS).run_app(server)
    assert rounds == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("strategy", [
    FedAvg, FedAdam, lambda **more: FedAvgM(server_momentum=0.5, **more)], ids=["FedAvg", "FedAdam", "FedAvgM"])
def test_a_server_that_was_killed_goes_on(tmp_path, strategy):
    def stopping(number, checked):
        if number == 2:
            raise KeyboardInterrupt

    models = []
    for name in ("once", "twice", "forgetful"):
        (tmp_path / name).mkdir()
        fleet = Fleet(tmp_path / name)

        def server(report=None):
            return flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=4, schedule="cosine",
                                     strategy=strategy(fraction_evaluate=0.0), report=report)

        if name != "once":
            with pytest.raises(KeyboardInterrupt):
                flower.LocalGrid(fleet.client(), CLIENTS).run_app(server(stopping))
            assert flower.completed_rounds(hypr.Model.load(fleet.output)) == 2
        if name == "forgetful":
            for path in fleet.folder.glob("*.npz"):
                path.unlink()
        flower.LocalGrid(fleet.client(), CLIENTS).run_app(server())
        models.append(hypr.Model.load(fleet.output))
        left = [path.name for path in fleet.folder.iterdir() if path.name.startswith("fleet.hypr.")]
        assert left == ([] if strategy is FedAvg else ["fleet.hypr.round-4.npz"])
    assert flower.completed_rounds(models[0]) == flower.completed_rounds(models[1]) == 4
    lost = np.abs(flat(models[0]) - flat(models[2])).max()
    np.testing.assert_allclose(flat(models[0]), flat(models[1]), atol=2e-3)  # clients come in a random order
    assert strategy is FedAvg or lost > 1e-2


def test_another_network_is_not_gone_on_from(fleet):
    network(size=20).save(fleet.output)
    with pytest.raises(flower.StructureMismatchError, match="fleet.hypr has 'layer0.input_weight"):
        fleet.run(1)
