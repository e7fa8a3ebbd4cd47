"""The smartwatch recordings of the package seglearn, and what is made of them: training sequences, a wearer's stream.

Shoulder exercises, recorded by D. Burns and others (https://arxiv.org/abs/1802.01489); licence: LICENSE-seglearn.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

WEARERS = range(1, 11)
CHANNELS = ["ax", "ay", "az", "wx", "wy", "wz"]  # acceleration in g, angular velocity in rad/s
EXERCISES = ["pendulum", "abduction", "forward elevation", "internal rotation", "external rotation",
             "trapezius extension", "upright row"]
TIME_STEP = 0.02
SOURCE = {
    "data": "watch recordings of the Python package seglearn 1.2.5, https://github.com/dmbee/seglearn",
    "study": "https://arxiv.org/abs/1802.01489",
    "licence of the data": "BSD-3-Clause, Copyright (c) 2018, David M. Burns",
    "units": "acceleration in g, angular velocity in rad/s",
}

# One sample of a stream. Values in thousandths of the channel's unit; `kind` says what the sample is for.
SAMPLE = np.dtype([("values", "<i2", 6), ("label", "u1"), ("kind", "u1")])
CALIBRATION, LABELLED_CALIBRATION, TEST = range(3)


@dataclass
class Recording:
    """One exercise with one arm of one wearer: values [samples, 6] and the index of the exercise."""
    wearer: int
    exercise: int
    side: int
    values: np.ndarray

    @property
    def half(self):
        """Where the calibration session ends."""
        return len(self.values) // 2


def load():
    """All 140 recordings, each wearer's ordered by exercise and side."""
    package = find_spec("seglearn")
    if package is None:
        raise SystemExit("The recordings are missing: pip install --no-deps seglearn==1.2.5")
    path = Path(package.submodule_search_locations[0]) / "data" / "watch_dataset.npy"
    data = np.load(path, allow_pickle=True).item()
    columns = zip(data["subject"], data["y"], data["side"], data["X"])
    recordings = [Recording(int(wearer), int(y), int(side), np.asarray(x)) for wearer, y, side, x in columns]
    return sorted(recordings, key=lambda recording: (recording.wearer, recording.exercise, recording.side))


class Sequences:
    """Random training sequences: pieces of different recordings, each as if worn and moved a little differently.

    A change of exercise in the middle of a sequence, with the network's state going on, is what the stream will bring.
    """

    def __init__(self, recordings, seed, steps=300, pieces=2):
        self.values = [recording.values for recording in recordings]
        self.exercises = np.array([recording.exercise for recording in recordings])
        lengths = np.array([len(values) for values in self.values])
        self.likelihood = lengths / lengths.sum()
        self.random, self.pieces, self.piece_steps = np.random.default_rng(seed), pieces, steps // pieces

    def draw(self):
        """One sequence: samples [steps, 6] and labels [steps]."""
        chosen = self.random.choice(len(self.values), self.pieces, p=self.likelihood)
        samples = np.concatenate([self._vary(self.values[index]) for index in chosen])
        return samples, np.repeat(self.exercises[chosen], self.piece_steps)

    def _vary(self, values):
        """A piece of a recording: up to 22 % faster or slower, the watch turned by some 6 degrees, gains 10 % off."""
        speed = np.exp(self.random.uniform(-0.2, 0.2))
        last = len(values) - 2
        start = self.random.uniform() * max(last - self.piece_steps * speed, 0)
        position = np.minimum(start + np.arange(self.piece_steps) * speed, last)
        index = position.astype(int)
        fraction = (position - index)[:, None]
        piece = values[index] * (1 - fraction) + values[index + 1] * fraction
        piece[:, 3:] *= speed
        turn = rotation(self.random.normal(0, 0.1, 3))
        piece = np.concatenate([piece[:, :3] @ turn.T, piece[:, 3:] @ turn.T], axis=1)
        return piece * np.exp(self.random.normal(0, 0.1, 6))


def rotation(vector):
    """The matrix [3, 3] of a rotation about a vector, by its length in radians (Rodrigues)."""
    angle = np.linalg.norm(vector) + 1e-12
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def stream(recordings, sets=6, unlabelled=50, blocks=False, seed=0, taught=len(EXERCISES)):
    """The stream of one wearer, an array of SAMPLE: a calibration session, then the test.

    Calibration: the first half of every recording, in `sets` sets. In each round the wearer does one set of everything,
    in random order; labels arrive `unlabelled` samples after a set began. A change of exercise is a moment that nobody
    can label well, and teaching it harms. With `blocks`, all sets of an exercise in a row, one arm after the other, and
    the exercises in random order. Only `taught` exercises, chosen at random, are in the calibration session.
    Test: the second halves, one recording after the other.
    """
    random = np.random.default_rng(seed)
    cuts = [np.linspace(0, recording.half, sets + 1).astype(int) for recording in recordings]
    order = [(number, part) for part in range(sets) for number in random.permutation(len(recordings))]
    rank = random.permutation(len(EXERCISES))
    place = lambda number: rank[recordings[number].exercise]
    order = [(number, part) for number, part in order if place(number) < taught]
    if blocks:
        order.sort(key=lambda at: (place(at[0]), *at))
    pieces = []
    for number, part in order:
        start, end = cuts[number][part:part + 2]
        kinds = np.where(np.arange(end - start) < unlabelled, CALIBRATION, LABELLED_CALIBRATION)
        pieces.append(_samples(recordings[number], start, end, kinds))
    pieces += [_samples(recording, recording.half, len(recording.values), TEST) for recording in recordings]
    return np.concatenate(pieces)


def _samples(recording, start, end, kinds):
    samples = np.empty(end - start, SAMPLE)
    samples["values"] = np.round(recording.values[start:end] * 1000)
    samples["label"], samples["kind"] = recording.exercise, kinds
    return samples


def values(samples):
    """The values of a stream [samples, 6] in the units of the channels."""
    return samples["values"].astype(np.float32) / np.float32(1000)
