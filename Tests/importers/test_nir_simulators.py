"""NIR graphs that snnTorch and Norse export give these simulators' own spikes by their dialects, and graphs of hypr in them."""

import warnings

import numpy as np
import pytest

import hypr

torch = pytest.importorskip("torch")
nir = pytest.importorskip("nir")

STEPS = 700
SNNTORCH_DT = 1e-4  # of the graphs that it reads


def stream(inputs, seed=0):
    random = np.random.default_rng(seed)
    slow = np.repeat(random.normal(size=(STEPS // 20, inputs)), 20, axis=0)
    return (slow + 0.7 * random.normal(size=(STEPS, inputs))).astype(np.float32)


def compare(builder, x, expected, rates=(0.02, 0.6)):
    """The outputs, which are the top layer's spikes, and rates that mean something."""
    session = hypr.Session(builder.build(), learning=False)
    given = session.run(x)
    assert rates[0] < expected.mean() < rates[1]
    wrong = (given > 0.5) != (expected > 0.5)
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size}, first in step {np.argmax(wrong.any(axis=1))}"
    np.testing.assert_allclose(given, expected, atol=1e-30)  # the shortest time constant leaves that much of the step before


# --------------------------------------------------------------------------------------------------------------------- snnTorch


@pytest.fixture
def snn():
    return pytest.importorskip("snntorch")


def exported(net, inputs):
    from snntorch.export_nir import export_to_nir

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return export_to_nir(net, torch.zeros(1, inputs), ignore_dims=[0])


def run_snntorch(net, x):
    from snntorch import utils

    utils.reset(net)
    rows = []
    with torch.no_grad():
        for sample in torch.as_tensor(x):
            out = net(sample[None])
            rows.append((out[0] if isinstance(out, tuple) else out)[0].numpy())
    return np.array(rows)


def beta(size, low=0.6, high=0.95):
    return low + (high - low) * torch.rand(size)


def layer(snn, kind, size, reset):
    """Neurons with their own constants each: the export needs them per neuron."""
    common = {"beta": beta(size), "threshold": 0.8 + 0.4 * torch.rand(size), "init_hidden": True,
              "reset_delay": reset not in ("subtract", "set"),
              "reset_mechanism": {"subtract": "subtract", "set": "zero", "none": "none"}[reset.rpartition("_")[2]]}
    if "Synaptic" in kind:
        common["alpha"] = beta(size, 0.3, 0.8)
    if kind in ("RLeaky", "RSynaptic"):
        made = getattr(snn, kind)(linear_features=size, **common)
        with torch.no_grad():
            made.recurrent.weight.mul_(3)
        return made
    return getattr(snn, kind)(**common)


def network(snn, kind, reset, inputs=6, hidden=24, outputs=10):
    torch.manual_seed(3)
    gain = 0.35 if "Synaptic" in kind else 1
    net = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), layer(snn, kind, hidden, reset), torch.nn.Linear(hidden, outputs),
        layer(snn, kind.removeprefix("R"), outputs, reset))
    with torch.no_grad():
        net[0].weight.mul_(1.5 * gain)
        net[2].weight.mul_(4 * gain)
    return net


@pytest.mark.parametrize("reset", ["delayed_subtract", "set", "none"])
@pytest.mark.parametrize("kind", ["Leaky", "RLeaky", "Synaptic", "RSynaptic"])
def test_snntorch(snn, kind, reset, tmp_path):
    """snnTorch's default reset is the first."""
    if kind == "RSynaptic" and reset == "set":
        pytest.skip("RSynaptic of snnTorch 1.0.0 stops with an error without delay")
    net = network(snn, kind, reset)
    nir.write(tmp_path / "net.nir", exported(net, 6))
    x = stream(6)
    given = {} if reset == "delayed_subtract" else {"reset": reset}
    builder = hypr.nir.read(tmp_path / "net.nir", dialect="snntorch", **given)
    compare(builder, x, run_snntorch(net, x), rates=(0.02, 0.95) if reset == "none" else (0.02, 0.6))


@pytest.mark.parametrize("kind", ["Leaky", "RLeaky", "Synaptic"])
def test_snntorch_subtract_without_delay(snn, kind):
    """For potentials below twice the threshold: above, snnTorch subtracts again before it looks for the next spike."""
    net = network(snn, kind, "subtract")[:2]
    x = stream(6)
    with torch.no_grad():
        for parameter in net[0].parameters():
            parameter.mul_((0.1 if kind == "Synaptic" else 0.5) / net[0](torch.as_tensor(x)).max())
        if kind == "RLeaky":
            net[1].recurrent.weight.mul_(0.3 / net[1].recurrent.weight.abs().sum(dim=1).max())
            net[1].recurrent.bias.zero_()
    builder = hypr.nir.from_graph(exported(net, 6), dialect="snntorch", reset="subtract")
    compare(builder, x, run_snntorch(net, x))


@pytest.mark.parametrize("kind", ["RLeaky", "Synaptic", "RSynaptic"])
def test_snntorch_zero_with_delay(snn, kind):
    """What it does by reset_mechanism="zero" alone; that of Leaky is a plain set."""
    net = network(snn, kind, "delayed_set")
    if kind == "RLeaky":
        net = net[:2]  # the layer above is Leaky
    x = stream(6)
    builder = hypr.nir.from_graph(exported(net, 6), dialect="snntorch", reset="delayed_set")
    compare(builder, x, run_snntorch(net, x))


def test_snntorch_one_to_one_recurrence(snn):
    torch.manual_seed(4)
    net = torch.nn.Sequential(
        torch.nn.Linear(6, 20, bias=False),
        snn.RLeaky(beta=0.9, all_to_all=False, V=torch.randn(20) * 0.3, reset_mechanism="zero", reset_delay=False,
                   init_hidden=True))
    x = stream(6)
    builder = hypr.nir.from_graph(exported(net, 6), dialect="snntorch", reset="set")
    compare(builder, x, run_snntorch(net, x))


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("neuron", ["general_lif", "cuba_lif"])
def test_back_to_snntorch(snn, neuron, recurrent):
    """Neurons that snnTorch can take: one threshold for all, one synaptic time constant, no leak potential."""
    from snntorch.import_nir import import_from_nir

    random = np.random.default_rng(5)
    builder = hypr.ModelBuilder(6, dt=SNNTORCH_DT)
    tau = 1 / -np.log(random.uniform(0.6, 0.9, 20))
    values = {"tau_m": tau, "resistance": 1 / -np.expm1(-1 / tau), "threshold": 1.0}
    if neuron == "cuba_lif":
        values["tau_syn"] = 3
    builder.layer(neuron, 20, recurrent=recurrent, name="rnn.lif", input_weight=(-1, 1), **values)
    builder.readout(20, weight=np.eye(20), tau=np.full(20, 0.01))
    graph = hypr.nir.to_graph(builder.build(), integration="euler")
    net = import_from_nir(graph)
    x, state, rows = stream(6), None, []
    with torch.no_grad():
        for sample in torch.as_tensor(x):
            out, state = net(sample[None], state) if state is not None else net(sample[None])
            rows.append(out[0].numpy())
    compare(builder, x, np.array(rows))


# ------------------------------------------------------------------------------------------------------------------------- Norse


@pytest.fixture
def norse():
    return pytest.importorskip("norse.torch")


def run_norse(net, x):
    rows, state = [], None
    with torch.no_grad():
        for sample in torch.as_tensor(x):
            out, state = net(sample[None], state)
            rows.append(out[0].numpy())
    return np.array(rows)


def norse_graph(norse, net, inputs, dt=1):
    """With dt = 1 its time constants are in seconds: Norse 1.1.0 multiplies them by what it is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return norse.to_nir(net, torch.zeros(1, inputs), dt=dt)


def scaled(*linear, gain=4):
    with torch.no_grad():
        for each in linear:
            each.weight.mul_(gain)
    return linear


def test_norse(norse):
    """LIFBoxCell and LIBoxCell are NIR's LIF and LI, by the forward Euler method, with steps of a millisecond."""
    torch.manual_seed(6)
    first, second = scaled(torch.nn.Linear(6, 24), torch.nn.Linear(24, 10), gain=12)
    net = norse.SequentialState(first, norse.LIFBoxCell(), second, norse.LIFBoxCell())
    x = stream(6)
    compare(hypr.nir.from_graph(norse_graph(norse, net, 6), dialect="norse"), x, run_norse(net, x))
    net = norse.SequentialState(first, norse.LIFBoxCell(), torch.nn.Linear(24, 3), norse.LIBoxCell())
    model = hypr.nir.from_graph(norse_graph(norse, net, 6), dialect="norse").build()
    expected = run_norse(net, x)
    assert expected.std() > 0.05
    np.testing.assert_allclose(hypr.Session(model, learning=False).run(x), expected, atol=1e-5)


def test_norse_with_synapses(norse):
    """Norse adds a spike to the current as it is, NIR divides it by tau_syn in steps; the export leaves w_in at 1."""
    torch.manual_seed(7)
    net = norse.SequentialState(*scaled(torch.nn.Linear(6, 24), gain=3), norse.LIFCell())
    graph = norse_graph(norse, net, 6)
    with pytest.raises(hypr.ModelUnsupportedError, match="w_in of 1 is 1, and in the dialect 'norse' .*node.w_in = "):
        hypr.nir.from_graph(graph, dialect="norse")
    (node,) = (node for node in graph.nodes.values() if isinstance(node, nir.CubaLIF))
    node.w_in = node.tau_syn / 1e-3
    x = stream(6)
    compare(hypr.nir.from_graph(graph, dialect="norse"), x, run_norse(net, x))


def test_norse_without_leak(norse):
    """Its integrate-and-fire cell counts steps, not seconds: with dt = 1000, so do the time constants of the others."""
    torch.manual_seed(8)
    first, second = scaled(torch.nn.Linear(6, 24), torch.nn.Linear(24, 10), gain=12)
    net = norse.SequentialState(first, norse.LIFBoxCell(), second, norse.IAFCell())
    x = stream(6)
    with pytest.raises(hypr.ModelUnsupportedError, match="r of 3 is 1, and in the dialect 'norse' it is a second in steps, 1000"):
        hypr.nir.from_graph(norse_graph(norse, net, 6), dialect="norse")
    compare(hypr.nir.from_graph(norse_graph(norse, net, 6, dt=1000), 1, dialect="norse"), x, run_norse(net, x))


def test_norse_from_its_leak_potential(norse):
    """Where its membranes begin; hypr counts potentials from there."""
    torch.manual_seed(9)
    parameters = norse.LIFBoxParameters(v_leak=torch.tensor(-0.4), v_reset=torch.tensor(-0.6), v_th=torch.tensor(0.7))
    net = norse.SequentialState(*scaled(torch.nn.Linear(6, 24), gain=12), norse.LIFBoxCell(parameters))
    x = stream(6)
    graph = norse_graph(norse, net, 6)
    (node,) = (node for node in graph.nodes.values() if isinstance(node, nir.LIF))
    node.v_reset = np.array(-0.6)  # left out by the export
    compare(hypr.nir.from_graph(graph, dialect="norse"), x, run_norse(net, x), rates=(0.01, 0.6))


def test_norse_exported_without_a_step(norse):
    """Its default multiplies time constants in seconds by seconds."""
    net = norse.SequentialState(torch.nn.Linear(6, 24), norse.LIFBoxCell())
    with pytest.raises(hypr.ModelUnsupportedError, match=r"less than dt, 0.001 s, .*to_nir\(net, sample, dt=1\)"):
        hypr.nir.from_graph(norse.to_nir(net, torch.zeros(1, 6)), dialect="norse")


@pytest.mark.parametrize("recurrent", [False, True])
def test_to_norse(norse, recurrent):
    """With a resistance of 1, which Norse takes for granted."""
    builder = hypr.ModelBuilder(6, dt=1e-3)
    builder.layer("general_lif", 20, recurrent=recurrent, input_weight=(-3, 3), tau_m=(3, 20))
    builder.readout(20, weight=np.eye(20), tau=np.full(20, 0.01))
    graph = hypr.nir.to_graph(builder.build(), integration="euler")
    net = norse.from_nir(graph, dt=1e-3)
    x, state, rows = stream(6), None, []
    with torch.no_grad():
        for sample in torch.as_tensor(x):
            out, state = net(sample[None], state) if state is not None else net(sample[None])
            rows.append(out[0].numpy())
    compare(builder, x, np.array(rows))
