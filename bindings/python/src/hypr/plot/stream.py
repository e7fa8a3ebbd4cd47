"""A session on a stream: classes, what is still known, spike rates, time per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hypr._optional import require
from hypr.errors import InvalidArgumentError, SizeMismatchError
from hypr.plot._style import COLOURS, legend, line_style, matrix_of, moving_average, new_axes, percent_axis, time_axis, times_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _finished(axes: Axes, steps: int, time_step: float) -> Axes:
    """With time below, a grid, and a legend of what there is."""
    time_axis(axes, steps, time_step)
    if axes.lines:
        legend(axes)
    axes.grid(alpha=0.3)
    return axes


def _name(names: Sequence[str], index: int, kind: str = "") -> str:
    return names[index] if index < len(names) else f"{kind}{index}"


def class_accuracy(labels: npt.ArrayLike, predictions: npt.ArrayLike, ax: Axes | None = None, *, names: Sequence[str] = (),
                   window: int = 500, time_step: float = 0.0) -> Axes:
    """Of each class the share that is recognised, over a stream: a moving average over the last steps of that class.

    Parameters
    ----------
    labels, predictions : array_like of int, [steps]
        Steps with a negative label do not count.
    names : sequence of str, optional
        Of the classes.
    window : int
        Steps of the class that are averaged; nothing is shown before a tenth of them.
    time_step : float
        Seconds per step; 0: the axis is in steps.
    """
    right, guessed = np.asarray(labels), np.asarray(predictions)
    if right.ndim != 1 or right.shape != guessed.shape:
        raise SizeMismatchError(f"labels have the shape {list(right.shape)}, predictions {list(guessed.shape)}, expected [steps]")
    axes = new_axes(ax)
    for place, index in enumerate(np.unique(right[right >= 0]).tolist()):
        steps = np.flatnonzero(right == index)
        axes.plot(times_of(steps + 1, time_step), moving_average((guessed[steps] == index).astype(np.float64), window),
                  label=_name(names, index), linewidth=1.5, **line_style(place))
    axes.set(ylabel=f"recognised, mean of {window} steps", ylim=(-0.02, 1.02))
    percent_axis(axes)
    return _finished(axes, len(right), time_step)


def gauge(steps: npt.ArrayLike, correct: npt.ArrayLike, ax: Axes | None = None, *, names: Sequence[str] = (),
          time_step: float = 0.0) -> Axes:
    """Of samples kept aside, the share of each class that is recognised, over a stream: where a line falls, the class is forgotten.

    Parameters
    ----------
    steps : array_like of int, [readings]
        After how many steps of the stream each was made.
    correct : array_like [readings, classes]
        NaN for classes that are not there.
    names : sequence of str, optional
        Of the classes.
    time_step : float
        Seconds per step; 0: the axis is in steps.
    """
    made, values = np.asarray(steps), matrix_of(correct, "correct")
    if made.shape != values.shape[:1]:
        raise SizeMismatchError(f"there are {made.size} steps, but {len(values)} readings")
    axes = new_axes(ax)
    for index in np.flatnonzero(np.isfinite(values).any(axis=0)).tolist():
        axes.plot(times_of(made, time_step), values[:, index], marker="o", markersize=3,
                  label=_name(names, index), **line_style(index))
    axes.set(ylabel="recognised of what was kept aside", ylim=(-0.02, 1.02))
    percent_axis(axes)
    return _finished(axes, int(made.max(initial=0)), time_step)


def spike_rates(steps: npt.ArrayLike, rates: npt.ArrayLike, ax: Axes | None = None, *, names: Sequence[str] = (),
                time_step: float = 0.0) -> Axes:
    """Spikes per neuron and step of each layer, over a stream.

    Parameters
    ----------
    steps : array_like of int, [rates]
        After how many steps each was read.
    rates : array_like [rates, layers]
    names : sequence of str, optional
        Of the layers.
    time_step : float
        Seconds per step; 0: the axis is in steps.
    """
    made, values = np.asarray(steps), matrix_of(rates, "rates")
    if made.shape != values.shape[:1]:
        raise SizeMismatchError(f"there are {made.size} steps, but {len(values)} rates")
    axes = new_axes(ax)
    for layer in range(values.shape[1]):
        axes.plot(times_of(made, time_step), values[:, layer], label=_name(names, layer, "layer "),
                  linewidth=1.5, **line_style(layer))
    axes.set(ylabel="spikes per neuron and step")
    axes.set_ylim(bottom=0)
    return _finished(axes, int(made.max(initial=0)), time_step)


def latency(seconds: npt.ArrayLike, ax: Axes | None = None, *, deadline: float = 0.0) -> Axes:
    """How many steps took longer than a time: the share, over the time, both on logarithmic axes.

    Parameters
    ----------
    seconds : array_like [steps]
        What each step took.
    deadline : float
        Seconds between two samples, which are marked; 0: not known.
    """
    took = np.sort(np.asarray(seconds, np.float64))
    if took.ndim != 1 or not took.size:
        raise InvalidArgumentError(f"seconds have the shape {list(took.shape)}, expected [steps], one or more")
    axes = new_axes(ax)
    axes.plot(1e3 * took, 1 - np.arange(took.size) / took.size, color=COLOURS[0], linewidth=1.5, drawstyle="steps-pre")
    if deadline:
        axes.axvline(1e3 * deadline, color="0.3", linewidth=1, linestyle=":")
        axes.annotate("the next sample ", (1e3 * deadline, 0.5), xycoords=("data", "axes fraction"), ha="right", fontsize="small",
                      color="0.3")
    axes.set(xscale="log", yscale="log", xlabel="time of a step in ms", ylabel="share of steps that took at least that long")
    axes.yaxis.set_major_formatter(require("matplotlib.ticker", "hypr.plot").FuncFormatter(_percent))
    axes.grid(alpha=0.3)
    return axes


def _percent(share: float, _: int | None) -> str:
    """As PercentFormatter, but with as many digits as there are: shares of a few in a million are told apart."""
    return f"{100 * share:g}%"
