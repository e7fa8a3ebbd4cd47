"""Fleets on Flower: devices without Python, behind a gateway."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from flower_fleet import Fleet, flat, fleet, network  # first: skips without Flower
from flwr.clientapp import ClientApp
from flwr.common.config import parse_config_args
from flwr.serverapp.strategy import FedAvg

import hypr
from hypr import flower
from hypr.__main__ import main
from hypr.flower import _gateway


def device(folder, name, change):
    """As a device does it: takes the fleet's model, changes it, and hands over the difference."""
    with hypr.Session(hypr.Model.load(folder / "fleet.hypr"), learning=False) as session:
        change(session)
        (folder / "updates" / f"{name}.bin").write_bytes(session.get_update())


def bias(value):
    return lambda session: session.parameters.update({"readout.bias": np.full(3, value, np.float32)})


def of(fleet, **settings):
    """The fleet's own gateway, whose devices do something as soon as the model is there."""

    class Prompt(_gateway.Gateway):
        def _offer(self, model, server_round):
            super()._offer(model, server_round)
            settings["bring"]()

    gateway, app = Prompt(fleet.model, fleet.folder / "gateway", settings["devices"], settings["wait"], ()), ClientApp()
    app.train()(gateway.train)
    return app


def test_a_gateway_speaks_for_devices(fleet):
    """The fleet is a client with Python that counts 1, and two devices behind a gateway."""
    folder = fleet.folder / "gateway"

    def bring():
        device(folder, "watch-1", bias(2.0))
        device(folder, "watch-2", bias(4.0))
        for name, model in (("another", network(size=20)), ("stale", network(seed=3))):
            (folder / "updates" / f"{name}.bin").write_bytes(hypr.Session(model, learning=False).get_update())
        (folder / "updates" / "damaged.bin").write_bytes(b"HYPR")
        (folder / "updates" / "unfinished.bin.part").write_bytes(b"HYPR")

    class Fixed:
        def fit(self, model, options, server_round):
            session = hypr.Session(model, learning=False)
            bias(9.0)(session)
            return flower.Fitted(session.parameters.flat, 1)

    apps = [of(fleet, devices=5, wait=0.3, bring=bring), flower.client_app(fleet.model, Fixed())]

    class Mixed(flower.LocalGrid):
        def _answer(self, message):
            self.app = apps[message.metadata.dst_node_id - 1]
            return super()._answer(message)

    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=1, strategy=FedAvg(fraction_evaluate=0.0))
    Mixed(apps[0], 2).run_app(server)
    np.testing.assert_allclose(hypr.Model.load(fleet.output).parameters["readout.bias"], (2 + 4 + 9) / 3, rtol=1e-6)
    assert sorted(path.name for path in (folder / "updates").iterdir()) == [
        "another.refused", "damaged.refused", "stale.refused", "unfinished.bin.part"]


def test_a_device_that_sends_a_part_counts_for_that(fleet):
    """Its other tensors are the fleet's, and not those of who was read before it."""
    folder = fleet.folder / "gateway"

    def bring():
        device(folder, "1", lambda session: setattr(session.parameters, "flat", session.parameters.flat * 0.5))
        with hypr.Session(hypr.Model.load(folder / "fleet.hypr"), learning=False) as session:
            bias(4.0)(session)
            sent = [tensor.name == "readout.bias" for tensor in session.tensors]
            (folder / "updates" / "2.bin").write_bytes(session.get_update(tensors=sent))

    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1)
    trained = fleet.run(1, of(fleet, devices=2, wait=5.0, bring=bring), nodes=1, strategy=strategy)
    weight = fleet.model.parameters["readout.weight"]
    np.testing.assert_allclose(trained.parameters["readout.weight"], 0.75 * weight, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(trained.parameters["readout.bias"], fleet.model.parameters["readout.bias"] / 4 + 2, rtol=1e-5)


def test_a_gateway_without_devices_is_left_out(fleet):
    gateway = flower.gateway_app(fleet.model, fleet.folder / "gateway", devices=1, wait=0.05)
    fleet.run(1, gateway, nodes=2)
    assert all("no device has brought an update in 0.05 s" in reason for reason in fleet.rounds[0][1].values())


def test_a_node_may_be_a_gateway_by_its_configuration(fleet):
    """One app for all nodes: what `python -m hypr gateway` says to its SuperNode makes it a gateway."""
    folder = fleet.folder / "behind the second"
    nodes = [{}, {"gateway-folder": str(folder), "gateway-devices": 1, "gateway-wait": 0.1}]
    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=1,
                               report=lambda number, checked: fleet.rounds.append(dict(checked.dropped)))
    flower.LocalGrid(fleet.client(), nodes).run_app(server)
    assert list(fleet.rounds[0]) == [2] and "no device has brought an update" in fleet.rounds[0][2]
    assert np.array_equal(flat(hypr.Model.load(folder / "fleet.hypr")), flat(fleet.model))


@pytest.mark.parametrize("arguments, expected", [
    (["--insecure"], [["--insecure"], []]),
    (["--root-certificates", "ca.pem", "--supernode", "--host", "127.0.0.1"],
     [["--root-certificates", "ca.pem"], ["--host", "127.0.0.1"]])])
def test_the_command_runs_a_supernode(tmp_path, monkeypatch, arguments, expected):
    ran = []
    monkeypatch.setattr(os, "execv", lambda program, words: ran.append((Path(program).name, words[1:])))
    folder = tmp_path / "a folder"
    assert main(["gateway", str(folder), "--superlink", "fleet:9092", "--devices", "20", "--wait", "5", *arguments]) == 0
    [(program, words)] = ran
    config = f'gateway-folder="{folder}" gateway-devices=20 gateway-wait=5.0'
    assert program == "flower-supernode"
    assert words == ["--superlink", "fleet:9092", *expected[0], "--node-config", config, *expected[1]]
    assert parse_config_args([config]) == {"gateway-folder": str(folder), "gateway-devices": 20, "gateway-wait": 5.0}


@pytest.mark.parametrize("arguments, named", [
    (["--devices", "0", "--insecure"], "is 0, expected 1 or more"), (["--devices", "2"], "--insecure"),
    (["--devices", "2", "--insecure", "--wait", "nan"], "expected 0 or more"), (["--insecure"], "--devices")])
def test_the_command_names_what_is_wrong(tmp_path, capsys, arguments, named):
    with pytest.raises(SystemExit):
        main(["gateway", str(tmp_path), "--superlink", "fleet:9092", *arguments])
    assert named in capsys.readouterr().err


@pytest.mark.skipif("HYPR_FLEET_DEVICE" not in os.environ, reason="HYPR_FLEET_DEVICE does not name examples/c/fleet_device.c")
def test_a_device_in_c(tmp_path):
    """The example learns a stream, and the gateway takes what it hands over: what the first round lost comes in the second."""
    watch = Path(__file__).resolve().parents[2] / "examples" / "watch"
    fleet = Fleet(tmp_path, hypr.Model.load(watch / "without-wearer-2.hypr"))
    folder, said = tmp_path / "gateway", []

    def bring():
        program = [os.environ["HYPR_FLEET_DEVICE"], folder / "fleet.hypr", watch / "wearer-2.stream", folder / "updates" / "2.bin",
                   tmp_path / "residual"]
        said.append(subprocess.run(program, capture_output=True, text=True, check=True).stdout)

    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1)
    trained = fleet.run(2, of(fleet, devices=1, wait=5.0, bring=bring), nodes=1, strategy=strategy)
    assert [dropped for _, dropped, _ in fleet.rounds] == [{}, {}]
    size = len(hypr.Session(fleet.model, learning=False).get_update("int8", share=0.1))
    assert len(said) == 2 and size < 4 * fleet.model.parameter_count / 16
    assert all("learned from 9" in line and f"hands over {size} bytes" in line for line in said)
    moved = np.abs(flat(trained) - flat(fleet.model))
    assert 0.01 < moved.max() < 3
    assert (moved > 0).mean() > 0.11  # more than the tenth of one round
    assert np.abs(np.fromfile(tmp_path / "residual", np.float32)).max() > 0
