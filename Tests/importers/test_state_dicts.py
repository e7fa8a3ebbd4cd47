"""State dicts of published networks: networks of their equations, run by PyTorch, and the same imported."""

import numpy as np
import pytest
import torch

import hypr
from hypr.torch import from_state_dict

STEPS, INPUTS, NEURONS, OUTPUTS = 600, 5, 24, 3


class LeakyReadout(torch.nn.Module):
    def __init__(self, neurons):
        super().__init__()
        self.linear = torch.nn.Linear(neurons, OUTPUTS, bias=True)
        self.tau_mem = torch.nn.Parameter(torch.empty(OUTPUTS).uniform_(-25, 25))  # only magnitudes count

    def step(self, spikes, state):
        decay = torch.exp(-1 / self.tau_mem.abs())
        return decay * state + (1 - decay) * self.linear(spikes)


class Cell(torch.nn.Module):
    """Weights of inputs and own spikes in one matrix."""

    def __init__(self, inputs, bias, scale):
        super().__init__()
        self.linear = torch.nn.Linear(inputs + NEURONS, NEURONS, bias=bias)
        with torch.no_grad():
            self.linear.weight *= scale

    def parameter(self, low, high):
        return torch.nn.Parameter(torch.empty(NEURONS).uniform_(low, high) * torch.randn(NEURONS).sign())

    def current(self, x, z):
        return self.linear(torch.cat((x, z)))


class Resonator(Cell):
    def __init__(self, inputs, balanced, dt=0.01, boundary_dt=0.01, bias=False):
        super().__init__(inputs, bias, 0.6 / dt)
        self.omega, self.b_offset = self.parameter(5, 30), self.parameter(0.1, 1)
        if not balanced:
            with torch.no_grad():
                self.b_offset += 5 * self.b_offset.sign()  # otherwise oscillations grow
        self.balanced, self.dt, self.boundary_dt = balanced, dt, boundary_dt

    def start(self):
        return torch.zeros(4, NEURONS)

    def step(self, x, state):
        z, u, v, q = state
        current, omega, damping = self.current(x, z), self.omega.abs(), -self.b_offset.abs()
        if self.balanced:
            damping = damping + (torch.sqrt(1 - (self.boundary_dt * omega) ** 2) - 1) / self.boundary_dt - q
        u, v = (u + self.dt * (damping * u - omega * v + current), v + self.dt * (omega * u + damping * v))
        z = (u - 1 - (q if self.balanced else 0) > 0).float()
        return torch.stack((z, u, v, 0.9 * q + z))


class Adaptive(Cell):
    def __init__(self, inputs, adapts=True):
        super().__init__(inputs, True, 1 if adapts else 25)
        self.tau_mem = self.parameter(5, 30)
        if adapts:
            self.tau_adp = self.parameter(20, 200)
        self.adapts = adapts

    def start(self):
        return torch.zeros(3, NEURONS)

    def step(self, x, state):
        z, u, a = state
        current, decay = self.current(x, z), torch.exp(-1 / self.tau_mem.abs())
        threshold = torch.ones(NEURONS)
        if self.adapts:
            slow = torch.exp(-1 / self.tau_adp.abs())
            a = slow * a + (1 - slow) * z
            threshold = 0.01 + 1.8 * a
        u = decay * u + (1 - decay) * current
        z = (u - threshold > 0).float()
        return torch.stack((z, u - z * threshold, a))


class Network(torch.nn.Module):
    """`hidden` or `hidden1` and `hidden2`, and `out`."""

    def __init__(self, cell, layers=1, **settings):
        super().__init__()
        self.names = ["hidden"] if layers == 1 else [f"hidden{index + 1}" for index in range(layers)]
        for index, name in enumerate(self.names):
            self.add_module(name, cell(INPUTS if index == 0 else NEURONS, **settings))
        self.out = LeakyReadout(NEURONS)

    @torch.no_grad()
    def run(self, x):
        states = [getattr(self, name).start() for name in self.names]
        top, spikes, outputs = torch.zeros(OUTPUTS), [], []
        for sample in torch.from_numpy(x):
            for index, name in enumerate(self.names):
                states[index] = getattr(self, name).step(sample, states[index])
                sample = states[index][0]
            top = self.out.step(sample, top)
            spikes.append(torch.stack([state[0] for state in states]))
            outputs.append(top)
        return torch.stack(spikes).numpy(), torch.stack(outputs).numpy()


class TimeConstant(torch.nn.Module):
    """A fraction of a range, or drawn from the range and fixed."""

    def __init__(self, size, low, high, trained):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(size).uniform_(0, 1) if trained else torch.empty(size).uniform_(low, high))
        self.register_buffer("tau_min", torch.tensor(float(low)))
        self.register_buffer("tau_max", torch.tensor(float(high)))
        self.trained = trained

    def decay(self):
        tau = self.weight * self.tau_max + (1 - self.weight) * self.tau_min if self.trained else self.weight
        return torch.exp(-1 / tau)


class Membrane(torch.nn.Module):
    def __init__(self, inputs, kind, recurrent, trained, gain):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(NEURONS, inputs) * 8)
        self.bias = torch.nn.Parameter(torch.randn(NEURONS))
        if recurrent:
            self.recurrent = torch.nn.Parameter(torch.nn.init.orthogonal_(torch.empty(NEURONS, NEURONS)) * 2)
        else:
            self.register_buffer("recurrent", None)
        self.tau_u_trainer = TimeConstant(NEURONS, 4, 22, trained)
        if kind != "lif":
            self.tau_w_trainer = TimeConstant(NEURONS, 50, 280, trained)
            self.a = torch.nn.Parameter(torch.empty(NEURONS).uniform_(0, 1))
            self.b = torch.nn.Parameter(torch.empty(NEURONS).uniform_(0, 2))
        self.kind, self.gain = kind, gain

    def step(self, x, state):
        z, u, w = state
        current = torch.nn.functional.linear(x, self.weight, self.bias)
        if self.recurrent is not None:
            current = current + self.recurrent @ z
        decay, before = self.tau_u_trainer.decay(), (u, z)
        u = decay * u + (1 - decay) * (current - w)
        z = (u - 1 > 0).float()
        u = u * (1 - z)
        if self.kind != "lif":
            decay, (source, spike) = self.tau_w_trainer.decay(), (u, z) if self.kind == "se_adlif" else before
            w = decay * w + (1 - decay) * (self.a * source + self.b * spike) * self.gain
        return torch.stack((z, u, w))


class Stack(torch.nn.Module):
    """`l1`, `l2`, `out_layer`, or an nn.Sequential's `0`, `1`, ...."""

    def __init__(self, kind, layers=2, recurrent=True, trained=True, trained_readout=False, gain=120.0):
        super().__init__()
        self.names = [f"l{index + 1}" for index in range(layers)]
        for index, name in enumerate(self.names):
            self.add_module(name, Membrane(INPUTS if index == 0 else NEURONS, kind, recurrent, trained, gain))
        self.out_layer = torch.nn.Linear(NEURONS, OUTPUTS)
        self.out_layer.tau_u_trainer = TimeConstant(OUTPUTS, 3, 15, trained_readout)

    @torch.no_grad()
    def run(self, x):
        states = [torch.zeros(3, NEURONS) for _ in self.names]
        decay, top, spikes, outputs = self.out_layer.tau_u_trainer.decay(), torch.zeros(OUTPUTS), [], []
        for sample in torch.from_numpy(x):
            for index, name in enumerate(self.names):
                states[index] = getattr(self, name).step(sample, states[index])
                sample = states[index][0]
            top = decay * top + (1 - decay) * self.out_layer(sample)
            spikes.append(torch.stack([state[0] for state in states]))
            outputs.append(top)
        return torch.stack(spikes).numpy(), torch.stack(outputs).numpy()


def inputs():
    return np.random.default_rng(4).normal(size=(STEPS, INPUTS)).astype(np.float32)


def compare(network, model):
    """Equal spikes in every layer, and outputs that differ by rounding alone."""
    x = inputs()
    spikes, outputs = network.run(x)
    recording = hypr.record(hypr.Session(model, learning=False), x)
    for layer in range(spikes.shape[1]):
        assert 0.01 < spikes[:, layer].mean() < 0.5, f"the rate of layer {layer} is {spikes[:, layer].mean()}"
        np.testing.assert_array_equal(recording.spikes[layer], spikes[:, layer])
    np.testing.assert_allclose(recording.outputs, outputs, rtol=2e-5, atol=2e-6 * np.abs(outputs).max())


HIGUCHI = {
    "brf": lambda: Network(Resonator, balanced=True),
    "rf": lambda: Network(Resonator, balanced=False),
    "brf, a bias": lambda: Network(Resonator, balanced=True, bias=True),
    "alif": lambda: Network(Adaptive),
    "alif, two layers": lambda: Network(Adaptive, layers=2),
    "lif": lambda: Network(Adaptive, adapts=False),
}


@pytest.mark.parametrize("name", HIGUCHI)
@pytest.mark.parametrize("seed", range(3))
def test_higuchi(name, seed):
    torch.manual_seed(seed)
    network = HIGUCHI[name]()
    compare(network, from_state_dict(network.state_dict(), name.split(",")[0]).build())


def test_brf_with_another_step():
    """The published code takes p(omega) of 0.01 even then."""
    torch.manual_seed(0)
    network = Network(Resonator, balanced=True, dt=0.006)
    compare(network, from_state_dict(network.state_dict(), "brf", dt=0.006).build())
    network = Network(Resonator, balanced=True, dt=0.006, boundary_dt=0.006)
    compare(network, from_state_dict(network.state_dict(), "brf", dt=0.006, boundary_dt=0.006).build())


def test_time_constants_of_almost_nothing():
    """Training can take them through 0; hypr has magnitudes from 0.01."""
    torch.manual_seed(0)
    network = Network(Adaptive)
    with torch.no_grad():
        network.out.tau_mem[:2] = torch.tensor([0.004, -1e-5])
        network.hidden.tau_mem[:2] = torch.tensor([-0.003, 0.0])
        network.hidden.tau_adp[0] = 0.009
    compare(network, from_state_dict(network.state_dict()).build())


def test_without_recurrent_weights():
    class Feedforward(Adaptive):
        def __init__(self, inputs):
            super().__init__(inputs)
            self.linear = torch.nn.Linear(inputs, NEURONS)

        def current(self, x, z):
            return self.linear(x)

    torch.manual_seed(0)
    network = Network(Feedforward)
    model = from_state_dict(network.state_dict(), recurrent=False).build()
    assert "layer0.recurrent_weight" not in model.parameters
    compare(network, model)


def test_a_mask_cuts_connections():
    torch.manual_seed(0)
    network = Network(Resonator, balanced=True)
    mask = torch.ones(NEURONS, INPUTS + NEURONS)
    mask[:, INPUTS:] = (torch.rand(NEURONS, NEURONS) > 0.6).float()
    state = {**network.state_dict(), "hidden.linear.mask": mask}
    with torch.no_grad():
        network.hidden.linear.weight *= mask  # the published code does it in every step
    model = from_state_dict(state, "brf").build()
    assert model.parameters["layer0.recurrent_weight"].shape == (int(mask[:, INPUTS:].sum()),)
    compare(network, model)


BARONIG = {
    "se_adlif": lambda: Stack("se_adlif"),
    "se_adlif, one layer": lambda: Stack("se_adlif", layers=1),
    "se_adlif, fixed time constants": lambda: Stack("se_adlif", trained=False),
    "se_adlif, a trained readout": lambda: Stack("se_adlif", trained_readout=True),
    "ef_adlif": lambda: Stack("ef_adlif", gain=60.0),
    "lif_hard": lambda: Stack("lif"),
    "lif_hard, not recurrent": lambda: Stack("lif", recurrent=False),
}


@pytest.mark.parametrize("name", BARONIG)
@pytest.mark.parametrize("seed", range(3))
def test_baronig(name, seed):
    torch.manual_seed(seed)
    network = BARONIG[name]()
    model = from_state_dict(network.state_dict(), name.split(",")[0]).build()
    compare(network, model)
    frozen = {tensor.name for tensor in model.tensors if not tensor.trainable}
    assert ("readout.tau" in frozen) != ("a trained readout" in name)
    assert ("layer0.p_u" in frozen) == ("fixed" in name)


def test_layers_of_a_sequential():
    torch.manual_seed(0)
    network = Stack("se_adlif")
    places = {"l1": "0", "l2": "1", "out_layer": "2"}
    state = {f"model.{places[key.split('.')[0]]}.{key.partition('.')[2]}": value for key, value in network.state_dict().items()}
    compare(network, from_state_dict(state, "se_adlif").build())


@pytest.mark.parametrize("wrap", [
    lambda state: state,
    lambda state: {"epoch": 3, "model_state_dict": state, "optimizer_state_dict": {}},
    lambda state: {"state_dict": {f"net.module.{key}": value for key, value in state.items()}, "global_step": 5},
], ids=["plain", "a checkpoint", "Lightning"])
def test_checkpoints(wrap, tmp_path):
    torch.manual_seed(0)
    network = Network(Adaptive)
    torch.save(wrap(network.state_dict()), tmp_path / "best.pt")
    model = from_state_dict(tmp_path / "best.pt").build()
    assert model == from_state_dict(network.state_dict()).build()
    compare(network, model)


def test_tensors_of_other_types():
    torch.manual_seed(0)
    network = Network(Adaptive).to(torch.bfloat16)
    state = network.state_dict()
    assert from_state_dict(state).build() == from_state_dict({key: value.float() for key, value in state.items()}).build()


def test_checkpoints_that_cannot_be_read(tmp_path):
    torch.save(Network(Adaptive), tmp_path / "module.pt")  # a pickled module: loading it would run code
    with pytest.raises(hypr.FileError, match=r"module.pt' cannot be read: .*torch.save\(model.state_dict\(\), path\)"):
        from_state_dict(tmp_path / "module.pt")
    (tmp_path / "damaged.pt").write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(hypr.FileError, match="damaged.pt"):
        from_state_dict(tmp_path / "damaged.pt")
