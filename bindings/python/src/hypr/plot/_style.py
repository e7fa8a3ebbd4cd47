"""What the pictures have in common: colours, axes of time, legends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hypr._optional import require
from hypr.errors import SizeMismatchError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito (2008) without yellow, which is too pale for lines; more lines than colours differ by their dashes.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
DASHES = ("-", "--", ":", "-.")
GREY = "0.6"


def new_axes(ax: Axes | None, size: tuple[float, float] = (7, 3.5)) -> Axes:
    if ax is not None:
        return ax
    axes: Axes = require("matplotlib.pyplot", "hypr.plot").subplots(figsize=size, layout="constrained")[1]
    return axes


def figure_of(axes: Axes) -> Any:
    return axes.get_figure()


def line_style(index: int) -> dict[str, Any]:
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def legend(axes: Axes, **options: Any) -> None:
    """Inside while it is small, beside the axes otherwise: it must not hide the lines."""
    count = len(axes.get_legend_handles_labels()[0])
    if count > 3:
        options |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0, "ncols": 1 + (count - 1) // 12}
    axes.legend(fontsize="small", framealpha=0.9, **options)


def times_of(steps: npt.NDArray[Any], time_step: float) -> npt.NDArray[Any]:
    return steps * time_step if time_step else steps


def time_axis(axes: Axes, steps: int, time_step: float) -> None:
    axes.set_xlabel("time in s" if time_step else "step")
    axes.set_xlim(0, max(steps, 1) * (time_step or 1))


def whole_numbers(*axes: Any) -> None:
    """Ticks of these axes (`ax.xaxis`) at whole numbers only."""
    for axis in axes:
        axis.set_major_locator(require("matplotlib.ticker", "hypr.plot").MaxNLocator(integer=True))


def percent_axis(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(require("matplotlib.ticker", "hypr.plot").PercentFormatter(1))


def matrix_of(values: Any, what: str) -> npt.NDArray[Any]:
    matrix = np.asarray(values)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise SizeMismatchError(f"{what} has the shape {list(matrix.shape)}, expected two dimensions, the steps first")
    return matrix


def number_text(value: float, metric: str) -> str:
    return f"{100 * value:.1f}%" if metric == "accuracy" else f"{value:.3g}"


def moving_average(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Over the last `window` steps, NaN left out; NaN where fewer than a tenth of them are known."""
    def sums(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        total = np.concatenate([[0.0], np.cumsum(numbers)])
        return np.asarray(total[1:] - total[np.maximum(np.arange(len(numbers)) + 1 - window, 0)])

    known = np.isfinite(values)
    judged = sums(known.astype(np.float64))
    return np.where(judged >= max(window / 10, 1), sums(np.where(known, values, 0)) / np.maximum(judged, 1), np.nan)
