"""Whether a model can work on some data: what ``hypr check`` says, in Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hypr._scores import Judgement, Scores
from hypr._sequences import Sequences, checked_targets, join, recording_alone, run_all, targets_alone
from hypr._words import counted
from hypr.errors import InvalidArgumentError
from hypr.model import Model, checked_model
from hypr.session import Diagnosis, InputRange, LayerActivity, Session

__all__ = ["Check", "check"]


@dataclass(frozen=True)
class Check:
    """What running a model over data shows; ``print`` it.

    Attributes
    ----------
    steps : int
    diagnosis : Diagnosis
        What stands in the way, the worst first.
    layers : tuple of LayerActivity
        Of the hidden layers.
    inputs : tuple of InputRange
        Of the channels.
    names : tuple of str
        Of the channels; their numbers if they have none.
    neurons : tuple of str
        The neuron models of the layers.
    accuracy : float or None
        Of what is labelled; None: nothing is.
    chance : float or None
        That of always saying the most frequent class.
    """

    steps: int
    diagnosis: Diagnosis
    layers: tuple[LayerActivity, ...]
    inputs: tuple[InputRange, ...]
    names: tuple[str, ...]
    neurons: tuple[str, ...]
    accuracy: float | None = None
    chance: float | None = None

    @property
    def cannot_work(self) -> bool:
        """Whether nothing can come of this model on this data."""
        return self.diagnosis.cannot_work

    def __str__(self) -> str:
        verdict = list(self.diagnosis.lines) or ["nothing stands in the way"]
        if self.accuracy is not None and self.chance is not None:
            verdict.append(f"accuracy {self.accuracy:.2%}; always saying the most frequent class gives {self.chance:.2%}")
        elif not self.diagnosis.lines:
            verdict.append("inputs are where they were in training, and neurons spike; that says nothing of accuracy")
        layers = [f"layer{index}: {layer.neurons} {kind}, {layer.spike_rate:.4f} spikes per neuron and step, "
                  f"{layer.silent_neurons} silent, {layer.saturated_neurons} saturated"
                  for index, (layer, kind) in enumerate(zip(self.layers, self.neurons))]
        inputs = [f"input {name}: {found.lowest:.4g} to {found.highest:.4g}" + (
                      f", in training {found.trained_lower:.4g} to {found.trained_upper:.4g}, {found.share_outside:.1%} outside"
                      if found.is_known else "") for name, found in zip(self.names, self.inputs)]
        return "\n".join([*verdict, "", counted(self.steps, "step"), *layers, *inputs])


def check(model: Model, x: Any, y: Any = None) -> Check:
    """Runs a model over sequences, each from a fresh state, without learning: can it work on them?

    Parameters
    ----------
    model : Model
    x : array_like [steps, channels], [sequences, steps, channels], or a list of arrays [steps, channels]
    y : optional
        Classes, as for ``Trainer.fit``, negative for none: then the accuracy is told, too. Samples like those in training may be
        taken for another class.

    Returns
    -------
    Check

    Examples
    --------
    >>> print(hypr.check(model, recording))
    layer0 never spiked in 2000 steps: inputs are 41 times larger than in training: was the sensor moved, or its unit changed?
    """
    model = checked_model(model)
    inputs, lengths = join(x, model.input_size)
    session = Session(model, learning=False)
    outputs = run_all(session, inputs, lengths)
    accuracy = chance = None
    if y is not None:
        targets, per_step = checked_targets(targets_alone(y) if recording_alone(x) else y, lengths, model.output_size)
        labelled = Sequences(inputs, lengths, targets, per_step)
        if not labelled.classes:
            raise InvalidArgumentError("y has values, expected classes: whole numbers from 0, negative for none")
        if (targets >= 0).any():
            scores = Scores()
            scores.add(outputs, labelled, Judgement.of(session))
            accuracy, chance = scores.accuracy, float(np.bincount(targets[targets >= 0]).max() / scores.judged)
    names = model.input_names or tuple(map(str, range(model.input_size)))
    return Check(session.statistics.steps, session.diagnose(), session.activity, session.input_ranges, names,
                 tuple(layer.neuron for layer in model.layers), accuracy, chance)
