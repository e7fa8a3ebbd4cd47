"""Networks of snnTorch, run by snnTorch and by hypr."""

import re
import subprocess
import sys

import numpy as np
import pytest
import snntorch as snn
import torch
from comparison import Layer, compare, inputs, reference, trainable
from snntorch import surrogate
from torch import nn

import hypr
from hypr import Surrogate

PER_NEURON = torch.linspace(0.5, 0.98, 20)


@torch.no_grad()
def linear(inputs_, outputs, gain=1.0, shift=0.0):
    module = nn.Linear(inputs_, outputs)
    module.weight *= gain
    module.bias += shift
    return module


def run(modules, x):
    """Layers as snnTorch computes them, and what the last module gives; neurons with init_hidden=True."""
    neurons = [module for module in modules if isinstance(module, snn.SpikingNeuron)]
    for module in neurons:
        module.reset_mem()
    spikes, potentials, outputs = [[] for _ in neurons], [[] for _ in neurons], []
    for sample in torch.tensor(x):
        value = sample[None]
        for module in modules:
            value = module(value)
            if module in neurons:
                spikes[neurons.index(module)].append(value[0].numpy())
                potentials[neurons.index(module)].append(module.mem[0].numpy().copy())
        outputs.append(value[0].numpy())
    layers = []
    for module, z, u in zip(neurons, spikes, potentials, strict=True):
        z, u = np.array(z) / module.graded_spikes_factor.numpy(), np.array(u)
        distance = np.abs(u - module.threshold.numpy())
        # Reset at once, a potential cannot be seen as it was at the spike.
        layers.append(Layer(z, u, (distance if getattr(module, "reset_delay", True) else distance[z == 0]).min()))
    return layers, np.array(outputs)


def leaky(**options):
    return snn.Leaky(**{"beta": 0.9, "init_hidden": True, **options})


def synaptic(**options):
    return snn.Synaptic(**{"alpha": 0.7, "beta": 0.9, "init_hidden": True, **options})


def recurrent_leaky(**options):
    return snn.RLeaky(**{"beta": 0.9, "init_hidden": True, **options})


def recurrent_synaptic(**options):
    return snn.RSynaptic(**{"alpha": 0.7, "beta": 0.9, "init_hidden": True, **options})


def lapicque(**options):
    return snn.Lapicque(**{"init_hidden": True, **options})


ALL_TO_ALL = {"linear_features": 20}
ONE_TO_ONE = {"all_to_all": False, "V": -0.4}
MECHANISMS = ["subtract", "zero", "none"]

CASES = {
    **{f"Leaky {mechanism}": (leaky, {"reset_mechanism": mechanism, "threshold": 1.5}) for mechanism in MECHANISMS},
    **{f"Synaptic {mechanism}": (synaptic, {"reset_mechanism": mechanism, "threshold": 4.0}) for mechanism in MECHANISMS},
    **{f"RLeaky {mechanism}": (recurrent_leaky, {"reset_mechanism": mechanism, "threshold": 1.5, **ALL_TO_ALL})
       for mechanism in MECHANISMS},
    **{f"RSynaptic {mechanism}": (recurrent_synaptic, {"reset_mechanism": mechanism, "threshold": 4.0, **ALL_TO_ALL})
       for mechanism in MECHANISMS},
    **{f"Lapicque {mechanism}": (lapicque, {"beta": 0.9, "reset_mechanism": mechanism, "threshold": 0.2})
       for mechanism in MECHANISMS},
    "Leaky zero at once": (leaky, {"reset_mechanism": "zero", "reset_delay": False}),
    "RLeaky zero at once": (recurrent_leaky, {"reset_mechanism": "zero", "reset_delay": False, **ALL_TO_ALL}),
    "Synaptic zero at once": (synaptic, {"reset_mechanism": "zero", "reset_delay": False, "threshold": 4.0}),
    "Leaky none at once": (leaky, {"reset_mechanism": "none", "reset_delay": False, "threshold": 2.0}),
    "values per neuron": (leaky, {"beta": PER_NEURON, "threshold": torch.linspace(0.5, 2, 20)}),
    "one value as a vector": (leaky, {"beta": torch.tensor([0.8])}),
    "values per neuron, Synaptic": (synaptic, {"alpha": PER_NEURON.flip(0), "beta": PER_NEURON, "threshold": 4.0}),
    "no leak": (leaky, {"beta": 1.0, "threshold": 6.0}),
    "no leak, zero": (leaky, {"beta": 1.0, "threshold": 6.0, "reset_mechanism": "zero"}),
    "no leak, zero at once": (leaky, {"beta": 1.0, "threshold": 6.0, "reset_mechanism": "zero", "reset_delay": False}),
    "no leak, RLeaky": (recurrent_leaky, {"beta": 1.0, "threshold": 6.0, **ALL_TO_ALL}),
    "beta above 1": (leaky, {"beta": 1.2, "threshold": 6.0}),
    "beta of 0": (leaky, {"beta": 0.0}),
    "beta below 0": (leaky, {"beta": -0.5}),
    "slow": (leaky, {"beta": 0.999, "threshold": 6.0}),
    "alpha of 0": (synaptic, {"alpha": 0.0, "threshold": 2.0}),
    "RLeaky one to one": (recurrent_leaky, ONE_TO_ONE),
    "RLeaky one to one per neuron": (recurrent_leaky, {"all_to_all": False, "V": torch.linspace(-1, 0.5, 20)}),
    "RLeaky one to one zero": (recurrent_leaky, {"reset_mechanism": "zero", **ONE_TO_ONE}),
    "RSynaptic one to one": (recurrent_synaptic, {"threshold": 4.0, **ONE_TO_ONE}),
    "graded spikes": (leaky, {"graded_spikes_factor": 0.7}),
    "graded spikes per neuron": (leaky, {"graded_spikes_factor": torch.linspace(-1, 2, 20)}),
    "graded spikes zero at once": (leaky, {"graded_spikes_factor": 0.5, "reset_mechanism": "zero", "reset_delay": False}),
    "Lapicque R C": (lapicque, {"R": 4.0, "C": 3.0, "threshold": 0.4}),
    "Lapicque beta R": (lapicque, {"beta": 0.8, "R": 4.0, "threshold": 0.8, "reset_mechanism": "zero"}),
    "Lapicque time step": (lapicque, {"R": 4.0, "C": 3.0, "time_step": 2.0, "threshold": 0.5}),
}


@pytest.mark.parametrize("case", CASES)
def test_neurons(case):
    make, options = CASES[case]
    # Without a leak, potentials drift away where inputs are negative on average.
    shift = 1.0 if case.startswith(("no leak", "slow", "beta above")) else 0.0
    modules = [linear(6, 20, shift=shift), make(**options), linear(20, 3)]
    x, layers, outputs = reference(run, modules)
    if make is leaky and options.get("reset_mechanism") == "zero" and options.get("reset_delay", True):
        # The same reset a step later: hypr has the potential after it.
        layers[0].potentials *= 1 - layers[0].spikes
    compare(hypr.snntorch.from_modules(modules), x, layers, outputs)


@pytest.mark.parametrize("make", [leaky, recurrent_leaky, synaptic])
def test_subtract_at_once(make):
    options = {**({"linear_features": 20} if make is recurrent_leaky else {}),
               "threshold": 8.0 if make is synaptic else 3.0}
    modules = [linear(6, 20, 0.5, 0.2), make(reset_delay=False, **options), linear(20, 3)]
    x, layers, outputs = reference(run, modules)
    with pytest.warns(UserWarning, match=r"module 1 \(.*reset_delay=False.* no potential exceeds twice its threshold"):
        builder = hypr.snntorch.from_modules(modules)
    assert builder.description().layers[0].reset == "subtract"
    compare(builder, x, layers, outputs)


def test_subtract_at_once_differs_above_twice_the_threshold():
    modules = [linear(6, 20, 2), leaky(reset_delay=False, threshold=0.5)]
    x, layers, _ = reference(run, modules)
    with pytest.warns(UserWarning, match="twice its threshold"):
        builder = hypr.snntorch.from_modules(modules)
    recording = hypr.record(hypr.Session(builder.build(), learning=False), x)
    assert (recording.spikes[0] != layers[0].spikes).mean() > 0.01


def test_recurrent_graded_spikes():
    neurons = recurrent_leaky(linear_features=20)
    neurons.graded_spikes_factor.fill_(0.6)  # as a saved state may have it
    modules = [linear(6, 20), neurons, linear(20, 3)]
    compare(hypr.snntorch.from_modules(modules), *reference(run, modules))


def test_spikes_are_the_output():
    modules = [linear(6, 20), leaky(), linear(20, 5, 3, 0.3), leaky(graded_spikes_factor=0.5)]
    recording = compare(hypr.snntorch.from_modules(modules), *reference(run, modules))
    assert set(np.unique(recording.outputs.round(6))) == {0, 0.5}


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.first = nn.Sequential(linear(6, 20, 1.5), leaky(beta=0.8))
        self.dropout = nn.Dropout(0.5)
        self.between = nn.ModuleList([linear(20, 16, 2, 0.2), nn.Linear(16, 12), nn.Identity()])
        self.second = recurrent_synaptic(linear_features=12, reset_mechanism="zero", threshold=2.0)
        self.third = leaky(threshold=0.9, beta=0.3)
        self.readout = linear(12, 3)


def test_network_of_many_modules():
    network = Network().eval()
    modules = [network.flatten, *network.first, network.dropout, *network.between, network.second, network.third,
               network.readout]
    builder = hypr.snntorch.from_modules(network, dt=0.01, name="deep")
    recording = compare(builder, *reference(run, modules))
    assert [layer.name for layer in builder.description().layers] == ["first.1", "second", "third"]
    assert recording.time_step == np.float32(0.01)
    assert hypr.snntorch.from_modules(modules).build().tensors == builder.build().tensors


@pytest.mark.parametrize("make, options", [
    (leaky, {}), (leaky, {"beta": torch.tensor([0.5, 0.9, 0.99])}), (synaptic, {}),
    (synaptic, {"alpha": torch.tensor([0.9, 0.1, 0.0])}), (lapicque, {"R": 4.0, "C": 3.0})])
def test_membrane_readout(make, options):
    modules = [linear(6, 20), leaky(), linear(20, 3), make(reset_mechanism="none", **options)]
    x, layers, _ = reference(run, modules)
    builder = hypr.snntorch.from_modules(modules, readout="membrane")
    compare(builder, x, layers[:1], layers[1].potentials)


def test_membrane_readout_alone():
    modules = [linear(6, 3), leaky(reset_mechanism="none")]
    x, layers, _ = reference(run, modules)
    compare(hypr.snntorch.from_modules(modules, readout="membrane"), x, [], layers[0].potentials)


def test_neurons_first():
    modules = [leaky(), linear(6, 3)]
    compare(hypr.snntorch.from_modules(modules, inputs=6), *reference(run, modules))
    modules = [leaky(threshold=torch.linspace(1, 2, 6)), linear(6, 3)]
    compare(hypr.snntorch.from_modules(modules), *reference(run, modules))


def test_only_what_snntorch_trains_is_trainable():
    modules = [linear(6, 20), leaky(), linear(20, 3)]
    weights = {"layer0.input_weight", "layer0.bias", "readout.weight", "readout.bias"}
    assert trainable(hypr.snntorch.from_modules(modules)) - {"readout.tau"} == weights
    modules[1] = synaptic(learn_alpha=True, learn_beta=True, learn_threshold=True)
    assert trainable(hypr.snntorch.from_modules(modules)) - {"readout.tau"} == weights | {
        "layer0.tau_syn", "layer0.tau_m", "layer0.threshold"}
    modules[1] = recurrent_leaky(linear_features=20)
    modules[0].requires_grad_(False)
    # The bias is the sum of two, of which one is trained.
    assert trainable(hypr.snntorch.from_modules(modules)) - {"readout.tau"} == weights - {"layer0.input_weight"} | {
        "layer0.recurrent_weight"}
    modules[1] = recurrent_leaky(linear_features=20, learn_recurrent=False)
    assert trainable(hypr.snntorch.from_modules(modules)) - {"readout.tau"} == {"readout.weight", "readout.bias"}
    modules[1] = recurrent_leaky(all_to_all=False)
    assert trainable(hypr.snntorch.from_modules(modules)) - {"readout.tau"} == {"readout.weight", "readout.bias"}
    for learns in (False, True):
        # Two linear maps become one, which learns if one of them did.
        first, second = nn.Linear(6, 8, bias=False).requires_grad_(False), nn.Linear(8, 20).requires_grad_(learns)
        frozen = {"layer0.input_weight", "layer0.bias"} - trainable(hypr.snntorch.from_modules([first, second, leaky()]))
        assert frozen == (set() if learns else {"layer0.input_weight", "layer0.bias"})
        modules = [linear(6, 20), leaky(), linear(20, 3), synaptic(reset_mechanism="none", learn_beta=learns)]
        assert ("readout.tau" in trainable(hypr.snntorch.from_modules(modules, readout="membrane"))) == learns


def custom(gradient):
    return surrogate.custom_surrogate(gradient)


@pytest.mark.parametrize("spike_grad, expected", [
    (None, Surrogate("arc_tangent", 2, 1)),
    (surrogate.atan(alpha=5), Surrogate("arc_tangent", 5, 2.5)),
    (surrogate.fast_sigmoid(), Surrogate("fast_sigmoid", 25, 1)),
    (surrogate.fast_sigmoid(slope=0.5), Surrogate("fast_sigmoid", 0.5, 1)),
    (surrogate.straight_through_estimator(), Surrogate("straight_through", None, 1)),
    (custom(lambda v, gradient, z: 2 * gradient * torch.relu(1 - 10 * v.abs())), Surrogate("triangle", 10, 2)),
    (custom(lambda v, gradient, z: 3 * gradient * torch.exp(-4 * v.abs())), Surrogate("slayer", 4, 1.5)),
])
def test_surrogates(spike_grad, expected):
    builder = hypr.snntorch.from_modules([linear(6, 20), leaky(spike_grad=spike_grad)])
    found = builder.description().layers[0].surrogate
    assert found.kind == expected.kind
    assert found.scale == pytest.approx(expected.scale, rel=1e-6)
    assert found.slope is expected.slope is None or found.slope == pytest.approx(expected.slope, rel=1e-6)


@pytest.mark.parametrize("options", [
    *({"spike_grad": gradient} for gradient in (
        surrogate.triangular(), surrogate.heaviside(), surrogate.sigmoid(), surrogate.spike_rate_escape(), surrogate.SSO(),
        surrogate.SFS(), surrogate.LSO(), lambda v: torch.sigmoid(v), lambda v: (v >= 0).float() + 0 * v)),
    {"surrogate_disable": True}])
def test_other_surrogates_must_be_given(options):
    modules = [linear(6, 20), leaky(**options)]
    with pytest.raises(hypr.ModelUnsupportedError, match=r"module 1 \(Leaky\): its surrogate derivative .* surrogate=\.\.\."):
        hypr.snntorch.from_modules(modules)
    builder = hypr.snntorch.from_modules(modules, surrogate="triangle")
    assert builder.description().layers[0].surrogate == Surrogate("triangle")


@pytest.mark.parametrize("make, options", [
    *((leaky, {"reset_mechanism": mechanism}) for mechanism in MECHANISMS),
    (leaky, {"spike_grad": surrogate.fast_sigmoid(slope=5), "learn_threshold": True}),
    (recurrent_leaky, ALL_TO_ALL), (recurrent_leaky, {"reset_mechanism": "zero", **ALL_TO_ALL}),
    (synaptic, {"threshold": 4.0})])
def test_gradients_are_those_of_backpropagation_through_time(make, options):
    """Surrogates keep their scale, and so do the weights below neurons; those of the readout are larger by 1 / (1 - beta)."""
    modules = [linear(6, 20), make(**options), linear(20, 3), leaky(reset_mechanism="none")]
    x = inputs(6)[:60]
    errors = np.random.default_rng(1).normal(size=(len(x), 3)).astype(np.float32)
    loss = torch.zeros(())
    with torch.enable_grad():
        for sample, error in zip(torch.tensor(x), torch.tensor(errors), strict=True):
            value = sample[None]
            for module in modules:
                value = module(value)
            loss = loss + (modules[3].mem[0] * error).sum()
        loss.backward()

    builder = hypr.snntorch.from_modules(modules, readout="membrane")
    session = hypr.Session(builder.build(), window=100, credit="recurrent", update="manual", reduction="sum")
    for sample, error in zip(x, errors, strict=True):
        session.step(sample)
        session.teach_error(error)
    session.flush()
    rest = 1 - modules[3].beta.numpy()
    expected = {"layer0.input_weight": modules[0].weight.grad.numpy(), "readout.weight": modules[2].weight.grad.numpy() * rest,
                "readout.bias": modules[2].bias.grad.numpy() * rest}
    if hasattr(modules[1], "recurrent"):
        expected["layer0.recurrent_weight"] = modules[1].recurrent.weight.grad.numpy()
    if options.get("learn_threshold"):
        assert session.gradients["layer0.threshold"].sum() == pytest.approx(modules[1].threshold.grad.item(), rel=1e-3)
    for name, gradient in expected.items():
        tolerance = 1e-4 * np.abs(gradient).max()
        np.testing.assert_allclose(session.gradients[name], gradient, rtol=1e-3, atol=tolerance, err_msg=name)


def test_no_import_of_pytorch():
    loaded = subprocess.run([sys.executable, "-c", "import sys, hypr, hypr.snntorch, hypr.norse; print(*sys.modules)"],
                            capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "snntorch", "norse"} & set(loaded)


class Derived(snn.Leaky):
    pass


class WithParameters(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(linear(6, 20), leaky())
        self.gain = nn.Parameter(torch.ones(20))


def changed(module, mechanism):
    module.reset_mechanism = mechanism
    return module


TWICE = leaky()

REFUSED = {
    "inhibition": (leaky, {"inhibition": True}, r"inhibition, .*supported is inhibition=False"),
    "quantized": (leaky, {"state_quant": lambda mem: mem}, "state_quant, .*supported is state_quant=False"),
    "shape": (leaky, {"beta": torch.full((7,), 0.5)}, r"beta has the shape \[7\], expected .* one per neuron, \[20\]"),
    "matrix": (leaky, {"threshold": torch.ones(20, 1)}, r"threshold has the shape \[20, 1\]"),
    "threshold": (leaky, {"threshold": 0.0}, "threshold is 0, supported are 1e-06 to"),
    "not a number": (leaky, {"threshold": float("nan")}, "threshold is nan"),
    "no leak for some": (leaky, {"beta": torch.tensor([1.0] + [0.5] * 19)}, "beta gives a decay of 1 per step"),
    "no leak, Synaptic": (synaptic, {"beta": 1.0}, "beta gives a decay of 1 per step"),
    "no leak of the current": (synaptic, {"alpha": 1.5}, "alpha gives a decay of 1 per step"),
    "slow twice": (synaptic, {"alpha": 0.9999, "beta": 0.9999}, r"1 / \(\(1 - alpha\) \(1 - beta\)\) is .* up to 1e6"),
    "RSynaptic at once": (recurrent_synaptic, {"reset_delay": False, **ALL_TO_ALL}, "does not compute RSynaptic"),
    "convolution": (recurrent_leaky, {"conv2d_channels": 2, "kernel_size": 3}, "fed back by Conv2d"),
    "recurrent size": (recurrent_leaky, {"linear_features": 7}, r"recurrent weight is \[7, 7\], and 20 outputs are below"),
    "negative decay": (lapicque, {"beta": 0.2}, "R C gives a decay of -0.609"),
    "Alpha": (snn.Alpha, {"alpha": 0.9, "beta": 0.8}, "nothing like it here; supported are Linear, .*RSynaptic"),
    "derived": (Derived, {"beta": 0.9}, "derived from Leaky, and may do something else"),
    "Conv2d": (nn.Conv2d, {"in_channels": 1, "out_channels": 1, "kernel_size": 3}, "nothing like it here; supported are"),
    "Dropout": (nn.Dropout, {"p": 0.5}, r"training mode; call eval\(\)"),
    "Flatten": (nn.Flatten, {"start_dim": 0}, "flattens dimensions 0 to -1"),
    "empty": (nn.Sequential, {}, "there are no modules in it"),
    "activation": (nn.ReLU, {}, "nothing like it here"),
    "other": (object, {}, "no module of PyTorch"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    make, options, message = REFUSED[case]
    module = make(**options)
    if case == "derived":
        module.init_hidden = True
    with pytest.raises(hypr.ModelUnsupportedError, match=rf"^module 1 \({type(module).__name__}\): .*{message}"):
        hypr.snntorch.from_modules([linear(6, 20), module, linear(20, 2)])


@pytest.mark.parametrize("modules, options, message", [
    ([linear(6, 20), leaky(), leaky()], {"readout": "membrane"},
     r"module 2 \(Leaky\): its spikes reset .*'subtract'.*supported is reset_mechanism='none'"),
    ([linear(6, 20), leaky(), recurrent_leaky(reset_mechanism="none", linear_features=20)], {"readout": "membrane"},
     r"module 2 \(RLeaky\): its spikes are fed back"),
    ([linear(6, 20), leaky(), leaky(reset_mechanism="none", beta=1.0)], {"readout": "membrane"}, "beta gives a decay of 1 "),
    ([linear(6, 20), leaky(), linear(20, 3)], {"readout": "membrane"}, r"module 2 \(Linear\): it has no membrane"),
    ([linear(6, 20), changed(leaky(), "zero")], {}, "made with reset_mechanism='subtract', which was changed afterwards"),
    ([linear(6, 20), TWICE, linear(20, 20), TWICE], {}, r"module 3 \(Leaky\): it is used twice"),
    ([leaky(), linear(6, 3)], {}, r"module 0 \(Leaky\): how many neurons.* inputs=\.\.\."),
    ([linear(6, 20), leaky(), linear(7, 3)], {}, "module 2 takes 7 inputs, and what is below it has 20 outputs"),
    ([linear(6, 20)], {}, "no layer of neurons below the readout"),
    ([WithParameters()], {}, r"module 0 \(WithParameters\): it has parameters of its own"),
])
def test_refusals_of_networks(modules, options, message):
    with pytest.raises(hypr.ModelUnsupportedError, match=message):
        hypr.snntorch.from_modules(modules, **options)


def test_names_are_paths():
    network = Network().eval()
    network.first[1].inhibition = True
    with pytest.raises(hypr.ModelUnsupportedError, match=re.escape("module first.1 (Leaky): inhibition")):
        hypr.snntorch.from_modules(network)


def test_readout_is_one_of_two():
    with pytest.raises(hypr.InvalidArgumentError, match="readout is 'voltage', expected 'spikes' or 'membrane'"):
        hypr.snntorch.from_modules([linear(6, 20), leaky()], readout="voltage")
