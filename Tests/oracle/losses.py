"""Losses on the outputs y [T, C].

A loss is a sum over time of per-step losses times per-step weights. Its derivative to y^t then needs nothing of the
future, which online learning asks for. A new loss is one more entry of LOSSES.
"""

from collections.abc import Callable
from typing import NamedTuple

from float64 import jax, jnp


class Loss(NamedTuple):
    per_step: Callable  # (outputs [T, C], targets) -> [T], zero where a step has no target
    weights: Callable  # targets -> [T]

    def total(self, outputs, targets):
        return (self.weights(targets) * self.per_step(outputs, targets)).sum()

    def output_gradient(self, outputs, targets):
        """delta^t = dL/dy^t, the direct one: what y^t does to later outputs is not in it."""
        return jax.grad(self.total)(outputs, targets)


def cross_entropy_per_step(outputs, labels):
    """-log softmax(y^t)[label^t]; a negative label means that the step has no target."""
    labelled = labels >= 0
    log_probabilities = jax.nn.log_softmax(outputs)
    chosen = jnp.take_along_axis(log_probabilities, jnp.where(labelled, labels, 0)[:, None], axis=1)[:, 0]
    return jnp.where(labelled, -chosen, 0.0)


def mean_over_labelled(labels):
    return (labels >= 0) / (labels >= 0).sum()


LOSSES = {"cross_entropy": Loss(cross_entropy_per_step, mean_over_labelled)}
