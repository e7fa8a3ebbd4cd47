"""How well it learns: curves over epochs, accuracy over a stream, confusion of classes."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._optional import require
from hypr.errors import FileError, InvalidArgumentError, SizeMismatchError
from hypr.plot._style import (
    COLOURS,
    figure_of,
    legend,
    line_style,
    moving_average,
    new_axes,
    number_text,
    percent_axis,
    time_axis,
    times_of,
    whole_numbers,
)
from hypr.verdict import saved_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Log: TypeAlias = "str | os.PathLike[str] | Mapping[str, npt.ArrayLike]"


def learning_curves(log: Log, ax: Axes | None = None, *, metric: str = "loss") -> Axes:
    """Training and validation over the epochs; the epoch that was saved is marked, or else that with the best validation.

    Parameters
    ----------
    log : path or mapping of str to array_like [epochs]
        A run folder, its log.csv, or columns: `epoch`, and `train_...` and `validation_...` of the metric. Columns that are
        not there, and empty cells, are left out.
    metric : {"loss", "accuracy"}
        Cross-entropy in nats, or share of right steps or sequences.
    """
    columns = read_log(log)
    axes = new_axes(ax)
    epochs = columns.get("epoch", np.arange(1, 1 + max((len(column) for column in columns.values()), default=0)))
    shown = 0
    for index, part in enumerate(("train", "validation")):
        values = columns.get(f"{part}_{metric}", np.empty(0))
        known = np.isfinite(values)
        if not known.any():
            continue
        shown += 1
        axes.plot(epochs[known], values[known], marker="o" if known.sum() < 40 else None, markersize=3,
                  label={"train": "training"}.get(part, part), **line_style(index))
        if part == "validation":
            saved = saved_epoch(columns)
            best = saved if saved is not None else np.nanargmin(values) if metric == "loss" else np.nanargmax(values)
            axes.plot(epochs[best], values[best], "*", color=COLOURS[5], markersize=12, zorder=3,
                      label=f"{'best' if saved is None else 'saved'}: {number_text(values[best], metric)} (epoch {epochs[best]:g})")
    axes.set(xlabel="epoch", ylabel={"loss": "cross-entropy in nats"}.get(metric, metric))
    whole_numbers(axes.xaxis)
    if metric == "accuracy":
        percent_axis(axes)
    if shown:
        legend(axes)
    else:
        axes.text(0.5, 0.5, f"the log has no {metric}", ha="center", transform=axes.transAxes)
    axes.grid(alpha=0.3)
    return axes


def read_log(log: Log) -> dict[str, npt.NDArray[np.float64]]:
    """The columns of a log by name, [epochs]; NaN for what is empty or no number."""
    if isinstance(log, Mapping):
        return {name: np.asarray(values, np.float64) for name, values in log.items()}
    path = Path(log)
    path = path / "log.csv" if path.is_dir() else path
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise FileError(f"the log {str(path)!r} cannot be read: {error.strerror}") from error
    return {name: np.array([_as_float(row[name]) for row in rows]) for name in (rows[0] if rows else ()) if name}


def stream_accuracy(correct: Mapping[str, npt.ArrayLike], ax: Axes | None = None, *, window: int = 500,
                    time_step: float = 0.0, marks: Mapping[str, float] | None = None) -> Axes:
    """Accuracy over a stream, as a moving average over the judged steps: for example before and after adaptation.

    Parameters
    ----------
    correct : mapping of str to array_like [steps]
        By name, such as "without learning" and "with learning": 1 where the output was right before the step was taught, 0
        where it was wrong, NaN where there is no label.
    window : int
        Steps of the moving average, the step itself and those before; nothing is shown where fewer than a tenth of them were
        judged.
    time_step : float
        Seconds per step; 0: the axis is in steps.
    marks : mapping of str to int, optional
        Steps where something happens, such as ``{"adaptation begins": 12000}``.
    """
    axes, steps = new_axes(ax), 0
    for index, (name, values) in enumerate(correct.items()):
        right = np.asarray(values, np.float64)
        if right.ndim != 1:
            raise SizeMismatchError(f"{name!r} has the shape {list(right.shape)}, expected [steps]")
        steps = max(steps, len(right))
        overall = number_text(float(np.nanmean(right)), "accuracy")
        axes.plot(times_of(np.arange(len(right)), time_step), moving_average(right, window),
                  label=f"{name}: {overall} overall", linewidth=1.5, **line_style(index))
    for name, step in (marks or {}).items():
        place = times_of(np.array([step]), time_step)[0]
        axes.axvline(place, color="0.3", linewidth=1, linestyle=":")
        axes.annotate(f" {name}", (place, 0.02), xycoords=("data", "axes fraction"), fontsize="small", color="0.3")
    axes.set(ylabel=f"accuracy, mean of {window} steps", ylim=(-0.02, 1.02))
    percent_axis(axes)
    time_axis(axes, steps, time_step)
    legend(axes)
    axes.grid(alpha=0.3)
    return axes


def confusion_matrix(labels: npt.ArrayLike, predictions: npt.ArrayLike, ax: Axes | None = None, *,
                     names: Sequence[str] = ()) -> Axes:
    """How often each class (row) is taken for each (column): in percent of the row, and as numbers if there is room.

    Parameters
    ----------
    labels, predictions : array_like of int, of the same shape
        Steps or sequences with a negative label do not count.
    names : sequence of str, optional
        Of the classes.
    """
    right, guessed = np.asarray(labels).ravel(), np.asarray(predictions).ravel()
    if right.shape != guessed.shape:
        raise SizeMismatchError(f"there are {right.size} labels, but {guessed.size} predictions")
    guessed, right = guessed[right >= 0], right[right >= 0]
    if not right.size:
        raise InvalidArgumentError("no label is 0 or above")
    count = max(len(names), int(max(right.max(), guessed.max())) + 1)
    if names and len(names) != count:
        raise SizeMismatchError(f"there are {len(names)} names, but a class {count - 1}")
    counts = np.bincount(right * count + guessed, minlength=count * count).reshape(count, count)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes = new_axes(ax, (5.5, 5))
    image = axes.imshow(share, cmap="cividis", vmin=0, vmax=1)
    if count <= 12:
        for (row, column), value in np.ndenumerate(share):
            if counts[row, column]:
                small = f"\n{counts[row, column]}" if count <= 7 else ""
                axes.text(column, row, f"{100 * value:.0f}%{small}", ha="center", va="center", fontsize=8,
                          color="black" if value > 0.5 else "white")
    shown = list(names) or list(map(str, range(count)))
    turn: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, shown)) > 3 else {}
    axes.set_xticks(range(count), shown, **turn)
    axes.set_yticks(range(count), shown)
    accuracy = number_text(float((right == guessed).mean()), "accuracy")
    axes.set(xlabel="predicted class", ylabel="right class", title=f"accuracy {accuracy} of {right.size:,}")
    bar = figure_of(axes).colorbar(image, ax=axes, label="share of the row", fraction=0.046, pad=0.04)
    bar.ax.yaxis.set_major_formatter(require("matplotlib.ticker", "hypr.plot").PercentFormatter(1))
    return axes


def _as_float(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
