"""Checks that the opponents compute what hypr computes. A failed check ends the program.

Arithmetic in another order turns the odd spike around in the course of time, and what follows from it: so the steps of
the gradients are compared spike by spike, and the whole sequence by its spike rate.
"""

import hypr
import numpy as np
from opponents import Opponents
from saved import gradients, unpack

WINDOW, WINDOWS = 50, 2  # steps and windows of the gradients; the second needs the eligibility at the end of the first
STEPS = WINDOWS * WINDOW
LEAST_COSINE, LARGEST_NORM_ERROR, LARGEST_OUTPUT_ERROR, LARGEST_RATE_ERROR = 0.999, 0.01, 1e-3, 0.05


def fail(opponents: Opponents, what: str):
    raise SystemExit(f"{opponents.case.name}: {what}")


def check_forward(opponents: Opponents) -> int:
    """Returns the number of steps until the first spike that differs."""
    case = opponents.case
    session = hypr.Session(case.model, learning=False)
    outputs, spikes = (np.array(values) for values in zip(*(
        (session.step(sample).copy(), session.spikes()) for sample in case.inputs)))
    others = opponents.spikes()
    differing = (spikes != others).any(axis=1)
    first = int(differing.argmax()) if differing.any() else len(differing)
    if first < STEPS:
        fail(opponents, f"spikes in JAX differ in step {first}")
    rate, other_rate = spikes.mean(), others.mean()
    if abs(other_rate - rate) > LARGEST_RATE_ERROR * rate:
        fail(opponents, f"spike rate {other_rate:.4f} in JAX, {rate:.4f} in hypr")
    for name, values in (("JAX", opponents.jax_outputs(STEPS)), ("PyTorch", opponents.torch_outputs(STEPS))):
        error = np.abs(values - outputs[:STEPS]).max() / np.abs(outputs[:STEPS]).max()
        if not error < LARGEST_OUTPUT_ERROR:
            fail(opponents, f"outputs of the step in {name} are off by {error:.2g}")
    return first


def check_gradient(opponents: Opponents, name: str, packed: dict, expected: dict) -> float:
    """Returns the least cosine."""
    least = 1.0
    for tensor, values in unpack(packed, expected).items():
        other, own = values.ravel().astype(float), expected[tensor].ravel().astype(float)
        norm, other_norm = np.linalg.norm(own), np.linalg.norm(other)
        cosine = own @ other / (norm * other_norm)
        if not (cosine > LEAST_COSINE and abs(other_norm / norm - 1) < LARGEST_NORM_ERROR):
            fail(opponents, f"{tensor}: the gradient of {name} has the cosine {cosine:.6f} with that of hypr, "
                            f"and {other_norm / norm:.4f} times its norm")
        least = min(least, cosine)
    return least


def hypr_gradient(opponents: Opponents, **options) -> dict:
    session = hypr.Session(opponents.case.model, update="manual", **options)
    session.learn_sequence(opponents.case.inputs[:STEPS], opponents.case.labels[:STEPS])
    return gradients(session)


def check(opponents: Opponents) -> str:
    """Returns what was found."""
    first = check_forward(opponents)
    online = hypr_gradient(opponents, window=WINDOW)
    full = hypr_gradient(opponents, window=STEPS, credit="recurrent")
    cosines = [check_gradient(opponents, name, packed, expected) for name, packed, expected in (
        ("HYPR in JAX", opponents.hypr_gradient(WINDOW, WINDOWS), online),
        ("BPTT in JAX", opponents.jax_bptt_gradient(STEPS), full),
        ("BPTT in PyTorch", opponents.torch_bptt_gradient(STEPS), full))]
    same = "all spikes" if first == len(opponents.case.inputs) else f"the spikes of {first} steps"
    return f"{same} the same, cosines of gradients at least {min(cosines):.6f}"
