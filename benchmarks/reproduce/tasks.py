"""The tasks: where the data comes from, which steps count, what is held out to choose settings by."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from hypr import datasets
from hypr.datasets import Dataset, Split

PIECE = 250  # steps of a watch recording that are one sequence: five seconds
TEST_WEARERS, VALIDATION_WEARERS = (1, 2, 3), (4, 5)


def _by_chance(train: Split, share: float = 0.2) -> np.ndarray:
    return np.random.default_rng(0).permutation(len(train)) < share * len(train)


@dataclass(frozen=True)
class Task:
    """One data set, and how it is judged.

    `judged`: of a sequence with one label, the steps at its end that are taught and judged, by their mean output; None: all.
    """

    title: str
    load: Callable[[], Dataset]
    judged: int | None = None
    held_out: Callable[[Split], np.ndarray] = _by_chance  # a mask of the training sequences

    def data(self, validation: bool, limit: int | None = None) -> Dataset:
        """With `validation` the test part is what is held out of the training part. `limit`: sequences of each part."""
        data = self.load()
        if validation:
            held = self.held_out(data.train)
            data = replace(data, train=data.train.subset(~held), test=data.train.subset(held))
        return data.sample(limit, limit) if limit else data

    def targets(self, split: Split) -> list[np.ndarray]:
        """A class for every step of each sequence, [steps]; negative where nothing is judged."""
        if split.per_step:
            return split.labels
        rows = [np.full(steps, label) for steps, label in zip(split.lengths, split.labels)]
        for row in rows:
            row[:len(row) - (self.judged or len(row))] = -1
        return rows

    def accuracy(self, outputs: list[np.ndarray], split: Split) -> float:
        """Of outputs [steps, classes], the share of right steps, or of right sequences if there is one label for each."""
        if split.per_step:
            return float(np.mean(np.concatenate([out.argmax(axis=1) for out in outputs]) == np.concatenate(split.labels)))
        classes = [out[-(self.judged or len(out)):].mean(axis=0).argmax() for out in outputs]
        return float(np.mean(classes == split.labels))


def _watch() -> Dataset:
    """Pieces of recordings, a label for each; the test is on wearers of whom nothing is learned."""
    data = datasets.load_watch(TEST_WEARERS)
    return replace(data, train=_pieces(data.train), test=_pieces(data.test))


def _pieces(split: Split) -> Split:
    counts = split.lengths // PIECE
    sequences = [x[PIECE * index:PIECE * (index + 1)] for x, count in zip(split.sequences, counts) for index in range(count)]
    return Split.of(sequences, np.repeat(split.labels, counts), np.repeat(split.groups, counts))


def _fashion() -> Dataset:
    return datasets.load_fashion_mnist(limit=5000)  # the first of both parts


def _qtdb() -> Dataset:
    folder = os.environ.get("HYPR_TEST_DATA")
    if not folder:
        raise datasets.MissingDataError("HYPR_TEST_DATA does not name a folder with QTDB_*.mat files")
    return datasets.load_qtdb(folder)


TASKS = {
    "vowels": Task("JapaneseVowels", datasets.load_japanese_vowels),
    "watch": Task("watch, three wearers left out", _watch,
                  held_out=lambda train: np.isin(train.groups, VALIDATION_WEARERS)),
    "ecg": Task("ECG-QTDB, every step", _qtdb),
    "mnist": Task("MNIST-5k, pixel by pixel", datasets.load_mnist_5k, judged=200),
    "fashion": Task("Fashion-MNIST, 5000 images, pixel by pixel", _fashion, judged=200),
}
