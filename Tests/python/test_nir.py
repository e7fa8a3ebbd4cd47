"""NIR: imported networks follow NIR's equations, as an independent simulator of them says."""

import sys

import numpy as np
import pytest
from nir_graphs import (
    DT, INTEGRATIONS, RESETS, SPIKING, Simulator, affine, chain_with, compare, cuba_li, cuba_lif, description_of, drawn,
    ends, firing, graph, integrate_and_fire, li, lif, stream, threshold,
)

import hypr

nir = pytest.importorskip("nir")


@pytest.mark.parametrize("integration", INTEGRATIONS)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("neurons", SPIKING)
def test_spikes_of_every_neuron(neurons, reset, integration):
    uniform = drawn(22)
    source, sink = ends(5, 20)
    fully, layer = affine(uniform, 20, 5), neurons(uniform, 20, "set" in reset)
    compare(graph({"input": source, "fc": fully, "neurons": layer, "output": sink}), [fully, layer], 5, [1], integration, reset,
            rates=(0.02, 0.99) if reset == "none" else (0.02, 0.6))


@pytest.mark.parametrize("integration", INTEGRATIONS)
@pytest.mark.parametrize("top", [li, cuba_li])
def test_two_layers_and_integrators(top, integration):
    uniform = drawn(2)
    source, sink = ends(4, 3)
    chain = [affine(uniform, 16, 4), lif(uniform, 16), nir.Linear(uniform(-2, 2, 12, 16)), cuba_lif(uniform, 12),
             affine(uniform, 3, 12), top(uniform, 3)]
    nodes = dict(zip(["input", "a", "b", "c", "d", "e", "f", "output"], [source, *chain, sink]))
    recording = compare(graph(nodes), chain, 4, [1, 3], integration)
    assert recording.outputs.std() > 0.05
    assert [layer.neuron for layer in recording.layers] == ["GeneralLIF", "CubaLIF"] + ["LI"] * (top is cuba_li)


def test_edges_count_and_not_the_order_of_nodes():
    uniform = drawn(2)
    source, sink = ends(4, 3)
    chain = [affine(uniform, 16, 4), lif(uniform, 16), affine(uniform, 3, 16), li(uniform, 3)]
    nodes = {"d": chain[3], "output": sink, "b": chain[1], "c": chain[2], "input": source, "a": chain[0]}
    edges = [("c", "d"), ("d", "output"), ("input", "a"), ("b", "c"), ("a", "b")]
    compare(graph(nodes, edges), chain, 4, [1])


@pytest.mark.parametrize("form", ["subgraph", "flat", "outside"])
@pytest.mark.parametrize("neurons", [lif, cuba_lif, integrate_and_fire, threshold])
def test_recurrent(neurons, form):
    uniform = drawn(3)
    source, sink = ends(5, 20)
    fully, layer, back = affine(uniform, 20, 5), neurons(uniform, 20), affine(uniform, 20, 20, 0.3)
    wide = {"input": nir.Input(np.array([20])), "output": nir.Output(np.array([20]))}
    if form == "flat":
        made = graph({"input": source, "fc": fully, "lif": layer, "w": back, "output": sink},
                     [("input", "fc"), ("fc", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")])
    elif form == "subgraph":
        inner = graph({**wide, "lif": layer, "w": back}, [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")])
        made = graph({"input": source, "fc": fully, "rnn": inner, "output": sink})
    else:  # the layer is a subgraph, the loop is around it
        inner = graph({"input": wide["input"], "lif": layer, "output": wide["output"]})
        made = graph({"input": source, "fc": fully, "rnn": inner, "w": back, "output": sink},
                     [("input", "fc"), ("fc", "rnn"), ("rnn", "w"), ("w", "rnn"), ("rnn", "output")])
    recording = compare(made, [fully, (layer, [back])], 5, [1])
    without = Simulator([fully, layer]).run(recording.inputs)[1]
    assert (without != recording.spikes[0]).mean() > 0.02


def test_loop_of_several_maps():
    uniform = drawn(4)
    source, sink = ends(5, 20)
    fully, layer = affine(uniform, 20, 5), lif(uniform, 20)
    loop = [nir.Linear(uniform(-1, 1, 7, 20)), nir.Scale(uniform(-1, 1, 7)), affine(uniform, 20, 7, 0.5)]
    made = graph({"input": source, "fc": fully, "lif": layer, "w0": loop[0], "w1": loop[1], "w2": loop[2], "output": sink},
                 [("input", "fc"), ("fc", "lif"), ("lif", "w0"), ("w0", "w1"), ("w1", "w2"), ("w2", "lif"), ("lif", "output")])
    compare(made, [fully, (layer, loop)], 5, [1])


def test_edge_from_a_layer_to_itself():
    uniform = drawn(5)
    source, sink = ends(5, 20)
    fully, layer = affine(uniform, 20, 5), lif(uniform, 20)
    made = graph({"input": source, "fc": fully, "lif": layer, "output": sink},
                 [("input", "fc"), ("fc", "lif"), ("lif", "lif"), ("lif", "output")])
    compare(made, [fully, (layer, [])], 5, [1])


def test_recurrent_integrators_below_spikes():
    uniform = drawn(6)
    source, sink = ends(4, 12)
    chain = [affine(uniform, 8, 4), (li(uniform, 8), [nir.Linear(uniform(-0.2, 0.2, 8, 8))]), affine(uniform, 12, 8, 2),
             lif(uniform, 12)]
    made = graph({"input": source, "a": chain[0], "li": chain[1][0], "w": chain[1][1][0], "b": chain[2], "lif": chain[3],
                  "output": sink},
                 [("input", "a"), ("a", "li"), ("li", "w"), ("w", "li"), ("li", "b"), ("b", "lif"), ("lif", "output")])
    model = hypr.nir.from_graph(made, DT, dialect="nir").build()
    x = stream(4)
    expected = Simulator(chain).run(x)
    recording = hypr.record(hypr.Session(model, learning=False), x)
    np.testing.assert_allclose(recording.spikes[0], expected[1], rtol=1e-4, atol=1e-5)
    assert 0.02 < expected[3].mean() < 0.6 and np.array_equal(recording.spikes[1], expected[3])


def test_subgraphs_within_subgraphs():
    uniform = drawn(7)
    source, sink = ends(4, 10)
    fully, layer, top = affine(uniform, 10, 4), lif(uniform, 10), lif(uniform, 10)
    deep = graph({"input": nir.Input(np.array([10])), "lif": layer, "output": nir.Output(np.array([10]))})
    middle = graph({"input": nir.Input(np.array([4])), "fc": fully, "deep": deep, "output": nir.Output(np.array([10]))})
    scale = nir.Scale(np.full(10, 9, np.float32))
    made = graph({"input": source, "middle": middle, "w": scale, "lif": top, "output": sink})
    compare(made, [fully, layer, scale, top], 4, [1, 3])
    model = hypr.nir.from_graph(made, DT, dialect="nir").build()
    assert [layer.name for layer in description_of(model).layers] == ["middle.deep.lif", "lif"]


def test_scaling_of_the_input_and_metadata():
    uniform = drawn(8)
    source, sink = ends(4, 10)
    scale, shift = uniform(1, 2, 4), uniform(-0.1, 0.1, 4)
    fully, layer = affine(uniform, 10, 4), lif(uniform, 10)
    for first in (nir.Scale(scale), nir.Affine(np.diag(scale), shift)):
        made = graph({"input": source, "scale": first, "fc": fully, "lif": layer, "output": sink},
                     metadata={"source": "here", "number": 3, "group": {"licence": "MIT"}, "self": "x"})
        compare(made, [first, fully, layer], 4, [2])
        builder = hypr.nir.from_graph(made, DT, dialect="nir", name="scaled")
        model = builder.build()
        assert np.array_equal(model.parameters["layer0.input_weight"], fully.weight)
        assert np.allclose(description_of(model).input.scale, scale)
        assert model.metadata == {"source": "here", "number": "3", "group/licence": "MIT", "self": "x"}
        assert model.name == "scaled" and model.time_step == pytest.approx(DT)


def test_two_maps_in_a_row_are_one():
    uniform = drawn(10)
    source, sink = ends(4, 10)
    chain = [affine(uniform, 6, 4), affine(uniform, 10, 6), lif(uniform, 10)]
    compare(graph(dict(zip(["input", "a", "b", "lif", "output"], [source, *chain, sink]))), chain, 4, [2])


@pytest.mark.parametrize("shape, start, end", [
    ((4,), 0, -1), ((1, 4), 0, -1), ((2, 2), 0, -1), ((1, 2, 2), 1, -1), ((2, 2, 1), 0, 1)])
def test_flatten(shape, start, end):
    uniform = drawn(11)
    fully, layer = affine(uniform, 10, 4), lif(uniform, 10)
    flat, same = nir.Flatten({"input": np.array(shape)}, start, end), nir.Flatten({"input": np.array([10])}, 0)
    made = graph({"input": nir.Input(np.array(shape)), "flat": flat, "fc": fully, "lif": layer, "same": same,
                  "output": nir.Output(np.array([10]))}, check=False)
    compare(made, [fully, layer], 4, [1])


def test_single_numbers_hold_for_all_neurons():
    uniform = drawn(12)
    source, sink = ends(4, 10)
    fully = affine(uniform, 10, 4)
    one = nir.LIF(*map(np.float32, (0.01, 2, 0, 0.4, 0)))
    made = graph({"input": source, "fc": fully, "lif": one, "output": sink}, check=False)
    same = nir.LIF(*(np.full(10, value, np.float32) for value in (0.01, 2, 0, 0.4, 0)))
    compare(made, [fully, same], 4, [1])


def test_files(tmp_path):
    uniform = drawn(13)
    source, sink = ends(4, 10)
    fully, layer, back = affine(uniform, 10, 4), lif(uniform, 10), affine(uniform, 10, 10, 0.3)
    made = graph({"input": source, "fc": fully, "lif": layer, "w": back, "output": sink},
                 [("input", "fc"), ("fc", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")], {"licence": "MIT"})
    nir.write(tmp_path / "a.nir", made)
    builder = hypr.nir.read(tmp_path / "a.nir", DT, integration="euler", reset="set", name="a")
    assert builder.build() == hypr.nir.from_graph(made, DT, dialect="nir", integration="euler", name="a").build()
    with pytest.raises(hypr.ModelFileNotFoundError, match="there is no NIR file .*b.nir"):
        hypr.nir.read(tmp_path / "b.nir", DT, dialect="nir")
    (tmp_path / "b.nir").write_text("no HDF5")
    with pytest.raises(hypr.ModelInvalidError, match="the package nir cannot read .*b.nir"):
        hypr.nir.read(tmp_path / "b.nir", DT, dialect="nir")


def test_without_the_package(monkeypatch, tmp_path):
    model = firing("general_lif").readout(2).build()
    made = chain_with()
    monkeypatch.setitem(sys.modules, "nir", None)
    for call in (lambda: hypr.nir.read(tmp_path, DT, dialect="nir"), lambda: hypr.nir.from_graph(made, DT, dialect="nir"),
                 lambda: hypr.nir.to_graph(model), lambda: hypr.nir.write(model, tmp_path / "a.nir")):
        with pytest.raises(ModuleNotFoundError, match=r'needs the package nir: pip install "hypr\[nir\]"'):
            call()
