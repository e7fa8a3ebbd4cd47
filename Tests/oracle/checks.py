"""What every golden net must satisfy before it is written. Each check raises CheckFailed."""

from dataclasses import dataclass, field

import numpy as np

from float64 import jax, jnp, ravel_pytree
from golden_nets import FIRING_RATES, SMALLEST_MARGIN, Draw, GoldenNet, firing_rates_and_margins
from hypr import hypr_gradient
from losses import LOSSES
from network import bptt_gradient, cut_gradient, forward, loss_value

EXACT = 1e-12  # relative, for two routes to the same number
FINITE_DIFFERENCE = 1e-6  # relative, for finite differences
DIFFERENCE_STEP = 1e-5  # relative to the parameter where that is larger than one
BATCH = 256  # perturbed nets run at once


class CheckFailed(Exception):
    pass


@dataclass
class Report:
    """The largest error met by each kind of check, over all nets."""

    largest: dict = field(default_factory=dict)

    def note(self, check: str, error: float):
        self.largest[check] = max(error, self.largest.get(check, 0.0))


def leaves(tree) -> dict[str, np.ndarray]:
    return {f"{layer}.{name}": np.asarray(array) for layer, tensors in tree.items() for name, array in tensors.items()}


def require_equal(report: Report, check: str, where: str, actual, expected, tolerance: float):
    """Compares leaf by leaf: a norm over all leaves would let the large ones hide the small ones."""
    actual, expected = leaves(actual), leaves(expected)
    if actual.keys() != expected.keys():
        raise CheckFailed(f"{where}: {check}: the leaves differ: {actual.keys() ^ expected.keys()}")
    for name, leaf in expected.items():
        error = float(np.linalg.norm(actual[name] - leaf) / np.linalg.norm(leaf))
        if not error <= tolerance:
            raise CheckFailed(f"{where}: {check}: {name} has a relative error of {error:.1e}")
        report.note(check, error)


def check_spikes(golden: GoldenNet, drawn: Draw):
    """Every layer fires moderately, far enough from the threshold, and with the same spikes in float32."""
    rates, margins = firing_rates_and_margins(golden, drawn)
    if not all(FIRING_RATES[0] <= rate <= FIRING_RATES[1] for rate in rates):
        raise CheckFailed(f"{golden.name}: firing rates {rates}")
    if min(margins) < SMALLEST_MARGIN:
        raise CheckFailed(f"{golden.name}: a membrane comes within {min(margins):.1e} of its threshold")
    exact = forward(golden.network, drawn.parameters, drawn.inputs)
    parameters, inputs = jax.tree.map(jnp.float32, (drawn.parameters, drawn.inputs))
    single = forward(golden.network, parameters, inputs)
    for name, trace in exact.items():
        if single[name].spikes.dtype != jnp.float32:
            raise CheckFailed(f"{golden.name}: {name} does not run in float32")
        if name != "readout" and not np.array_equal(single[name].spikes, trace.spikes):
            raise CheckFailed(f"{golden.name}: {name} fires differently in float32")


def check_loss(golden: GoldenNet, drawn: Draw):
    """The cross-entropy against its formula, log sum exp(y^t) - y^t[label^t], step by step."""
    outputs = np.asarray(forward(golden.network, drawn.parameters, drawn.inputs)["readout"].spikes)
    expected = np.array([np.log(np.exp(y).sum()) - y[label] if label >= 0 else 0.0
                         for y, label in zip(outputs, drawn.labels)])
    loss = LOSSES[golden.network.loss]
    if not np.allclose(loss.per_step(outputs, drawn.labels), expected, rtol=EXACT, atol=EXACT):
        raise CheckFailed(f"{golden.name}: the loss per step is not the cross-entropy")
    if not np.isclose(loss.total(outputs, drawn.labels), expected.sum() / np.sum(drawn.labels >= 0), rtol=EXACT):
        raise CheckFailed(f"{golden.name}: the loss is not the mean over the labelled steps")


def check_finite_and_non_zero(golden: GoldenNet, gradients: dict):
    for kind, gradient in gradients.items():
        for name, leaf in leaves(gradient).items():
            if not np.isfinite(leaf).all():
                raise CheckFailed(f"{golden.name}: gradient {kind} of {name} is not finite")
            if not np.linalg.norm(leaf) > 0:
                raise CheckFailed(f"{golden.name}: gradient {kind} of {name} is zero")


def check_bptt_against_finite_differences(report: Report, golden: GoldenNet, drawn: Draw):
    """Full BPTT of the smooth twin against central differences, element by element, for every leaf."""
    network, parameters = golden.network, drawn.parameters
    check = "full BPTT of the smooth net = finite differences"
    expected = bptt_gradient(network, parameters, drawn.inputs, drawn.labels, smooth=True)
    flat, unflatten = ravel_pytree(parameters)
    steps = DIFFERENCE_STEP * jnp.maximum(1.0, jnp.abs(flat))

    @jax.jit
    def differences(indices):
        def one(index):
            shift = jnp.zeros_like(flat).at[index].set(steps[index])
            above, below = (loss_value(network, unflatten(moved), drawn.inputs, drawn.labels, smooth=True)
                            for moved in (flat + shift, flat - shift))
            return (above - below) / (2 * steps[index])

        return jax.lax.map(one, indices, batch_size=BATCH)

    require_equal(report, check, golden.name, unflatten(differences(jnp.arange(flat.size))), expected,
                  FINITE_DIFFERENCE)
    check = "HYPR recurrent, lambda = T, of the smooth net = its full BPTT"
    recurrent = hypr_gradient(network, parameters, drawn.inputs, drawn.labels, golden.steps, "recurrent", smooth=True)
    require_equal(report, check, golden.name, recurrent, expected, EXACT)


def check_hypr_against_bptt(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict):
    """At lambda = T the credits are BPTT: `window` the local one, `recurrent` the full one. With the exact readout,
    a single layer's gradient is local BPTT for every lambda."""
    arguments = (golden.network, drawn.parameters, drawn.inputs, drawn.labels)
    local, full = gradients["local_bptt"], gradients["bptt"]
    require_equal(report, "HYPR window, lambda = T = local BPTT", golden.name,
                  gradients[f"window/{golden.steps}"], local, EXACT)
    require_equal(report, "HYPR recurrent, lambda = T = full BPTT", golden.name,
                  gradients[f"recurrent/{golden.steps}"], full, EXACT)
    if len(golden.network.neurons) == 1:
        for window in golden.windows:
            exact = hypr_gradient(*arguments, window, "window", exact_readout=True)
            require_equal(report, "HYPR with the exact readout, any lambda, one layer = local BPTT", golden.name,
                          exact, local, EXACT)


def check_hypr_against_cut_gradient(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict):
    """Every credit at every lambda against automatic differentiation with cuts. Without recurrent weights,
    `recurrent` is `window`."""
    arguments = (golden.network, drawn.parameters, drawn.inputs, drawn.labels)
    steps = np.arange(golden.steps)
    for window in golden.windows:
        for credit, length, detach_recurrent in (("window", window, True), ("spatial", 1, True),
                                                 ("recurrent", window, False)):
            expected = cut_gradient(*arguments, steps % length == 0, detach_recurrent)
            require_equal(report, f"HYPR {credit} = autodiff with cuts", golden.name,
                          gradients[f"{credit}/{window}"], expected, EXACT)
        if not golden.recurrent:
            require_equal(report, "HYPR recurrent = window without recurrent weights", golden.name,
                          gradients[f"recurrent/{window}"], gradients[f"window/{window}"], EXACT)


def check_not_vacuous(golden: GoldenNet, gradients: dict):
    """The kinds of gradient must differ by more than any tolerance, or a mix-up of them would go unseen."""

    def require_different(first: str, second: str, leaf: str):
        one, other = leaves(gradients[first])[leaf], leaves(gradients[second])[leaf]
        if np.linalg.norm(one - other) < 1e-2 * np.linalg.norm(other):
            raise CheckFailed(f"{golden.name}: gradients {first} and {second} of {leaf} are nearly the same")

    *shorter, whole = golden.windows
    for window in shorter:
        require_different(f"window/{window}", f"window/{whole}", "layer0.input_weight")
    require_different(f"spatial/{whole}", f"window/{whole}", "layer0.input_weight")
    if golden.recurrent:
        require_different("local_bptt", "bptt", "layer0.recurrent_weight")
        for window in golden.windows:
            require_different(f"recurrent/{window}", f"window/{window}", "layer0.recurrent_weight")
        for window in shorter:
            require_different(f"recurrent/{window}", "bptt", "layer0.recurrent_weight")


def check_all(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict):
    check_spikes(golden, drawn)
    check_loss(golden, drawn)
    check_finite_and_non_zero(golden, gradients)
    check_bptt_against_finite_differences(report, golden, drawn)
    check_hypr_against_bptt(report, golden, drawn, gradients)
    check_hypr_against_cut_gradient(report, golden, drawn, gradients)
    check_not_vacuous(golden, gradients)
