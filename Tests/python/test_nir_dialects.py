"""What a NIR graph does not say: how its simulator runs it. It is told, known from hypr's own metadata, or refused."""

import warnings

import numpy as np
import pytest
from nir_graphs import DT, STEPS, Simulator, affine, chain_with, drawn, ends, firing, graph, stream

import hypr
from hypr.nir._dialects import DIALECTS

nir = pytest.importorskip("nir")


def one_layer(neurons, size=6, inputs=4):
    """Neurons on a weighted input."""
    source, sink = ends(inputs, size)
    return graph({"input": source, "fc": affine(drawn(), size, inputs), "neurons": neurons, "output": sink}, check=False)


def membranes(size=6, **changed):
    one = np.ones(size)
    return {"tau": 5 * one, "r": one, "v_leak": 0 * one, "v_threshold": 0.3 * one, "v_reset": 0 * one, **changed}


@pytest.mark.parametrize("given, missing", [
    ({}, "dt and integration and reset"), ({"dt": DT}, "integration and reset"), ({"dt": DT, "reset": "set"}, "integration"),
    ({"dt": DT, "integration": "euler"}, "reset"), ({"integration": "euler", "reset": "set"}, "dt")])
def test_what_makes_a_difference_has_to_be_said(given, missing):
    with pytest.raises(hypr.InvalidArgumentError, match=f"its outputs depend on it: give {missing}; or the dialect .*'sinabs'"):
        hypr.nir.from_graph(chain_with(), **given)


def test_what_makes_none_has_not():
    uniform = drawn()
    one = np.ones(6)
    hypr.nir.from_graph(one_layer(nir.Threshold(one)))
    hypr.nir.from_graph(one_layer(nir.IF(one, one)), 1, reset="subtract")
    source, sink = ends(4, 3)
    nodes = {"input": source, "fc": affine(uniform, 6, 4), "layer": nir.Threshold(one), "weight": affine(uniform, 3, 6),
             "top": nir.LI(one[:3], one[:3], 0 * one[:3]), "output": sink}
    hypr.nir.from_graph(graph(nodes), 1, integration="euler")


@pytest.mark.parametrize("dialect, given, expected", [
    ("nir", {"dt": 2e-3}, (2e-3, "exponential", "set")), ("nir", {"dt": 1, "integration": "euler"}, (1, "euler", "set")),
    ("norse", {}, (1e-3, "euler", "set")), ("norse", {"dt": 2e-3}, (2e-3, "euler", "set")),
    ("snntorch", {}, (1e-4, "euler", "delayed_subtract")), ("snntorch", {"reset": "none"}, (1e-4, "euler", "none")),
    ("snntorch", {"dt": 1e-4, "integration": "euler"}, (1e-4, "euler", "delayed_subtract"))])
def test_dialects(dialect, given, expected):
    """What is said counts, the rest is the dialect's."""
    tau = np.full(6, 5 * expected[0])
    r = np.full(6, 5.0 if dialect == "snntorch" else 1.0)
    read = hypr.nir.from_graph(one_layer(nir.LIF(**membranes(tau=tau, r=r))), dialect=dialect, **given)
    dt, integration, reset = expected
    spoken = hypr.nir.from_graph(one_layer(nir.LIF(**membranes(tau=tau, r=r))), dt, integration=integration, reset=reset)
    assert read.build() == spoken.build()


@pytest.mark.parametrize("dialect, given, message", [
    ("nir", {}, "the dialect 'nir' needs dt"),
    ("nir", {"dt": DT, "reset": "subtract"}, "reset is 'subtract', and the dialect 'nir' has 'set'"),
    ("sinabs", {"dt": DT}, "dt is 0.001, and the dialect 'sinabs' has 1 .sinabs writes time constants in steps"),
    ("sinabs", {"integration": "euler"}, "integration is 'euler', and the dialect 'sinabs' has 'exponential'"),
    ("sinabs", {"reset": "delayed_set"}, "has 'subtract' or 'set'; without a dialect"),
    ("snntorch", {"dt": DT}, "dt is 0.001, and the dialect 'snntorch' has 0.0001"),
    ("spikingjelly", {"reset": "subtract"}, "the dialect 'spikingjelly' has 'set'"),
    ("norse", {"integration": "exponential"}, "has 'euler'"),
    ("sinab", {}, "there is no dialect 'sinab'; did you mean 'sinabs'"), (3, {}, "there is no dialect '3'"),
    ("norse", {"dt": True}, "dt is True"), ("norse", {"dt": "1"}, "dt is '1'"), ("norse", {"dt": np.inf}, "dt is inf")])
def test_contradictions(dialect, given, message):
    with pytest.raises(hypr.InvalidArgumentError, match=message):
        hypr.nir.from_graph(one_layer(nir.LIF(**membranes())), dialect=dialect, **given)


ONE = np.ones(6)


@pytest.mark.parametrize("dialect, node, message", [
    ("sinabs_single_spike", nir.IF(1000 * ONE, ONE), "r of neurons is 1000, .* 'sinabs_single_spike' it is a second"),
    ("spikingjelly", nir.IF(ONE, ONE), "r of neurons is 1, .* a second in steps, 10000 with a dt of 0.0001 .dt is that of"),
    ("norse", nir.IF(ONE, ONE), "r of neurons is 1, .*to_nir.net, sample, dt=1."),
    ("norse", nir.CubaLIF(tau_mem=ONE, tau_syn=0.02 * ONE, r=ONE, v_leak=0 * ONE, v_threshold=ONE),
     "w_in of neurons is 1, .*w_in = "),
    ("snntorch", nir.LIF(**membranes()), "r of neurons is 1, and in the dialect 'snntorch' it is tau in steps, 50000"),
    ("snntorch", nir.LIF(**membranes(r=np.full(6, np.nan))), "r of neurons is nan"),
    ("sinabs_multi_spike", nir.IF(ONE, ONE), "sinabs' MultiSpike.*train with spike_fn=sinabs.activation.SingleSpike")])
def test_graphs_of_another_dialect(dialect, node, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.from_graph(one_layer(node), dialect=dialect)


def test_several_spikes_of_sinabs_are_spoken_of():
    one = one_layer(nir.IF(ONE, ONE))
    with pytest.warns(UserWarning, match="sinabs' MultiSpike.*dialect='sinabs_single_spike'") as said:
        loud = hypr.nir.from_graph(one, dialect="sinabs").build()
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hypr.nir.from_graph(one, dialect="sinabs_single_spike").build() == loud
        source, sink = ends(4, 6)
        threshold = graph({"input": source, "fc": affine(drawn(), 6, 4), "top": nir.Threshold(ONE), "output": sink})
        hypr.nir.from_graph(threshold, dialect="sinabs")  # no neurons of sinabs


@pytest.mark.parametrize("dialect, spikes", [("sinabs_single_spike", 1), ("spikingjelly", 1), ("snntorch", 0), ("norse", 0)])
def test_a_potential_at_the_threshold(dialect, spikes):
    dt = DIALECTS[dialect].dt
    node = nir.IF(ONE / dt, 0.75 * ONE)
    source, sink = ends(6, 6)
    made = graph({"input": source, "fc": nir.Linear(np.eye(6)), "neurons": node, "output": sink})
    session = hypr.Session(hypr.nir.from_graph(made, dialect=dialect).build(), learning=False)
    assert (session.step(np.full(6, 0.5)) > 0.5).sum() == 0
    assert (session.step(np.full(6, 0.25)) > 0.5).all() == spikes


def test_potentials_of_norse_begin_at_the_leak():
    """And below 0, as those of biology; against NIR's equations from there."""
    uniform = drawn()
    source, sink = ends(4, 6)
    layer = nir.LIF(tau=uniform(0.004, 0.03, 6), r=np.full(6, 12.0), v_leak=uniform(-71, -69, 6), v_threshold=np.full(6, -50.0),
                    v_reset=uniform(-75, -70, 6))
    fully = affine(uniform, 6, 4, 2.0)
    model = hypr.nir.from_graph(graph({"input": source, "fc": fully, "lif": layer, "output": sink}), dialect="norse").build()
    simulator = Simulator([fully, layer], integration="euler")
    simulator.state[1]["v"] = layer.v_leak.astype(np.float64)
    x = stream(4)
    expected = simulator.run(x)[-1]
    assert 0.02 < expected.mean() < 0.6 and simulator.margin > 1e-5
    assert np.array_equal(hypr.Session(model, learning=False).run(x) > 0.5, expected > 0.5)
    with pytest.raises(hypr.ModelUnsupportedError, match="v_threshold of neurons is not above v_leak"):
        hypr.nir.from_graph(one_layer(nir.LIF(**membranes(v_leak=2 * ONE))), dialect="norse")


@pytest.mark.parametrize("shape", [(), (1,)])
def test_parameters_of_one_element_hold_for_all(shape):
    values = {"tau": 0.02, "r": 1.5, "v_leak": 0.1, "v_threshold": 0.4, "v_reset": -0.1}
    one = one_layer(nir.LIF(**{name: np.full(shape, value) for name, value in values.items()}))
    all_of_them = one_layer(nir.LIF(**{name: np.full(6, value) for name, value in values.items()}))
    some = one_layer(nir.LIF(**{name: np.full(shape, value) for name, value in values.items()}))
    some.nodes["neurons"].tau = np.full(6, 0.02)
    expected = hypr.nir.from_graph(all_of_them, DT, dialect="nir").build()
    assert hypr.nir.from_graph(one, DT, dialect="nir").build() == expected
    assert hypr.nir.from_graph(some, DT, dialect="nir").build() == expected
    wrong = one_layer(nir.LIF(**membranes()))
    wrong.nodes["neurons"].tau = np.ones(2)
    with pytest.raises(hypr.ModelUnsupportedError, match="tau of neurons has 2 values, expected 6"):
        hypr.nir.from_graph(wrong, DT, dialect="nir")


@pytest.mark.parametrize("integration, reset", [("exponential", "set"), ("euler", "delayed_subtract")])
def test_graphs_of_hypr_say_it_themselves(integration, reset, tmp_path):
    builder = firing("general_lif", reset=reset).readout(14, weight=np.eye(14), tau=np.full(14, 0.01))
    model = builder.metadata(licence="MIT").build(3)
    hypr.nir.write(model, tmp_path / "a.nir", integration=integration, reset=reset)
    read = hypr.nir.read(tmp_path / "a.nir")
    assert read.build() == hypr.nir.read(
        tmp_path / "a.nir", model.time_step, integration=integration, reset=reset).build()
    assert read.build().metadata == {"licence": "MIT"} and read.build().time_step == model.time_step
    x = stream(4, STEPS)
    outputs = hypr.Session(model, learning=False).run(x)
    np.testing.assert_allclose(hypr.Session(read.build(), learning=False).run(x), outputs, atol=1e-4)
    assert hypr.nir.read(tmp_path / "a.nir", 2 * DT, integration="exponential").build() != read.build()  # what is said counts


@pytest.mark.parametrize("metadata", [
    {"hypr.dt": "fast", "hypr.integration": "euler", "hypr.reset": "set"}, {"hypr.dt": "0.001"},
    {"hypr.dt": "-1", "hypr.integration": "euler", "hypr.reset": "set"},
    {"hypr.dt": "1", "hypr.integration": "x", "hypr.reset": "set"}, {"hypr.dt": "1", "hypr.integration": "euler", "hypr.reset": 3}])
def test_damaged_metadata(metadata):
    made = one_layer(nir.LIF(**membranes()))
    made.metadata = metadata
    with pytest.raises(hypr.ModelInvalidError, match="the metadata of the graph have"):
        hypr.nir.from_graph(made)
