"""A training run in sentences: what it reached beside guessing, which epoch was saved, and where it was going."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr.model import Model

Columns = Mapping[str, npt.NDArray[np.float64]]

# Of the way from guessing to always right: less is not worth the name of learning.
_LEARNED = 0.05
# By how much a loss must have changed to count: below is the noise of epochs.
_CHANGED = 0.05


def verdict(columns: Columns, config: Mapping[str, Any], kept: Mapping[str, npt.NDArray[Any]], model: Model) -> list[str]:
    """Sentences, the most important first.

    Parameters
    ----------
    columns : mapping of str to ndarray of float64, [epochs]
        Of log.csv; NaN: there is no such number.
    config : mapping
        Of config.json; {} if there is none.
    kept : mapping of str to ndarray
        Of predictions.npz; {} if there is none.
    model : Model
        That was saved.
    """
    epochs = len(next(iter(columns.values()), ()))
    said = [_reached(columns, kept, model), _saved(columns, config, epochs), _course(columns, config, model)]
    return [sentence for sentence in said if sentence]


def saved_epoch(columns: Columns) -> int | None:
    """The place among the epochs of the one that was saved; None: the log does not say it."""
    best = np.flatnonzero(columns.get("best", np.empty(0)) == 1)
    return int(best[-1]) if best.size else None


def _reached(columns: Columns, kept: Mapping[str, npt.NDArray[Any]], model: Model) -> str:
    """Its accuracy beside that of guessing."""
    if "labels" in kept and "predictions" in kept and (kept["labels"] >= 0).any():
        right = kept["labels"][kept["labels"] >= 0]
        accuracy = float((kept["predictions"][kept["labels"] >= 0] == right).mean())
        guessed = float(np.bincount(right).max() / right.size)
        what, guess = str(kept.get("data", "Test data")).lower(), "always saying the most frequent class"
    else:
        part = "validation" if np.isfinite(columns.get("validation_accuracy", np.empty(0))).any() else "train"
        place = saved_epoch(columns)
        values = columns.get(f"{part}_accuracy", np.empty(0))
        if not values.size or not np.isfinite(values[-1 if place is None else place]) or model.output_size < 2:
            return ""
        accuracy, guessed = float(values[-1 if place is None else place]), 1 / model.output_size
        what = "validation data" if part == "validation" else "training data, which says nothing of other data"
        guess = f"guessing among {model.output_size} classes"
    gained = (accuracy - guessed) / (1 - guessed) if guessed < 1 else 0.0
    word = "It has learned" if gained >= _LEARNED else "It has not learned"
    return f"{word}: {accuracy:.1%} are right, where {guess} gives {guessed:.1%} ({what})."


def _saved(columns: Columns, config: Mapping[str, Any], epochs: int) -> str:
    """Which epoch model.hypr is of, and why."""
    place, planned = saved_epoch(columns), config.get("trainer", {}).get("epochs")
    if place is None:
        return ""
    number = int(columns["epoch"][place]) if "epoch" in columns else place + 1
    done = f"epoch {number} of {epochs}" + (f", where {planned} were planned" if planned and planned > epochs else "")
    if any(np.isfinite(columns.get(f"validation_{name}", np.empty(0))).any() for name in ("loss", "accuracy")):
        return f"Saved is {done}, the best by {config.get('trainer', {}).get('monitor', 'score')} on the validation data."
    return f"Saved is {done}, the last, as no data was held out that could tell which is best."


def _course(columns: Columns, config: Mapping[str, Any], model: Model) -> str:
    """Whether it diverged, learned by heart, or would have gone on."""
    known = np.flatnonzero(~np.isnan(columns.get("train_loss", np.empty(0))))
    if not known.size:
        return ""
    train = columns["train_loss"][known]
    if not train[-1] <= 2 * max(train[0], log(max(model.output_size, 2))):
        return (f"It diverged: the loss in training is {train[-1]:.3g} in the last epoch, and was {train.min():.3g} in epoch "
                f"{_epoch(columns, known[train.argmin()])}. Try a lower learning_rate, or a lower gradient_clip.")
    if len(train) < 4:
        return ""
    held = columns.get("validation_loss", np.full(len(columns["train_loss"]), np.nan))[known]
    judged, part = (train, "training") if np.isnan(held).any() else (held, "validation")
    least = int(judged.argmin())
    if part == "validation" and judged[-1] > judged[least] * (1 + _CHANGED) and train[-1] < train[least] * (1 - _CHANGED):
        return (f"It over-fits since epoch {_epoch(columns, known[least])}: in training the loss went on falling, from "
                f"{train[least]:.3g} to {train[-1]:.3g}, on the validation data it rose from {judged[least]:.3g} to "
                f"{judged[-1]:.3g}. More or more varied data helps most; then weight_decay, a smaller network, a smaller patience.")
    before = judged[-1 - max(1, len(judged) // 5)]
    if judged[-1] < before * (1 - _CHANGED):
        ended = len(columns["train_loss"]) < config.get("trainer", {}).get("epochs", 0)
        return (f"It was still improving: the {part} loss fell from {before:.3g} to {judged[-1]:.3g} at last. Try "
                f"{'a larger patience, if it was that which ended it' if ended else 'more epochs'}.")
    return f"It had levelled off: the {part} loss was {before:.3g} and then {judged[-1]:.3g}."


def _epoch(columns: Columns, place: int | np.intp) -> int:
    return int(columns["epoch"][place]) if "epoch" in columns else int(place) + 1
