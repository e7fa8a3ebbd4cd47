"""Events (times and units) as sequences: binning, event lists in files, and the Spiking Heidelberg data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, labels
from hypr._optional import require
from hypr.datasets.dataset import Dataset, MissingDataError, Split, locate
from hypr.errors import InvalidArgumentError, SizeMismatchError

_EDGE = 1e-6  # of a bin


def bin_events(times: npt.ArrayLike, units: npt.ArrayLike, *, channels: int, time_step: float, steps: int | None = None,
               units_per_channel: int = 1, binary: bool = False) -> FloatArray:
    """Counts events per step and channel.

    Step t takes the events of t time_step <= time < (t + 1) time_step; one within a millionth of a bin before an edge counts
    as on it, so that times which are multiples of the step are not at the mercy of rounding.

    Parameters
    ----------
    times : array_like, [events]
        In seconds from the beginning of the sequence, in any order, not negative.
    units : array_like of int, [events]
        Which of channels × units_per_channel units fired.
    channels : int
    time_step : float
        Seconds.
    steps : int, optional
        Length of the sequence; later events are left out. Not given: up to the last event.
    units_per_channel : int
        Neighbouring units that share a channel.
    binary : bool
        1 instead of the number of events.

    Returns
    -------
    ndarray of float32, [steps, channels]
    """
    seconds, neurons = np.asarray(times, np.float64), np.asarray(units)
    if seconds.ndim != 1 or neurons.shape != seconds.shape:
        raise SizeMismatchError(f"times has the shape {list(seconds.shape)}, units {list(neurons.shape)}, expected one each")
    if not time_step > 0 or units_per_channel < 1 or channels < 1:
        raise InvalidArgumentError("time_step, channels and units_per_channel must be above 0")
    if neurons.size and neurons.dtype.kind not in "iu":
        raise TypeError(f"units has the type {neurons.dtype}, expected whole numbers")
    if seconds.size and not (np.isfinite(seconds).all() and seconds.min() >= 0):
        raise InvalidArgumentError("a time is negative or not finite")
    if neurons.size and not 0 <= int(neurons.min()) <= int(neurons.max()) < channels * units_per_channel:
        raise InvalidArgumentError(
            f"units are {neurons.min()} to {neurons.max()}, expected 0 to {channels * units_per_channel - 1}")
    step = np.floor(seconds / time_step + _EDGE).astype(np.int64)
    count = int(step.max(initial=-1)) + 1 if steps is None else steps
    inside = step < count
    place = step[inside] * channels + neurons[inside].astype(np.int64) // units_per_channel
    binned = np.bincount(place, minlength=count * channels).reshape(count, channels)
    return (binned > 0 if binary else binned).astype(np.float32)


class BinnedEvents(Sequence[FloatArray]):
    """Many recordings of events as sequences [steps, channels] that are binned when they are asked for.

    Dense, the Spiking Heidelberg data sets are many times larger than their events.

    Parameters
    ----------
    times : sequence of array_like [events]
        In seconds, one array per recording.
    units : sequence of array_like of int [events]
    channels, time_step, steps, units_per_channel, binary
        As ``bin_events``.
    """

    def __init__(self, times: Sequence[npt.ArrayLike], units: Sequence[npt.ArrayLike], *, channels: int, time_step: float,
                 steps: int | None = None, units_per_channel: int = 1, binary: bool = False) -> None:
        if len(times) != len(units):
            raise SizeMismatchError(f"there are {len(times)} recordings of times, but {len(units)} of units")
        self._times, self._units = times, units
        self._binning: dict[str, Any] = {
            "channels": channels, "time_step": time_step, "steps": steps, "units_per_channel": units_per_channel,
            "binary": binary}

    @overload
    def __getitem__(self, index: int) -> FloatArray: ...

    @overload
    def __getitem__(self, index: slice) -> list[FloatArray]: ...

    def __getitem__(self, index: int | slice) -> FloatArray | list[FloatArray]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return bin_events(self._times[index], self._units[index], **self._binning)

    def __iter__(self) -> Iterator[FloatArray]:
        return (self[index] for index in range(len(self)))

    def __len__(self) -> int:
        return len(self._times)


def read_events(path: str | Path, time_unit: float = 1.0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """One recording's events from a file: times [events] in seconds, and units [events].

    Parameters
    ----------
    path : str or Path
        .npz with the arrays `times` and `units`; .npy with two columns; otherwise text with two columns (commas or white
        space, one line of names allowed). The first column is the time.
    time_unit : float
        Seconds per unit of the times in the file, such as 1e-6 for microseconds.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingDataError(f"there is no file {str(file)!r} with events: .npz, .npy or text with times and units")
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            absent = {"times", "units"} - set(arrays)
            if absent:
                raise InvalidArgumentError(f"{str(file)!r} has no array {' and no '.join(sorted(absent))}")
            times, units = arrays["times"], arrays["units"]
    else:
        table = np.load(file) if file.suffix == ".npy" else _text_table(file)
        if table.ndim != 2 or table.shape[1] != 2:
            raise SizeMismatchError(f"{str(file)!r} has the shape {list(table.shape)}, expected [events, 2]")
        times, units = table[:, 0], table[:, 1]
    for what, values in (("times", times), ("units", units)):
        if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
            raise InvalidArgumentError(f"{str(file)!r} has {what} that are no finite numbers")
    if np.any(units != np.floor(units)) or np.any(np.abs(units) >= 2**63):
        raise InvalidArgumentError(f"{str(file)!r} has units that are no whole numbers of 64 bits")
    return np.asarray(times, np.float64) * time_unit, np.asarray(units, np.int64)


def load_shd(folder: str | Path, time_step: float = 0.01, steps: int | None = None, units_per_channel: int = 5,
             limit: int | None = None) -> Dataset:
    """Spiking Heidelberg Digits: spoken digits in English and German through a model of the cochlea, 20 classes.

    Parameters
    ----------
    folder : str or Path
        With shd_train.h5 and shd_test.h5.
    time_step : float
        Seconds per step.
    steps : int, optional
        Of every sequence; later events are left out. Not given: each up to its last event (the longest lasts 1.4 s).
    units_per_channel : int
        Neighbours of the 700 units that share a channel: 5 gives 140 channels, 1 all 700.
    limit : int, optional
        Only so many sequences of each part, the first ones.
    """
    return _heidelberg("shd", "Spiking Heidelberg Digits", folder, time_step, steps, units_per_channel, limit)


def load_ssc(folder: str | Path, time_step: float = 0.01, steps: int | None = None, units_per_channel: int = 5,
             limit: int | None = None, test: str = "test") -> Dataset:
    """Spiking Speech Commands: 35 spoken words, in the same form; more than 75,000 sequences to learn from.

    Parameters
    ----------
    folder : str or Path
        With ssc_train.h5 and ssc_test.h5 (or ssc_valid.h5).
    time_step, steps, units_per_channel, limit
        As ``load_shd``.
    test : {"test", "valid"}
        Which file is the test part.
    """
    return _heidelberg("ssc", "Spiking Speech Commands", folder, time_step, steps, units_per_channel, limit, test)


_HEIDELBERG_UNITS = 700


def _heidelberg(short: str, name: str, folder: str | Path, time_step: float, steps: int | None, units_per_channel: int,
                limit: int | None, test: str = "test") -> Dataset:
    if units_per_channel < 1 or _HEIDELBERG_UNITS % units_per_channel:
        raise InvalidArgumentError(f"units_per_channel is {units_per_channel}, expected a divisor of {_HEIDELBERG_UNITS}")
    files = [f"{short}_train.h5", f"{short}_{test}.h5"]
    h5py = require("h5py", "reading .h5 files")
    paths = []
    for file in files:
        [path] = locate(folder, [file], f"Download {file}.gz from https://zenkelab.org/datasets, unpack it with gunzip, and "
                                        f"put it into {str(folder)!r}.")
        if path.suffix == ".gz":
            raise MissingDataError(f"{str(path)!r} must be unpacked first: gunzip {path}")
        paths.append(path)
    channels = _HEIDELBERG_UNITS // units_per_channel
    parts: list[Split] = []
    keys: tuple[str, ...] = ()
    for path in paths:
        with h5py.File(path, "r") as file:
            chosen = slice(0, limit)
            targets = labels(np.asarray(file["labels"][chosen]).astype(np.int64), "labels", "sequences")
            # Times are half precision in the files: half a millisecond at 1 s.
            sequences = BinnedEvents(
                list(file["spikes/times"][chosen]), list(file["spikes/units"][chosen]), channels=channels,
                time_step=time_step, steps=steps, units_per_channel=units_per_channel)
            speakers = file["extra/speaker"][chosen] if "extra/speaker" in file else None
            if "extra/keys" in file:
                keys = tuple(map(_key, file["extra/keys"][()]))
        parts.append(Split(sequences, targets, None if speakers is None else np.asarray(speakers, np.int32)))
    if not keys:
        keys = tuple(str(index) for index in range(1 + max(int(np.max(part.labels)) for part in parts)))
    train, held_out = parts
    return Dataset(name, train, held_out, keys, (), time_step, "https://zenkelab.org/datasets, arXiv 1910.07407", "CC BY 4.0")


def _key(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _text_table(path: Path) -> npt.NDArray[np.float64]:
    with open(path, encoding="utf-8") as file:
        first = file.readline()
    comma = "," if "," in first else None
    try:
        [float(field) for field in first.split(comma)]
        names = 0
    except ValueError:
        names = 1
    return np.loadtxt(path, delimiter=comma, skiprows=names, ndmin=2)
