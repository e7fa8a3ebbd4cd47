"""NIR: what has no counterpart is refused by its name."""

import numpy as np
import pytest
from nir_graphs import DT, chain_with, cuba_li, description_of, drawn, graph, lif

import hypr

nir = pytest.importorskip("nir")


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
        hypr.nir.from_graph(chain_with(**changed), DT, dialect="nir")


@pytest.mark.parametrize("tau, message", [
    (9e-4, "tau of lif is 0.0009 s, less than dt, 0.001 s"),
    (2e3, "tau of lif is 2000 s, 2e\\+06 steps")])
def test_refused_by_euler(tau, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.nir.from_graph(chain_with(tau=with_value(tau)), DT, dialect="nir", integration="euler")


def test_shortest_time_constants():
    """tau = dt forgets at once with the forward Euler method."""
    builder = hypr.nir.from_graph(chain_with(tau=np.full(6, DT)), DT, dialect="nir", integration="euler")
    assert np.allclose(builder["layer0.tau_m"], 0.01)
    builder = hypr.nir.from_graph(chain_with(tau=np.full(6, np.float32(2e-4))), 2e-4, dialect="nir", integration="euler")
    assert np.all(np.exp(-1 / builder["layer0.tau_m"]) < 1e-7)
    builder = hypr.nir.from_graph(chain_with(tau=np.full(6, np.float32(DT / 100))), DT, dialect="nir")
    assert np.allclose(builder["layer0.tau_m"], 0.01)


@pytest.mark.parametrize("spelling", ["delayed_set", "DelayedSet", "DELAYED-SET"])
def test_spellings_of_a_reset(spelling):
    """As ModelBuilder takes them."""
    model = hypr.nir.from_graph(chain_with(v_reset=with_value(-0.5, rest=0)), DT, integration="exponential", reset=spelling).build()
    assert description_of(model).layers[0].reset == "delayed_set"
    assert hypr.nir.to_graph(model, reset=spelling).nodes["lif"].v_reset[2] == -0.5


@pytest.mark.parametrize("reset", ["subtract", "delayed_subtract", "none"])
def test_refused_resets(reset):
    changed = chain_with(v_reset=with_value(-0.5, rest=0))
    with pytest.raises(hypr.ModelUnsupportedError, match=f"v_reset of lif is -0.5, and the reset '{reset}' does not use it"):
        hypr.nir.from_graph(changed, DT, integration="exponential", reset=reset)


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
        hypr.nir.from_graph(graph({"input": WIDE[0], **made, "output": WIDE[1]}, pairs, check=False), DT, dialect="nir")


def test_refusals_name_the_path_within_subgraphs():
    inner = graph({"input": WIDE[0], "lif": lif6(), "slow": nir.Delay(np.ones(6)), "output": WIDE[1]})
    outer = graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]})
    with pytest.raises(hypr.ModelUnsupportedError, match="rnn.slow is of type Delay"):
        hypr.nir.from_graph(outer, DT, dialect="nir")
    bad = lif6()
    bad.tau = -bad.tau
    inner = graph({"input": WIDE[0], "lif": bad, "output": WIDE[1]})
    with pytest.raises(hypr.ModelUnsupportedError, match="tau of rnn.lif is -"):
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]}), DT, dialect="nir")
    inner = graph({"input": WIDE[0], "lif": lif6()}, [("input", "lif")], check=False)
    with pytest.raises(hypr.ModelUnsupportedError, match="the subgraph rnn has 0 nodes of type Output"):
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn": inner, "output": WIDE[1]}, check=False), DT, dialect="nir")
    with pytest.raises(hypr.ModelUnsupportedError, match="there are two nodes rnn.lif"):
        inner = graph({"input": WIDE[0], "lif": lif6(), "output": WIDE[1]})
        hypr.nir.from_graph(graph({"input": WIDE[0], "rnn.lif": lif6(), "rnn": inner, "output": WIDE[1]}), DT, dialect="nir")


@pytest.mark.parametrize("arguments, message", [
    ({"dt": 0}, "dt is 0, expected"), ({"dt": -1}, "dt is -1"), ({"dt": float("nan")}, "dt is nan"),
    ({"dt": DT, "integration": "midpoint"}, "integration is 'midpoint'"), ({"dt": DT, "reset": "model_default"}, "reset is")])
def test_wrong_arguments(arguments, message):
    with pytest.raises(hypr.InvalidArgumentError, match=message):
        hypr.nir.from_graph(chain_with(), **arguments)


def test_other_wrong_arguments():
    with pytest.raises(hypr.InvalidArgumentError, match="the graph is a LIF, expected a nir.NIRGraph"):
        hypr.nir.from_graph(lif6(), DT, dialect="nir")
    with pytest.raises(hypr.NotFoundError, match="there is no reset 'substract'; did you mean"):
        hypr.nir.from_graph(chain_with(), DT, integration="exponential", reset="substract")
    with pytest.raises(hypr.InvalidArgumentError, match="give dt and integration and reset; or the dialect"):
        hypr.nir.from_graph(chain_with())
