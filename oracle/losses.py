"""Losses on the outputs y [T, C], and for one of them on the spikes of the hidden layers as well.

A loss is a sum over time of per-step losses times per-step weights. Its derivative to y^t then needs nothing of the
future, which online learning asks for; a loss for which that is not so is not causal. A new loss is one more entry
of LOSSES.
"""

from collections.abc import Callable
from typing import NamedTuple

from float64 import jax, jnp

LAST_STEPS = 3
LABEL_SMOOTHING = 0.1
PENALTY_STRENGTH, LOWEST_RATE, HIGHEST_RATE = 2.0, 0.2, 0.25


class Targets(NamedTuple):
    """T steps, C outputs."""

    labels: object  # [T], the class of each step; negative where the step has no target
    sequence_label: object  # one class for the whole sequence
    values: object  # [T, C], what the outputs should be
    error: object  # [T, C], the derivative of a loss that only the caller knows
    class_weights: object  # [C]

    def first(self, steps: int) -> "Targets":
        return self._replace(labels=self.labels[:steps], values=self.values[:steps], error=self.error[:steps])


class Loss(NamedTuple):
    per_step: Callable  # (outputs [T, C], targets) -> [T], zero where a step has no target
    weights: Callable  # (outputs, targets) -> [T]
    penalty: Callable | None = None  # (spikes [T, N], targets, starts of the windows [T]) -> scalar, for each layer
    is_causal: bool = True

    def total(self, outputs, spikes: dict, targets: Targets, starts):
        """`spikes` holds the outputs of the spiking layers; `starts` [T] is true where a window begins."""
        loss = (self.weights(outputs, targets) * self.per_step(outputs, targets)).sum()
        if self.penalty is not None:
            loss += sum(self.penalty(layer, targets, starts) for layer in spikes.values())
        return loss

    def signals(self, outputs, spikes: dict, targets: Targets, starts) -> dict:
        """The direct derivative of the loss to the readout's outputs, delta^t = dL/dy^t, and to the spikes, [T, N] by
        layer: what they do to later steps or to other layers is not in it."""
        outputs_signal, spikes_signals = jax.grad(self.total, argnums=(0, 1))(outputs, spikes, targets, starts)
        return {**spikes_signals, "readout": outputs_signal}


def cross_entropy_of(outputs, labels):
    """-log softmax(y^t)[label^t]; a negative label means that the step has no target."""
    labelled = labels >= 0
    log_probabilities = jax.nn.log_softmax(outputs)
    chosen = jnp.take_along_axis(log_probabilities, jnp.where(labelled, labels, 0)[:, None], axis=1)[:, 0]
    return jnp.where(labelled, -chosen, 0.0)


def cross_entropy(outputs, targets):
    return cross_entropy_of(outputs, targets.labels)


def sequence_cross_entropy(outputs, targets):
    """At every step the label of the whole sequence."""
    return cross_entropy_of(outputs, jnp.full(outputs.shape[0], targets.sequence_label))


def cross_entropy_of_summed_softmax(outputs, targets):
    """-log softmax(sum_t softmax(y^t))[label], the whole of it at the last step."""
    logits = jax.nn.softmax(outputs).sum(axis=0)
    loss = -jax.nn.log_softmax(logits)[targets.sequence_label]
    return jnp.zeros(outputs.shape[0]).at[-1].set(loss)


def squared_error(outputs, targets):
    """(1/C) sum_o (y_o^t - target_o^t)^2."""
    return jnp.where(targets.labels >= 0, ((outputs - targets.values) ** 2).mean(axis=1), 0.0)


def host_error(outputs, targets):
    """sum_o error_o^t y_o^t, whose derivative to y^t is error^t."""
    return jnp.where(targets.labels >= 0, (targets.error * outputs).sum(axis=1), 0.0)


def smoothed_cross_entropy(outputs, targets):
    """-sum_c p_c log softmax(y^t)[c] with p = (1-s) onehot(label^t) + s/C."""
    classes = outputs.shape[1]
    expected = (1 - LABEL_SMOOTHING) * jax.nn.one_hot(targets.labels, classes) + LABEL_SMOOTHING / classes
    return jnp.where(targets.labels >= 0, -(expected * jax.nn.log_softmax(outputs)).sum(axis=1), 0.0)


def mean_over_labelled(outputs, targets):
    return (targets.labels >= 0) / (targets.labels >= 0).sum()


def mean_over_all(outputs, targets):
    return jnp.full(outputs.shape[0], 1 / outputs.shape[0])


def mean_over_last(outputs, targets):
    return (jnp.arange(outputs.shape[0]) >= outputs.shape[0] - LAST_STEPS) / LAST_STEPS


def only_last(outputs, targets):
    return (jnp.arange(outputs.shape[0]) == outputs.shape[0] - 1) * 1.0


def mean_weighted_by_class(outputs, targets):
    """w_{label^t} over its sum over the labelled steps."""
    weights = jnp.where(targets.labels >= 0, targets.class_weights[targets.labels], 0.0)
    return weights / weights.sum()


def spike_rate_penalty(spikes, targets, starts):
    """For a window of S steps with the rates r_n = (1/S) sum_t z_n^t of N neurons:

        strength (1/N) sum_n [max(0, lowest - r_n)^2 + max(0, r_n - highest)^2]

    Each labelled step has the penalty of its window on top of its loss; returned is the mean over the labelled steps.
    """
    window = jnp.cumsum(starts) - 1
    belongs = (window[:, None] == jnp.arange(len(starts))) * 1.0  # [steps, windows], with empty windows at the end
    rates = belongs.T @ spikes / jnp.maximum(belongs.sum(axis=0), 1)[:, None]
    too_low, too_high = jnp.maximum(0.0, LOWEST_RATE - rates), jnp.maximum(0.0, rates - HIGHEST_RATE)
    penalty_of_window = PENALTY_STRENGTH * (too_low ** 2 + too_high ** 2).mean(axis=1)
    labelled = targets.labels >= 0
    return (labelled * (belongs @ penalty_of_window)).sum() / labelled.sum()


LOSSES = {
    "cross_entropy": Loss(cross_entropy, mean_over_labelled),
    "sequence": Loss(sequence_cross_entropy, mean_over_all),
    "last_steps": Loss(sequence_cross_entropy, mean_over_last),
    "sum_of_softmax": Loss(cross_entropy_of_summed_softmax, only_last, is_causal=False),
    "mean_squared_error": Loss(squared_error, mean_over_labelled),
    "host_error": Loss(host_error, mean_over_labelled),
    "weighted": Loss(smoothed_cross_entropy, mean_weighted_by_class),
    "spike_rate": Loss(cross_entropy, mean_over_labelled, penalty=spike_rate_penalty),
}
