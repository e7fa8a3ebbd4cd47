"""Fleets on Flower: small messages."""

import random

import numpy as np
import pytest
from flower_fleet import CLIENTS, flat, fleet, judged, network, recorded  # first: skips without Flower
from flwr.app import Array, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.app.user_config import UserConfig
from flwr.supercore.task_identity import TaskIdentity

import hypr
from hypr import flower
from hypr.flower._updates import UpdateReader


def message_of(tensors, model):
    return Message(RecordDict({"arrays": tensors.arrays(flat(model))}), 1, "train")


def client_that_sends(tensors, values):
    """What a mod is given to call."""

    def fit(message, context):
        content = {"arrays": tensors.arrays(values), "metrics": MetricRecord({"num-examples": 1}),
                   "update": ConfigRecord({"structure": "0" * 16, "base": "0" * 16})}
        return Message(RecordDict(content), reply_to=message)

    return fit


def data_of(reply):
    return reply.content.array_records["arrays"]["difference"].data


def test_error_feedback_loses_nothing():
    """What is sent over many rounds adds up to what changed."""
    model = network()
    tensors = flower.SharedTensors(model)
    values = flat(model).copy()
    places = [tensor for tensor in model.tensors if "weight" in tensor.name]  # what has no bounds
    for tensor in places:
        values[tensor.offset:tensor.offset + tensor.size] += np.random.default_rng(0).normal(0, 1, tensor.size)
    mods = [flower.Compression("int8", share=0.1, error_feedback=feedback).of(tensors) for feedback in (True, False)]
    contexts = [Context(1, 1, UserConfig(), RecordDict(), UserConfig()) for _ in mods]
    sums = [np.zeros_like(values), np.zeros_like(values)]
    TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1
    reader = UpdateReader(tensors, model)
    for _ in range(60):
        for place, (compress, context) in enumerate(zip(mods, contexts)):
            reply = compress(message_of(tensors, model), context, client_that_sends(tensors, values))
            sums[place] += reader.values(data_of(reply)) - flat(model)
    change = values - flat(model)
    assert np.abs(sums[0] / 60 - change).max() < 0.2 * np.abs(change).max()
    assert np.abs(sums[1] / 60 - change).max() > 0.5 * np.abs(change).max()


def test_personal_tensors_are_not_in_an_update():
    """Neither their values nor their changes, and the fleet's need not be the device's."""
    model, device = network(), network(seed=5)
    tensors = flower.SharedTensors(device, ["readout"])
    compress = flower.Compression("float32").of(tensors)
    TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1
    values = flat(model) + 1e-3 * np.sign(flat(model)).astype(np.float32)
    reply = compress(message_of(tensors, model), Context(1, 1, UserConfig(), RecordDict(), UserConfig()),
                     client_that_sends(tensors, values))
    whole = hypr.Session(model, learning=False).get_update()
    assert len(data_of(reply)) == len(whole) - 4 * (3 * 16 + 3)
    server = flower.SharedTensors(model, ["readout"])
    np.testing.assert_allclose(UpdateReader(server, model).values(data_of(reply)), server.of(values), atol=1e-6)


def test_a_sessions_update_is_read_by_another():
    model = network()
    learner, reader = hypr.Session(model, learning_rate=0.01, update="sequence"), hypr.Session(model, learning=False)
    learner.learn_labelled(*recorded(1))
    residual = np.zeros(model.parameter_count, np.float32)
    data = learner.get_update("int8", share=0.25, residual=residual)
    reader.apply_update(data)
    np.testing.assert_allclose(reader.parameters.flat + residual, learner.parameters.flat, atol=1e-6)
    assert 0 < (residual != 0).mean() < 1
    with pytest.raises(hypr.StateMismatchError, match="stale"):
        hypr.Session(network(seed=1), learning=False).apply_update(data)
    with pytest.raises(hypr.StateMismatchError, match="another structure"):
        hypr.Session(network(size=20), learning=False).apply_update(data)
    with pytest.raises(hypr.InvalidArgumentError, match="damaged"):
        reader.apply_update(data[:-1])
    for wrong, named in ((residual[:-1], "expected float32"), (residual.astype(float), "float64")):
        with pytest.raises(hypr.SizeMismatchError, match=named):
            learner.get_update(residual=wrong)
    with pytest.raises(hypr.SizeMismatchError, match="tensors has the shape"):
        learner.get_update(tensors=[True])
    with pytest.raises(hypr.InvalidArgumentError, match="'int9', expected one of 'float32', 'float16', 'int8'"):
        learner.get_update("int9")


@pytest.mark.parametrize("element_type", ["float16", "float32"])
def test_numbers_are_those_of_numpy(element_type):
    """The bytes of an update, against NumPy's own rounding: subnormal numbers, ties, and what is too large."""
    model = network()
    session = hypr.Session(model, learning=False)
    exponents = np.random.default_rng(2).uniform(-30, 18, 3 * 16)
    values = (2.0 ** exponents * np.random.default_rng(3).choice([-1, 1], 3 * 16)).astype(np.float32)
    values[:8] = [2 ** -25, 3 * 2 ** -25, 2 ** -24, 2 ** -14, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519.996, -1e9]
    residual = np.zeros(model.parameter_count, np.float32)
    [tensor] = [tensor for tensor in model.tensors if tensor.name == "readout.weight"]
    residual[tensor.offset:tensor.offset + tensor.size] = values
    data = session.get_update(element_type, tensors=[one.name == tensor.name for one in model.tensors], residual=residual)
    sent = np.frombuffer(data[32 + (len(model.tensors) + 7) // 8:-8], np.dtype(element_type).newbyteorder("<"))
    largest = np.finfo(element_type).max
    assert np.array_equal(sent, np.clip(values, -largest, largest).astype(element_type))
    np.testing.assert_array_equal(residual[tensor.offset:tensor.offset + tensor.size], values - sent.astype(np.float32))


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
        data = hypr.Session(network(seed=9), learning=False).get_update()
        array = reply.content.array_records["arrays"]["difference"]
        reply.content.array_records["arrays"]["difference"] = Array(dtype="uint8", shape=(len(data),), stype=array.stype, data=data)
        return reply

    fleet.run(1, fleet.client(mods=[late, flower.Compression("int8")]))
    assert all("a stale update" in reason for reason in fleet.rounds[0][1].values())
    assert len(fleet.rounds[0][1]) == CLIENTS
