"""Wearers of smartwatches as clients of a fleet: each keeps recordings, learns from them, and sends what has changed.

Network, recordings and how sequences are made of them are those of examples/watch.
"""

import sys
from functools import cache, cached_property, lru_cache
from pathlib import Path

import numpy as np

import hypr
from hypr.flower import Fitted, go_on, keep

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "watch"))
import adaptation  # noqa: E402
import recordings  # noqa: E402

# How it is learned, on the wrist and in one place; the server, or the schedule, lets the rate fall.
OPTIONS = {name: value for name, value in adaptation.PRETRAINING.items() if name != "schedule"}


everyone = cache(recordings.load)


def of(wearers):
    """The recordings of some wearers."""
    return [recording for recording in everyone() if recording.wearer in wearers]


class Sequences:
    """The training sequences of examples/watch, many at a time, which is several times as fast: pieces of different recordings,
    each as if worn and moved a little differently."""

    def __init__(self, chosen, seed, steps=300, pieces=2):
        self.values = np.concatenate([recording.values for recording in chosen])
        self.lengths = np.array([len(recording.values) for recording in chosen])
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.exercises = np.array([recording.exercise for recording in chosen], np.int32)
        self.random, self.pieces, self.steps = np.random.default_rng(seed), pieces, steps

    def draw(self, count):
        """Samples [count, steps, 6] and labels [count, steps]."""
        random, piece_steps, total = self.random, self.steps // self.pieces, count * self.pieces
        chosen = random.choice(len(self.lengths), total, p=self.lengths / self.lengths.sum())
        speed = np.exp(random.uniform(-0.2, 0.2, total))
        last = self.lengths[chosen] - 2
        begin = random.uniform(size=total) * np.maximum(last - piece_steps * speed, 0)
        position = np.minimum(begin[:, None] + np.arange(piece_steps) * speed[:, None], last[:, None])
        index = position.astype(int)
        fraction = (position - index)[..., None]
        index += self.starts[chosen][:, None]
        samples = self.values[index] * (1 - fraction) + self.values[index + 1] * fraction
        samples[..., 3:] *= speed[:, None, None]
        turns = rotations(random.normal(0, 0.1, (total, 3)))
        samples = np.concatenate([samples[..., :3] @ turns, samples[..., 3:] @ turns], axis=2)
        samples *= np.exp(random.normal(0, 0.1, (total, 1, 6)))
        labels = np.repeat(self.exercises[chosen], piece_steps)
        return samples.reshape(count, self.steps, 6).astype(np.float32), labels.reshape(count, self.steps)


def rotations(vectors):
    """The matrices [n, 3, 3], for rows from the left, of rotations about vectors [n, 3] (as recordings.rotation)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None] + 1e-12
    cross = np.cross(vectors[:, None] / angle, np.eye(3))  # rows: e_i turned about the vector, for small angles
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


DRAWN = 48  # at a time, which is faster


@lru_cache(64)
def drawn(wearer, seed, count):
    """Training sequences of one wearer."""
    return Sequences(of({wearer}), seed).draw(count)


class Wearer:
    """A client: in a round it makes `updates` updates, each on `batch` random sequences of its own recordings, with an optimizer
    that goes on in the next round."""

    def __init__(self, context, wearer, updates, batch, seed=0):
        self.context, self.wearer, self.updates, self.batch, self.seed = context, wearer, updates, batch, seed
        self.recordings = of({wearer})

    def fit(self, model, options, server_round):
        session = hypr.Session(model, **options)
        go_on(session, self.context, options)
        loss = self.learn(session, server_round)
        keep(session, self.context)
        return Fitted(session.parameters.flat, self.samples, {"loss": loss})

    def learn(self, session, server_round):
        """The updates of a round; the mean loss before each."""
        count, losses = self.updates * self.batch, []
        block, place = divmod(server_round - 1, max(DRAWN // count, 1))
        samples, labels = drawn(self.wearer, (self.seed, self.wearer, block), max(DRAWN // count, 1) * count)
        for begin in range(place * count, (place + 1) * count, self.batch):
            batch = slice(begin, begin + self.batch)
            losses.append(session.learn_batch(samples[batch], labels[batch]))
            session.apply()
        return float(np.mean(losses))

    def evaluate(self, model, options):
        return self.samples, {"accuracy": accuracy(model, self.recordings)}

    @cached_property
    def samples(self):
        """What its update counts: central training draws from a wearer as often."""
        return sum(len(recording.values) for recording in self.recordings)


def unheard(wearer):
    """A day of a wearer who is no client: all exercises taught, one after the other; then a test."""
    return recordings.stream(of({wearer}), blocks=True)


def accuracy(model, chosen):
    """Share of samples that are recognised in recordings, each from a fresh state."""
    session, right = hypr.Session(model, learning=False), []
    for recording in chosen:
        session.reset()
        right.append(session.run(recording.values.astype(np.float32)).argmax(axis=1) == recording.exercise)
    return float(np.concatenate(right).mean())
