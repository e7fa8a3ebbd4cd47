"""Online learning: a stream whose parameters change after every window, with targets that come late.

A window of lambda steps is closed when d more steps were made, which are the first of the next window; then comes an
update by gradient descent on the mean loss of its steps. So the first d steps of a window were made with the
parameters before that update. Their Jacobians are those at the states and currents that there were; weights that
carry a gradient down, or back through V, are those of the moment when the window is closed. Only weights and biases
are trained, so that the Jacobians do not depend on the moment.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from float64 import jax, jnp
from hypr import CREDITS, Learner, Recording, all_local_jacobians, gradients_of, hypr_gradient, learn_window, record
from losses import LOSSES
from network import Network, Trace, currents_from, update

# The nets, and a factor on the learning rate of the hidden layers: float32 must be able to tell what their large weights change by.
NETS = {"brf_5-8-3": 1000, "se_adlif_5-8-6-3": 200, "lif_5-8-6-3": 30, "lstm_5-8-6-3": 1}
WINDOW, DELAYS, LEARNING_RATE = 7, (0, 3, 7, 10), 0.3
TRAINED = ("input_weight", "recurrent_weight", "bias")
SMALLEST_MARGIN = 2e-4  # of a membrane from its threshold: the spikes of float32 are the same


class Step(NamedTuple):
    """What a layer goes on from."""

    state: object  # [k, N]
    output: object  # [N]


@partial(jax.jit, static_argnames=("network",))
def make_step(network: Network, parameters, before: dict[str, Step], sample):
    """One step of all layers. Returns their Trace of this step and what they go on from."""
    traces, after, signal = {}, {}, sample
    for name, model in network.layers().items():
        own, count = parameters[name], model.current_count
        current = currents_from(own["input_weight"] @ signal, model.input_currents, count)
        rows = own.get("bias", 0.0)
        if "recurrent_weight" in own:
            rows = rows + own["recurrent_weight"] @ before[name].output
        if "bias" in own or "recurrent_weight" in own:
            current = current + currents_from(rows, model.recurrent_currents, count)
        state, output, excess = update(model, own, before[name].state, current, smooth=False)
        traces[name] = Trace(signal, before[name].state, before[name].output, current, state, output, excess)
        after[name] = Step(state, output)
        signal = output
    return traces, after


class Stream:
    """A network that learns online."""

    def __init__(self, network: Network, parameters, targets, credit: str, delay: int, rate: float, hidden: float):
        self.network, self.credit, self.delay, self.rate, self.hidden = network, credit, delay, rate, hidden
        self.parameters = jax.tree.map(np.array, parameters)
        self.targets = targets
        self.open: list[dict[str, Trace]] = []  # the steps of the open windows
        self.closed = 0  # steps of closed windows
        self.before = {name: Step(jnp.zeros((len(model.state_names), size)), jnp.zeros(size))
                       for (name, model), size in zip(network.layers().items(), network.sizes[1:])}
        self.learners: dict[str, Learner] = {}
        self.gradients: list[dict] = []
        self.margin = np.inf

    def run(self, inputs):
        for sample in inputs:
            if len(self.open) == WINDOW + self.delay:
                self.close(WINDOW)
            traces, self.before = make_step(self.network, self.parameters, self.before, sample)
            self.open.append(jax.tree.map(np.asarray, traces))
            for name in self.network.spiking_layers():
                self.margin = min(self.margin, float(np.min(np.abs(traces[name].excess))))
        while self.open:
            self.close(min(WINDOW, len(self.open)))

    def close(self, steps: int):
        """The P-stage of the first window that is open, then an update."""
        window, self.open = self.open[:steps], self.open[steps:]
        traces = {name: Trace(*(None if part[0] is None else np.stack(part)
                                for part in zip(*(step[name] for step in window))))
                  for name in self.network.layers()}
        jacobians = jax.tree.map(np.asarray, all_local_jacobians(self.network, self.parameters, traces, False))
        recording = Recording(self.network, self.parameters, traces, jacobians)
        carried = self.learners
        self.learners = {name: Learner(model, self.parameters[name], traces[name], jacobians[name])
                         for name, model in self.network.layers().items()}
        for name, learner in carried.items():
            new = self.learners[name]
            new.state, new.output, new.filtered = learner.state, learner.output, learner.filtered
        labels = self.targets.labels[self.closed:self.closed + steps]
        self.closed += steps
        loss = LOSSES["cross_entropy"]
        signals = loss.signals(traces["readout"].spikes, {}, self.targets._replace(labels=labels), None)
        learn_window(recording, self.learners, range(steps), jax.tree.map(np.asarray, signals), self.credit)
        gradient = gradients_of(self.network, self.learners)
        self.gradients.append(gradient)
        for name, tensors in self.parameters.items():
            rate = self.rate * (1 if name == "readout" else self.hidden)
            for tensor in TRAINED:
                if tensor in tensors:
                    tensors[tensor] = tensors[tensor] - rate * gradient[name][tensor]


def check_constant_parameters(network: Network, drawn, credit: str, delay: int):
    """Where nothing is updated, the windows' gradients are those of hypr_gradient, whatever the delay."""
    stream = Stream(network, drawn.parameters, drawn.targets, credit, delay, rate=0.0, hidden=1)
    stream.run(drawn.inputs)
    recording = record(network, drawn.parameters, drawn.inputs)
    outputs = recording.traces["readout"].spikes
    total, start = None, 0
    for gradient in stream.gradients:
        steps = min(WINDOW, len(outputs) - start)
        weighted = jax.tree.map(lambda leaf, share=steps / len(outputs): share * leaf, gradient)
        total = weighted if total is None else jax.tree.map(np.add, total, weighted)
        start += steps
    signals = LOSSES["cross_entropy"].signals(outputs, {}, drawn.targets, None)
    expected = hypr_gradient(recording, jax.tree.map(np.asarray, signals), WINDOW, credit)
    for found, leaf in zip(jax.tree.leaves(total), jax.tree.leaves(expected), strict=True):
        if not np.linalg.norm(found - leaf) <= 1e-12 * np.linalg.norm(leaf):
            raise RuntimeError(f"online, {credit}, delay {delay}: not the gradient of constant parameters")


def online_changes(network: Network, drawn, hidden: float) -> dict:
    """By <credit>/<delay>: what every parameter has changed by at the end of the stream."""
    changes = {}
    for credit in CREDITS:
        for delay in DELAYS:
            check_constant_parameters(network, drawn, credit, delay)
            stream = Stream(network, drawn.parameters, drawn.targets, credit, delay, LEARNING_RATE, hidden)
            stream.run(drawn.inputs)
            if stream.margin < SMALLEST_MARGIN:
                raise RuntimeError(f"online, {credit}, delay {delay}: a membrane is {stream.margin} from its threshold")
            changes[f"{credit}/{delay}"] = jax.tree.map(np.subtract, stream.parameters, drawn.parameters)
    return changes
