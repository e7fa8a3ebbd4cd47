"""A picture that follows a session on a stream."""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np

from hypr._optional import require
from hypr.errors import InvalidArgumentError
from hypr.plot._style import COLOURS, moving_average, percent_axis, whole_numbers
from hypr.stream_log import StreamLog


class LivePlot:
    """Follows a stream while it runs: above how many of the last outputs were right, below the right and the predicted classes.

    In a window of matplotlib, or in a notebook with ``%matplotlib widget``. Where figures are not shown, such as in a test, it is
    drawn all the same.

    Parameters
    ----------
    log : StreamLog
        Of the session.
    steps : int
        That are shown: the last ones.
    window : int
        Steps that the accuracy is a mean of.
    interval : float
        Seconds between two drawings, at least.

    Attributes
    ----------
    figure : matplotlib.figure.Figure

    Examples
    --------
    >>> log = hypr.StreamLog(session)
    >>> live = hypr.plot.LivePlot(log)
    >>> for sample, label in stream:
    ...     log.step(sample, label)
    ...     live.update()
    """

    def __init__(self, log: StreamLog, *, steps: int = 5000, window: int = 500, interval: float = 0.2) -> None:
        for name, value, least in (("steps", steps, 1), ("window", window, 1), ("interval", interval, 0)):
            if value < least:
                raise InvalidArgumentError(f"{name} is {value}, expected {least} or more")
        self.log: StreamLog = log
        self.steps: int = steps
        self.window: int = window
        self.interval: float = interval
        self._drawn = -np.inf
        pyplot = require("matplotlib.pyplot", "hypr.plot")
        self.figure: Any
        self.figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(7, 4.5), layout="constrained")
        self._axes = below
        (self._accuracy,) = above.plot([], [], color=COLOURS[0])
        (self._right,) = below.plot([], [], ".", color=COLOURS[0], markersize=7, label="right class")
        (self._predicted,) = below.plot([], [], ".", color=COLOURS[5], markersize=3, label="predicted class")
        above.set(ylabel=f"right of {window} steps", ylim=(-0.02, 1.02))
        above.grid(alpha=0.3)
        percent_axis(above)
        model = log.session.model
        names = model.class_labels or tuple(map(str, range(model.output_size)))
        below.set(xlabel="step", ylim=(-0.5, len(names) - 0.5))
        below.set_yticks(range(len(names)), names)
        below.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        whole_numbers(below.xaxis)

    def update(self, *, now: bool = False) -> bool:
        """Draws what is new, if the interval is over or with `now`; whether it did. In between it costs a look at the clock."""
        if not now and monotonic() - self._drawn < self.interval:
            return False
        end = len(self.log)
        first = max(end - self.steps, 0)
        # The mean at the first step that is shown looks back further.
        labels, predictions = self.log.last(self.steps + self.window)
        right = np.where(labels < 0, np.nan, labels == predictions)
        time = np.arange(first, end) + 1
        shown = len(time)
        self._accuracy.set_data(time, moving_average(right, self.window)[len(right) - shown:])
        labels, predictions = labels[len(labels) - shown:], predictions[len(predictions) - shown:]
        self._right.set_data(time[labels >= 0], labels[labels >= 0])
        self._predicted.set_data(time, predictions)
        self._axes.set_xlim(first, max(end, first + 1))
        self.figure.canvas.draw_idle()
        self.figure.canvas.flush_events()
        self._drawn = monotonic()
        return True
