"""What every golden net must satisfy before it is written. Each check raises CheckFailed."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from float64 import QUICK_TO_COMPILE, jax, jnp, ravel_pytree
from golden_nets import FIRING_RATES, SMALLEST_MARGIN, Draw, GoldenNet, firing_rates_and_margins
from hypr import hypr_gradient, record
from losses import HIGHEST_RATE, LABEL_SMOOTHING, LAST_STEPS, LOSSES, LOWEST_RATE, PENALTY_STRENGTH
from network import bptt_of_signals, cut_gradient, forward, loss_signals, loss_values, run, starts_of_windows

EXACT = 1e-12  # relative, for two routes to the same number
FINITE_DIFFERENCE = 1e-6  # relative, for finite differences
DIFFERENCE_STEP = 1e-5  # relative to the parameter where that is larger than one
SMALLEST_DIFFERENCE = 1e-4  # of a derivative; rounding spoils the differences of smaller ones
SINGLE = 1e-4  # relative to the largest output, for analog outputs in float32
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


def require_equal(report: Report, check: str, where: str, actual, expected, tolerance: float, smallest=0.0):
    """Compares leaf by leaf: a norm over all leaves would let the large ones hide the small ones. A leaf with elements
    that are less than `smallest` on average counts as if they were that large."""
    actual, expected = leaves(actual), leaves(expected)
    if actual.keys() != expected.keys():
        raise CheckFailed(f"{where}: {check}: the leaves differ: {actual.keys() ^ expected.keys()}")
    for name, leaf in expected.items():
        size = max(float(np.linalg.norm(leaf)), smallest * leaf.size ** 0.5)
        error = float(np.linalg.norm(actual[name] - leaf)) / (size if size > 0 else 1.0)
        if not error <= tolerance:
            raise CheckFailed(f"{where}: {check}: {name} has a relative error of {error:.1e}")
        report.note(check, error)


def check_spikes(golden: GoldenNet, drawn: Draw):
    """Every spiking layer fires moderately, far enough from the threshold, and with the same spikes in float32."""
    rates, margins = firing_rates_and_margins(golden, drawn)
    if not all(FIRING_RATES[0] <= rate <= FIRING_RATES[1] for rate in rates):
        raise CheckFailed(f"{golden.name}: firing rates {rates}")
    if not all(margin >= SMALLEST_MARGIN for margin in margins):
        raise CheckFailed(f"{golden.name}: a membrane comes within {min(margins):.1e} of its threshold")
    exact = forward(golden.network, drawn.parameters, drawn.inputs)
    parameters, inputs = jax.tree.map(jnp.float32, (drawn.parameters, drawn.inputs))
    single = forward(golden.network, parameters, inputs)
    for name, trace in exact.items():
        if single[name].spikes.dtype != jnp.float32:
            raise CheckFailed(f"{golden.name}: {name} does not run in float32")
        tolerance = 0.0 if name in golden.network.spiking_layers() else SINGLE * float(jnp.abs(trace.spikes).max())
        if not np.allclose(single[name].spikes, trace.spikes, rtol=0, atol=tolerance):
            raise CheckFailed(f"{golden.name}: {name} has other outputs in float32")


def softmax(outputs):
    exponentials = np.exp(outputs)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def expected_losses(golden: GoldenNet, drawn: Draw) -> dict[str, float]:
    """Every loss but `spike_rate` by its formula, step by step."""
    outputs = np.asarray(forward(golden.network, drawn.parameters, drawn.inputs)["readout"].spikes)
    labels, sequence_label, values, error, class_weights = drawn.targets
    probabilities, classes = softmax(outputs), outputs.shape[1]
    labelled = [t for t, label in enumerate(labels) if label >= 0]

    def smoothed(t):
        expected = np.full(classes, LABEL_SMOOTHING / classes)
        expected[labels[t]] += 1 - LABEL_SMOOTHING
        return -expected @ np.log(probabilities[t])

    total_weight = sum(class_weights[labels[t]] for t in labelled)
    of_sequence = -np.log(probabilities[:, sequence_label])
    return {
        "cross_entropy": np.mean([-np.log(probabilities[t, labels[t]]) for t in labelled]),
        "sequence": of_sequence.mean(),
        "last_steps": of_sequence[-LAST_STEPS:].mean(),
        "sum_of_softmax": -np.log(softmax(probabilities.sum(axis=0))[sequence_label]),
        "mean_squared_error": np.mean([np.mean((outputs[t] - values[t]) ** 2) for t in labelled]),
        "host_error": np.mean([error[t] @ outputs[t] for t in labelled]),
        "weighted": sum(class_weights[labels[t]] * smoothed(t) for t in labelled) / total_weight,
    }


def expected_penalty(golden: GoldenNet, drawn: Draw, window_length: int) -> float:
    """The spike-rate penalty of all layers, window by window."""
    traces = forward(golden.network, drawn.parameters, drawn.inputs)
    is_labelled = drawn.targets.labels >= 0
    total = 0.0
    for name in golden.network.spiking_layers():
        for start in range(0, golden.steps, window_length):
            steps = slice(start, start + window_length)
            rates = np.asarray(traces[name].spikes)[steps].mean(axis=0)
            below, above = np.maximum(0, LOWEST_RATE - rates), np.maximum(0, rates - HIGHEST_RATE)
            total += PENALTY_STRENGTH * np.mean(below ** 2 + above ** 2) * is_labelled[steps].sum() / is_labelled.sum()
    return total


def check_losses(golden: GoldenNet, drawn: Draw):
    """Every loss against its formula, and both sides of the spike-rate penalty act in windows of more than a step."""
    traces = forward(golden.network, drawn.parameters, drawn.inputs)
    expected = expected_losses(golden, drawn)
    for window in golden.windows:
        formulas = expected | {"spike_rate": expected["cross_entropy"] + expected_penalty(golden, drawn, window)}
        starts = starts_of_windows(golden.steps, window)
        for name, actual in loss_values(golden.network, traces, drawn.targets, starts).items():
            if not np.isclose(actual, formulas[name], rtol=EXACT, atol=EXACT):
                raise CheckFailed(f"{golden.name}: the loss {name} is {actual}, not {formulas[name]}")
    per_step = LOSSES["cross_entropy"].per_step(traces["readout"].spikes, drawn.targets)
    steps = [-np.log(p[label]) if label >= 0 else 0.0
             for p, label in zip(softmax(np.asarray(traces["readout"].spikes)), drawn.targets.labels)]
    if not np.allclose(per_step, steps, rtol=EXACT, atol=EXACT):
        raise CheckFailed(f"{golden.name}: the loss per step is not the cross-entropy")
    window = golden.windows[1]
    for name in golden.network.spiking_layers():
        rates = np.stack([np.asarray(traces[name].spikes)[start:start + window].mean(axis=0)
                          for start in range(0, golden.steps, window)])
        if not rates.min() < LOWEST_RATE < HIGHEST_RATE < rates.max():
            raise CheckFailed(f"{golden.name}: one side of the spike-rate penalty is idle at rates {rates}")


def check_finite_and_non_zero(golden: GoldenNet, gradients: dict):
    for kind, gradient in gradients.items():
        for name, leaf in leaves(gradient).items():
            if not np.isfinite(leaf).all():
                raise CheckFailed(f"{golden.name}: gradient {kind} of {name} is not finite")
            layer, parameter = name.split(".")
            is_unused = parameter == "reset_potential" and (
                golden.network.layers()[layer].constants.get("reset", "set") not in ("set", "delayed_set"))
            if (np.linalg.norm(leaf) > 0) == is_unused:
                raise CheckFailed(f"{golden.name}: gradient {kind} of {name} is {'not ' if is_unused else ''}zero")


def check_sparse_weights(golden: GoldenNet, drawn: Draw, gradients: dict):
    """A sparse weight is zero, and has no gradient, exactly where it is not stored; of a row and a column nothing is."""
    for weight, _ in golden.network.sparse:
        values = leaves(drawn.parameters)[weight]
        stored = golden.network.stored(*weight.split("."), values.shape)
        if not (stored.any() and (~stored.any(0)).any() and (~stored.any(1)).any()):
            raise CheckFailed(f"{golden.name}: {weight} lacks a row or a column of which nothing is stored, or nothing is stored at all")
        if not np.array_equal(values != 0, stored):
            raise CheckFailed(f"{golden.name}: {weight} is not zero where it is not stored, or zero elsewhere")
        for kind, gradient in gradients.items():
            elements = leaves(gradient)[weight]
            if elements[~stored].any() or 2 * np.count_nonzero(elements) < np.count_nonzero(stored):
                raise CheckFailed(f"{golden.name}: gradient {kind} of {weight} is not zero where it is not stored, "
                                  "or is zero at most stored elements")


def check_bptt_against_finite_differences(report: Report, golden: GoldenNet, drawn: Draw):
    """Full BPTT of the smooth twin against central differences of each loss, element by element, for every leaf."""
    network, parameters, length = golden.network, drawn.parameters, golden.smooth_steps or golden.steps
    inputs, targets, starts = drawn.inputs[:length], drawn.targets.first(length), starts_of_windows(length, length)
    flat, unflatten = ravel_pytree(parameters)
    steps = DIFFERENCE_STEP * jnp.maximum(1.0, jnp.abs(flat))

    @partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
    def differences(indices):
        def one(index):
            shift = jnp.zeros_like(flat).at[index].set(steps[index])
            above, below = (loss_values(network, run(network, unflatten(moved), inputs, smooth=True), targets, starts)
                            for moved in (flat + shift, flat - shift))
            return jax.tree.map(lambda high, low: (high - low) / (2 * steps[index]), above, below)

        return jax.lax.map(one, indices, batch_size=BATCH)

    by_loss = differences(jnp.arange(flat.size))
    recording = record(network, parameters, inputs, smooth=True)
    for loss, signals in loss_signals(network, recording.traces, targets, starts).items():
        expected = bptt_of_signals(network, parameters, inputs, signals, False, smooth=True)
        require_equal(report, "full BPTT of the smooth net = finite differences", f"{golden.name}, {loss}",
                      unflatten(by_loss[loss]), expected, FINITE_DIFFERENCE, SMALLEST_DIFFERENCE)
        recurrent = hypr_gradient(recording, jax.tree.map(np.asarray, signals), length, "recurrent")
        require_equal(report, "HYPR recurrent, lambda = T, of the smooth net = its full BPTT",
                      f"{golden.name}, {loss}", recurrent, expected, EXACT)


def check_hypr_against_bptt(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict, loss_gradients: dict):
    """At lambda = T the credits are BPTT: `window` and `filtered` the local one, `recurrent` the full one. With the
    exact readout, a single layer's gradient is local BPTT for every lambda; so is `filtered` if all outputs forget
    alike."""
    network, parameters, inputs, targets = golden.network, drawn.parameters, drawn.inputs, drawn.targets
    recording = record(network, parameters, inputs)
    starts = starts_of_windows(golden.steps, golden.steps)
    all_signals = jax.tree.map(np.asarray, loss_signals(network, recording.traces, targets, starts))
    for loss, signals in all_signals.items():
        where = f"{golden.name}, {loss}"
        if loss == "cross_entropy":
            local, full, kinds = gradients["local_bptt"], gradients["bptt"], gradients
        else:
            local, full = (bptt_of_signals(network, parameters, inputs, signals, detach) for detach in (True, False))
            kinds = {kind.removeprefix(f"{loss}/"): gradient for kind, gradient in loss_gradients.items()
                     if kind.startswith(f"{loss}/")}
        require_equal(report, "HYPR window, lambda = T = local BPTT", where,
                      kinds[f"window/{golden.steps}"], local, EXACT)
        require_equal(report, "HYPR filtered, lambda = T = local BPTT", where,
                      kinds[f"filtered/{golden.steps}"], local, EXACT)
        require_equal(report, "HYPR recurrent, lambda = T = full BPTT", where,
                      kinds[f"recurrent/{golden.steps}"], full, EXACT)
        if len(network.neurons) > 1 or LOSSES[loss].penalty is not None:
            continue
        for window in golden.windows:
            exact = hypr_gradient(recording, signals, window, "window", exact_readout=True)
            require_equal(report, "HYPR with the exact readout, any lambda, one layer = local BPTT", where,
                          exact, local, EXACT)
            if golden.readout_tau is not None and f"filtered/{window}" in kinds:
                # The readout's own tensors have exact traces; the layer's gradient has the readout's memory.
                require_equal(report, "HYPR filtered, any lambda, one layer, equal tau = local BPTT", where,
                              kinds[f"filtered/{window}"], local, EXACT)


def check_hypr_against_cut_gradient(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict,
                                    loss_gradients: dict):
    """Every credit at every lambda against automatic differentiation with cuts. Without recurrent weights,
    `recurrent` is `window`."""
    network, parameters, inputs = golden.network, drawn.parameters, drawn.inputs
    traces = forward(network, parameters, inputs)
    kinds = {f"cross_entropy/{kind}": gradient for kind, gradient in gradients.items() if "/" in kind} | loss_gradients
    signals = {window: loss_signals(network, traces, drawn.targets, starts_of_windows(golden.steps, window))
               for window in golden.windows}
    for kind, gradient in kinds.items():
        loss, credit, window = kind.split("/")
        cuts = starts_of_windows(golden.steps, 1 if credit == "spatial" else int(window))
        expected = cut_gradient(network, parameters, inputs, signals[int(window)][loss], cuts,
                                credit != "recurrent", credit == "filtered")
        require_equal(report, f"HYPR {credit} = autodiff with cuts", f"{golden.name}, {kind}",
                      gradient, expected, EXACT)
        if credit == "recurrent" and not golden.recurrent:
            require_equal(report, "HYPR recurrent = window without recurrent weights", f"{golden.name}, {kind}",
                          gradient, kinds[f"{loss}/window/{window}"], EXACT)


def check_not_vacuous(golden: GoldenNet, gradients: dict, loss_gradients: dict):
    """The kinds of gradient must differ by more than any tolerance, or a mix-up of them would go unseen."""
    gradients = gradients | loss_gradients

    def require_different(first: str, second: str, leaf: str):
        one, other = leaves(gradients[first])[leaf], leaves(gradients[second])[leaf]
        if np.linalg.norm(one - other) < 1e-2 * np.linalg.norm(other):
            raise CheckFailed(f"{golden.name}: gradients {first} and {second} of {leaf} are nearly the same")

    *shorter, whole = golden.windows
    top = f"layer{len(golden.network.neurons) - 1}.input_weight"
    for window in shorter:
        require_different(f"window/{window}", f"window/{whole}", "layer0.input_weight")
        require_different(f"filtered/{window}", f"window/{window}", top)
    require_different(f"spatial/{whole}", f"window/{whole}", "layer0.input_weight")
    for loss in golden.network.losses():
        if loss != "cross_entropy":
            require_different(f"{loss}/window/{whole}", f"window/{whole}", "layer0.input_weight")
    if golden.recurrent:
        require_different("local_bptt", "bptt", "layer0.recurrent_weight")
        for window in golden.windows:
            if window > 1 or golden.network.layers()["layer0"].constants.get("synaptic_lag") != 1.0:
                require_different(f"recurrent/{window}", f"window/{window}", "layer0.recurrent_weight")
        for window in shorter:
            require_different(f"recurrent/{window}", "bptt", "layer0.recurrent_weight")


def check_all(report: Report, golden: GoldenNet, drawn: Draw, gradients: dict, loss_gradients: dict):
    check_spikes(golden, drawn)
    check_losses(golden, drawn)
    check_finite_and_non_zero(golden, gradients)
    check_sparse_weights(golden, drawn, gradients)
    check_bptt_against_finite_differences(report, golden, drawn)
    check_hypr_against_bptt(report, golden, drawn, gradients, loss_gradients)
    check_hypr_against_cut_gradient(report, golden, drawn, gradients, loss_gradients)
    check_not_vacuous(golden, gradients, loss_gradients)
