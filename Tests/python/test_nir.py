"""NIR: imported networks follow NIR's equations, as an independent simulator of them says; exported ones come back."""

import sys

import numpy as np
import pytest

import hypr

nir = pytest.importorskip("nir")

DT = 1e-3
STEPS = 600
RESETS = ["set", "subtract", "none", "delayed_set", "delayed_subtract"]
INTEGRATIONS = ["exponential", "euler"]


# ---------------------------------------------------------------------------------------------- NIR's equations, step by step


class Simulator:
    """A chain of NIR nodes in double precision: dv/dt = f(v, x) over one step with a constant input x, then spike and reset.

    `chain` has nodes, and pairs (neurons, [nodes of the loop]); `margin` is the smallest distance of a potential to its
    threshold so far.
    """

    def __init__(self, chain, dt=DT, integration="exponential", reset="set"):
        self.chain, self.dt, self.integration, self.reset = chain, dt, integration, reset
        self.state = [{} for _ in chain]
        self.margin = np.inf

    def run(self, samples):
        """What every node of the chain gives [steps, size]."""
        given = [[] for _ in self.chain]
        for x in np.asarray(samples, np.float64):
            for node, state, log in zip(self.chain, self.state, given):
                node, loop = node if isinstance(node, tuple) else (node, None)
                if loop is not None:
                    back = state.get("z", np.zeros(len(x)))
                    for part in loop:
                        back = self.linear(part, back)
                    x = x + back
                is_linear = isinstance(node, (nir.Affine, nir.Linear, nir.Scale))
                x = self.linear(node, x) if is_linear else self.neurons(node, state, x)
                state["z"] = x
                log.append(x)
        return [np.array(log) for log in given]

    @staticmethod
    def linear(node, x):
        if isinstance(node, nir.Scale):
            return node.scale * x
        return node.weight @ x + (node.bias if isinstance(node, nir.Affine) else 0)

    def relax(self, value, target, tau):
        """tau dvalue/dt = target - value for one step."""
        if self.integration == "euler":
            return value + self.dt / tau * (target - value)
        return target + (value - target) * np.exp(-self.dt / tau)

    def neurons(self, node, state, x):
        v, kind = state.get("v", np.zeros(len(x))), type(node)
        if kind is nir.Threshold:
            return self.fire(x, node.threshold)
        if kind in (nir.CubaLIF, nir.CubaLI):
            state["i"] = self.relax(state.get("i", np.zeros(len(x))), node.w_in * x, node.tau_syn)
            v = self.relax(v, node.v_leak + node.r * state["i"], node.tau_mem)
        elif kind is nir.IF:
            v = v + self.dt * node.r * x
        else:
            v = self.relax(v, node.v_leak + node.r * x, node.tau)
        if kind in (nir.LI, nir.CubaLI):
            state["v"] = v
            return v
        if self.reset.startswith("delayed"):  # what the spike of the step before does
            before = state.get("v", np.zeros(len(x))) > node.v_threshold
            v = v - before * node.v_threshold if self.reset == "delayed_subtract" else np.where(before, node.v_reset, v)
        z = self.fire(v, node.v_threshold)
        state["v"] = {"set": np.where(z > 0, node.v_reset, v), "subtract": v - z * node.v_threshold}.get(self.reset, v)
        return z

    def fire(self, v, threshold):
        self.margin = min(self.margin, float(np.min(np.abs(v - threshold))))
        return (v > threshold).astype(np.float64)


def drawn(seed=0):
    random = np.random.default_rng(seed)

    def uniform(low, high, *shape):
        return random.uniform(low, high, shape).astype(np.float32)

    return uniform


def lif(uniform, size, reset=True):
    return nir.LIF(tau=uniform(0.004, 0.03, size), r=uniform(0.5, 2, size), v_leak=uniform(-0.1, 0.1, size),
                   v_threshold=uniform(0.3, 0.6, size), v_reset=uniform(-0.2, 0.1, size) * reset)


def cuba_lif(uniform, size, reset=True):
    return nir.CubaLIF(tau_syn=uniform(0.002, 0.01, size), tau_mem=uniform(0.004, 0.03, size), r=uniform(0.5, 2, size),
                       v_leak=uniform(-0.1, 0.1, size), v_threshold=uniform(0.2, 0.4, size),
                       v_reset=uniform(-0.2, 0.1, size) * reset, w_in=uniform(0.5, 1.5, size))


def integrate_and_fire(uniform, size, reset=True):
    return nir.IF(r=uniform(50, 200, size), v_threshold=uniform(0.3, 0.6, size), v_reset=uniform(-0.2, 0.1, size) * reset)


def threshold(uniform, size, reset=True):
    return nir.Threshold(threshold=uniform(0.3, 0.9, size))


def li(uniform, size, reset=True):
    return nir.LI(tau=uniform(0.004, 0.03, size), r=uniform(0.5, 2, size), v_leak=uniform(-0.1, 0.1, size))


def cuba_li(uniform, size, reset=True):
    return nir.CubaLI(tau_syn=uniform(0.002, 0.01, size), tau_mem=uniform(0.004, 0.03, size), r=uniform(0.5, 2, size),
                      v_leak=uniform(-0.1, 0.1, size), w_in=uniform(0.5, 1.5, size))


SPIKING = [lif, cuba_lif, integrate_and_fire, threshold]


def affine(uniform, outputs, inputs, size=1.0):
    return nir.Affine(weight=uniform(-size, size, outputs, inputs), bias=uniform(-0.1, 0.2, outputs))


def graph(nodes, edges=None, metadata=None, check=True):
    """A graph; without edges its nodes are a chain."""
    names = list(nodes)
    return nir.NIRGraph(nodes, list(zip(names, names[1:])) if edges is None else edges, metadata or {}, type_check=check)


def ends(inputs, outputs):
    return nir.Input(np.array([inputs])), nir.Output(np.array([outputs]))


def stream(inputs, steps=STEPS, seed=9):
    """Slow and fast changes together."""
    random = np.random.default_rng(seed)
    slow = np.repeat(random.normal(size=(steps // 20 + 1, inputs)), 20, axis=0)[:steps]
    return (slow + 0.7 * random.normal(size=(steps, inputs))).astype(np.float32)


def compare(nir_graph, chain, inputs, layers, integration="exponential", reset="set", steps=STEPS, rates=(0.02, 0.6)):
    """Runs both; `layers` are the places in the chain of the layers that fire, from the input up. The recording of hypr."""
    model = hypr.nir.from_graph(nir_graph, DT, integration=integration, reset=reset).build()
    x = stream(inputs, steps)
    simulator = Simulator(chain, integration=integration, reset=reset)
    expected = simulator.run(x)
    recording = hypr.record(hypr.Session(model, learning=False), x)
    assert simulator.margin > 1e-6  # single precision can tell all spikes
    for layer, place in enumerate(layers):
        assert rates[0] < expected[place].mean() < rates[1]
        assert np.array_equal(recording.spikes[layer], expected[place])
    np.testing.assert_allclose(recording.outputs, expected[-1], rtol=1e-4, atol=1e-5)
    return recording


# ----------------------------------------------------------------------------------------------------------------------- import


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
    model = hypr.nir.from_graph(made, DT).build()
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
    model = hypr.nir.from_graph(made, DT).build()
    assert [layer.name for layer in _description(model).layers] == ["middle.deep.lif", "lif"]


def test_scaling_of_the_input_and_metadata():
    uniform = drawn(8)
    source, sink = ends(4, 10)
    scale, shift = uniform(1, 2, 4), uniform(-0.1, 0.1, 4)
    fully, layer = affine(uniform, 10, 4), lif(uniform, 10)
    for first in (nir.Scale(scale), nir.Affine(np.diag(scale), shift)):
        made = graph({"input": source, "scale": first, "fc": fully, "lif": layer, "output": sink},
                     metadata={"source": "here", "number": 3, "group": {"licence": "MIT"}, "self": "x"})
        compare(made, [first, fully, layer], 4, [2])
        builder = hypr.nir.from_graph(made, DT, name="scaled")
        model = builder.build()
        assert np.array_equal(model.parameters["layer0.input_weight"], fully.weight)
        assert np.allclose(_description(model).input.scale, scale)
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
    assert builder.build() == hypr.nir.from_graph(made, DT, integration="euler", name="a").build()
    with pytest.raises(hypr.ModelFileNotFoundError, match="there is no NIR file .*b.nir"):
        hypr.nir.read(tmp_path / "b.nir", DT)
    (tmp_path / "b.nir").write_text("no HDF5")
    with pytest.raises(hypr.ModelInvalidError, match="the package nir cannot read .*b.nir"):
        hypr.nir.read(tmp_path / "b.nir", DT)


def test_without_the_package(monkeypatch, tmp_path):
    model = firing("general_lif").readout(2).build()
    made = chain_with()
    monkeypatch.setitem(sys.modules, "nir", None)
    for call in (lambda: hypr.nir.read(tmp_path, DT), lambda: hypr.nir.from_graph(made, DT), lambda: hypr.nir.to_graph(model),
                 lambda: hypr.nir.write(model, tmp_path / "a.nir")):
        with pytest.raises(ModuleNotFoundError, match="needs the package nir: pip install nir"):
            call()


def _description(model):
    from hypr.model_file import decode

    return decode(model.data)


# --------------------------------------------------------------------------------------------------------------------- refusals


def chain_with(**changed):
    """A graph of one layer with one node or one parameter changed."""
    uniform = drawn()
    parameters = {"tau": uniform(0.01, 0.02, 6), "r": uniform(1, 2, 6), "v_leak": np.zeros(6), "v_threshold": np.ones(6),
                  "v_reset": np.zeros(6)}
    nodes = {"input": nir.Input(np.array([3])), "fc": affine(uniform, 6, 3), "lif": None, "output": nir.Output(np.array([6]))}
    parameters.update({name: value for name, value in changed.items() if name in parameters})
    nodes["lif"] = nir.LIF(**parameters)
    nodes.update({name: value for name, value in changed.items() if name not in parameters})
    return graph(nodes, check=False)


def with_value(value, index=2, size=6, rest=0.01):
    values = np.full(size, float(rest))
    values[index] = value
    return values


@pytest.mark.parametrize("changed, message", [
    ({"tau": with_value(0)}, "tau of lif is 0, expected seconds above 0"),
    ({"tau": with_value(-0.5)}, "tau of lif is -0.5, expected seconds above 0"),
    ({"tau": with_value(np.inf)}, "tau of lif is inf, expected"),
    ({"tau": with_value(np.nan)}, "tau of lif is nan, expected"),
    ({"tau": with_value(2e3)}, "tau of lif is 2000 s, 2e\\+06 steps of 0.001 s; expected 0.01 to 1e\\+06 steps"),
    ({"tau": with_value(5e-6)}, "tau of lif is 5e-06 s, 0.005 steps of 0.001 s; expected 0.01 to 1e\\+06 steps"),
    ({"v_threshold": with_value(0, rest=1)}, "v_threshold of lif is 0, expected 1e-06 to 1e\\+06"),
    ({"v_threshold": with_value(-50, rest=1)}, "v_threshold of lif is -50, expected 1e-06 to 1e\\+06"),
    ({"v_reset": with_value(-2e6)}, "v_reset of lif is -2e\\+06, expected -1e\\+06 to 1e\\+06"),
    ({"r": with_value(np.nan)}, "r of lif is nan, expected -1e\\+06 to 1e\\+06"),
    ({"v_leak": with_value(3e6)}, "v_leak of lif is 3e\\+06, expected -1e\\+06 to 1e\\+06"),
    ({"fc": nir.Linear(np.full((6, 3), np.inf))}, "weight of fc is inf, expected"),
    ({"fc": nir.Linear(np.ones((2, 6, 3)))}, "weight of fc has shape \\(2, 6, 3\\), expected \\[outputs, inputs\\]"),
    ({"fc": nir.Affine(np.ones((6, 3)), np.ones(5))}, "bias of fc has shape \\(5,\\), expected \\(6,\\)"),
    ({"fc": nir.Scale(np.ones((3, 2)))}, "scale of fc has shape \\(3, 2\\), expected one dimension"),
    ({"fc": nir.Linear(np.ones((5, 3)))}, "lif takes 6 inputs and gets 5"),
    ({"fc": nir.Linear(np.ones((6, 4)))}, "fc takes 4 inputs and gets 3"),
    ({"lif": nir.LIF(*(np.ones((2, 3)),) * 5)}, "tau of lif has shape \\(2, 3\\), expected one dimension"),
    ({"fc": nir.Delay(np.ones(3))}, "fc is of type Delay; supported are Affine, Linear, Scale, Flatten, CubaLI, CubaLIF, IF"),
    ({"fc": nir.Conv1d(3, np.ones((1, 1, 2)), 1, 0, 1, 1, np.ones(1))}, "fc is of type Conv1d; supported are"),
    ({"fc": nir.SumPool2d(np.ones(2), np.ones(2), np.zeros(2))}, "fc is of type SumPool2d; supported are"),
    ({"lif": nir.I(np.ones(6))}, "lif is of type I; supported are"),
    ({"lif": nir.Linear(np.eye(6))}, "there are no neurons between input and output"),
    ({"input": nir.Input(np.array([3, 3]))}, "fc gets inputs of shape \\(3, 3\\), expected one dimension, or a Flatten before"),
    ({"input": nir.Input(np.array([3, 3])), "fc": nir.Flatten({"input": np.array([3, 3])}, 1)},
     "fc leaves more than one dimension of \\(3, 3\\)"),
])
def test_refused_nodes(changed, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.from_graph(chain_with(**changed), DT)


@pytest.mark.parametrize("tau, message", [
    (9e-4, "tau of lif is 0.0009 s, less than dt, 0.001 s"),
    (2e3, "tau of lif is 2000 s, 2e\\+06 steps")])
def test_refused_by_euler(tau, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.from_graph(chain_with(tau=with_value(tau)), DT, integration="euler")


def test_shortest_time_constants():
    """tau = dt forgets at once with the forward Euler method."""
    builder = hypr.nir.from_graph(chain_with(tau=np.full(6, DT)), DT, integration="euler")
    assert np.allclose(builder["layer0.tau_m"], 0.01)
    builder = hypr.nir.from_graph(chain_with(tau=np.full(6, np.float32(2e-4))), 2e-4, integration="euler")
    assert np.all(np.exp(-1 / builder["layer0.tau_m"]) < 1e-7)
    assert np.allclose(hypr.nir.from_graph(chain_with(tau=np.full(6, np.float32(DT / 100))), DT)["layer0.tau_m"], 0.01)


@pytest.mark.parametrize("spelling", ["delayed_set", "DelayedSet", "DELAYED-SET"])
def test_spellings_of_a_reset(spelling):
    """As ModelBuilder takes them."""
    model = hypr.nir.from_graph(chain_with(v_reset=with_value(-0.5, rest=0)), DT, reset=spelling).build()
    assert _description(model).layers[0].reset == "delayed_set"
    assert hypr.nir.to_graph(model, reset=spelling).nodes["lif"].v_reset[2] == -0.5


@pytest.mark.parametrize("reset", ["subtract", "delayed_subtract", "none"])
def test_refused_resets(reset):
    changed = chain_with(v_reset=with_value(-0.5, rest=0))
    with pytest.raises(hypr.ModelUnsupportedError, match=f"v_reset of lif is -0.5, and the reset '{reset}' does not use it"):
        hypr.nir.from_graph(changed, DT, reset=reset)


WIDE = nir.Input(np.array([6])), nir.Output(np.array([6]))


def lif6(seed=0):
    return lif(drawn(seed), 6)


def square(seed=0):
    return nir.Linear(drawn(seed)(-1, 1, 6, 6))


@pytest.mark.parametrize("nodes, edges, message", [
    ("a:lif b:lif", "input-a a-b a-output b-output", "the output of a goes to b and output, expected one node"),
    ("a:lif b:lif w:linear", "input-a a-b b-w w-a b-output", "a has several inputs, from input and w; .* the way back leads to b"),
    ("a:lif b:lif c:linear", "input-a a-c c-b b-output input-b", "the output of input goes to a and b"),
    ("a:lif w:linear v:linear", "input-a a-w a-v w-a v-a a-output", "a has several inputs, from input and w and v"),
    ("w:linear a:lif v:linear", "input-w w-a a-v v-w a-output", "w has several inputs, from input and v"),
    ("a:lif w:linear v:linear", "input-a a-w w-a w-v v-output", "a has several inputs, from input and w; .* between a and a and v"),
    ("a:lif", "input-a", "the output of a goes to nowhere, expected one node"),
    ("a:lif b:lif", "input-a a-output b-b", "b: not on the way from the input to the output"),
    ("a:lif", "input-a a-output a-x", "the edge from a to x has no node at one of its ends"),
    ("a:lif", "input-a input-a a-output", "there are two edges from input to a"),
    ("a:cubali", "input-a a-a a-output", "a is a CubaLI with a loop"),
    ("a:lif w:narrow", "input-a a-w w-a a-output", "w takes 5 inputs and gets 6"),
    ("a:lif w:tall", "input-a a-w w-a a-output", "a takes 6 inputs and gets 7 from w"),
    ("a:lif i:input", "input-a a-output", "the graph has 2 nodes of type Input, expected one"),
    ("a:lif o:output", "input-a a-output", "the graph has 2 nodes of type Output, expected one"),
])
def test_refused_connections(nodes, edges, message):
    kinds = {"lif": lif6, "linear": square, "cubali": lambda: cuba_li(drawn(), 6), "input": lambda: WIDE[0],
             "output": lambda: WIDE[1], "narrow": lambda: nir.Linear(np.ones((6, 5))), "tall": lambda: nir.Linear(np.ones((7, 6)))}
    made = {name: kinds[kind]() for name, kind in (node.split(":") for node in nodes.split())}
    pairs = [tuple(edge.split("-")) for edge in edges.split()]
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.from_graph(graph({"input": WIDE[0], **made, "output": WIDE[1]}, pairs, check=False), DT)


def test_refusals_name_the_path_within_subgraphs():
    inner = graph({"input": WIDE[0], "lif": lif6(), "slow": nir.Delay(np.ones(6)), "output": WIDE[1]})
    outer = graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]})
    with pytest.raises(hypr.ModelUnsupportedError, match="rnn.slow is of type Delay"):
        hypr.nir.from_graph(outer, DT)
    bad = lif6()
    bad.tau = -bad.tau
    inner = graph({"input": WIDE[0], "lif": bad, "output": WIDE[1]})
    with pytest.raises(hypr.ModelUnsupportedError, match="tau of rnn.lif is -"):
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]}), DT)
    inner = graph({"input": WIDE[0], "lif": lif6()}, [("input", "lif")], check=False)
    with pytest.raises(hypr.ModelUnsupportedError, match="the subgraph rnn has 0 nodes of type Output"):
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]}, check=False), DT)
    with pytest.raises(hypr.ModelUnsupportedError, match="there are two nodes rnn.lif"):
        inner = graph({"input": WIDE[0], "lif": lif6(), "output": WIDE[1]})
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn.lif": lif6(), "rnn": inner, "output": WIDE[1]}), DT)


@pytest.mark.parametrize("arguments, message", [
    ({"dt": 0}, "dt is 0, expected"), ({"dt": -1}, "dt is -1"), ({"dt": float("nan")}, "dt is nan"),
    ({"dt": DT, "integration": "midpoint"}, "integration is 'midpoint'"), ({"dt": DT, "reset": "model_default"}, "reset is")])
def test_wrong_arguments(arguments, message):
    with pytest.raises(hypr.InvalidArgumentError, match=message):
        hypr.nir.from_graph(chain_with(), **arguments)


def test_other_wrong_arguments():
    with pytest.raises(hypr.InvalidArgumentError, match="the graph is a LIF, expected a nir.NIRGraph"):
        hypr.nir.from_graph(lif6(), DT)
    with pytest.raises(hypr.NotFoundError, match="there is no reset 'substract'; did you mean"):
        hypr.nir.from_graph(chain_with(), DT, reset="substract")
    with pytest.raises(TypeError, match="dt"):
        hypr.nir.from_graph(chain_with())


# ----------------------------------------------------------------------------------------------------------------------- export


def firing(neuron, size=14, recurrent=True, **values):
    values = {"input_weight": (-1, 1), **values}
    return hypr.ModelBuilder(4, dt=DT, name="firing").layer(neuron, size, recurrent=recurrent, **values)


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
    model = builder.readout(3, bias=[0.1, 0, -0.1], tau=(5, 9, 12)).build(3)
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
    model = hypr.nir.from_graph(made, DT).build()
    back = hypr.nir.to_graph(model)
    assert isinstance(back.nodes["fires"], nir.Threshold)
    same(model, hypr.nir.from_graph(back, DT).build())


@pytest.mark.parametrize("reset", RESETS)
def test_round_trip_of_resets(reset):
    values = {**EXPORTED["general_lif"], "reset_potential": 0.0, "threshold": (0.4, 0.8)}
    model = firing("general_lif", reset=reset, **values).readout(3).build(1)
    again = hypr.nir.from_graph(hypr.nir.to_graph(model, reset=reset), DT, reset=reset).build()
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
    again = hypr.nir.read(tmp_path / "a.nir", DT, name="whole").build()
    same(model, again, rates=(0.005, 0.7))
    assert again.metadata == model.metadata and again.time_step == model.time_step
    once_more = hypr.nir.from_graph(hypr.nir.to_graph(again), DT, name="whole").build()
    assert [layer.name for layer in _description(once_more).layers] == ["first.lif", "layer1", "second"]
    same(again, once_more, rates=(0.005, 0.7))


def test_readout_that_passes_spikes_on_is_none():
    uniform = drawn(14)
    source, sink = ends(4, 10)
    made = graph({"input": source, "fc": affine(uniform, 10, 4), "lif": lif(uniform, 10), "output": sink})
    model = hypr.nir.from_graph(made, DT).build()
    back = hypr.nir.to_graph(model)
    assert list(back.nodes) == ["input", "layer0_weight", "lif", "output"]
    for name in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
        np.testing.assert_allclose(getattr(back.nodes["lif"], name), getattr(made.nodes["lif"], name), rtol=1e-6)
    same(model, hypr.nir.from_graph(back, DT).build())


@pytest.mark.parametrize("name", ["", "input", "output.a", "a/b", "layer1", "readout_weight", "w.output", ".lif", "lif."])
def test_names_that_cannot_be_those_of_nodes(name):
    model = firing("general_lif", name=name).layer("general_lif", 5, name=name).readout(3).build()
    back = hypr.nir.to_graph(model)
    assert [path for path, node in back.nodes.items() if isinstance(node, nir.NIRGraph)] == ["layer0", "layer1"]
    assert hypr.nir.from_graph(back, DT).build().layers == model.layers


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
    from hypr.flat import pack, unpack
    from hypr.model_file import IDENTIFIER

    table = unpack("Model", firing("general_lif").readout(2).build().data)
    table["input"] = {"size": 4, "encoding": ("LevelCrossing", {"thresholds": np.ones(4, np.float32)})}
    with pytest.raises(hypr.ModelUnsupportedError, match="the input has the encoding LevelCrossing"):
        hypr.nir.to_graph(hypr.Model(pack("Model", table, IDENTIFIER)))
    del table["input"]
    table["layers"][0]["recurrent_weight"].update(
        layout=1, data=np.ones(1, np.float32).view(np.uint8), row_offsets=np.array([0] + [1] * 14, np.uint32),
        column_indices=np.zeros(1, np.uint32))
    with pytest.raises(hypr.ModelUnsupportedError, match="layer0 has sparse recurrent weights"):
        hypr.nir.to_graph(hypr.Model(pack("Model", table, IDENTIFIER)))


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
