"""Virtual watches, of which in every round some drop out and some are hostile or broken: what a process has that runs them."""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from flwr.app import Array
from flwr.clientapp import ClientApp

import hypr
from hypr import flower
from wearers import OPTIONS, everyone

STEPS = 240
WAYS = ("not a number", "another shape", "a stale base")


@dataclass(frozen=True)
class Fleet:
    """Which watches there are, and what becomes of them. `silent`: hostile ones say nothing instead."""

    model: str
    watches: int
    dropping: float
    hostile: float
    seed: int
    silent: bool = False

    @property
    def client(self):
        """The app for all of them. An engine that brings it to a process with every message brings these few settings; what it
        needs a process makes once."""
        app = ClientApp()
        app.train()(partial(answer, self))
        return app


def answer(fleet, message, context):
    return app_of(fleet)(message, context)


@cache
def app_of(fleet):
    return flower.client_app(fleet.model, lambda context: Watch(context.node_config["partition-id"]), mods=[partial(play, fleet)],
                             **OPTIONS)


class Watch:
    """One update on its piece of the recordings."""

    def __init__(self, number):
        self.values, exercise = pieces()[number % len(pieces())]
        self.labels = np.full(len(self.values), exercise, np.int32)

    def fit(self, model, options, server_round):
        session = hypr.Session(model, **options)
        loss = session.learn_sequence(self.values, self.labels)
        session.apply()
        return flower.Fitted(session.parameters.flat, len(self.values), {"loss": loss})


@cache
def pieces():
    """The recordings of all wearers but the second, cut: [samples, 6] and the exercise of each piece."""
    return [(recording.values[start:start + STEPS].astype(np.float32), recording.exercise)
            for recording in everyone() if recording.wearer != 2
            for start in range(0, len(recording.values) - STEPS + 1, STEPS)]


def play(fleet, message, context, call_next):
    """A mod: the part of a watch in a round."""
    number, server_round = context.node_config["partition-id"], message.content.config_records["config"]["server-round"]
    happens = fate(fleet, server_round, number)
    if happens == "drops out" or (happens and fleet.silent):
        raise ConnectionError("the watch does not answer")
    reply = call_next(message, context)
    return spoil(reply, happens) if happens else reply


def fate(fleet, server_round, watch):
    """What becomes of a watch in a round: it works (None), drops out, or is hostile in one of the ways."""
    drawn = np.random.default_rng([fleet.seed, server_round, watch])
    chance = drawn.random()
    if chance < fleet.dropping:
        return "drops out"
    return str(drawn.choice(WAYS)) if chance < fleet.dropping + fleet.hostile else None


def spoil(reply, way):
    """Makes a reply that would ruin the model."""
    arrays = reply.content.array_records["arrays"]
    arrays["readout.weight"] = Array(np.full(arrays["readout.weight"].shape, 1e6, np.float32))
    if way == "not a number":
        arrays["readout.bias"] = Array(np.full(arrays["readout.bias"].shape, np.nan, np.float32))
    elif way == "another shape":
        arrays["readout.bias"] = Array(np.full(1000, 1e6, np.float32))
    else:
        reply.content.config_records["update"]["base"] = "0" * 16
    return reply
