"""The same networks in PyTorch: backpropagation through time, and one step of inference.

Parameters are as in jax_networks, and the backward pass is written by hand, as in jax_bptt. Nearly all the time goes
into the calls of operations, at microseconds each: automatic differentiation makes several times as many, and tracing the
loops in pieces of PIECE steps makes their calls half as dear. Tried: torch.compile makes a forward pass in pieces of 10
steps 3 times as fast in 4-36-6 and 1.3 times in 64-512-10, but needs minutes of compilation for all networks; a compiled
step, called by itself, is no faster than the traced one.
"""

import torch

from neurons import NEURONS, spikes

PIECE = 50

torch.set_num_threads(1)
torch.set_flush_denormal(True)


def leaky_sum(decay, values):
    """y of y = decay y' + value at every step [steps, C], by doubling."""
    reach = 1
    while reach < len(values):
        values = values + decay * torch.nn.functional.pad(values[:-reach], (0, 0, reach, 0))
        reach, decay = 2 * reach, decay * decay
    return values


def shifted(values):
    """The values one step later, zero at the first."""
    return torch.cat([torch.zeros_like(values[:1]), values[:-1]])


class TorchNetwork:
    def __init__(self, neuron, tensors, inputs, has_bias, readout_has_bias, fixed_tau):
        """`tensors`: the trained parameters."""
        self.neuron = NEURONS[neuron]
        self.inputs, self.has_bias, self.readout_has_bias = inputs, has_bias, readout_has_bias
        self.parameters = {name: torch.tensor(values) for name, values in tensors.items()}
        self.fixed_tau = None if fixed_tau is None else torch.tensor(fixed_tau)
        self.size = self.parameters["weight"].shape[1]
        self.outputs = self.parameters["readout_weight"].shape[1]
        self.optimizer = torch.optim.Adam(self.parameters.values(), fused=True)
        self._traced = {}

    # ---- Parts of the parameters

    def recurrent(self):
        return self.parameters["weight"][self.inputs:self.inputs + self.size]

    def readout_decay(self):
        tau = self.parameters["readout_tau"] if self.fixed_tau is None else self.fixed_tau
        return torch.exp(-1 / tau.abs())

    def theta(self):
        return {name: self.parameters[name] for name in self.neuron.bounds}

    def zeros(self, count):
        return [torch.zeros(self.size) for _ in range(count)]

    # ---- Inference

    def step(self):
        """The traced function (sample, state...) -> state..., whose last array are the outputs, and a fresh state."""
        count = self.neuron.state_count
        coefficients = self.neuron.coefficients(torch.exp, self.theta())
        decay, weight = self.readout_decay(), self.parameters["weight"]
        of_input, recurrent = weight[:self.inputs].T.contiguous(), self.recurrent().T.contiguous()
        of_spikes = ((1 - decay) * self.parameters["readout_weight"]).T
        readout_bias = of_spikes[:, -1].contiguous()
        of_spikes = of_spikes[:, :self.size].contiguous()

        def advance(sample, *state):
            *neurons, spike, output = state
            current = torch.addmv(weight[-1], of_input, sample) if self.has_bias else torch.mv(of_input, sample)
            neurons, spike = self.neuron.advance(coefficients, neurons, spike, torch.addmv(current, recurrent, spike))
            output = torch.addmv(decay * output, of_spikes, spike)
            return (*neurons, spike, output + readout_bias if self.readout_has_bias else output)

        state = (*self.zeros(count + 1), torch.zeros(self.outputs))
        return torch.jit.trace(advance, (torch.zeros(self.inputs), *state)), state

    # ---- Backpropagation through time

    def _piece(self, function, kind, steps, examples):
        """The function traced for so many steps."""
        if (kind, steps) not in self._traced:
            self._traced[kind, steps] = torch.jit.trace(function, examples, check_trace=False)
        return self._traced[kind, steps]

    def _run(self, coefficients, drive):
        """States after every step, k arrays [steps, N]."""
        count, names = self.neuron.state_count, list(coefficients)

        def piece(drive, recurrent, spike, *rest):
            state, constants = rest[:count], dict(zip(names, rest[count:]))
            states = []
            for now in drive.unbind():
                state, spike = self.neuron.advance(constants, state, spike, torch.addmv(now, recurrent, spike))
                states.append(state)
            return (spike, *state, *(torch.stack(values) for values in zip(*states)))

        recurrent, constants = self.recurrent().T.contiguous(), list(coefficients.values())
        spike, *state = self.zeros(1 + count)
        pieces = []
        for now in drive.split(PIECE):
            arguments = (now, recurrent, spike, *state, *constants)
            spike, *rest = self._piece(piece, "run", len(now), arguments)(*arguments)
            state = rest[:count]
            pieces.append(rest[count:])
        return [torch.cat(values) for values in zip(*pieces)]

    def _go_back(self, coefficients, local, signal):
        """Adjoints of the current and of the second state at every step, [steps, N]."""
        count, names, local_names = self.neuron.state_count, list(coefficients), list(local)

        def piece(signal, recurrent, current, *rest):
            adjoint, constants = rest[:count], dict(zip(names, rest[count:count + len(names)]))
            steps = list(zip(signal.unbind(), *(values.unbind() for values in rest[count + len(names):])))
            currents, seconds = [], []
            for now, *values in reversed(steps):
                seconds.append(adjoint[1])
                adjoint, current = self.neuron.pull_back(constants, dict(zip(local_names, values)), adjoint,
                                                         torch.addmv(now, recurrent, current))
                currents.append(current)
            return (current, *adjoint, torch.stack(currents[::-1]), torch.stack(seconds[::-1]))

        recurrent, constants = self.recurrent().contiguous(), list(coefficients.values())
        current, *adjoint = self.zeros(1 + count)
        pieces = []
        for now, *values in reversed(list(zip(signal.split(PIECE), *(v.split(PIECE) for v in local.values())))):
            arguments = (now, recurrent, current, *adjoint, *constants, *values)
            current, *rest = self._piece(piece, "back", len(now), arguments)(*arguments)
            adjoint = rest[:count]
            pieces.append(rest[count:])
        return [torch.cat(values[::-1]) for values in zip(*pieces)]

    def gradient(self, inputs, labels):
        """Of the mean cross-entropy over the sequence [steps, ...], from a fresh state."""
        with torch.enable_grad():  # of the coefficients only
            theta = {name: values.clone().requires_grad_() for name, values in self.theta().items()}
            graph = self.neuron.coefficients(torch.exp, theta)
        with torch.inference_mode():
            coefficients = {name: values.detach() for name, values in graph.items()}
            result, sums = self._gradient(coefficients, inputs, labels)
        sums = [sums[name].clone() for name in graph]
        of_theta = torch.autograd.grad(list(graph.values()), list(theta.values()), sums)
        return {**result, **dict(zip(theta, of_theta))}

    def _gradient(self, coefficients, inputs, labels):
        neuron, weight = self.neuron, self.parameters["weight"]
        drive = inputs @ weight[:self.inputs]
        if self.has_bias:
            drive = drive + weight[-1]
        new = self._run(coefficients, drive)
        old = [shifted(values) for values in new]
        excess = neuron.excess(old, new)
        fired = spikes(excess)
        old_spike = shifted(fired)
        local = neuron.local(torch.exp, coefficients, old, old_spike, excess)
        ones = torch.ones(len(inputs), 1)
        readout_input = torch.cat([fired, ones], dim=1) if self.readout_has_bias else fired
        presynaptic = torch.cat([inputs, old_spike] + [ones] * self.has_bias, dim=1)

        decay = self.readout_decay()
        outputs = leaky_sum(decay, (1 - decay) * (readout_input @ self.parameters["readout_weight"]))
        error = torch.softmax(outputs, dim=1)
        error[torch.arange(len(labels)), labels] -= 1
        of_output = leaky_sum(decay, error.flip(0) / len(labels)).flip(0)
        of_drive = (1 - decay) * of_output
        signal = of_drive @ self.parameters["readout_weight"][:self.size].T
        current, second = self._go_back(coefficients, local, signal)

        result = {"weight": presynaptic.T @ current, "readout_weight": readout_input.T @ of_drive}
        if self.fixed_tau is None:
            tau = self.parameters["readout_tau"]
            slope = decay * tau.sign() / tau ** 2 * (shifted(outputs) - outputs) / (1 - decay)
            result["readout_tau"] = (of_output * slope).sum(dim=0)
        sums = neuron.of_coefficients(coefficients, local, current, second)
        return result, {name: values.sum(dim=0) for name, values in sums.items()}

    def learn(self, inputs, labels, rate):
        """One sequence and one update."""
        gradient = self.gradient(inputs, labels)
        for name, parameter in self.parameters.items():
            parameter.grad = gradient[name].clone()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with torch.no_grad():
            self.optimizer.step()
            for name, bounds in self.neuron.bounds.items():
                self.parameters[name].clamp_(*bounds)
