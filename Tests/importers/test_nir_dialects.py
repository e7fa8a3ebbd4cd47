"""NIR graphs that sinabs and SpikingJelly export, read by the names of their dialects, give these simulators' own spikes."""

import numpy as np
import pytest

import hypr

torch = pytest.importorskip("torch")
nir = pytest.importorskip("nir")

STEPS = 600
SEEDS = range(3)


def samples(inputs, seed):
    """[STEPS, inputs], not negative."""
    random = np.random.default_rng(seed)
    slow = np.repeat(random.normal(size=(STEPS // 20, inputs)), 20, axis=0)
    return np.abs(slow + 0.7 * random.normal(size=(STEPS, inputs))).astype(np.float32)


def linear(inputs, outputs, bias=True):
    return torch.nn.Linear(inputs, outputs, bias=bias)


def tuned(net, run, x, rate=0.3):
    """Weights as large as they can be while no layer spikes more often."""
    for index, module in enumerate(net):
        if isinstance(module, torch.nn.Linear):
            with torch.no_grad():
                module.weight.mul_(30)
                while run(net[:index + 2], x[:200]).mean() > rate:
                    module.weight.mul_(0.8)
    return net


def compare(builder, x, expected, rates=(0.02, 0.6)):
    """All spikes of the top layer, at rates that mean something."""
    given = hypr.Session(builder.build(), learning=False).run(x)
    assert rates[0] < expected.mean() < rates[1], expected.mean()
    wrong = (given > 0.5) != (expected > 0.5)
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size}, first in step {np.argmax(wrong.any(axis=1))}"


def differs(builder, x, expected):
    """What it would be without the dialect."""
    return ((hypr.Session(builder.build(), learning=False).run(x) > 0.5) != (expected > 0.5)).any()


# ----------------------------------------------------------------------------------------------------------------------- sinabs


@pytest.fixture
def layers():
    return pytest.importorskip("sinabs.layers")


@pytest.fixture
def activation():
    return pytest.importorskip("sinabs.activation")


def run_sinabs(net, x):
    for layer in net:
        if getattr(layer, "is_state_initialised", bool)():
            layer.reset_states()
    with torch.no_grad():
        return net(torch.as_tensor(x)).numpy()


def exported(net, x):
    from sinabs.nir import to_nir

    return to_nir(net, torch.as_tensor(x))


def read_sinabs(net, x, path, **settings):
    """Through a file if the package nir can write it: it cannot write single numbers."""
    graph = exported(net, x)
    if any(np.ndim(getattr(node, "tau", [0])) == 0 for node in graph.nodes.values()):
        return hypr.nir.from_graph(graph, **settings)
    nir.write(path, graph)
    return hypr.nir.read(path, **settings)


def sinabs_network(kind, layers, activation, reset):
    common = {"batch_size": 1, "spike_fn": activation.SingleSpike,
              "reset_fn": {"subtract": activation.MembraneSubtract(), "set": activation.MembraneReset()}[reset]}

    def neurons(size):
        if kind == "IAF":
            return layers.IAFSqueeze(**common)
        tau = 20.0 if kind == "LIF" else torch.tensor([20.0])
        threshold = torch.tensor(0.8) if kind == "LIF" else torch.tensor([0.8])
        return layers.LIFSqueeze(tau_mem=tau, spike_threshold=threshold, **common)

    return torch.nn.Sequential(linear(6, 24), neurons(24), linear(24, 10, bias=False), neurons(10))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reset", ["subtract", "set"])
@pytest.mark.parametrize("kind", ["IAF", "LIF", "LIF, parameters of one element"])
def test_sinabs(layers, activation, kind, reset, seed, tmp_path):
    torch.manual_seed(seed)
    x = samples(6, seed)
    net = tuned(sinabs_network(kind, layers, activation, reset), run_sinabs, x)
    given = {} if reset == "subtract" else {"reset": reset}
    builder = read_sinabs(net, x, tmp_path / "net.nir", dialect="sinabs_single_spike", **given)
    expected = run_sinabs(net, x)
    compare(builder, x, expected)
    if kind == "LIF":
        assert differs(hypr.nir.from_graph(exported(net, x), 1e-3, dialect="nir"), x, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_sinabs_default_activation(layers, seed):
    """As long as there is one spike in a step: it is said, or refused where it is asked for."""
    torch.manual_seed(seed)
    x = samples(6, seed)
    net = tuned(torch.nn.Sequential(linear(6, 24), layers.LIFSqueeze(batch_size=1, tau_mem=15.0)), run_sinabs, x, rate=0.08)
    graph, expected = exported(net, x), run_sinabs(net, x)
    assert expected.max() == 1
    with pytest.warns(UserWarning, match="sinabs' MultiSpike.*spike_fn=SingleSpike") as said:
        builder = hypr.nir.from_graph(graph, dialect="sinabs")
    assert said[0].filename == __file__
    compare(builder, x, expected)
    with pytest.raises(hypr.ModelUnsupportedError, match="MultiSpike"):
        hypr.nir.from_graph(graph, dialect="sinabs_multi_spike")


def on_a_grid(neurons):
    """Weights and samples of which potentials are often equal to the threshold, 1."""
    random = np.random.default_rng(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 24, bias=False), neurons)
    with torch.no_grad():
        net[0].weight.copy_(torch.as_tensor(random.integers(-4, 8, (24, 6)) / 32))
    return net, random.integers(0, 2, (STEPS, 6)).astype(np.float32)


def test_sinabs_at_the_threshold(layers, activation, tmp_path):
    net, x = on_a_grid(layers.IAFSqueeze(batch_size=1, spike_fn=activation.SingleSpike))
    builder = read_sinabs(net, x, tmp_path / "net.nir", dialect="sinabs_single_spike")
    expected = run_sinabs(net, x)
    compare(builder, x, expected)
    assert differs(hypr.nir.from_graph(exported(net, x), 1, integration="exponential", reset="subtract"), x, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_sinabs_without_normalised_inputs(layers, activation, seed):
    """The export leaves out that all of an input goes into a potential: r says it."""
    torch.manual_seed(seed)
    x = samples(6, seed)
    net = tuned(torch.nn.Sequential(linear(6, 24), layers.LIFSqueeze(
        batch_size=1, tau_mem=20.0, norm_input=False, spike_fn=activation.SingleSpike)), run_sinabs, x)
    graph = exported(net, x)
    (node,) = (node for node in graph.nodes.values() if isinstance(node, nir.LIF))
    node.r = -1 / np.expm1(-1 / np.asarray(node.tau))
    compare(hypr.nir.from_graph(graph, dialect="sinabs_single_spike"), x, run_sinabs(net, x))


def test_sinabs_leaky_readout(layers, activation):
    torch.manual_seed(0)
    x = samples(6, 0)
    net = tuned(torch.nn.Sequential(
        linear(6, 24), layers.LIFSqueeze(batch_size=1, tau_mem=20.0, spike_fn=activation.SingleSpike)), run_sinabs, x)
    net = torch.nn.Sequential(*net, linear(24, 3), layers.ExpLeakSqueeze(batch_size=1, tau_mem=8.0))
    model = hypr.nir.from_graph(exported(net, x), dialect="sinabs_single_spike").build()
    expected = run_sinabs(net, x)
    assert expected.std() > 0.02
    np.testing.assert_allclose(hypr.Session(model, learning=False).run(x), expected, atol=1e-5)


# ----------------------------------------------------------------------------------------------------------------- SpikingJelly


@pytest.fixture
def neuron():
    return pytest.importorskip("spikingjelly.activation_based.neuron")


def run_spikingjelly(net, x):
    from spikingjelly.activation_based import functional

    functional.reset_net(net)
    with torch.no_grad():
        return torch.cat([net(sample[None]) for sample in torch.as_tensor(x)]).numpy()


def export_spikingjelly(net, path, **settings):
    from spikingjelly.activation_based import nir_exchange

    nir_exchange.export_to_nir(net, torch.zeros(1, 6), save_path=path, **settings)
    return path


SPIKINGJELLY = {
    "IF": lambda neuron: neuron.IFNode(),
    "IF with a reset potential": lambda neuron: neuron.IFNode(v_reset=-0.3),
    "LIF": lambda neuron: neuron.LIFNode(tau=2.0),
    "LIF without decay of inputs": lambda neuron: neuron.LIFNode(tau=5.0, decay_input=False),
    "LIF with a reset potential": lambda neuron: neuron.LIFNode(tau=4.0, v_threshold=0.5, v_reset=-0.4),
    "ParametricLIF": lambda neuron: neuron.ParametricLIFNode(init_tau=3.0),
    "CUBALIF": lambda neuron: neuron.CUBALIFNode(c_decay=0.5, v_decay=0.75),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", SPIKINGJELLY)
def test_spikingjelly(neuron, kind, seed, tmp_path):
    torch.manual_seed(seed)
    make, x = SPIKINGJELLY[kind], samples(6, seed)
    net = tuned(torch.nn.Sequential(linear(6, 24), make(neuron), linear(24, 10, bias=False), make(neuron)), run_spikingjelly, x)
    path = export_spikingjelly(net, tmp_path / "net.nir")
    expected = run_spikingjelly(net, x)
    compare(hypr.nir.read(path, dialect="spikingjelly"), x, expected)
    assert differs(hypr.nir.read(path, 1e-3, dialect="nir"), x, expected)


@pytest.mark.parametrize("kind", ["IF", "CUBALIF"])
def test_spikingjelly_with_another_step(neuron, kind, tmp_path):
    """Its neurons say their step; one that is another is refused."""
    torch.manual_seed(0)
    x = samples(6, 0)
    net = tuned(torch.nn.Sequential(linear(6, 24), SPIKINGJELLY[kind](neuron)), run_spikingjelly, x)
    path = export_spikingjelly(net, tmp_path / "net.nir", dt=1e-3)
    with pytest.raises(hypr.ModelUnsupportedError, match="in steps, .* with a dt of 0.0001 .*export_to_nir"):
        hypr.nir.read(path, dialect="spikingjelly")
    compare(hypr.nir.read(path, 1e-3, dialect="spikingjelly"), x, run_spikingjelly(net, x))


def test_spikingjelly_at_the_threshold(neuron, tmp_path):
    net, x = on_a_grid(neuron.IFNode())
    path = export_spikingjelly(net, tmp_path / "net.nir")
    expected = run_spikingjelly(net, x)
    compare(hypr.nir.read(path, dialect="spikingjelly"), x, expected)
    assert differs(hypr.nir.read(path, 1e-4, integration="euler", reset="set"), x, expected)
