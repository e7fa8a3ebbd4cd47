"""Data sets as sequences and labels: readers of common formats, and of data that comes with packages.

>>> data = hypr.datasets.load_japanese_vowels()
>>> mean, deviation = data.train.statistics()
>>> x, labels = data.train.sequences, data.train.labels

All readers give a ``Dataset``. What is not there is a ``MissingDataError`` that says where it comes from and where it goes.
"""

from __future__ import annotations

from hypr.datasets.bundled import (
    load_basic_motions,
    load_fashion_mnist,
    load_japanese_vowels,
    load_mnist_5k,
    load_watch,
)
from hypr.datasets.dataset import Dataset, MissingDataError, Split
from hypr.datasets.encoders import Delta, LevelCrossing, ReceptiveFields, ThresholdAccumulation
from hypr.datasets.events import BinnedEvents, bin_events, load_shd, load_ssc, read_events
from hypr.datasets.files import load_idx, load_npy, load_qtdb, read_idx, read_npy
from hypr.datasets.images import image_sequences
from hypr.datasets.tables import read_csv

__all__ = [
    "BinnedEvents", "Dataset", "Delta", "LevelCrossing", "MissingDataError", "ReceptiveFields", "Split",
    "ThresholdAccumulation", "bin_events", "image_sequences", "load_basic_motions", "load_fashion_mnist", "load_idx",
    "load_japanese_vowels", "load_mnist_5k", "load_npy", "load_qtdb", "load_shd", "load_ssc", "load_watch", "read_csv",
    "read_events", "read_idx", "read_npy",
]
