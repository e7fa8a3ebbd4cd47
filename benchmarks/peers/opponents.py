"""The opponents of hypr, ready to run on one network: what is timed, and what the checks look at."""

import time
from functools import partial
from statistics import median

import hypr
import jax_bptt
import jax_hypr
import jax_step
import numpy as np
import torch
from jax_networks import Network, forward, fresh_moments, fresh_state
from jax_setup import jax, jnp
from saved import Case, pack, trained
from torch_networks import TorchNetwork

WINDOW = 100
RATE = 0.0  # of learning, as in the benchmark of hypr: the network, and so its spike rate, stays as it is
SHORTEST = 0.2  # seconds that a measurement takes at least


def microseconds_per_step(function, steps: int) -> float:
    """The median over the calls, so that what else the machine does counts little."""
    times, end = [], time.perf_counter() + SHORTEST
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e6 * median(times) / steps


class Opponents:
    def __init__(self, case: Case):
        session = hypr.Session(case.model)
        tensors = dict(session.parameters.items())
        parameters = pack(tensors, case.neuron)
        fixed_tau = None if "readout.tau" in trained(session) else parameters.pop("readout_tau")
        self.case = case
        facts = (case.inputs.shape[1], "layer0.bias" in tensors, "readout.bias" in tensors)
        self.network = Network(case.neuron, facts[0], parameters["weight"].shape[1], *facts[1:], fixed_tau)
        self.torch = TorchNetwork(case.neuron, parameters, *facts, fixed_tau)
        self.parameters = {name: jnp.array(values) for name, values in parameters.items()}
        self.jax_step = jax_step.step(self.network, self.parameters)
        self.torch_step, self.torch_state = self.torch.step()
        self._measured = self._prepare()

    # ---- For the checks

    def spikes(self) -> np.ndarray:
        """Of the whole sequence in JAX, [steps, N]."""
        run = jax.jit(partial(forward, self.network))
        _, record = run(self.parameters, fresh_state(self.network, self.parameters), self.case.inputs)
        return np.asarray(record.readout_input)[:, :self.network.size]

    def jax_outputs(self, steps: int) -> np.ndarray:
        state, outputs = jax_step.fresh_state(self.network, self.parameters), []
        for sample in self.case.inputs[:steps]:
            state, output = self.jax_step(state, sample)
            outputs.append(np.array(output))
        return np.array(outputs)

    def torch_outputs(self, steps: int) -> np.ndarray:
        state, outputs = self.torch_state, []
        with torch.inference_mode():
            for sample in self.case.inputs[:steps]:
                state = self.torch_step(torch.from_numpy(sample), *state)
                outputs.append(state[-1].numpy().copy())
        return np.array(outputs)

    def hypr_gradient(self, steps: int, windows: int) -> dict:
        """The mean over the first windows of so many steps, by dense HYPR in JAX, without an update in between."""
        one = jax.jit(partial(jax_hypr.window, self.network))
        state = fresh_state(self.network, self.parameters)
        traces = jax_hypr.fresh_traces(self.network, self.parameters)
        total = None
        for index in range(windows):
            here = slice(index * steps, (index + 1) * steps)
            gradient, state, traces = one(self.parameters, state, traces, self.case.inputs[here],
                                          self.case.labels[here])
            total = gradient if total is None else jax.tree.map(jnp.add, total, gradient)
        return {name: np.asarray(values) / windows for name, values in total.items()}

    def jax_bptt_gradient(self, steps: int) -> dict:
        return jax.jit(partial(jax_bptt.gradient, self.network))(
            self.parameters, self.case.inputs[:steps], self.case.labels[:steps])

    def torch_bptt_gradient(self, steps: int) -> dict:
        return self.torch.gradient(torch.tensor(self.case.inputs[:steps]),
                                   torch.tensor(self.case.labels[:steps], dtype=torch.long))

    # ---- For the clock

    def _prepare(self) -> dict:
        """By name, a function that runs the sequence once, and its steps. Everything is compiled here."""
        inputs, labels = self.case.inputs, self.case.labels
        windows = len(inputs) // WINDOW  # what is left of the sequence after them is left out
        by_window = (jnp.array(inputs[:windows * WINDOW]).reshape(windows, WINDOW, -1),
                     jnp.array(labels[:windows * WINDOW]).reshape(windows, WINDOW))
        jax_sequence = jnp.array(inputs), jnp.array(labels)
        torch_sequence = torch.tensor(inputs), torch.tensor(labels, dtype=torch.long)
        own = partial(jax.tree.map, jnp.array)  # a copy: what a function is given to keep is gone afterwards
        network, parameters = self.network, self.parameters
        moments = fresh_moments(parameters)
        online = own((parameters, moments, fresh_state(network, parameters),
                      jax_hypr.fresh_traces(network, parameters)))
        offline = own((parameters, moments))
        learn_online = jax.jit(partial(jax_hypr.learn, network), donate_argnums=0)
        learn_offline = jax.jit(partial(jax_bptt.learn, network), donate_argnums=(0, 1))

        def jax_hypr_once():
            nonlocal online
            online = jax.block_until_ready(learn_online(online, *by_window, RATE))

        def jax_bptt_once():
            nonlocal offline
            offline = jax.block_until_ready(learn_offline(*offline, *jax_sequence, RATE))

        def jax_step_once():
            state = jax_step.fresh_state(network, parameters)
            for sample in inputs:
                state, output = self.jax_step(state, sample)
                np.asarray(output)

        def torch_step_once():
            state = self.torch_state
            with torch.inference_mode():
                for sample in inputs:
                    state = self.torch_step(torch.from_numpy(sample), *state)
                    state[-1].numpy()

        steps = len(inputs)
        measured = {"jax_hypr": (jax_hypr_once, windows * WINDOW), "jax_bptt": (jax_bptt_once, steps),
                    "torch_bptt": (lambda: self.torch.learn(*torch_sequence, RATE), steps),
                    "jax_step": (jax_step_once, steps), "torch_step": (torch_step_once, steps)}
        for function, _ in measured.values():
            for _ in range(3):  # PyTorch compiles what is traced in its second call
                function()
        return measured

    def measure(self) -> dict[str, float]:
        """Microseconds per step of each opponent."""
        return {name: microseconds_per_step(*measured) for name, measured in self._measured.items()}
