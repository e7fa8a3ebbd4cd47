"""A session that is taught batches of sequences, whatever their targets are."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr._scores import Judgement
from hypr._sequences import Sequences
from hypr._training_data import TrainingData
from hypr.errors import InvalidArgumentError
from hypr.model import Model
from hypr.model_file import decode
from hypr.options import SessionOptions, option_info
from hypr.session import Session


class Teacher:
    """A learning session, and how to teach it. With the update `sequence` there is one update per batch."""

    def __init__(self, model: Model, options: SessionOptions, classes: bool, class_weights: FloatArray | None = None) -> None:
        settings = options.copy()
        update = settings.setdefault("update", "sequence")
        if update not in ("sequence", "window"):
            raise InvalidArgumentError(f"update is {update!r}, expected 'sequence' or 'window'")
        self.session = Session(model, **settings)
        if class_weights is not None:
            self.session.set_class_weights(class_weights)
        resolved = self.session.options
        self._updates_per_batch = resolved["update"] == "sequence"
        self.judgement = Judgement.of(self.session)
        if self.judgement.loss == "sum_of_softmax" and not classes:
            raise InvalidArgumentError("the loss 'sum_of_softmax' is for classes")

    def check(self, weights: npt.NDArray[np.float64] | None) -> None:
        """Raises InvalidArgumentError if sequences cannot have weights."""
        if weights is not None and not self._updates_per_batch:
            raise InvalidArgumentError("sample_weight needs the update 'sequence': one after a window is made on the targets of "
                                       "a single sequence, whose weight makes no difference to their mean")

    def teach(self, part: Sequences) -> FloatArray:
        """Teaches a batch; the outputs [total, outputs] with the parameters before each update."""
        self.check(part.weights)
        outputs = np.empty((len(part.inputs), self.session.output_size), np.float32)
        self.session.learn(part.inputs, lengths=part.lengths, out=outputs, **self._targets(part))
        return outputs

    def _targets(self, part: Sequences) -> dict[str, Any]:
        """Targets and weights as ``Session.learn`` takes them."""
        weights = part.weights
        if part.classes and not part.per_step:
            return {"sequence_labels": part.targets, "weights": weights}
        of_steps = None if weights is None else np.repeat(weights, part.lengths)
        if part.classes:
            return {"labels": part.targets, "weights": of_steps}
        targets = part.targets if part.per_step else np.repeat(part.targets, part.lengths, axis=0)
        taught = np.asarray(np.isfinite(targets).all(axis=1))
        if not part.per_step:
            for span, count in zip(part.spans(), self.judgement.counts(part.lengths)):
                taught[span.start:span.stop - count] = False
        return {"values": targets, "weights": taught if of_steps is None else np.where(taught, of_steps, 0)}


def rate_falls(model: Model, options: SessionOptions) -> bool:
    """Whether the learning rate falls, by the options or as the model recommends."""
    if "schedule" in options:
        return options["schedule"] not in ("constant", 0)
    return decode(model.data).recommended_options.get("schedule", 0) != 0


def updates_per_epoch(model: Model, options: SessionOptions, data: TrainingData, batch_size: int) -> int:
    """Optimizer steps in one pass over the data, if there are targets everywhere."""
    if options.get("update", "sequence") == "sequence":
        return ceil(len(data) / batch_size)
    given = options.get("window")
    window = decode(model.data).recommended_options.get("window", option_info("window").default) if given is None else given
    return int(np.ceil(data.lengths / window).sum())
