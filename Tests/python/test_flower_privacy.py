"""Fleets on Flower: what stays on the device, differential privacy, and secure aggregation."""

import numpy as np
import pytest
from flower_fleet import CLIENTS, Fleet, flat, fleet, judged, local, network  # first: skips without Flower
from flwr.clientapp.mod import LocalDpMod, fixedclipping_mod
from flwr.serverapp.strategy import DifferentialPrivacyClientSideFixedClipping, FedAvg

import hypr
from hypr import flower


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
