"""Wearers of smartwatches as clients of a fleet: each keeps recordings, learns from them, and sends what has changed.

Network, recordings and how sequences are made of them are those of examples/watch.
"""

import sys
from functools import cache
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


class Wearer:
    """A client: in a round it makes `updates` updates, each on `batch` random sequences of its own recordings, with an optimizer that
    goes on in the next round."""

    def __init__(self, context, wearer, updates, batch, seed=0):
        self.context, self.wearer, self.updates, self.batch, self.seed = context, wearer, updates, batch, seed
        self.recordings = of({wearer})

    def fit(self, model, options, server_round):
        session, losses = hypr.Session(model, **options), []
        go_on(session, self.context, options)
        sequences = recordings.Sequences(self.recordings, [self.seed, self.wearer, server_round])
        for _ in range(self.updates):
            losses += [session.learn_sequence(*sequences.draw()) for _ in range(self.batch)]
            session.apply()
        keep(session, self.context)
        return Fitted(session.parameters.flat, self.samples, {"loss": float(np.mean(losses))})

    def evaluate(self, model, options):
        return self.samples, {"accuracy": accuracy(model, self.recordings)}

    @property
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
