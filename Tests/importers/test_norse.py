"""Networks of Norse, run by Norse and by hypr."""

import numpy as np
import norse.torch as norse
import pytest
import torch
from comparison import Layer, compare, inputs, reference, trainable
from norse.torch.functional.reset import reset_subtract
from norse.torch.module.snn import SNN, SNNCell, SNNRecurrent, SNNRecurrentCell
from torch import nn

import hypr
from hypr import Surrogate

NEURONS = (SNN, SNNCell, SNNRecurrent, SNNRecurrentCell, norse.LILinearCell)
INTEGRATORS = (norse.LI, norse.LICell, norse.LILinearCell, norse.LIBoxCell)
PER_NEURON = torch.linspace(50.0, 400.0, 20)


@pytest.fixture(autouse=True)
def double_precision():
    """What is rounded is rounded by hypr."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def tensor(value):
    return torch.as_tensor(value, dtype=torch.float64)


@torch.no_grad()
def linear(inputs_, outputs, gain=1.0, shift=0.0):
    module = nn.Linear(inputs_, outputs)
    module.weight *= gain
    module.bias += shift
    return module


def run(modules, x):
    """Layers as Norse computes them one step after the other, and what the last module gives."""
    neurons = [module for module in modules if isinstance(module, NEURONS)]
    spiking = [module for module in neurons if not isinstance(module, INTEGRATORS)]
    states, spikes, potentials, thresholds = ({module: None if start is None else [] for module in neurons}
                                              for start in (None, 0, 0, 0))
    outputs = []
    for sample in torch.tensor(x, dtype=torch.float64):
        value = sample[None]
        for module in modules:
            if module not in neurons:
                value = module(value)
                continue
            # With time, a module takes a sequence; here it is of one step.
            is_timed = isinstance(module, (SNN, SNNRecurrent))
            value, state = module(value[None] if is_timed else value, states[module])
            value = value[0] if is_timed else value
            states[module] = state
            spikes[module].append(value[0].numpy())
            potentials[module].append(state.v[0].detach().numpy())
            if module in spiking:
                thresholds[module].append(np.broadcast_to(threshold(module, state, value), value.shape)[0])
        outputs.append(value[0].detach().numpy())
    layers = []
    for module in spiking:
        z, u = np.array(spikes[module]), np.array(potentials[module])
        # After a spike the potential is that of the reset: what it was before cannot be seen.
        margin = np.abs(u - np.array(thresholds[module]))[z == 0].min()
        layers.append(Layer(z, u - origin(module).numpy(), margin))
    return layers, np.array(outputs)


def threshold(module, state, spikes):
    return (state.b - spikes * module.p.beta).numpy() if hasattr(state, "b") else module.p.v_th.numpy()


def origin(module):
    """Where potentials of hypr are counted from: what they begin at in Norse."""
    return module.p.v_leak if hasattr(module.p, "v_leak") else module.p.v_reset


def lif(**parameters):
    return norse.LIFParameters(**{name: tensor(value) if name != "method" else value for name, value in parameters.items()})


def lsnn(**parameters):
    values = {"tau_adapt_inv": 1 / 0.1, "beta": 0.2, "v_th": 0.5, **parameters}
    return norse.LSNNParameters(**{name: tensor(value) if name != "method" else value for name, value in values.items()})


def box(**parameters):
    return norse.LIFBoxParameters(**{name: value if callable(value) else tensor(value) for name, value in parameters.items()})


BIOLOGICAL = {"v_leak": -65.0, "v_th": -64.0, "v_reset": -65.5}

CASES = {
    "LIFCell": lambda: [linear(6, 20), norse.LIFCell()],
    "LIF": lambda: [linear(6, 20), norse.LIF()],
    "LIFRecurrentCell": lambda: [norse.LIFRecurrentCell(6, 20)],
    "LIFRecurrent": lambda: [norse.LIFRecurrent(6, 20)],
    "autapses": lambda: [norse.LIFRecurrentCell(6, 20, autapses=True)],
    "parameters": lambda: [linear(6, 20), norse.LIFCell(lif(tau_syn_inv=300, tau_mem_inv=60, v_th=0.4, v_reset=-0.4))],
    "per neuron": lambda: [linear(6, 20), norse.LIFCell(lif(tau_syn_inv=PER_NEURON, tau_mem_inv=PER_NEURON.flip(0),
                                                            v_th=torch.linspace(0.5, 1, 20)))],
    "biological": lambda: [linear(6, 20), norse.LIFCell(lif(**BIOLOGICAL))],
    "biological recurrent": lambda: [norse.LIFRecurrentCell(6, 20, lif(**BIOLOGICAL))],
    "other time step": lambda: [linear(6, 20), norse.LIFCell(dt=0.002)],
    "current without memory": lambda: [linear(6, 20, 6), norse.LIFCell(lif(tau_syn_inv=1000))],
    "LSNNCell": lambda: [linear(6, 20), norse.LSNNCell(lsnn())],
    "LSNN": lambda: [linear(6, 20), norse.LSNN(lsnn())],
    "LSNNRecurrentCell": lambda: [norse.LSNNRecurrentCell(6, 20, lsnn())],
    "LSNNRecurrent": lambda: [norse.LSNNRecurrent(6, 20, lsnn())],
    "LSNN default": lambda: [linear(6, 20, 2), norse.LSNNCell(lsnn(tau_adapt_inv=1 / 800, beta=1.8 / 100))],
    "LSNN parameters": lambda: [norse.LSNNRecurrentCell(6, 20, lsnn(
        tau_syn_inv=300, tau_mem_inv=60, tau_adapt_inv=torch.linspace(2, 20, 20), v_leak=-1, v_th=-0.8, v_reset=-1.2,
        beta=torch.linspace(0.02, 0.2, 20)))],
    "LSNN adjoint": lambda: [norse.LSNNRecurrentCell(6, 20, lsnn(), adjoint=True)],
    "LIFBoxCell": lambda: [linear(6, 20, 6), norse.LIFBoxCell()],
    "LIFBoxCell subtract": lambda: [linear(6, 20, 6), norse.LIFBoxCell(box(reset_method=reset_subtract, v_th=0.4))],
    "LIFBoxCell biological": lambda: [linear(6, 20, 6), norse.LIFBoxCell(box(**BIOLOGICAL))],
    "IAFCell": lambda: [linear(6, 20, shift=0.5), norse.IAFCell(norse.IAFParameters(v_th=tensor(5)))],
    "IAF": lambda: [linear(6, 20, shift=0.5), norse.IAF(norse.IAFParameters(v_th=tensor(4), v_reset=tensor(-0.5)))],
}


@pytest.mark.parametrize("case", CASES)
def test_neurons(case):
    modules = [*CASES[case](), linear(20, 3)]
    compare(hypr.norse.from_modules(modules), *reference(run, modules))


@pytest.mark.parametrize("make", [
    lambda: [linear(20, 3), norse.LICell()],
    lambda: [linear(20, 3), norse.LI(norse.LIParameters(tensor([300, 200, 100]), tensor([20, 100, 300])))],
    lambda: [norse.LILinearCell(20, 3)],
    lambda: [linear(20, 3), norse.LIBoxCell()],
    lambda: [linear(20, 3), norse.LICell(norse.LIParameters(v_leak=tensor(-0.7)))],
    lambda: [linear(20, 3), norse.LIBoxCell(norse.LIBoxParameters(v_leak=tensor(0.4)))],
    lambda: [linear(20, 3), norse.LICell(norse.LIParameters(tau_syn_inv=tensor(1000)))],
])
def test_integrators(make):
    modules = [linear(6, 20), norse.LIFCell(), *make()]
    compare(hypr.norse.from_modules(modules), *reference(run, modules))


def test_integrators_between():
    modules = [linear(6, 20), norse.LICell(norse.LIParameters(v_leak=tensor(0.1))), linear(20, 20, 3), norse.LIFCell()]
    compare(hypr.norse.from_modules(modules), *reference(run, modules))


def test_network():
    torch.manual_seed(1)
    modules = [nn.Flatten(), linear(6, 20), norse.LIFCell(), nn.Identity(),
               norse.LSNNRecurrentCell(20, 16, lsnn(v_th=0.2, beta=0.1)),
               norse.LIFRecurrentCell(16, 12, lif(v_th=0.3)), nn.Dropout(0.5), linear(12, 3), norse.LICell()]
    network = norse.SequentialState(*modules).eval()
    x, layers, outputs = reference(run, modules)
    builder = hypr.norse.from_modules(network, name="deep")
    recording = compare(builder, x, layers, outputs)
    assert recording.time_step == np.float32(0.001)
    state, outputs = None, []
    for sample in torch.tensor(x, dtype=torch.float64):
        value, state = network(sample[None], state)
        outputs.append(value[0].numpy())
    np.testing.assert_allclose(recording.outputs, np.array(outputs), rtol=1e-4, atol=1e-5)
    assert hypr.norse.from_modules(modules).build().tensors == builder.build().tensors


def test_sequence_at_once():
    network = norse.SequentialState(
        norse.Lift(linear(6, 20)), norse.LIF(), norse.LSNNRecurrent(20, 16, lsnn(v_th=0.2, beta=0.1)), linear(16, 3),
        norse.LI())
    x = inputs(6)
    recording = hypr.record(hypr.Session(hypr.norse.from_modules(network).build(), learning=False), x)
    outputs, _ = network(torch.tensor(x, dtype=torch.float64)[:, None])
    assert all(0.01 <= rate <= 0.5 for rate in recording.spike_rates[:2])
    np.testing.assert_allclose(recording.outputs, outputs[:, 0].numpy(), rtol=1e-4, atol=1e-5)


def test_only_what_requires_a_gradient_is_trainable():
    modules = [norse.LIFRecurrentCell(6, 20), linear(20, 3), norse.LICell()]
    weights = {"layer0.input_weight", "layer0.recurrent_weight", "layer1.input_weight", "layer1.bias"}
    assert trainable(hypr.norse.from_modules(modules)) == weights
    modules[0] = norse.LIFRecurrentCell(6, 20, norse.LIFParameters(
        tau_syn_inv=nn.Parameter(tensor(200.0)), tau_mem_inv=nn.Parameter(tensor(100.0)), v_th=nn.Parameter(tensor(1.0))))
    modules[2] = norse.LICell(norse.LIParameters(tau_mem_inv=nn.Parameter(tensor(100.0))))
    modules[1].requires_grad_(False)
    assert trainable(hypr.norse.from_modules(modules)) == {
        "layer0.input_weight", "layer0.recurrent_weight", "layer0.tau_syn", "layer0.tau_m", "layer0.threshold", "readout.tau"}
    # A frozen linear map below becomes one with the input weight, which learns; its bias is frozen still.
    modules.insert(0, linear(6, 6).requires_grad_(False))
    assert "layer0.input_weight" in trainable(hypr.norse.from_modules(modules))
    assert "layer0.bias" not in trainable(hypr.norse.from_modules(modules))


@pytest.mark.parametrize("method, expected", [
    ("super", Surrogate("fast_sigmoid", 1, 1)), ("triangle", Surrogate("triangle", 1, 7))])
def test_surrogates(method, expected):
    for cell in (norse.LIFCell(lif(method=method, alpha=7)), norse.LSNNCell(lsnn(method=method, alpha=7))):
        found = hypr.norse.from_modules([linear(6, 20), cell]).description().layers[0].surrogate
        assert found.kind == expected.kind
        assert (found.slope, found.scale) == pytest.approx((expected.slope, expected.scale))


@pytest.mark.parametrize("method", ["heaviside", "tanh", "circ", "heavi_erfc"])
def test_other_surrogates_must_be_given(method):
    modules = [linear(6, 20), norse.LIFCell(lif(method=method, alpha=7))]
    with pytest.raises(hypr.ModelUnsupportedError, match=r"module 1 \(LIFCell\): its surrogate derivative .* surrogate=\.\.\."):
        hypr.norse.from_modules(modules)
    builder = hypr.norse.from_modules(modules, surrogate=Surrogate("slayer", 3))
    assert builder.description().layers[0].surrogate == Surrogate("slayer", 3)


class Derived(norse.LIFCell):
    pass


def reset_to_half(z, v, reset, th):
    return v - z * th / 2


REFUSED = {
    "fast membrane": (lambda: norse.LIFCell(lif(tau_mem_inv=1200)), "dt tau_mem_inv gives a decay of -0.2"),
    "no leak": (lambda: norse.LIFCell(lif(tau_syn_inv=0)), "dt tau_syn_inv gives a decay of 1 per step, supported are 0 to"),
    "threshold": (lambda: norse.LIFCell(lif(v_th=-1)), "v_th above the first potential is -1, supported are"),
    "facilitation": (lambda: norse.LSNNCell(lsnn(beta=-1)), "beta is -1, supported are 0 to"),
    "shape": (lambda: norse.LIFCell(lif(v_th=torch.ones(7))), r"v_th has the shape \[7\]"),
    "reset method": (lambda: norse.LIFBoxCell(box(reset_method=reset_to_half)), "reset_method is reset_to_half, supported are"),
    "reset and leak": (lambda: norse.LIFBoxCell(box(reset_method=reset_subtract, v_leak=-1)), "supported is v_leak = 0"),
    "refractory": (norse.LIFRefracCell, "nothing like lif_refrac_feed_forward_step here; supported are Linear, .*LIBoxCell"),
    "exponential": (norse.LIFExCell, "nothing like lif_ex_feed_forward_step here"),
    "Izhikevich": (lambda: norse.Izhikevich(norse.IzhikevichSpikingBehavior(None, None)),
                   "nothing like izhikevich_feed_forward_step here"),
    "derived": (Derived, "derived from LIFCell"),
    "Conv2d": (lambda: nn.Conv2d(1, 1, 3), "nothing like it here; supported are Linear"),
    "recurrent sequence": (lambda: norse.RecurrentSequential(norse.LIFCell()), "nothing like it here"),
    "other": (object, "no module of PyTorch"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    make, message = REFUSED[case]
    module = make()
    with pytest.raises(hypr.ModelUnsupportedError, match=rf"^module 1 \({type(module).__name__}\): .*{message}"):
        hypr.norse.from_modules([linear(6, 20), module, linear(20, 2)])


def test_refusal_of_adjoint_equations():
    """Norse itself cannot run them: its function for a step knows no such method."""
    with pytest.raises(hypr.ModelUnsupportedError, match=r"module 1 \(LIFCell\): .*lif_feed_forward_adjoint_step here"):
        hypr.norse.from_modules([linear(6, 20), norse.LIFCell(lif(method="adjoint"))])


def test_refusal_of_different_time_steps():
    modules = [linear(6, 20), norse.LIFCell(), linear(20, 3), norse.LICell(dt=0.002)]
    with pytest.raises(hypr.ModelUnsupportedError, match=r"module 1 \(LIFCell\) .* 0.001, and module 3 \(LICell\) of 0.002"):
        hypr.norse.from_modules(modules)


def test_refusal_of_unknown_size():
    modules = [norse.LIFCell(), linear(6, 3)]
    with pytest.raises(hypr.ModelUnsupportedError, match=r"module 0 \(LIFCell\): how many neurons .* inputs=\.\.\."):
        hypr.norse.from_modules(modules)
    compare(hypr.norse.from_modules(modules, inputs=6), *reference(run, modules, scale=0.5))
