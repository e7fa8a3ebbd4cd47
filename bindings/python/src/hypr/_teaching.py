"""A session that is taught batches of sequences, whatever their targets are."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr._scores import Judgement
from hypr._sequences import Sequences
from hypr._training_data import TrainingData
from hypr.errors import InvalidArgumentError
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.session import Session


class Teacher:
    """A learning session, and how to teach it.

    With the update `sequence` there is one update per batch. Its session makes it when it is told to: hypr.h has no batches of
    values, or of sequences with weights. The weight of a sequence is a factor on the weights of all classes while it is
    taught, or on the error of values; an update is then made on the weighted mean of the batch.
    """

    def __init__(self, model: Model, options: SessionOptions, classes: bool, class_weights: FloatArray | None = None) -> None:
        settings = options.copy()
        if settings.setdefault("update", "sequence") not in ("sequence", "window"):
            raise InvalidArgumentError(f"update is {settings['update']!r}, expected 'sequence' or 'window'")
        self._applies = settings["update"] == "sequence"
        if self._applies:
            settings["update"] = "manual"
        self.session = Session(model, **settings)
        self._class_weights = np.ones(model.output_size, np.float32) if class_weights is None else class_weights
        if class_weights is not None:
            self.session.set_class_weights(class_weights)
        resolved = self.session.options
        self._means = resolved["reduction"] == "mean"
        self.judgement = Judgement(str(resolved["loss"]), int(str(resolved["loss_steps"])))
        if self.judgement.loss == "sum_of_softmax" and not classes:
            raise InvalidArgumentError("the loss 'sum_of_softmax' is for classes")

    def check(self, weights: npt.NDArray[np.float64] | None) -> None:
        """Raises InvalidArgumentError if sequences cannot have weights."""
        if weights is not None and not self._applies:
            raise InvalidArgumentError("sample_weight needs the update 'sequence': one after a window is made on the targets of "
                                       "a single sequence, whose weight makes no difference to their mean")

    def teach(self, part: Sequences) -> FloatArray:
        """Teaches a batch; the outputs [total, outputs] with the parameters before each update."""
        self.check(part.weights)
        outputs = np.empty((len(part.inputs), self.session.output_size), np.float32)
        if not part.classes:
            self._teach_values(part, outputs)
        elif part.weights is None:
            self._teach_classes(part, outputs)
        else:
            for index, (span, weight) in enumerate(zip(part.spans(), part.weights)):
                self.session.set_class_weights(self._class_weights * weight)
                self._teach_classes(part.take(np.array([index])), outputs[span])
            self.session.set_class_weights(self._class_weights)
        if self._applies:
            self.session.apply()
        return outputs

    def _teach_classes(self, part: Sequences, outputs: FloatArray) -> None:
        learn = self.session.learn_batch if part.per_step else self.session.learn_labelled
        learn(part.inputs, part.targets, part.lengths, outputs)

    def _teach_values(self, part: Sequences, outputs: FloatArray) -> None:
        session = self.session
        targets = part.targets if part.per_step else np.repeat(part.targets, part.lengths, axis=0)
        taught = np.isfinite(targets).all(axis=1)
        if not part.per_step:
            for span, count in zip(part.spans(), self.judgement.counts(part.lengths)):
                taught[span.start:span.stop - count] = False
        factors = None if part.weights is None else self._error_factors(part, taught)
        for index, span in enumerate(part.spans()):
            session.reset()
            for step in range(span.start, span.stop):
                outputs[step] = session.step(part.inputs[step])
                if not taught[step]:
                    continue
                if factors is None:
                    session.teach_values(targets[step])
                else:
                    session.teach_error(factors[index] * (outputs[step] - targets[step]))
        session.reset()

    def _error_factors(self, part: Sequences, taught: npt.NDArray[np.bool_]) -> FloatArray:
        """What the difference to the target is multiplied with, for each sequence: the derivative of its weighted loss."""
        weights = np.asarray(part.weights) * 2 / self.session.output_size
        if self._means:  # the session divides by the number of targets, not by their weights
            counts = np.array([taught[span].sum() for span in part.spans()])
            total = (np.asarray(part.weights) * counts).sum()
            weights = weights * (counts.sum() / total if total else 0)
        return weights.astype(np.float32)


def updates_per_epoch(model: Model, options: SessionOptions, data: TrainingData, batch_size: int) -> int:
    """Optimizer steps in one pass over the data, if there are targets everywhere."""
    if options.get("update", "sequence") == "sequence":
        return ceil(len(data) / batch_size)
    window = int(str(Session(model, **options).options["window"]))
    return int(np.ceil(data.lengths / window).sum())
