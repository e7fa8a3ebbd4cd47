"""Data sets in files of your own: QTDB .mat, IDX (MNIST), NumPy."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import IntArray
from hypr._optional import require
from hypr.datasets.dataset import Dataset, MissingDataError, Split, locate
from hypr.datasets.images import Order, image_sequences
from hypr.errors import InvalidArgumentError, SizeMismatchError

# ------------------------------------------------------------------------------------------------------------------- QTDB

_QTDB_STEPS = 1300  # the last of the 1301 steps of a sequence is padding
_QTDB_ADVICE = ("QTDB_train.mat and QTDB_test.mat are part of https://github.com/AdaptiveAILab/brf-neurons: "
                "download them and give the folder that they are in.")


def load_qtdb(folder: str | Path, unlabelled: int = 0) -> Dataset:
    """ECG-QTDB: ECGs of two leads, level-crossing encoded, and the wave of the heartbeat at every step (six classes).

    From PhysioNet's QT Database as preprocessed by Yin, Corradi and Bohté (2021): 618 and 141 sequences of 1300 steps
    (5.2 s), four channels.

    Parameters
    ----------
    folder : str or Path
        With QTDB_train.mat and QTDB_test.mat.
    unlabelled : int
        The class of a step without a label, a tenth of all. 0, the P wave, is what published accuracies count; -1 leaves
        such steps out of learning and of accuracies.
    """
    paths = locate(folder, ["QTDB_train.mat", "QTDB_test.mat"], _QTDB_ADVICE)
    io = require("scipy.io", "reading .mat files")
    parts = []
    for path in paths:
        arrays = io.loadmat(path, variable_names=["x", "y"])
        if "x" not in arrays or "y" not in arrays:
            raise InvalidArgumentError(f"{str(path)!r} has no arrays x and y")
        x, y = arrays["x"][:, :_QTDB_STEPS], arrays["y"][:, :_QTDB_STEPS]
        classes = np.where(y.any(axis=2), y.argmax(axis=2), unlabelled)
        parts.append(Split.of(list(x.astype(np.float32)), list(classes.astype(np.int32))))
    train, test = parts
    return Dataset("ECG-QTDB", train, test, ("P", "PQ", "QR", "RS", "ST", "TP"), (), 1 / 250,
                   "PhysioNet QT Database, preprocessed by Yin, Corradi and Bohté, arXiv 2103.12593",
                   "ODC-BY 1.0 (PhysioNet); the files are distributed under the MIT licence")


# -------------------------------------------------------------------------------------------------------------------- IDX

_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_DIGITS = tuple(map(str, range(10)))


def read_idx(path: str | Path) -> npt.NDArray[Any]:
    """The array of an IDX file, the format of MNIST; of any number type and dimensions, also compressed (.gz)."""
    file = Path(path)
    if not file.is_file():
        raise MissingDataError(f"there is no IDX file {str(file)!r}")
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES:
        raise InvalidArgumentError(f"{str(file)!r} is not an IDX file")
    kind, rank = np.dtype(_IDX_TYPES[data[2]]), data[3]
    header = 4 + 4 * rank
    shape = tuple(int(size) for size in np.frombuffer(data[4:header], ">u4")) if len(data) >= header else ()
    if len(shape) != rank or len(data) - header != int(np.prod(shape, dtype=np.int64)) * kind.itemsize:
        raise InvalidArgumentError(f"{str(file)!r} is damaged: its size is not what its header says")
    return np.frombuffer(data, kind, offset=header).reshape(shape).astype(kind.newbyteorder("="))


def load_idx(folder: str | Path, order: Order = "pixels", *, name: str = "MNIST", classes: Sequence[str] = _DIGITS,
             source: str = "https://yann.lecun.org/exdb/mnist", licence: str = "CC BY-SA 3.0",
             limit: int | None = None) -> Dataset:
    """MNIST, or another set of grey images in its format, as sequences of values of 0 to 1.

    Parameters
    ----------
    folder : str or Path
        With train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each
        perhaps compressed (.gz).
    order : {"pixels", "rows"}
        As ``image_sequences``: [784, 1], or [28, 28].
    name, classes, source, licence
        What is in the folder.
    limit : int, optional
        Only so many images of each part, the first ones.
    """
    parts = []
    for part in ("train", "t10k"):
        advice = f"Download the four files of {name} from {source} and put them into {str(folder)!r}, compressed or not."
        images, labels = locate(folder, [f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"], advice)
        parts.append(Split.of(image_sequences(read_idx(images)[:limit], order), read_idx(labels)[:limit]))
    train, test = parts
    return Dataset(name, train, test, tuple(classes), source=source, licence=licence)


# ------------------------------------------------------------------------------------------------------------------ NumPy

def read_npy(inputs: str | Path, labels: str | Path, lengths: str | Path | None = None) -> Split:
    """Sequences from .npy files, as the command line tool takes them.

    Parameters
    ----------
    inputs : str or Path
        [sequences, steps, channels] or, with `lengths`, all sequences one after the other [total, channels].
    labels : str or Path
        Whole numbers: [sequences]; or [sequences, steps], with `lengths` [total].
    lengths : str or Path, optional
        Steps of every sequence, [sequences].
    """
    for path in (inputs, labels, lengths):
        if path is not None and not Path(path).is_file():
            raise MissingDataError(f"there is no file {str(path)!r}: numpy.save writes it")
    x, y = np.load(inputs), np.load(labels)
    if lengths is None:
        if x.ndim != 3:
            raise SizeMismatchError(f"{str(inputs)!r} has the shape {list(x.shape)}, expected [sequences, steps, channels]")
        return Split.of(list(x), list(y) if y.ndim == 2 else y)
    counts: IntArray = np.load(lengths)
    if counts.ndim != 1 or (counts < 0).any() or counts.sum() != len(x):
        raise SizeMismatchError(f"{str(lengths)!r} adds up to {counts.sum()} steps, {str(inputs)!r} has {len(x)}")
    ends = np.cumsum(counts)[:-1]
    per_step = len(y) == len(x) and len(y) != len(counts)
    return Split.of(np.split(x, ends), np.split(y, ends) if per_step else y)


def load_npy(folder: str | Path, name: str = "", classes: Sequence[str] = (), channels: Sequence[str] = (),
             time_step: float = 0.0, source: str = "", licence: str = "") -> Dataset:
    """A data set of your own from .npy files.

    Parameters
    ----------
    folder : str or Path
        With train_inputs.npy, train_labels.npy, test_inputs.npy, test_labels.npy; for sequences of several lengths also
        train_lengths.npy and test_lengths.npy. As ``read_npy``.
    name, classes, channels, time_step, source, licence
        As in ``Dataset``; classes that are not given are named by their numbers.
    """
    parts = []
    for part in ("train", "test"):
        advice = f"It holds {part} data: numpy.save writes it."
        inputs, labels = locate(folder, [f"{part}_inputs.npy", f"{part}_labels.npy"], advice)
        lengths = Path(folder) / f"{part}_lengths.npy"
        parts.append(read_npy(inputs, labels, lengths if lengths.is_file() else None))
    highest = max(int(np.max(row, initial=-1)) for part in parts for row in (
        part.labels if isinstance(part.labels, list) else [part.labels]))
    names = tuple(classes) or tuple(str(index) for index in range(highest + 1))
    train, test = parts
    return Dataset(name or Path(folder).name, train, test, names, tuple(channels), time_step, source, licence)
