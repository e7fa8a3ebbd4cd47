"""A session that is taught batches of sequences, whatever their targets are."""

from __future__ import annotations

from math import ceil

import numpy as np

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

    With the update `sequence` there is one update per batch, also for values: hypr.h has no batches of those, so its session
    updates when it is told to.
    """

    def __init__(self, model: Model, options: SessionOptions, classes: bool) -> None:
        settings = options.copy()
        if settings.setdefault("update", "sequence") not in ("sequence", "window"):
            raise InvalidArgumentError(f"update is {settings['update']!r}, expected 'sequence' or 'window'")
        self._applies = settings["update"] == "sequence" and not classes
        if self._applies:
            settings["update"] = "manual"
        self.session = Session(model, **settings)
        resolved = self.session.options
        self.judgement = Judgement(str(resolved["loss"]), int(str(resolved["loss_steps"])))
        if self.judgement.loss == "sum_of_softmax" and not classes:
            raise InvalidArgumentError("the loss 'sum_of_softmax' is for classes")

    def teach(self, part: Sequences) -> FloatArray:
        """Teaches a batch; the outputs [total, outputs] with the parameters before each update."""
        outputs = np.empty((len(part.inputs), self.session.output_size), np.float32)
        if not part.classes:
            self._teach_values(part, outputs)
        elif part.per_step:
            self.session.learn_batch(part.inputs, part.targets, part.lengths, outputs)
        else:
            self.session.learn_labelled(part.inputs, part.targets, part.lengths, outputs)
        return outputs

    def _teach_values(self, part: Sequences, outputs: FloatArray) -> None:
        session = self.session
        for index, span in enumerate(part.spans()):
            session.reset()
            steps = span.stop - span.start
            targets = part.targets[span] if part.per_step else np.broadcast_to(
                part.targets[index], (steps, session.output_size))
            taught = np.isfinite(targets).all(axis=1)
            if not part.per_step:
                taught[:steps - int(self.judgement.counts(part.lengths[index:index + 1])[0])] = False
            for step, (x, target, teach) in enumerate(zip(part.inputs[span], targets, taught.tolist()), span.start):
                outputs[step] = session.step(x)
                if teach:
                    session.teach_values(target)
        session.reset()
        if self._applies:
            session.apply()


def updates_per_epoch(model: Model, options: SessionOptions, data: TrainingData, batch_size: int) -> int:
    """Optimizer steps in one pass over the data, if there are targets everywhere."""
    if options.get("update", "sequence") == "sequence":
        return ceil(len(data) / batch_size)
    window = int(str(Session(model, **options).options["window"]))
    return int(np.ceil(data.lengths / window).sum())
