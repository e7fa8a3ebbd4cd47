"""NIR: exported networks come back."""

import numpy as np
import pytest
from nir_graphs import (
    DT, INTEGRATIONS, RESETS, STEPS, Simulator, affine, description_of, drawn, ends, firing, graph, lif, stream, threshold,
)

import hypr

nir = pytest.importorskip("nir")


def same(model, again, steps=STEPS, rates=(0.02, 0.7)):
    """Equal spikes and outputs."""
    x = stream(4, steps)
    first, second = (hypr.record(hypr.Session(each, learning=False), x) for each in (model, again))
    assert len(first.spikes) == len(second.spikes)
    for layer, (one, other) in enumerate(zip(first.spikes, second.spikes)):
        if first.has_spikes(layer):
            assert rates[0] < one.mean() < rates[1]
            assert np.array_equal(one, other)
        else:
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(second.outputs, first.outputs, rtol=1e-4, atol=1e-5)
    assert first.outputs.std() > 0.01


PARAMETERS = {"resistance": (0.8, 1.5), "leak_potential": (-0.1, 0.1), "threshold": (0.2, 0.5), "reset_potential": (-0.2, 0)}
EXPORTED = {
    "general_lif": {**PARAMETERS, "tau_m": (3, 20)},
    "cuba_lif": {**PARAMETERS, "tau_m": (3, 20), "tau_syn": (2, 8)},
    "if": {**{name: PARAMETERS[name] for name in ("threshold", "reset_potential")}, "resistance": (0.05, 0.2)},
    "lif_hard": {"threshold": 0.2, "p_u": (0, 1), "tau_u_min": 3, "tau_u_max": 20},
    "lif": {"threshold": 0.2, "tau_m": (-20, -3)},
    "li": {"tau": (-20, -3)},
}


@pytest.mark.parametrize("integration", INTEGRATIONS)
@pytest.mark.parametrize("recurrent", [True, False])
@pytest.mark.parametrize("neuron", EXPORTED)
def test_round_trip(neuron, recurrent, integration, tmp_path):
    """Through a file; and the graph, by NIR's equations, gives the model's spikes."""
    reset = "subtract" if neuron == "lif" else "set"
    builder = firing(neuron, recurrent=recurrent, bias=(-0.1, 0.1), **EXPORTED[neuron])
    model = builder.readout(3, bias=[0.1, 0, -0.1], tau=(5, 9, 12)).build(4)
    hypr.nir.write(model, tmp_path / "a.nir", integration=integration, reset=reset)
    again = hypr.nir.read(tmp_path / "a.nir", DT, integration=integration, reset=reset, name="firing").build()
    same(model, again)
    read = nir.read(tmp_path / "a.nir")
    neurons = read.nodes["layer0"]
    chain = [read.nodes["layer0_weight"], (neurons.nodes["lif"], [neurons.nodes["w_rec"]]) if recurrent else neurons,
             read.nodes["readout_weight"], read.nodes["readout"]]
    simulator = Simulator(chain, integration=integration, reset=reset)
    expected = simulator.run(stream(4))
    assert simulator.margin > 1e-6
    np.testing.assert_allclose(hypr.Session(again, learning=False).run(stream(4)), expected[-1], rtol=1e-4, atol=1e-5)


def test_round_trip_of_a_threshold():
    uniform = drawn(15)
    source, sink = ends(4, 10)
    made = graph({"input": source, "fc": affine(uniform, 10, 4), "fires": threshold(uniform, 10), "output": sink})
    model = hypr.nir.from_graph(made, DT, dialect="nir").build()
    back = hypr.nir.to_graph(model)
    assert isinstance(back.nodes["fires"], nir.Threshold)
    same(model, hypr.nir.from_graph(back, DT, dialect="nir").build())


@pytest.mark.parametrize("reset", RESETS)
def test_round_trip_of_resets(reset):
    values = {**EXPORTED["general_lif"], "reset_potential": 0.0, "threshold": (0.4, 0.8)}
    model = firing("general_lif", reset=reset, **values).readout(3).build(1)
    again = hypr.nir.from_graph(hypr.nir.to_graph(model, reset=reset), DT, integration="exponential", reset=reset).build()
    same(model, again)
    for other in set(RESETS) - {reset}:
        message = f"layer0, GeneralLIF, has the reset '{reset}', but readers .*'{other}'"
        with pytest.raises(hypr.ModelUnsupportedError, match=message):
            hypr.nir.to_graph(model, reset=other)


def test_round_trip_of_a_whole_network(tmp_path):
    builder = (
        hypr.ModelBuilder(4, dt=DT, name="whole").input(scale=[1, 2, 3, 1.5], offset=[0.1, 0, -0.2, 0])
        .layer("cuba_lif", 12, name="first", **EXPORTED["cuba_lif"]).layer("li", 6, recurrent=False, tau=(2, 5))
        .layer("general_lif", 9, recurrent=False, name="second", input_weight=(-3, 3), **EXPORTED["general_lif"])
        .readout(3, tau=np.full(3, 0.01), bias=True, weight=(-1, 1)).metadata(licence="MIT", **{"data/source": "here"}))
    model = builder.build(2)
    hypr.nir.write(model, tmp_path / "a.nir")
    read = nir.read(tmp_path / "a.nir")
    assert list(read.nodes) and set(read.nodes) == {
        "input", "input_scale", "layer0_weight", "first", "layer1_weight", "layer1", "layer2_weight", "second", "readout_weight",
        "output"}
    again = hypr.nir.read(tmp_path / "a.nir", DT, dialect="nir", name="whole").build()
    same(model, again, rates=(0.005, 0.7))
    assert again.metadata == model.metadata and again.time_step == model.time_step
    once_more = hypr.nir.from_graph(hypr.nir.to_graph(again), DT, dialect="nir", name="whole").build()
    assert [layer.name for layer in description_of(once_more).layers] == ["first.lif", "layer1", "second"]
    same(again, once_more, rates=(0.005, 0.7))


def test_readout_that_passes_spikes_on_is_none():
    uniform = drawn(14)
    source, sink = ends(4, 10)
    made = graph({"input": source, "fc": affine(uniform, 10, 4), "lif": lif(uniform, 10), "output": sink})
    model = hypr.nir.from_graph(made, DT, dialect="nir").build()
    back = hypr.nir.to_graph(model)
    assert list(back.nodes) == ["input", "layer0_weight", "lif", "output"]
    for name in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
        np.testing.assert_allclose(getattr(back.nodes["lif"], name), getattr(made.nodes["lif"], name), rtol=1e-6)
    same(model, hypr.nir.from_graph(back, DT, dialect="nir").build())


@pytest.mark.parametrize("name", ["", "input", "output.a", "a/b", "layer1", "readout_weight", "w.output", ".lif", "lif."])
def test_names_that_cannot_be_those_of_nodes(name):
    model = firing("general_lif", name=name).layer("general_lif", 5, name=name).readout(3).build()
    back = hypr.nir.to_graph(model)
    assert [path for path, node in back.nodes.items() if isinstance(node, nir.NIRGraph)] == ["layer0", "layer1"]
    assert hypr.nir.from_graph(back, DT, dialect="nir").build().layers == model.layers


def test_equal_names_are_told_apart():
    model = firing("general_lif", name="a.b").layer("general_lif", 5, name="a.b").readout(3).build()
    assert [path for path, node in hypr.nir.to_graph(model).nodes.items() if isinstance(node, nir.NIRGraph)] == ["a", "layer1"]


@pytest.mark.parametrize("builder, message", [
    (lambda: firing("brf"), "layer0 is of BRF neurons, which NIR does not have"),
    (lambda: firing("general_lif").layer("gru", 4), "layer1 is of GRU neurons"),
    (lambda: firing("se_adlif"), "layer0 is of SEAdLIF neurons"),
    (lambda: firing("lif"), "layer0, LIF, has the reset 'subtract', but readers of the graph apply 'set', which is NIR's"),
    (lambda: firing("cuba_lif", synaptic_lag=1), "layer0, CubaLIF, has a synaptic_lag")])
def test_refused_layers(builder, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.to_graph(builder().readout(2).build())


def test_refused_inputs_and_weights():
    encoded = hypr.ModelBuilder(4, dt=1).input(encoding=hypr.datasets.LevelCrossing(1)).layer("general_lif", 3).readout(2)
    with pytest.raises(hypr.ModelUnsupportedError, match="the input has the encoding LevelCrossing"):
        hypr.nir.to_graph(encoded.build())
    sparse = hypr.ModelBuilder(4, dt=1).layer("general_lif", 3, sparse=np.eye(3, dtype=bool)).readout(2)
    with pytest.raises(hypr.ModelUnsupportedError, match="layer0 has sparse recurrent weights"):
        hypr.nir.to_graph(sparse.build())


def test_export_wants_a_time_step(tmp_path):
    model = hypr.ModelBuilder(4).layer("general_lif", 3).readout(2).build()
    with pytest.raises(hypr.InvalidArgumentError, match="give dt, seconds per step"):
        hypr.nir.to_graph(model)
    with pytest.raises(hypr.InvalidArgumentError, match="dt is -1"):
        hypr.nir.to_graph(model, -1)
    with pytest.raises(hypr.InvalidArgumentError, match="integration is 'x'"):
        hypr.nir.to_graph(model, 1, integration="x")
    assert np.allclose(hypr.nir.to_graph(model, 0.5).nodes["layer0"].nodes["lif"].tau, 0.5 * model.parameters["layer0.tau_m"])
    with pytest.raises(hypr.FileError, match="cannot be written"):
        hypr.nir.write(model, tmp_path / "none" / "a.nir", 1)
