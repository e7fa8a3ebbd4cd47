"""Fleets on Flower: replies that are never averaged, and clients that fail."""

import random
import re
import time

import numpy as np
import pytest
from flower_fleet import CLIENTS, Fleet, flat, fleet, local, network, recorded  # first: skips without Flower
from flwr.app import Array, ArrayRecord
from flwr.serverapp.strategy import FedAvg

import hypr
from hypr import flower


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


@pytest.mark.parametrize("sent", [np.ascontiguousarray, np.asfortranarray, lambda values: values.astype(np.float64),
                                  lambda values: values.astype(">f4")])
def test_arrays_are_read_however_they_were_written(sent):
    model = network()
    tensors = flower.SharedTensors(model)
    arrays = {name: Array(sent(values)) for name, values in model.parameters.items()}
    assert np.array_equal(tensors.values(ArrayRecord(arrays)), flat(model))


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
