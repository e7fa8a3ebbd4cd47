"""Loss and accuracy of outputs, judged by what is taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray
from hypr._sequences import Sequences
from hypr.session import Session


@dataclass(frozen=True)
class Judgement:
    """Which steps of a sequence with one target count, and how: the options `loss` and `loss_steps`."""

    loss: str
    loss_steps: int

    @classmethod
    def of(cls, session: Session) -> Judgement:
        """What a session with these options judges by."""
        options = session.options
        return cls(str(options["loss"]), int(str(options["loss_steps"])))

    def counts(self, lengths: IntArray) -> IntArray:
        """How many steps of each sequence count: the last ones."""
        return np.minimum(lengths, self.loss_steps) if self.loss == "last_steps" else lengths

    def steps(self, outputs: FloatArray, lengths: IntArray) -> FloatArray:
        """The outputs [total, outputs] without those of steps that do not count."""
        counts = self.counts(lengths)
        if (counts == lengths).all():
            return outputs
        left_out = np.cumsum(lengths - counts)  # of all steps until the last of each sequence
        return np.asarray(outputs[np.repeat(left_out, counts) + np.arange(counts.sum())])

    def summaries(self, outputs: FloatArray, lengths: IntArray) -> npt.NDArray[np.float64]:
        """What each sequence is judged by, [sequences, outputs]: the mean output over the steps that count, or the sum of
        softmax over all."""
        counts = self.counts(lengths)
        sums = self.loss == "sum_of_softmax"
        counted = softmax(outputs) if sums else self.steps(outputs, lengths).astype(np.float64)
        total = np.add.reduceat(counted, np.cumsum(counts) - counts, axis=0)
        return np.asarray(total if sums else total / counts[:, None])


@dataclass
class Scores:
    """Sums, so that scores of several batches can be added; counts are sums of the weights of sequences, if these have some."""

    loss_sum: float = 0.0
    losses: float = 0
    correct: float = 0
    judged: float = 0

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats, or mean squared error; NaN if there are no targets."""
        return self.loss_sum / self.losses if self.losses else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of right steps, or of right sequences if there is one target for each; NaN for values."""
        return self.correct / self.judged if self.judged else float("nan")

    def add(self, outputs: FloatArray, data: Sequences, judgement: Judgement) -> None:
        """Counts the outputs [total, outputs] of some sequences."""
        judged = outputs if data.per_step else judgement.summaries(outputs, data.lengths)
        weights = np.ones(len(data)) if data.weights is None else data.weights
        weights = np.repeat(weights, data.lengths) if data.per_step else weights
        if data.per_step or judgement.loss == "sum_of_softmax":
            self._losses(judged, data.targets, weights)
        else:
            counts = judgement.counts(data.lengths)
            targets = np.repeat(data.targets, counts, axis=0)
            self._losses(judgement.steps(outputs, data.lengths), targets, np.repeat(weights, counts))
        if data.classes:
            self.correct += float(weights[judged.argmax(axis=1) == data.targets].sum())
            self.judged += float(weights[data.targets >= 0].sum())

    def _losses(self, outputs: npt.NDArray[Any], targets: npt.NDArray[Any], weights: npt.NDArray[np.float64]) -> None:
        if targets.dtype.kind == "i":
            taught = targets >= 0
            losses = cross_entropies(outputs[taught], targets[taught])
        else:
            taught = np.isfinite(targets).all(axis=1)
            losses = np.square(outputs[taught] - targets[taught], dtype=np.float64).mean(axis=1)
        self.loss_sum += float((losses * weights[taught]).sum())
        self.losses += float(weights[taught].sum())


def cross_entropies(logits: npt.NDArray[Any], classes: IntArray) -> npt.NDArray[np.float64]:
    """-log_softmax at the classes alone, [rows], of logits [rows, outputs]."""
    shifted = np.ascontiguousarray(logits.T, np.float64)  # NumPy reduces long rows faster than many short ones
    shifted -= shifted.max(axis=0)
    right = shifted[classes, np.arange(len(logits))]
    return np.asarray(np.log(np.exp(shifted, out=shifted).sum(axis=0)) - right)


def log_softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Over the last axis."""
    return np.asarray(np.exp(log_softmax(logits)))
