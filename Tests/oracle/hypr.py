"""HYPR (HYbrid PRopagation, arXiv 2506.14464): online gradients from windows of lambda steps.

Inside a window an adjoint runs backward over the local Jacobians; across windows only the eligibility
e^t = ds^t/d[W V b] (and e_theta^t = ds^t/dtheta) is carried forward. It follows the paths inside each neuron: the
gradient path through V z^{t-1} is cut, so nothing couples two neurons of a layer. Only credit `recurrent` takes that
path, inside a window, and carries the eligibility of the output as well, e_z^t = dz^t/d[W V b] (and dz^t/dtheta).
Per neuron and step, the local Jacobians are

    A = ds^t/ds^{t-1}  B = ds^t/dI  C = dz^t/ds^{t-1}  D = dz^t/dI  F = ds^t/dtheta  G = dz^t/dtheta

They come from automatic differentiation; everything else here is the formulas, one step after the other in NumPy.
The readout is a layer like any other, whose output y stands in the place of z.

Credit, the paths by which a layer learns of the loss:
    window      the adjoint of the layers above inside the window
    spatial     the layers above at the same step only (the published HYPR)
    recurrent   as window, plus the path through V inside the window, and from its first step to the carried e_z
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from float64 import jax, jnp
from losses import LOSSES
from network import Network, Trace, forward, update
from neurons import NeuronModel


class LocalJacobians(NamedTuple):
    """T steps, N neurons, k state variables, p neuron parameters."""

    A: np.ndarray  # [T, N, k, k], new state by old state
    B: np.ndarray  # [T, N, k]
    C: np.ndarray  # [T, N, k]
    D: np.ndarray  # [T, N]
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
        of_neurons = jax.vmap(of_neuron, in_axes=(1, 0, 1))
        of_steps = jax.vmap(of_neurons, in_axes=(0, 0, None))
        theta = jnp.stack([layer_parameters[name] for name in model.parameter_names])
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


def split_weight_gradient(parameters, weight_gradient) -> dict[str, np.ndarray]:
    """The columns of [N, J] as input weights, recurrent weights and bias."""
    inputs = parameters["input_weight"].shape[1]
    gradient = {"input_weight": weight_gradient[:, :inputs]}
    if "recurrent_weight" in parameters:
        gradient["recurrent_weight"] = weight_gradient[:, inputs:inputs + len(weight_gradient)]
    if "bias" in parameters:
        gradient["bias"] = weight_gradient[:, -1]
    return gradient


class WindowAdjoint(NamedTuple):
    current: np.ndarray  # gI^t = dL/dI^t [T, N], zero outside the window
    parameters: np.ndarray  # the window's share of dL/dtheta [N, p], without the carried part
    state: np.ndarray  # q^{t0} [N, k], on the state that entered the window
    output: np.ndarray  # l_z = V^T gI^{t0+1} [N], on the output that entered it; zero without a recurrent weight


def backward(jacobians: LocalJacobians, window: range, signal, recurrent_weight=None) -> WindowAdjoint:
    """The adjoint inside a window, with signal l^t = dL/dz^t [T, N] and q = 0 after the last step:

        gI^t = B^T q^t + D l^t      gtheta += F^T q^t + G l^t      q^{t-1} = A^T q^t + C l^t

    With a recurrent weight V, l^t gains V^T gI^{t+1}, and so does the output before the window.
    """
    A, B, C, D, F, G = jacobians
    state = np.zeros_like(C[0])
    parameters = np.zeros_like(G[0])
    current = np.zeros_like(D)
    output = np.zeros_like(D[0])
    for t in reversed(window):
        learning_signal = signal[t] + output
        current[t] = np.einsum("nk,nk->n", B[t], state) + D[t] * learning_signal
        parameters += np.einsum("nkp,nk->np", F[t], state) + G[t] * learning_signal[:, None]
        state = np.einsum("nkl,nk->nl", A[t], state) + C[t] * learning_signal[:, None]
        if recurrent_weight is not None:
            output = np.einsum("mn,m->n", recurrent_weight, current[t])
    return WindowAdjoint(current, parameters, state, output)


class Eligibility(NamedTuple):
    """Derivatives by the layer's [W V b] (J columns) and by its p neuron parameters."""

    weights: np.ndarray  # [N, k, J] of the state, [N, J] of the output
    parameters: np.ndarray  # [N, k, p], [N, p]


class Learner:
    """One layer's eligibility and gradient."""

    def __init__(self, model: NeuronModel, parameters, trace: Trace, jacobians: LocalJacobians):
        self.model, self.parameters, self.jacobians = model, parameters, jacobians
        self.presynaptic = presynaptic_signals(parameters, trace)
        neurons, states, parameter_count = jacobians.F.shape[1:]
        columns = self.presynaptic.shape[1]
        self.state = Eligibility(np.zeros((neurons, states, columns)), np.zeros((neurons, states, parameter_count)))
        self.output = Eligibility(np.zeros((neurons, columns)), np.zeros((neurons, parameter_count)))
        self.weight_gradient = np.zeros((neurons, columns))
        self.parameter_gradient = np.zeros((neurons, parameter_count))

    def learn(self, window: range, adjoint: WindowAdjoint):
        """Adds the window's gradient, sum_t gI^t x [x ; z ; 1]^t + q^{t0} e^{t0} + l_z e_z^{t0}, then carries the
        eligibilities on."""
        steps = slice(window.start, window.stop)
        self.weight_gradient += np.einsum("tn,tj->nj", adjoint.current[steps], self.presynaptic[steps])
        self.weight_gradient += np.einsum("nk,nkj->nj", adjoint.state, self.state.weights)
        self.weight_gradient += adjoint.output[:, None] * self.output.weights
        self.parameter_gradient += adjoint.parameters
        self.parameter_gradient += np.einsum("nk,nkp->np", adjoint.state, self.state.parameters)
        self.parameter_gradient += adjoint.output[:, None] * self.output.parameters
        self.output = self.output_after(window)
        self.state = self.state_after(window)

    def state_after(self, window: range) -> Eligibility:
        """e^{t1} = Phi^{t0} e^{t0} + sum_t Phi^t B^t [x ; z ; 1]^t, with Phi^{t1} = 1, Phi^{t-1} = Phi^t A^t."""
        A, B, F = self.jacobians.A, self.jacobians.B, self.jacobians.F
        weight_part = np.zeros_like(self.state.weights)
        parameter_part = np.zeros_like(self.state.parameters)
        transition = np.broadcast_to(np.eye(A.shape[2]), A.shape[1:])
        for t in reversed(window):
            weight_part += np.einsum("nkl,nl,j->nkj", transition, B[t], self.presynaptic[t])
            parameter_part += np.einsum("nkl,nlp->nkp", transition, F[t])
            transition = np.einsum("nkl,nlm->nkm", transition, A[t])
        return Eligibility(np.einsum("nkl,nlj->nkj", transition, self.state.weights) + weight_part,
                           np.einsum("nkl,nlp->nkp", transition, self.state.parameters) + parameter_part)

    def output_after(self, window: range) -> Eligibility:
        """e_z^{t1} = C^{t1} e^{t1-1} + D^{t1} [x ; z ; 1]^{t1}, and C^{t1} e_theta^{t1-1} + G^{t1}."""
        last = window[-1]
        C, D, G = self.jacobians.C[last], self.jacobians.D[last], self.jacobians.G[last]
        before = self.state_after(window[:-1])
        return Eligibility(np.einsum("nk,nkj->nj", C, before.weights) + np.outer(D, self.presynaptic[last]),
                           np.einsum("nk,nkp->np", C, before.parameters) + G)

    def gradient(self) -> dict[str, np.ndarray]:
        named = dict(zip(self.model.parameter_names, self.parameter_gradient.T))
        return {**split_weight_gradient(self.parameters, self.weight_gradient), **named}


def hypr_gradient(network: Network, parameters, inputs, labels, window_length: int, credit: str,
                  exact_readout=False, smooth=False):
    """The sum of all windows' gradients, with the parameters held constant. The last window may be shorter.

    `exact_readout` feeds the layers below with the readout's adjoint over the whole sequence. It looks into the
    future, so it is only for checks: with it, a single layer's gradient does not depend on the window length.
    """
    steps = len(inputs)
    traces = forward(network, parameters, inputs, smooth=smooth)
    output_gradient = LOSSES[network.loss].output_gradient(traces["readout"].spikes, labels)
    jacobians = all_local_jacobians(network, parameters, traces, smooth)
    parameters, traces, jacobians, output_gradient = jax.tree.map(
        np.asarray, (parameters, traces, jacobians, output_gradient))

    learners = {name: Learner(model, parameters[name], traces[name], jacobians[name])
                for name, model in network.layers().items()}
    whole_readout = backward(jacobians["readout"], range(steps), output_gradient)

    for start in range(0, steps, window_length):
        window = range(start, min(start + window_length, steps))
        signal = output_gradient
        for name in reversed(learners):
            recurrent_weight = parameters[name].get("recurrent_weight") if credit == "recurrent" else None
            adjoint = backward(jacobians[name], window, signal, recurrent_weight)
            learners[name].learn(window, adjoint)
            if credit == "spatial":
                current = jacobians[name].D * signal
            elif exact_readout and name == "readout":
                current = whole_readout.current
            else:
                current = adjoint.current
            signal = np.einsum("tm,mn->tn", current, parameters[name]["input_weight"])
    return {name: learner.gradient() for name, learner in learners.items()}
