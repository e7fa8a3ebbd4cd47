"""What a network does: spikes, states and outputs over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hypr.errors import InvalidArgumentError, SizeMismatchError
from hypr.plot._style import COLOURS, GREY, legend, line_style, matrix_of, new_axes, time_axis, times_of, whole_numbers
from hypr.recording import Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def raster(spikes: npt.ArrayLike | Sequence[npt.ArrayLike], ax: Axes | None = None, *, time_step: float = 0.0,
           names: Sequence[str] = ()) -> Axes:
    """Spikes over time, a dot each; layers one above the other, each in its colour.

    Parameters
    ----------
    spikes : array_like [steps, neurons], or sequence of them
        0 or 1, such as ``recording.spikes`` or inputs that are spikes. Signed spikes (-1) are drawn as open circles.
    time_step : float
        Seconds per step; 0: the axis is in steps.
    names : sequence of str, optional
        Of the layers.
    """
    several = isinstance(spikes, (list, tuple)) and np.ndim(spikes[0]) == 2
    layers = [matrix_of(layer, "spikes") for layer in (spikes if several else [spikes])]  # type: ignore[union-attr]
    if names and len(names) != len(layers):
        raise SizeMismatchError(f"there are {len(names)} names for {len(layers)} layers")
    axes, bottom = new_axes(ax), 0
    # Dots (in points) that touch neither the next row nor, if there are few steps, the next step.
    rows, steps = sum(layer.shape[1] for layer in layers), max(len(layers[0]), 1)
    size = float(np.clip(0.8 * min(220 / rows, max(450 / steps, 2.5)), 1.5, 5)) ** 2
    for index, layer in enumerate(layers):
        if not np.isin(layer, (-1, 0, 1)).all():
            raise InvalidArgumentError(f"layer {index} has values that are no spikes: traces() shows numbers")
        label = names[index] if names else f"layer {index}"
        for sign, face in ((1, COLOURS[index % len(COLOURS)]), (-1, "none")):
            step, neuron = np.nonzero(layer == sign)
            if sign > 0 or step.size:
                axes.scatter(times_of(step, time_step), neuron + bottom, s=size, marker="o", facecolors=face,
                             edgecolors=COLOURS[index % len(COLOURS)], linewidths=0 if sign > 0 else 0.5,
                             label=label if sign > 0 else None, rasterized=True)
        bottom += layer.shape[1]
        if index < len(layers) - 1:
            axes.axhline(bottom - 0.5, color=GREY, linewidth=0.8)
    axes.set(ylabel="neuron", ylim=(-0.5, bottom - 0.5))
    whole_numbers(axes.yaxis)
    time_axis(axes, len(layers[0]), time_step)
    if len(layers) > 1 or names:
        # Above: dots are everywhere inside.
        axes.legend(fontsize="small", markerscale=5 / size ** 0.5, loc="lower left", bbox_to_anchor=(0, 1), ncols=4,
                    frameon=False)
    return axes


def membrane(recording: Recording, ax: Axes | None = None, *, layer: int = 0, neurons: Sequence[int] | None = None,
             variable: str | None = None) -> Axes:
    """A state variable of some neurons over time, one above the other, with their spikes as ticks on top of each.

    Parameters
    ----------
    recording : Recording
        From ``hypr.record``.
    layer : int
    neurons : sequence of int, optional
        Not given: the three that spike most.
    variable : str, optional
        Such as "w" of SEAdLIF; not given: the membrane potential.
    """
    values = recording.membrane(layer) if variable is None else recording.state(variable, layer)
    shown = variable or ("u" if "u" in recording.variables(layer) else recording.variables(layer)[0])
    spikes = recording.spikes[layer]
    if neurons is None:
        busiest = np.abs(spikes).sum(axis=0).argsort(kind="stable")[::-1][:3]
        neurons = sorted(busiest.tolist())
    axes = new_axes(ax)
    lowest, highest = values[:, list(neurons)].min(axis=0), values[:, list(neurons)].max(axis=0)
    distance = float(max(np.max(highest - lowest), 1e-6)) * 1.25
    times = times_of(np.arange(len(recording)), recording.time_step)
    for index, neuron in enumerate(neurons):
        colour, zero = COLOURS[index % len(COLOURS)], -distance * index
        axes.axhline(zero, color=GREY, linewidth=0.5)
        axes.plot(times, values[:, neuron] + zero, color=colour, linewidth=1)
        if recording.has_spikes(layer):
            top = zero + highest[index]
            axes.vlines(times[spikes[:, neuron] > 0], top + 0.04 * distance, top + 0.12 * distance, color=colour, linewidth=1)
    axes.set_yticks([-distance * index for index in range(len(neurons))], [f"neuron {neuron}" for neuron in neurons])
    axes.set_ylabel(f"{shown} of {recording.layers[layer].neuron}, spikes as ticks" if recording.has_spikes(layer)
                    else f"{shown} of {recording.layers[layer].neuron}")
    _scale_bar(axes, distance, len(neurons))
    time_axis(axes, len(recording), recording.time_step)
    return axes


def readout(outputs: Recording | npt.ArrayLike, ax: Axes | None = None, *, labels: npt.ArrayLike | None = None,
            names: Sequence[str] = (), probabilities: bool = True, time_step: float = 0.0) -> Axes:
    """The readout over time, a line per output; under it, if `labels` are given, the class at every step.

    Parameters
    ----------
    outputs : Recording, or array_like [steps, outputs]
    labels : int, or array_like of int [steps], optional
        The right class; negative: none.
    names : sequence of str, optional
        Of the outputs; those of the recording if not given.
    probabilities : bool
        Softmax of the outputs, or the outputs themselves.
    time_step : float
        Seconds per step, if `outputs` is no recording; 0: the axis is in steps.
    """
    if isinstance(outputs, Recording):
        time_step, names, outputs = outputs.time_step, tuple(names) or outputs.output_names, outputs.outputs
    values = matrix_of(outputs, "outputs")
    if probabilities:
        from hypr._scores import softmax

        values = softmax(values)
    steps, count = values.shape
    axes = traces(values, ax, names=names or [f"output {index}" for index in range(count)], time_step=time_step)
    axes.set_ylabel("softmax of the outputs" if probabilities else "output")
    if labels is not None:
        classes = np.broadcast_to(np.asarray(labels), (steps,))
        low, high = (0.0, 1.0) if probabilities else (float(values.min()), float(values.max()))
        height = 0.06 * (high - low or 1)
        starts = np.flatnonzero(np.diff(classes, prepend=classes[0] - 1))
        for start, end in zip(starts, [*starts[1:], steps]):
            if classes[start] >= 0:
                left, right = times_of(np.array([start, end]), time_step)
                axes.barh(low - 1.5 * height, right - left, height, left, color=COLOURS[classes[start] % len(COLOURS)],
                          hatch=("", "///", "...", "xxx")[classes[start] // len(COLOURS) % 4], edgecolor="white", linewidth=0)
        axes.text(0, low - 1.5 * height, "right class ", ha="right", va="center", fontsize="small",
                  transform=axes.get_yaxis_transform())
        axes.set_ylim(low - 2.5 * height, high + height)
        axes.set_yticks([tick for tick in axes.get_yticks() if low - 0.3 * height <= tick <= high + height])
    return axes


def traces(values: npt.ArrayLike, ax: Axes | None = None, *, names: Sequence[str] = (), time_step: float = 0.0) -> Axes:
    """Numbers over time, a line per column: input channels, outputs, states. values [steps, columns]."""
    matrix = matrix_of(values, "values")
    if names and len(names) != matrix.shape[1]:
        raise SizeMismatchError(f"there are {len(names)} names for {matrix.shape[1]} columns")
    axes = new_axes(ax)
    times = times_of(np.arange(len(matrix)), time_step)
    for index, column in enumerate(matrix.T):
        axes.plot(times, column, label=names[index] if names else None, linewidth=1.2, **line_style(index))
    axes.set_ylabel("value")
    time_axis(axes, len(matrix), time_step)
    if names:
        legend(axes)
    return axes


def _scale_bar(axes: Axes, distance: float, count: int) -> None:
    """The unit of traces that are shifted against each other, on the right."""
    length = float(f"{distance / 2:.0e}")
    bottom = -distance * (count - 1)
    axes.plot([1.015, 1.015], [bottom, bottom + length], color="black", linewidth=2, clip_on=False,
              transform=axes.get_yaxis_transform())
    axes.text(1.025, bottom + length / 2, f"{length:g}", va="center", fontsize="small", transform=axes.get_yaxis_transform())
