"""Fleets on Flower: what travels, what is refused, and that a fleet learns what one place would."""

import os
import random
import re
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import hypr

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"  # before Flower is imported
pytest.importorskip("flwr", reason="Flower is not installed here: make test-fleet")
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.app.user_config import UserConfig  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.clientapp.mod import LocalDpMod, fixedclipping_mod  # noqa: E402
from flwr.supercore.task_identity import TaskIdentity  # noqa: E402
from flwr.serverapp.strategy import (  # noqa: E402
    DifferentialPrivacyClientSideFixedClipping,
    FedAdam,
    FedAvg,
    FedAvgM,
    FedProx,
)

from hypr import flower  # noqa: E402
from hypr.flower import _gateway  # noqa: E402
from hypr.flower._shared import base_of  # noqa: E402

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


# ---- Learning together


@pytest.mark.parametrize("strategy", [
    FedAvg, lambda **more: FedProx(proximal_mu=0.1, **more), lambda **more: FedAdam(eta=0.05, **more)])
def test_a_fleet_learns(fleet, strategy):
    before = judged(fleet.model)
    after = judged(fleet.run(6, strategy=strategy(fraction_evaluate=0.0)))
    assert before["accuracy"] < 0.6
    assert after["accuracy"] > before["accuracy"] + 0.25
    assert after["loss"] < before["loss"]


def test_one_client_learns_what_it_would_alone(fleet):
    """A round of one client is a training: the same bits."""
    trained = fleet.run(1, nodes=1, strategy=FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1))
    session = hypr.Session(fleet.model, update="sequence", schedule="constant", learning_rate=0.01)
    x, y = recorded(0)
    order = np.random.default_rng([0, 1]).permutation(len(x))
    for start in range(0, len(x), 8):
        chosen = order[start:start + 8]
        session.learn_labelled(x[chosen], y[chosen])
    assert np.array_equal(flat(trained), session.parameters.flat)


def test_the_average_is_weighted_by_examples(tmp_path):
    class Fixed:
        def __init__(self, value, examples):
            self.value, self.examples = value, examples

        def fit(self, model, options, server_round):
            session = hypr.Session(model, learning=False)
            session.parameters["readout.bias"] = self.value
            return flower.Fitted(session.parameters.flat, self.examples)

    fleet = Fleet(tmp_path)
    clients = [Fixed(1.0, 10), Fixed(4.0, 30), Fixed(-2.0, 1000)]
    client = flower.client_app(fleet.model, lambda context: clients[context.node_config["partition-id"]])
    trained = fleet.run(1, client, nodes=3, most_examples=40)
    np.testing.assert_allclose(trained.parameters["readout.bias"], (10 * 1 + 30 * 4 - 40 * 2) / 80, rtol=1e-6)
    np.testing.assert_allclose(trained.parameters["readout.weight"], fleet.model.parameters["readout.weight"], rtol=1e-6)


def test_fedprox_pulls_to_the_fleet(tmp_path, monkeypatch):
    options, fit = [], flower.DataSet.fit
    monkeypatch.setattr(flower.DataSet, "fit",
                        lambda self, model, given, number: options.append(given) or fit(self, model, given, number))
    far, near = (tmp_path / name for name in ("far", "near"))
    moved = []
    for folder, strategy in ((far, FedAvg(fraction_evaluate=0.0)), (near, FedProx(proximal_mu=100.0, fraction_evaluate=0.0))):
        folder.mkdir()
        fleet = Fleet(folder)
        moved.append(np.linalg.norm(flat(fleet.run(1, strategy=strategy)) - flat(fleet.model)))
    assert options[-1]["anchor_strength"] == 100.0 and "anchor_strength" not in options[0]
    assert moved[1] < 0.7 * moved[0]


def test_the_rate_falls_from_round_to_round(fleet):
    rates = []

    class Listening(flower.DataSet):
        def fit(self, model, options, server_round):
            rates.append((server_round, options["learning_rate"]))
            return super().fit(model, options, server_round)

    client = flower.client_app(fleet.model, lambda context: Listening(*recorded(0, 8)), learning_rate=0.02)
    fleet.run(4, client, nodes=2, schedule="linear")
    assert rates == [(1, 0.02)] * 2 + [(2, 0.015)] * 2 + [(3, 0.01)] * 2 + [(4, 0.005)] * 2


def test_threads_change_nothing(tmp_path):
    results = []
    for threads in (1, 3):
        (tmp_path / str(threads)).mkdir()
        fleet = Fleet(tmp_path / str(threads))
        server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=2, strategy=FedAvg(fraction_evaluate=0.0))
        # FedAvg draws the order of clients, in which sums are rounded.
        random.seed(1)
        flower.LocalGrid(fleet.client(), CLIENTS, threads).run_app(server)
        results.append(flat(hypr.Model.load(fleet.output)))
    assert np.array_equal(*results)


def test_clients_judge_what_the_fleet_has(fleet):
    judgements = []

    class Judging(flower.DataSet):
        def evaluate(self, model, options):
            judgements.append(super().evaluate(model, options))
            return judgements[-1]

    client = flower.client_app(fleet.model, lambda context: Judging(*recorded(context.node_config["partition-id"])))
    trained = fleet.run(1, client, strategy=FedAvg())
    assert len(judgements) == CLIENTS
    expected = flower.DataSet(*recorded(0)).evaluate(trained, {})
    assert any(judged == expected for judged in judgements)


# ---- What stays


def test_personal_tensors_never_leave(fleet):
    seen = []

    def watch(message, context, call_next):
        reply = call_next(message, context)
        seen.append((set(message.content.array_records["arrays"]), set(reply.content.array_records["arrays"])))
        return reply

    client = fleet.client(personal=["readout", "layer0.a"], mods=[watch])
    trained = fleet.run(2, client, personal=["readout", "layer0.a"])
    names = {tensor.name for tensor in fleet.model.tensors} - {"readout.weight", "readout.bias", "layer0.a"}
    assert all(sent == names and replied == names for sent, replied in seen)
    assert np.array_equal(trained.parameters["readout.weight"], fleet.model.parameters["readout.weight"])
    kept = [context.state.array_records["hypr.personal"]["readout.weight"].numpy() for context in fleet.grid.contexts.values()]
    assert not np.array_equal(kept[0], kept[1]) and not np.array_equal(kept[0], fleet.model.parameters["readout.weight"])


def test_unknown_personal_tensors_are_refused():
    with pytest.raises(hypr.UnknownTensorError, match="'readuot'; did you mean 'readout'"):
        flower.SharedTensors(network(), ["readuot"])
    with pytest.raises(hypr.InvalidArgumentError, match="every tensor is personal"):
        groups = ["input_weights", "recurrent_weights", "biases", "neuron_parameters", "readout", "readout_tau"]
        flower.SharedTensors(network(), groups)


# ---- Streams


@pytest.mark.parametrize("rehearsal", [0, 40000])
def test_a_stream_goes_on_where_it_was(fleet, rehearsal):
    """In pieces, a round each, with the fleet's parameters being its own: as one stream."""
    x, y = recorded(3)
    x, y = x.reshape(-1, 3)[:400], np.repeat(y, 40)[:400]
    options = {"window": 20, "learning_rate": 0.01, "update": "window", "rehearsal_bytes": rehearsal, "rehearsal_stretch": 20}
    place, kept = count(), []

    def samples():
        for index in place:
            yield x[index], int(y[index])

    def noted(message, context, call_next):
        reply = call_next(message, context)
        session = hypr.Session(hypr.Model(context.state.config_records["hypr.session"]["model"]), schedule="constant", **options)
        session.load_state(context.state.config_records["hypr.session"]["state"])
        kept.append(len(session.rehearsal))
        return reply

    client = flower.client_app(fleet.model, lambda context: flower.Stream(context, samples, windows=5), mods=[noted], **options)
    trained = fleet.run(3, client, nodes=1, strategy=FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1))
    session = hypr.Session(fleet.model, schedule="constant", **options)
    for sample, label in zip(x[:300], y[:300]):
        session.step(sample)
        session.teach(int(label))
    session.flush()
    assert fleet.rounds[-1][1] == {}
    assert next(place) == 300  # no sample was taken that was not learned
    if rehearsal:  # what is played of the stretches is drawn anew
        assert kept[2] == len(session.rehearsal) > 0
    else:
        np.testing.assert_allclose(flat(trained), session.parameters.flat, atol=1e-5)


# ---- What is refused


def test_another_structure_is_refused_by_name(fleet):
    larger = flower.client_app(network(size=20), local, learning_rate=0.01)
    apps = [fleet.client(), fleet.client(), larger]

    class Mixed(flower.LocalGrid):
        def _answer(self, message):
            self.app = apps[message.metadata.dst_node_id - 1]
            return super()._answer(message)

    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=1, strategy=FedAvg(fraction_evaluate=0.0),
                               report=lambda number, checked: fleet.rounds.append(dict(checked.dropped)))
    Mixed(larger, 3).run_app(server)
    assert list(fleet.rounds[0]) == [3]
    assert "the fleet's model has 'layer0.input_weight [16, 3]', expected 'layer0.input_weight [20, 3]'" in fleet.rounds[0][3]


@pytest.mark.parametrize("change, named", [
    (lambda builder: builder.input(scale=6), "input scale"),
    (lambda builder: builder.labels("abc"), None),
    (lambda builder: builder.metadata(owner="me"), None),
    (lambda builder: builder.recommend(window=5), None),
])
def test_what_belongs_to_the_structure(change, named):
    changed = change(hypr.ModelBuilder.from_model(network())).build()
    own, other = flower.Structure(network(seed=1)), flower.Structure(changed)
    if named is None:
        own.check(other.text, "the other")
        assert own.fingerprint == other.fingerprint
    else:
        with pytest.raises(flower.StructureMismatchError, match=named):
            own.check(other.text, "the other")
        assert own.fingerprint != other.fingerprint


def spoiled(kind):
    """A mod of a client that is broken or hostile in one way."""

    def spoil(message, context, call_next):
        reply = call_next(message, context)
        content, arrays = reply.content, reply.content.array_records["arrays"]
        update, metrics = content.config_records["update"], content.metric_records["metrics"]
        if context.node_config["partition-id"] != 1:
            return reply
        if kind == "nan":
            arrays["readout.bias"] = Array(np.array([0, np.nan, 0], np.float32))
        elif kind == "infinite":
            arrays["readout.bias"] = Array(np.array([0, np.inf, 0], np.float32))
        elif kind == "shape":
            arrays["readout.bias"] = Array(np.zeros(4, np.float32))
        elif kind == "lied shape":
            other = Array(np.zeros(4, np.float32))
            arrays["readout.bias"] = Array(dtype="float32", shape=(3,), stype=other.stype, data=other.data)
        elif kind == "no array":
            arrays["readout.bias"] = Array(dtype="float32", shape=(3,), stype="numpy.ndarray", data=b"nothing")
        elif kind == "objects":
            arrays["readout.bias"] = Array(np.array([1, 2, 3]))
        elif kind == "missing":
            del arrays["readout.bias"]
        elif kind == "more":
            arrays["readout.other"] = Array(np.zeros(3, np.float32))
        elif kind == "stale":
            update["base"] = "0" * 16
        elif kind == "structure":
            update["structure"] = "0" * 16
        elif kind == "no update":
            del content.config_records["update"]
        elif kind == "no arrays":
            del content.array_records["arrays"]
        elif kind == "weightless":
            metrics["num-examples"] = 0
        elif kind == "weight":
            metrics["num-examples"] = float("nan")
        elif kind == "metrics":
            metrics["loss"] = float("inf")
        elif kind == "raises":
            raise OSError("no power")
        return reply

    return spoil


@pytest.mark.parametrize("kind, reason", [
    ("nan", "readout.bias has numbers that are not finite"), ("infinite", "not finite"),
    ("shape", r"readout.bias has the shape \[4\], expected \[3\]"), ("lied shape", r"has the shape \[4\], expected \[3\]"),
    ("no array", ""), ("objects", "has the type int64"), ("missing", "readout.bias is missing"),
    ("more", "readout.other is not among"),
    ("stale", "a stale update: its base is 0000000000000000"), ("structure", "another structure"), ("no update", "'update'"),
    ("no arrays", "'arrays'"), ("weightless", "num-examples is 0"), ("weight", "num-examples is nan"), ("metrics", "not finite"),
    ("raises", "no power")])
def test_a_bad_reply_is_left_out_with_the_reason(fleet, kind, reason, caplog):
    trained = fleet.run(1, fleet.client(mods=[spoiled(kind)]))
    (_, dropped, _), = fleet.rounds
    assert list(dropped) == [2]
    assert re.search(reason, dropped[2])

    def without(context):
        if context.node_config["partition-id"] == 1:
            raise hypr.StateMismatchError("not there")
        return local(context)

    (fleet.folder / "other").mkdir()
    expected = Fleet(fleet.folder / "other")
    expected.run(1, flower.client_app(expected.model, without, learning_rate=0.01))
    np.testing.assert_allclose(flat(trained), flat(hypr.Model.load(expected.output)), atol=1e-6)


def test_if_all_replies_are_bad_the_model_stays(fleet):
    def nothing(message, context, call_next):
        reply = call_next(message, context)
        reply.content.config_records["update"]["base"] = "f" * 16
        return reply

    trained = fleet.run(2, fleet.client(mods=[nothing]))
    assert np.array_equal(flat(trained), flat(fleet.model))
    assert [len(dropped) for _, dropped, _ in fleet.rounds] == [CLIENTS] * 2
    assert flower.completed_rounds(trained) == 2


def test_a_thousand_clients_of_whom_many_fail(tmp_path):
    """The smaller form of examples/fleet/thousand.py."""
    kinds = ["nan", "shape", "stale"]
    fleet = Fleet(tmp_path, network(size=4))
    fate = np.random.default_rng(0).permutation(["drops"] * 20 + [kind for kind in kinds for _ in range(2)] + ["good"] * 174)

    class Small:
        def fit(self, model, options, server_round):
            session = hypr.Session(model, learning=False)
            session.parameters["readout.bias"] = np.ones(3)
            return flower.Fitted(session.parameters.flat, 1)

    def play(message, context, call_next):
        kind = fate[context.node_config["partition-id"]]
        if kind == "drops":
            raise ConnectionError("gone")
        reply = call_next(message, context)
        if kind == "good":
            return reply
        reply.content.array_records["arrays"]["readout.weight"] = Array(np.full((3, 4), 1e6, np.float32))
        context.node_config["partition-id"] = 1  # whom `spoiled` spoils
        return spoiled(kind)(message, context, lambda *_: reply)

    trained = fleet.run(1, flower.client_app(fleet.model, Small(), mods=[play]), nodes=200)
    assert len(fleet.rounds[0][1]) == 26
    np.testing.assert_allclose(trained.parameters["readout.bias"], 1, rtol=1e-5)
    np.testing.assert_allclose(trained.parameters["readout.weight"], fleet.model.parameters["readout.weight"], atol=1e-6)


def test_who_comes_late_is_left_out(fleet):
    class Slow(flower.DataSet):
        def fit(self, model, options, server_round):
            time.sleep(1.0)
            return super().fit(model, options, server_round)

    def some(context):
        return (Slow if context.node_config["partition-id"] == 1 else flower.DataSet)(*recorded(0, 4))

    counts, average = [], FedAvg.aggregate_train

    class Counting(FedAvg):
        def aggregate_train(self, server_round, replies):
            counts.append(len(replies))
            return average(self, server_round, replies)

    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=1, timeout=0.5,
                               strategy=Counting(fraction_evaluate=0.0))
    flower.LocalGrid(flower.client_app(fleet.model, some), 3, threads=3).run_app(server)
    assert counts == [2]


def test_the_optimizer_goes_on(fleet):
    """With the client's context, rounds of one client are one training."""
    x, y = recorded(0, 8)

    def kept(context):
        return flower.DataSet(x, y, batch_size=8, context=context)

    client = flower.client_app(fleet.model, kept, learning_rate=0.01)
    trained = fleet.run(3, client, nodes=1, strategy=FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1))
    session = hypr.Session(fleet.model, update="sequence", schedule="constant", learning_rate=0.01)
    for server_round in (1, 2, 3):
        order = np.random.default_rng([0, server_round]).permutation(8)
        session.learn_labelled(x[order], y[order])
    np.testing.assert_allclose(flat(trained), session.parameters.flat, atol=1e-5)


# ---- Files


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


# ---- Devices without Python


def device(folder, name, change):
    """As a device does it: takes the fleet's model, changes it, and gives it back."""
    with hypr.Session(hypr.Model.load(folder / "fleet.hypr"), learning=False) as session:
        change(session)
        session.save_model(folder / "updates" / f"{name}.hypr")


def test_a_gateway_speaks_for_devices(fleet):
    """The fleet is a client with Python that counts 1, and two devices behind a gateway."""
    folder = fleet.folder / "gateway"

    def bias(value):
        return lambda session: session.parameters.update({"readout.bias": np.full(3, value, np.float32)})

    def bring():
        device(folder, "watch-1", bias(2.0))
        device(folder, "watch-2", bias(4.0))
        network(size=20).save(folder / "updates" / "another.hypr")
        (folder / "updates" / "damaged.hypr").write_bytes(b"HYPR")
        hypr.ModelBuilder.from_model(fleet.model).metadata(**{"fleet base": "0" * 16}).save(folder / "updates" / "stale.hypr")

    gateway = flower.gateway_app(fleet.model, folder, devices=5, wait=0.3)

    class Fixed:
        def fit(self, model, options, server_round):
            session = hypr.Session(model, learning=False)
            bias(9.0)(session)
            return flower.Fitted(session.parameters.flat, 1)

    apps = [gateway, flower.client_app(fleet.model, Fixed())]

    class Mixed(flower.LocalGrid):
        def _answer(self, message):
            self.app = apps[message.metadata.dst_node_id - 1]
            if message.metadata.dst_node_id == 1:
                # The devices find what an earlier round has left: here the same model.
                (folder / "updates").mkdir(parents=True, exist_ok=True)
                arrays = message.content.array_records["arrays"]
                tensors = flower.SharedTensors(fleet.model)
                hypr.ModelBuilder.from_model(tensors.merged(tensors.values(arrays))).metadata(
                    **{"fleet base": base_of(tensors.values(arrays))}).save(folder / "fleet.hypr")
                bring()
            return super()._answer(message)

    server = flower.server_app(fleet.folder / "start.hypr", fleet.output, rounds=1, strategy=FedAvg(fraction_evaluate=0.0))
    Mixed(gateway, 2).run_app(server)
    np.testing.assert_allclose(hypr.Model.load(fleet.output).parameters["readout.bias"], (2 + 4 + 9) / 3, rtol=1e-6)
    assert sorted(path.name for path in (folder / "updates").iterdir()) == ["another.refused", "damaged.refused", "stale.refused"]


def test_a_gateway_without_devices_is_left_out(fleet):
    gateway = flower.gateway_app(fleet.model, fleet.folder / "gateway", devices=1, wait=0.05)
    fleet.run(1, gateway, nodes=2)
    assert all("no device has brought an update in 0.05 s" in reason for reason in fleet.rounds[0][1].values())


@pytest.mark.skipif("HYPR_FLEET_DEVICE" not in os.environ, reason="HYPR_FLEET_DEVICE does not name examples/c/fleet_device.c")
def test_a_device_in_c(tmp_path):
    """The example learns a stream, and the gateway takes what it saves."""
    watch = Path(__file__).resolve().parents[2] / "examples" / "watch"
    fleet = Fleet(tmp_path, hypr.Model.load(watch / "without-wearer-2.hypr"))
    folder = tmp_path / "gateway"

    def learn():
        program = [os.environ["HYPR_FLEET_DEVICE"], folder / "fleet.hypr", watch / "wearer-2.stream", folder / "updates" / "2.hypr"]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout

    class Prompt(_gateway._Gateway):
        def _offer(self, model, base, server_round):
            super()._offer(model, base, server_round)
            assert "learned from 9" in learn()

    app = ClientApp()
    app.train()(Prompt(fleet.model, folder, 1, 5.0, ()).train)
    trained = fleet.run(1, app, nodes=1, strategy=FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1))
    assert fleet.rounds[0][1] == {}
    assert 0.01 < np.abs(flat(trained) - flat(fleet.model)).max() < 3


# ---- Differences


SIZES = (40, 7, 1)


def changes(seed=0):
    return np.random.default_rng(seed).normal(0, 1, sum(SIZES)).astype(np.float32)


@pytest.mark.parametrize("values, share, tolerance, size", [
    ("float32", 1.0, 0, 4 * 48), ("float16", 1.0, 2e-3, 2 * 48), ("int8", 1.0, 0.02, 4 * 3 + 48),
    ("float32", 0.25, None, 6 + 4 * 13),
    ("int8", 0.25, None, 6 + 4 * 3 + 13)])
def test_differences_come_back(values, share, tolerance, size):
    difference = flower.Difference("ab" * 8, "cd" * 8, changes())
    data = difference.encode(SIZES, values, share)
    back = flower.Difference.decode(data, SIZES)
    assert len(data) == 28 + size + 4
    assert (back.structure, back.base) == ("ab" * 8, "cd" * 8)
    if tolerance is not None:
        np.testing.assert_allclose(back.values, difference.values, atol=tolerance)
    else:
        kept = back.values != 0
        assert kept.sum() == 13
        np.testing.assert_allclose(back.values[kept], difference.values[kept], atol=0.02)
        assert np.abs(difference.values[:40][~kept[:40]]).max() <= np.abs(difference.values[:40][kept[:40]]).min()


@pytest.mark.parametrize("values", ["float32", "float16", "int8"])
def test_differences_of_nothing_and_of_much(values):
    for size in (0.0, 1e-30, 3e38):
        difference = flower.Difference("0" * 16, "0" * 16, np.full(48, size, np.float32))
        back = flower.Difference.decode(difference.encode(SIZES, values), SIZES)
        assert np.isfinite(back.values).all()


def test_damaged_differences_are_refused():
    data = flower.Difference("0" * 16, "0" * 16, changes()).encode(SIZES, "int8", 0.25)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x41
        with pytest.raises(flower.DifferenceError):
            flower.Difference.decode(bytes(damaged), SIZES)
    for end in range(len(data)):
        with pytest.raises(flower.DifferenceError):
            flower.Difference.decode(data[:end], SIZES)
    with pytest.raises(flower.DifferenceError, match="expected 49"):
        flower.Difference.decode(data, (40, 7, 2))


def test_what_lies_about_its_size_is_refused():
    from zlib import crc32

    data = bytearray(flower.Difference("0" * 16, "0" * 16, changes()).encode(SIZES, "float32")[:-4])
    for cut in (1, 4, 150):
        short = bytes(data[:-cut])
        with pytest.raises(flower.DifferenceError, match="expected 224"):
            flower.Difference.decode(short + crc32(short).to_bytes(4, "little"), SIZES)


def test_error_feedback_loses_nothing():
    """What is sent over many rounds adds up to what changed."""
    mods = [flower.Compression("int8", share=0.1, error_feedback=feedback) for feedback in (True, False)]
    contexts = [Context(1, 1, UserConfig(), RecordDict(), UserConfig()) for _ in mods]
    change = changes()
    sums = [np.zeros(48, np.float32), np.zeros(48, np.float32)]

    def fit(message, context):
        content = {"arrays": ArrayRecord({"all": Array(change)}), "metrics": MetricRecord({"num-examples": 1}),
                   "update": ConfigRecord({"structure": "0" * 16, "base": "0" * 16})}
        return Message(RecordDict(content), reply_to=message)

    TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1
    for _ in range(60):
        message = Message(RecordDict({"arrays": ArrayRecord({"all": Array(np.zeros(48, np.float32))})}), 1, "train")
        for place, (compress, context) in enumerate(zip(mods, contexts)):
            reply = compress(message, context, fit)
            data = reply.content.array_records["arrays"]["difference"].data
            sums[place] += flower.Difference.decode(data, (48,)).values
    assert np.abs(sums[0] / 60 - change).max() < 0.2 * np.abs(change).max()
    assert np.abs(sums[1] / 60 - change).max() > 0.5 * np.abs(change).max()


def test_small_messages_teach_as_well(fleet):
    before = judged(fleet.model)["accuracy"]
    trained = fleet.run(8, fleet.client(mods=[flower.Compression("int8", share=0.1)]))
    parameters = 4 * fleet.model.parameter_count
    assert judged(trained)["accuracy"] > before + 0.25
    assert all(received < CLIENTS * parameters / 2 for _, _, received in fleet.rounds)  # of few parameters the header is much
    assert all(not dropped for _, dropped, _ in fleet.rounds)


def test_a_difference_from_another_base_is_refused(fleet):
    def late(message, context, call_next):
        reply = call_next(message, context)
        array = reply.content.array_records["arrays"]["difference"]
        sizes = flower.SharedTensors(fleet.model).sizes
        old = flower.Difference.decode(array.data, sizes)
        data = flower.Difference(old.structure, "12" * 8, old.values).encode(sizes)
        reply.content.array_records["arrays"]["difference"] = Array(dtype="uint8", shape=(len(data),), stype=array.stype, data=data)
        return reply

    fleet.run(1, fleet.client(mods=[late, flower.Compression("int8")]))
    assert all("its base is 1212121212121212" in reason for reason in fleet.rounds[0][1].values())
    assert len(fleet.rounds[0][1]) == CLIENTS


# ---- Privacy


def test_local_differential_privacy(fleet):
    """Flower's mod clips and adds noise on the device; bounds of neuron parameters are kept nevertheless."""
    trained = fleet.run(2, fleet.client(mods=[LocalDpMod(clipping_norm=0.5, sensitivity=0.5, epsilon=5.0, delta=1e-3)]))
    plain = Fleet(fleet.folder)
    plain.output = fleet.folder / "plain.hypr"
    difference = flat(trained) - flat(plain.run(2))
    assert fleet.rounds[-1][1] == {}
    assert np.abs(difference).max() > 0.01
    a = trained.parameters["layer0.a"]
    assert (a >= 0).all() and (a <= 1).all()


def test_central_differential_privacy_with_clipping_on_the_device(fleet):
    strategy = DifferentialPrivacyClientSideFixedClipping(
        FedAvg(fraction_evaluate=0.0), noise_multiplier=0.0, clipping_norm=0.05, num_sampled_clients=CLIENTS)
    trained = fleet.run(1, fleet.client(mods=[flower.Compression("float32"), fixedclipping_mod]), strategy=strategy)
    assert fleet.rounds[0][1] == {}
    assert 0 < np.linalg.norm(flat(trained) - flat(fleet.model)) <= 0.05 * 1.01


def test_secure_aggregation_comes_to_the_same(fleet):
    """The server sees sums only, and these are those of the plain fleet, but for the 22 bits that they are encoded in."""
    plain = fleet.run(1)
    seen = []

    class Listening(flower.LocalGrid):
        def send_and_receive(self, messages, *, timeout=None):
            replies = list(super().send_and_receive(messages, timeout=timeout))
            seen.extend(replies)
            return replies

    client = flower.secure_client_app(fleet.model, local, learning_rate=0.01)
    output = fleet.folder / "secure.hypr"
    Listening(client, CLIENTS).run_app(flower.secure_server_app(fleet.folder / "start.hypr", output, rounds=1, clipping_range=1.0))
    secure = hypr.Model.load(output)
    np.testing.assert_allclose(flat(secure), flat(plain), atol=2e-3 / 24)
    assert flower.completed_rounds(secure) == 1
    assert len(seen) == 4 * CLIENTS
    # No reply has parameters in the clear.
    assert all(not arrays for reply in seen for arrays in reply.content.array_records.values())


def test_secure_aggregation_survives_who_drops_out_or_is_refused(fleet):
    def some(context):
        if context.node_config["partition-id"] == 1:
            raise hypr.StateMismatchError("no recordings")
        return local(context)

    client = flower.secure_client_app(fleet.model, some, learning_rate=0.01)
    server = flower.secure_server_app(fleet.folder / "start.hypr", fleet.output, rounds=4)
    before = judged(fleet.model)["accuracy"]
    flower.LocalGrid(client, CLIENTS).run_app(server)
    assert judged(hypr.Model.load(fleet.output))["accuracy"] > before


# ---- Arguments


def test_without_flower_it_says_what_to_install():
    """As it is where Flower is not: importing is the first thing that fails."""
    code = "import sys; sys.modules['flwr'] = None; import hypr.flower"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode and 'hypr.flower needs the package flwr: pip install "hypr[flower]"' in result.stderr



@pytest.mark.parametrize("call, named", [
    (lambda: flower.client_app(network(), local, learnig_rate=1), "learnig_rate"),
    (lambda: flower.Compression("int9"), "int9"), (lambda: flower.Compression("int8", share=0), "share is 0"),
    (lambda: flower.DataSet([], [], epochs=0), "epochs is 0"),
    (lambda: flower.server_app("a.hypr", "b.hypr", rounds=0), "rounds is 0"),
    (lambda: flower.server_app("a.hypr", "b.hypr", rounds=1, schedule="steps"), "steps"),
    (lambda: flower.Stream(None, list, windows=0), "windows is 0"),
    (lambda: flower.server_app("no.hypr", "b.hypr", rounds=1), "no.hypr")])
def test_wrong_arguments_are_named(call, named):
    with pytest.raises(hypr.Error, match=named):
        call()


def test_the_code_of_the_page(tmp_path, monkeypatch):
    """That of the Python package's README, with fewer rounds."""
    page = (Path(__file__).resolve().parents[2] / "bindings" / "python" / "README.md").read_text()
    [block] = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "hypr.flower" in block]
    assert "rounds=50" in block
    monkeypatch.chdir(tmp_path)
    network().save("watch.hypr")
    x, y = recorded(1)
    exec(block.replace("rounds=50", "rounds=2"), {"hypr": hypr, "x": x, "y": y})
    assert flower.completed_rounds(hypr.Model.load("fleet.hypr")) == 2
    assert (flat(hypr.Model.load("fleet.hypr")) != flat(network())).any()
