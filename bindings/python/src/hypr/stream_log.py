"""What happened while a session worked on a stream: outputs against labels, what is still known, spike rates, time per step."""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, whole_number
from hypr._arrays import labels as class_labels
from hypr.errors import FileError, InvalidArgumentError
from hypr.run_folder import RunFolder
from hypr.session import Session

Numbers: TypeAlias = npt.NDArray[np.float64]
_SPIKE_RATE_STEPS = 200  # over how many steps a spike rate is a mean


@dataclass(frozen=True)
class StreamRecord:
    """A stream, step by step, as ``StreamLog`` keeps it.

    Attributes
    ----------
    labels : ndarray of int32, [steps]
        The right class; -1 where none was known.
    predictions : ndarray of int32, [steps]
        The class of the largest output, before the step was taught.
    seconds : ndarray of float32, [steps]
        What the step and its lesson took, as Python sees it.
    spike_rate_steps : ndarray of int64, [rates]
        After how many steps each spike rate was read.
    spike_rates : ndarray of float64, [rates, layers]
        Spikes per neuron and step since the reading before; 0 for layers without spikes.
    gauge_steps : ndarray of int64, [readings]
        After how many steps each reading of the gauge was made.
    gauge_correct : ndarray of float64, [readings, classes]
        Of the samples kept aside, the share of each class that was recognised; NaN for classes that they do not have.
    """

    labels: npt.NDArray[np.int32]
    predictions: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float32]
    spike_rate_steps: npt.NDArray[np.int64]
    spike_rates: Numbers
    gauge_steps: npt.NDArray[np.int64]
    gauge_correct: Numbers

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def correct(self) -> Numbers:
        """1 where the output was right, 0 where it was wrong, NaN where no label was known, [steps]."""
        return np.where(self.labels < 0, np.nan, self.labels == self.predictions)

    @property
    def forgotten(self) -> Numbers:
        """What of each class is forgotten: the best reading of the gauge before the last one, less the last one; below 0 if the
        last one is better, NaN where there are not two readings, [classes]. The measure of Chaudhry et al. (2018), "Riemannian
        Walk for Incremental Learning", with classes as tasks."""
        if len(self.gauge_correct) < 2:
            return np.full(self.gauge_correct.shape[1], np.nan)
        return np.asarray(self.gauge_correct[:-1].max(axis=0) - self.gauge_correct[-1])

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> StreamRecord | None:
        """What ``StreamLog.save`` or ``hypr stream --log`` wrote into a folder; None if there is no stream.csv."""
        run = RunFolder(folder)
        tables = run.stream()
        if tables is None:
            return None
        steps, rates, gauge = tables
        for path, table, names in ((run.stream_path, steps, ("label", "prediction", "seconds")),
                                   (run.spike_rates_path, rates, _names("layer", max(len(rates) - 1, 1))),
                                   (run.gauge_path, gauge, _names("class", max(len(gauge) - 1, 1)))):
            if tuple(table) != names:
                raise FileError(f"{str(path)!r} has the columns {', '.join(table)}, expected {', '.join(names)}")
        return StreamRecord(
            steps["label"].astype(np.int32), steps["prediction"].astype(np.int32), steps["seconds"].astype(np.float32),
            rates["step"].astype(np.int64), _matrix(rates), gauge["step"].astype(np.int64), _matrix(gauge))

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes stream.csv, spike_rates.csv and gauge.csv into a folder, in place of what is there."""
        rates, readings = self.spike_rates.T, self.gauge_correct.T
        RunFolder(folder).save_stream(
            {"label": self.labels, "prediction": self.predictions, "seconds": self.seconds},
            dict(zip(_names("layer", len(rates)), (self.spike_rate_steps, *rates), strict=True)),
            dict(zip(_names("class", len(readings)), (self.gauge_steps, *readings), strict=True)))


def _names(kind: str, count: int) -> tuple[str, ...]:
    """The columns of readings: after how many steps, then one for each layer or class."""
    return "step", *(f"{kind}{index}" for index in range(count))


def _matrix(table: dict[str, Numbers]) -> Numbers:
    """Of such readings all but the steps, [readings, columns]."""
    return np.array([values for name, values in table.items() if name != "step"]).reshape(len(table) - 1, -1).T


class StreamLog:
    """Takes a session along a stream, and keeps what its report shows: 12 bytes per step.

    Not thread-safe, as the session that it has.

    Parameters
    ----------
    session : Session
        Of a model with two outputs or more. Steps that others make with it are not in the log.
    gauge : (array_like [steps, channels], array_like of int [steps]), optional
        Samples kept aside, and their classes, by which is gauged what the network still knows: never taught, run from a fresh
        state in a session of their own. A negative label is none.
    gauge_every : int
        Steps between two readings of the gauge. One is made before the first step, and one by ``record``.

    Examples
    --------
    >>> log = hypr.StreamLog(session, gauge=(kept, classes))
    >>> for sample, label in stream:
    ...     log.step(sample, label)
    >>> log.save("runs/wearer")  # python -m hypr report runs/wearer
    """

    def __init__(self, session: Session, *, gauge: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
                 gauge_every: int = 5000) -> None:
        model = session.model
        if model.output_size < 2:
            raise InvalidArgumentError("the model has one output, expected one per class: two or more")
        if gauge_every < 1:
            raise InvalidArgumentError(f"gauge_every is {gauge_every}, expected 1 or more")
        self.session: Session = session
        self._classes = model.output_size
        self._labels, self._predictions, self._seconds = array("i"), array("i"), array("f")
        self._rate_steps: list[int] = []
        self._rates: list[Numbers] = []
        self._before = self._spikes()
        self._gauge_every = gauge_every
        self._gauge_steps: list[int] = []
        self._gauge_correct: list[Numbers] = []
        self._aside: tuple[FloatArray, npt.NDArray[np.int32], Session] | None = None
        if gauge is not None:
            samples = floats(gauge[0], "gauge[0]", "steps", model.input_size)
            labels = class_labels(gauge[1], "gauge[1]", len(samples))
            if labels.max(initial=-1) >= self._classes:
                raise InvalidArgumentError(f"gauge[1] has the class {labels.max()}, the model has {self._classes}")
            self._aside = samples, labels, Session(model, learning=False)
            self._read_gauge()

    def __len__(self) -> int:
        return len(self._labels)

    def step(self, x: npt.ArrayLike, label: int | None = None, *, teach: bool = True) -> FloatArray:
        """A step of the session, whose output is compared with the label, which is taught then.

        Parameters
        ----------
        x : array_like [channels]
        label : int, optional
            The right class; None or negative: it is not known.
        teach : bool
            Whether a known label is taught; a session with ``learning=False`` cannot be.

        Returns
        -------
        ndarray of float32, [outputs]
        """
        known = -1 if label is None else max(whole_number(label, "label"), -1)
        if known >= self._classes:
            raise InvalidArgumentError(f"label is {label}, the model has {self._classes} classes")
        begin = perf_counter()
        output = self.session.step(x)
        prediction = int(output.argmax())
        if known >= 0 and teach:
            self.session.teach(known)
        self._seconds.append(perf_counter() - begin)
        self._labels.append(known)
        self._predictions.append(prediction)
        if len(self) % _SPIKE_RATE_STEPS == 0:
            self._read_rates()
        if self._aside is not None and len(self) % self._gauge_every == 0:
            self._read_gauge()
        return output

    def last(self, steps: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Labels and predictions of the last steps, of so many at most; as in ``StreamRecord``."""
        first = max(len(self) - steps, 0)
        return np.array(self._labels[first:], np.int32), np.array(self._predictions[first:], np.int32)

    @property
    def record(self) -> StreamRecord:
        """The stream until now. The gauge is read, unless it was after the last step."""
        if self._aside is not None and self._gauge_steps[-1] != len(self):
            self._read_gauge()
        layers = self.session.model.layer_count
        return StreamRecord(
            np.array(self._labels, np.int32), np.array(self._predictions, np.int32), np.array(self._seconds, np.float32),
            np.array(self._rate_steps, np.int64), np.array(self._rates, np.float64).reshape(-1, layers),
            np.array(self._gauge_steps, np.int64), np.array(self._gauge_correct, np.float64).reshape(-1, self._classes))

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes the record, and model.hypr with what was learned, into a folder, which need not exist; gives the folder.

        stream.csv has the columns label, prediction and seconds, a line per step; spike_rates.csv step, layer0 and so on;
        gauge.csv step, class0 and so on: what the attributes of ``StreamRecord`` say, as ``hypr stream --log`` writes it, too.
        """
        run = RunFolder(folder)
        run.path.mkdir(parents=True, exist_ok=True)
        self.record.save(run.path)
        self.session.save_model(run.model_path)
        return run.path

    def _spikes(self) -> tuple[int, Numbers]:
        """Steps since the host cleared the statistics, and spikes per neuron in them."""
        statistics = self.session.statistics
        return statistics.steps, statistics.spike_rates.astype(np.float64) * statistics.steps

    def _read_rates(self) -> None:
        (steps, spikes), (steps_before, spikes_before) = self._spikes(), self._before
        self._before = steps, spikes
        if steps <= steps_before:  # cleared since then
            steps_before, spikes_before = 0, np.zeros_like(spikes)
        if steps > steps_before:
            self._rate_steps.append(len(self))
            self._rates.append((spikes - spikes_before) / (steps - steps_before))

    def _read_gauge(self) -> None:
        if self._aside is None:
            return
        samples, labels, frozen = self._aside
        frozen.copy_parameters(self.session)
        frozen.reset()
        right = frozen.run(samples).argmax(axis=1) == labels
        self._gauge_steps.append(len(self))
        self._gauge_correct.append(np.array([right[labels == index].mean() if (labels == index).any() else np.nan
                                             for index in range(self._classes)]))
