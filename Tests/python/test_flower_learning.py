"""Fleets on Flower: what they learn together, by every strategy, and from round to round."""

import random
import re
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from flower_fleet import CLIENTS, Fleet, flat, fleet, judged, local, network, recorded  # first: skips without Flower
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAdam, FedAvg, FedProx

import hypr
from hypr import flower


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


@pytest.mark.parametrize("around", [lambda strategy: strategy, lambda strategy: DifferentialPrivacyServerSideFixedClipping(
    strategy, noise_multiplier=0.0, clipping_norm=100.0, num_sampled_clients=2)])
def test_the_servers_rate_falls_instead(fleet, around):
    rates, inner = [], FedAdam(eta=0.02, fraction_evaluate=0.0)

    class Listening(flower.DataSet):
        def fit(self, model, options, server_round):
            rates.append((inner.eta, options["learning_rate"]))
            return super().fit(model, options, server_round)

    client = flower.client_app(fleet.model, lambda context: Listening(*recorded(0, 8)), learning_rate=0.5)
    fleet.run(4, client, strategy=around(inner), nodes=2, schedule="linear", scheduled="server")
    assert rates == [(0.02, 0.5)] * 2 + [(0.015, 0.5)] * 2 + [(0.01, 0.5)] * 2 + [(0.005, 0.5)] * 2


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


def test_without_flower_it_says_what_to_install():
    """As it is where Flower is not: importing is the first thing that fails."""
    code = "import sys; sys.modules['flwr'] = None; import hypr.flower"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode and 'hypr.flower needs the package flwr: pip install "hypr[flower]"' in result.stderr



def saved(model):
    path = Path(tempfile.mkdtemp()) / "start.hypr"
    model.save(path)
    return path


@pytest.mark.parametrize("call, named", [
    (lambda: flower.client_app(network(), local, learnig_rate=1), "learnig_rate"),
    (lambda: flower.Compression("int9"), "int9"), (lambda: flower.Compression("int8", share=0), "share is 0"),
    (lambda: flower.DataSet([], [], epochs=0), "epochs is 0"),
    (lambda: flower.server_app("a.hypr", "b.hypr", rounds=0), "rounds is 0"),
    (lambda: flower.server_app("a.hypr", "b.hypr", rounds=1, schedule="steps"), "steps"),
    (lambda: flower.server_app("a.hypr", "b.hypr", rounds=1, scheduled="all"), "scheduled is 'all'"),
    (lambda: flower.server_app(saved(network()), "b.hypr", rounds=1, scheduled="server"), "FedAvg has no learning rate"),
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
