"""The tasks: those of ../reproduce that are long, at full size, and some more."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from hypr import datasets
from hypr.datasets import Dataset, Split
from tasks import TASKS as REPRODUCED
from tasks import Task

ONSETS, CUE_STEPS, SIGNAL_STEPS = 100, 50, 50
CUE_RATE, NOISE_RATE, SIGNAL_RATE = 0.5, 0.2, 0.5  # spikes per step
CUE_LENGTHS = (1000, 2000, 4000, 8000, 16000)


class Cues(Sequence[np.ndarray]):
    """Sequences [steps, 4] of cue recall, made when they are asked for: docs/cue-recall.md says what is in them.

    Channels are the two cues, noise, and the signal at the end at which the cue must be named. `labels` [sequences] are the cues.
    """

    def __init__(self, count: int, steps: int, seed: int) -> None:
        self.count, self.steps, self.seed = count, steps, seed
        self.labels = np.random.default_rng([seed, count]).permutation(np.arange(count) % 2).astype(np.int32)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < self.count:
            raise IndexError(index)
        random = np.random.default_rng([self.seed, self.count, index])
        x = np.zeros((self.steps, 4), np.float32)
        onset = random.integers(ONSETS)
        x[onset:onset + CUE_STEPS, self.labels[index]] = random.random(CUE_STEPS) < CUE_RATE
        x[:, 2] = random.random(self.steps) < NOISE_RATE
        x[-SIGNAL_STEPS:, 3] = random.random(SIGNAL_STEPS) < SIGNAL_RATE
        return x

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(self.count))


def cue_recall(steps: int) -> Dataset:
    parts = [Cues(count, steps, seed) for count, seed in ((400, 0), (200, 1))]
    train, test = (Split(part, part.labels) for part in parts)
    return Dataset(f"cue recall over {steps} steps", train, test, ("cue 0", "cue 1"), ("cue 0", "cue 1", "noise", "signal"))


def permuted(data: Dataset) -> Dataset:
    """The pixels of every image in the same random order."""
    order = np.random.default_rng(0).permutation(len(data.train.sequences[0]))
    return data.map(lambda x: x[order])


def _given(variable: str, files: str, load: Callable[[str], Dataset]) -> Callable[[], Dataset]:
    """Data of a folder that a variable of the environment names."""
    def read() -> Dataset:
        folder = os.environ.get(variable)
        if not folder:
            raise datasets.MissingDataError(f"{variable} does not name a folder with {files}")
        return load(folder)

    return read


# The authors of HYPR teach the last 50 steps of 250 (arXiv 2506.14464).
HEIDELBERG_STEPS, HEIDELBERG_JUDGED = 250, 50

TASKS = {
    "ecg": REPRODUCED["ecg"],
    "mnist": REPRODUCED["mnist"],
    "fashion-5000": REPRODUCED["fashion"],
    "fashion": Task("Fashion-MNIST, pixel by pixel", datasets.load_fashion_mnist, judged=200),
    "fashion-permuted": Task("Fashion-MNIST, permuted pixels", lambda: permuted(datasets.load_fashion_mnist()), judged=200),
    **{f"cue-recall-{steps}": Task(f"cue recall, {steps} steps", lambda steps=steps: cue_recall(steps), judged=SIGNAL_STEPS)
       for steps in CUE_LENGTHS},
    "shd": Task("Spiking Heidelberg Digits", _given("HYPR_SHD_DATA", "shd_train.h5 and shd_test.h5",
                lambda folder: datasets.load_shd(folder, time_step=0.004, steps=HEIDELBERG_STEPS)), judged=HEIDELBERG_JUDGED),
    "ssc": Task("Spiking Speech Commands", _given("HYPR_SSC_DATA", "ssc_train.h5 and ssc_test.h5",
                lambda folder: datasets.load_ssc(folder, time_step=0.004, steps=HEIDELBERG_STEPS)), judged=HEIDELBERG_JUDGED),
}


def judged_on(task: Task, judged: int | None) -> Task:
    """The same with other steps that count."""
    return task if judged is None else replace(task, judged=judged)
