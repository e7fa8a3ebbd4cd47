"""NIR graphs to import, and an independent simulator of NIR's equations, step by step."""

import numpy as np
import pytest

import hypr

nir = pytest.importorskip("nir")

DT = 1e-3
STEPS = 600
RESETS = ["set", "subtract", "none", "delayed_set", "delayed_subtract"]
INTEGRATIONS = ["exponential", "euler"]


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


def description_of(model):
    from hypr.model_file import decode

    return decode(model.data)


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


def firing(neuron, size=14, recurrent=True, **values):
    values = {"input_weight": (-1, 1), **values}
    return hypr.ModelBuilder(4, dt=DT, name="firing").layer(neuron, size, recurrent=recurrent, **values)
