"""HYPR (HYbrid PRopagation, arXiv 2506.14464): online gradients from windows of lambda steps.

Inside a window an adjoint runs backward over the local Jacobians; across windows only the eligibility
e^t = ds^t/d[W V b] (and e_theta^t = ds^t/dtheta) is carried forward. It follows the paths inside each neuron: the
gradient path through V z^{t-1} is cut, so nothing couples two neurons of a layer. Only credit `recurrent` takes that
path, inside a window, and carries the eligibility of the output as well, e_z^t = dz^t/d[W V b] (and dz^t/dtheta).
Credit `filtered` carries a sum of e_z over time in the top layer, which the readout's memory weights.
Per neuron and step, the local Jacobians are

    A = ds^t/ds^{t-1}  B = ds^t/dI  C = dz^t/ds^{t-1}  D = dz^t/dI  F = ds^t/dtheta  G = dz^t/dtheta

They come from automatic differentiation; everything else here is the formulas, one step after the other in NumPy.
The readout is a layer like any other, whose output y stands in the place of z. A neuron with gates has several
currents I, so that B, D and e have an axis for them. Each current counts as if it had weights of its own to all the
presynaptic signals; the rows and columns that exist are picked at the end, and of a sparse weight the elements that are
stored: none has an eligibility that another needs.

Credit, the paths by which a layer learns of the loss:
    window      the adjoint of the layers above inside the window
    spatial     the layers above at the same step only (the published HYPR)
    recurrent   as window, plus the path through V inside the window, and from its first step to the carried e_z
    filtered    as window, plus in the top layer the readout's memory of the windows before
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from float64 import jax, jnp
from network import Network, Trace, forward, update
from neurons import NeuronModel

CREDITS = ("window", "spatial", "recurrent", "filtered")


class LocalJacobians(NamedTuple):
    """T steps, N neurons, k state variables, c currents, p neuron parameters."""

    A: np.ndarray  # [T, N, k, k], new state by old state
    B: np.ndarray  # [T, N, k, c]
    C: np.ndarray  # [T, N, k]
    D: np.ndarray  # [T, N, c]
    F: np.ndarray  # [T, N, k, p]
    G: np.ndarray  # [T, N, p]


@partial(jax.jit, static_argnames=("network", "smooth"))
def all_local_jacobians(network: Network, parameters, traces, smooth):
    def of_layer(model: NeuronModel, layer_parameters, trace: Trace):
        def neuron(state, current, theta):
            named = dict(zip(model.parameter_names, theta))
            new_state, spike, _ = update(model, named, state, current, smooth)
            return new_state, spike

        of_neuron = jax.jacfwd(neuron, argnums=(0, 1, 2))
        of_neurons = jax.vmap(of_neuron, in_axes=(1, 1, 1))
        of_steps = jax.vmap(of_neurons, in_axes=(0, 0, None))
        neurons = trace.spikes.shape[1]
        theta = jnp.array([layer_parameters[name] for name in model.parameter_names]).reshape(-1, neurons)
        (A, B, F), (C, D, G) = of_steps(trace.previous_state, trace.current, theta)
        return LocalJacobians(A, B, C, D, F, G)

    return {name: of_layer(model, parameters[name], traces[name]) for name, model in network.layers().items()}


def presynaptic_signals(parameters, trace: Trace) -> np.ndarray:
    """[x^t ; z^{t-1} ; 1], [T, J]: what all neurons of the layer share. Parts without a weight are left out."""
    parts = [trace.inputs]
    if "recurrent_weight" in parameters:
        parts.append(trace.previous_spikes)
    if "bias" in parameters:
        parts.append(np.ones((len(trace.inputs), 1)))
    return np.concatenate(parts, axis=1)


def gate_rows(values: np.ndarray, positions: tuple[int, ...]) -> np.ndarray:
    """The currents [..., N, c] of the gates as rows [..., G N]; positions gives the current of each gate."""
    gates = np.moveaxis(values[..., positions], -1, -2)
    return gates.reshape(*gates.shape[:-2], -1)


def split_weight_gradient(model: NeuronModel, parameters, weight_gradient) -> dict[str, np.ndarray]:
    """The gradient [N, c, J] as input weights, recurrent weights and bias."""
    inputs, neurons = parameters["input_weight"].shape[1], len(weight_gradient)
    columns = np.moveaxis(weight_gradient, -1, 0)
    gradient = {"input_weight": gate_rows(columns[:inputs], model.input_currents).T}
    if "recurrent_weight" in parameters:
        gradient["recurrent_weight"] = gate_rows(columns[inputs:inputs + neurons], model.recurrent_currents).T
    if "bias" in parameters:
        gradient["bias"] = gate_rows(columns[-1], model.recurrent_currents)
    return gradient


class WindowAdjoint(NamedTuple):
    current: np.ndarray  # gI^t = dL/dI^t [T, N, c], zero outside the window
    parameters: np.ndarray  # the window's share of dL/dtheta [N, p], without the carried part
    state: np.ndarray  # q^{t0} [N, k], on the state that entered the window
    output: np.ndarray  # l_z = V^T gI^{t0+1} [N], on the output that entered it; zero without a recurrent weight


def backward(model: NeuronModel, jacobians: LocalJacobians, window: range, signal, recurrent_weight=None
             ) -> WindowAdjoint:
    """The adjoint inside a window, with signal l^t = dL/dz^t [T, N] and q = 0 after the last step:

        gI^t = B^T q^t + D l^t      gtheta += F^T q^t + G l^t      q^{t-1} = A^T q^t + C l^t

    With a recurrent weight V, l^t gains V^T gI^{t+1}, and so does the output before the window.
    """
    A, B, C, D, F, G = jacobians
    state = np.zeros_like(C[0])
    parameters = np.zeros_like(G[0])
    current = np.zeros_like(D)
    output = np.zeros_like(signal[0])
    for t in reversed(window):
        learning_signal = signal[t] + output
        current[t] = np.einsum("nkc,nk->nc", B[t], state) + D[t] * learning_signal[:, None]
        parameters += np.einsum("nkp,nk->np", F[t], state) + G[t] * learning_signal[:, None]
        state = np.einsum("nkl,nk->nl", A[t], state) + C[t] * learning_signal[:, None]
        if recurrent_weight is not None:
            output = np.einsum("mn,m->n", recurrent_weight, gate_rows(current[t], model.recurrent_currents))
    return WindowAdjoint(current, parameters, state, output)


class Derivatives(NamedTuple):
    """By the weights [W V b] of each current (J columns) and by the p neuron parameters: of the state (the
    eligibility e), with k; of the output or of the loss without."""

    weights: np.ndarray  # [N, k, c, J] or [N, c, J]
    parameters: np.ndarray  # [N, k, p] or [N, p]

    def add(self, weights, parameters):
        self.weights[...] += weights
        self.parameters[...] += parameters


class Learner:
    """One layer's eligibilities and gradient."""

    def __init__(self, model: NeuronModel, parameters, trace: Trace, jacobians: LocalJacobians):
        self.model, self.parameters, self.jacobians = model, parameters, jacobians
        self.presynaptic = presynaptic_signals(parameters, trace)
        neurons, states, currents = jacobians.B.shape[1:]
        columns, parameter_count = self.presynaptic.shape[1], jacobians.F.shape[3]
        self.state = Derivatives(np.zeros((neurons, states, currents, columns)),
                                 np.zeros((neurons, states, parameter_count)))
        self.output, self.filtered, self.total = (
            Derivatives(np.zeros((neurons, currents, columns)), np.zeros((neurons, parameter_count)))
            for _ in range(3))

    def add_window(self, total: Derivatives, window: range, adjoint: WindowAdjoint):
        """Adds the window's share by its adjoint, sum_t gI^t x [x ; z ; 1]^t + q^{t0} e^{t0} + l_z e_z^{t0}."""
        steps = slice(window.start, window.stop)
        total.add(np.einsum("tnc,tj->ncj", adjoint.current[steps], self.presynaptic[steps]), adjoint.parameters)
        total.add(np.einsum("nk,nkcj->ncj", adjoint.state, self.state.weights),
                  np.einsum("nk,nkp->np", adjoint.state, self.state.parameters))
        total.add(adjoint.output[:, None, None] * self.output.weights,
                  adjoint.output[:, None] * self.output.parameters)

    def learn(self, window: range, adjoint: WindowAdjoint):
        """Adds the window's gradient, then carries the eligibilities on."""
        self.add_window(self.total, window, adjoint)
        if "recurrent_weight" in self.parameters:
            self.output = self.output_after(window)
        self.state = self.state_after(window)

    def learn_memory(self, window: range, signal: np.ndarray, decay: float):
        """For `filtered`, before `learn`: adds signal x ebar^{t0} with signal [N] = dL/dz, then carries on

            ebar^{t1} = decay^S ebar^{t0} + sum_t decay^{t1-t} dz^t/d[W V b; theta]

        over the S steps of the window. The sum is the gradient of a loss with dL/dz^t = decay^{t1-t}.
        """
        self.total.add(signal[:, None, None] * self.filtered.weights, signal[:, None] * self.filtered.parameters)
        self.filtered = Derivatives(*(decay ** len(window) * part for part in self.filtered))
        weights = np.zeros(self.jacobians.D.shape[:2])
        for t in window:
            weights[t] = decay ** (window[-1] - t)
        self.add_window(self.filtered, window, backward(self.model, self.jacobians, window, weights))

    def state_after(self, window: range) -> Derivatives:
        """e^{t1} = Phi^{t0} e^{t0} + sum_t Phi^t B^t [x ; z ; 1]^t, with Phi^{t1} = 1, Phi^{t-1} = Phi^t A^t."""
        A, B, F = self.jacobians.A, self.jacobians.B, self.jacobians.F
        weight_part = np.zeros_like(self.state.weights)
        parameter_part = np.zeros_like(self.state.parameters)
        transition = np.broadcast_to(np.eye(A.shape[2]), A.shape[1:])
        for t in reversed(window):
            weight_part += np.einsum("nkl,nlc,j->nkcj", transition, B[t], self.presynaptic[t])
            parameter_part += np.einsum("nkl,nlp->nkp", transition, F[t])
            transition = np.einsum("nkl,nlm->nkm", transition, A[t])
        return Derivatives(np.einsum("nkl,nlcj->nkcj", transition, self.state.weights) + weight_part,
                           np.einsum("nkl,nlp->nkp", transition, self.state.parameters) + parameter_part)

    def output_after(self, window: range) -> Derivatives:
        """e_z^{t1} = C^{t1} e^{t1-1} + D^{t1} [x ; z ; 1]^{t1}, and C^{t1} e_theta^{t1-1} + G^{t1}."""
        last = window[-1]
        C, D, G = self.jacobians.C[last], self.jacobians.D[last], self.jacobians.G[last]
        before = self.state_after(window[:-1])
        return Derivatives(np.einsum("nk,nkcj->ncj", C, before.weights) + np.multiply.outer(D, self.presynaptic[last]),
                           np.einsum("nk,nkp->np", C, before.parameters) + G)

    def gradient(self) -> dict[str, np.ndarray]:
        named = dict(zip(self.model.parameter_names, self.total.parameters.T))
        return {**split_weight_gradient(self.model, self.parameters, self.total.weights), **named}


class Recording(NamedTuple):
    """What HYPR needs of a run, all of it NumPy, by layer."""

    network: Network
    parameters: dict
    traces: dict[str, Trace]
    jacobians: dict[str, LocalJacobians]


def record(network: Network, parameters, inputs, smooth=False) -> Recording:
    traces = forward(network, parameters, inputs, smooth=smooth)
    jacobians = all_local_jacobians(network, parameters, traces, smooth)
    return Recording(network, *jax.tree.map(np.asarray, (parameters, traces, jacobians)))


def new_learners(recording: Recording) -> dict[str, Learner]:
    network, parameters, traces, jacobians = recording
    return {name: Learner(model, parameters[name], traces[name], jacobians[name])
            for name, model in network.layers().items()}


def learn_window(recording: Recording, learners: dict[str, Learner], window: range, signals: dict, credit: str,
                 readout_current=None):
    """The P-stage of a window, from the readout down. `readout_current` is fed to the layer below instead of its own."""
    network, parameters, _, jacobians = recording
    layers = network.layers()
    top = list(layers)[-2]
    readout_gain, readout_decays = jacobians["readout"].B[0, :, 0, 0], jacobians["readout"].A[0, :, 0, 0]
    signal = np.zeros_like(signals["readout"])
    memory = None
    for name in reversed(learners):
        if name in signals:
            signal = signal + signals[name]
        recurrent_weight = parameters[name].get("recurrent_weight") if credit == "recurrent" else None
        adjoint = backward(layers[name], jacobians[name], window, signal, recurrent_weight)
        if name == "readout":
            memory = np.einsum("mn,m->n", parameters[name]["input_weight"], readout_gain * adjoint.state[:, 0])
        elif credit == "filtered" and name == top:
            learners[name].learn_memory(window, memory, readout_decays.mean())
        learners[name].learn(window, adjoint)
        if credit == "spatial":
            current = jacobians[name].D * signal[:, :, None]
        elif readout_current is not None and name == "readout":
            current = readout_current
        else:
            current = adjoint.current
        signal = np.einsum("tm,mn->tn", gate_rows(current, layers[name].input_currents),
                           parameters[name]["input_weight"])


def gradients_of(network: Network, learners: dict[str, Learner]):
    gradients = {name: network.without_absent(name, learner.gradient()) for name, learner in learners.items()}
    return jax.tree.map(np.asarray, gradients)


def hypr_gradient(recording: Recording, signals: dict, window_length: int, credit: str, exact_readout=False):
    """The sum of all windows' gradients, with the parameters held constant. The last window may be shorter.

    `signals` holds the direct derivatives of the loss, dL/dy^t of the readout and dL/dz^t of the layers it looks at.
    `exact_readout` feeds the layers below with the readout's adjoint over the whole sequence. It looks into the
    future, so it is only for checks: with it, a single layer's gradient does not depend on the window length.
    """
    network, parameters, traces, jacobians = recording
    steps = len(signals["readout"])
    learners = new_learners(recording)
    whole_readout = backward(network.layers()["readout"], jacobians["readout"], range(steps), signals["readout"])

    for start in range(0, steps, window_length):
        window = range(start, min(start + window_length, steps))
        learn_window(recording, learners, window, signals, credit, whole_readout.current if exact_readout else None)
    return gradients_of(network, learners)
