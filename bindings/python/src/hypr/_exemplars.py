"""Which stretches of its training data a model takes along, for sessions to rehearse."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._scores import Judgement
from hypr._sequences import Sequences
from hypr._training_data import TrainingData
from hypr.builder import ModelBuilder
from hypr.model import Model


def with_exemplars(model: Model, data: TrainingData, judgement: Judgement, *, size: int, steps: int, seed: int) -> Model:
    """The model with stretches of the data in the place of its exemplars: sequences are cut from their end, as what comes late
    in them is what they are labelled for, and the library chooses. Sequences are read one at a time."""
    builder = ModelBuilder.from_model(model).clear_exemplars()
    for index in range(len(data)) if data.weights is None else np.flatnonzero(data.weights):
        part = data.take(np.array([index]))
        targets = _step_targets(part, judgement)
        taught = np.asarray(targets >= 0 if part.classes else np.isfinite(targets).all(axis=1))
        for end in range(len(targets), 0, -steps):
            stretch = slice(max(0, end - steps), end)
            if taught[stretch].any():
                builder.exemplars(part.inputs[stretch][None], [targets[stretch]], starts_sequence=stretch.start == 0)
    return builder.keep_exemplars(size, seed).build()


def _step_targets(part: Sequences, judgement: Judgement) -> npt.NDArray[Any]:
    """The target of every step of one sequence."""
    if part.per_step:
        return part.targets
    targets = np.repeat(part.targets, part.lengths, axis=0)
    left_out = int(part.lengths[0] - judgement.counts(part.lengths)[0])
    targets[:left_out] = -1 if part.classes else np.nan
    return targets
