"""The same training twice: in one place, and on wrists.

Both begin with the same model file, whose input scale and, if it has learned already, parameters come from three wearers who have
given their recordings away. What was trained is kept in build/fleet.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from flwr.serverapp.strategy import FedAvgM

import hypr
from hypr import flower
from wearers import OPTIONS, Sequences, Wearer, adaptation, of, recordings, unheard

MODELS = Path(__file__).resolve().parents[2] / "build" / "fleet"
SEQUENCES = adaptation.UPDATES * adaptation.BATCH  # that a training sees, wherever it is

# How differences travel; None: as the parameters themselves, float32.
MESSAGES = {
    "float32": None,
    "float16": flower.Compression("float16"),
    "int8": flower.Compression("int8"),
    "int8, a third": flower.Compression("int8", share=1 / 3),
    "int8, a quarter": flower.Compression("int8", share=0.25),
    "int8, a tenth": flower.Compression("int8", share=0.1),
    "int8, a fiftieth": flower.Compression("int8", share=0.02),
    "int8, a tenth, nothing made up for": flower.Compression("int8", share=0.1, error_feedback=False),
}


@dataclass(frozen=True)
class Setting:
    """How the work of a training is cut into rounds: `updates` of `batch` sequences on each wrist, then an average, to which the
    server adds momentum (FedAvgM). Chosen on what clients have, with another seed than that of the tables (choose.py)."""

    updates: int = 12
    batch: int = 3
    learning_rate: float = 0.02
    momentum: float = 0.6
    sequences: int = SEQUENCES

    def rounds(self, clients):
        return max(1, round(self.sequences / (clients * self.updates * self.batch)))

    @property
    def name(self):
        return f"{self.updates}x{self.batch}-rate-{self.learning_rate:g}-momentum-{self.momentum:g}-sequences-{self.sequences}"


@dataclass(frozen=True)
class Round:
    """What a round cost, and the accuracy on the wearer who is left out, without learning."""

    number: int
    bytes_received: int
    dropped: int
    accuracy: float


def others(left_out):
    """The nine wearers who are clients."""
    return [wearer for wearer in recordings.WEARERS if wearer != left_out]


def start(left_out, seed, taught=False):
    """The model file that both trainings begin with; if it is taught, trained for a quarter of the time on three wearers."""
    givers = others(left_out)[:3]
    path = MODELS / f"start-without-{left_out}-seed-{seed}{'-taught' if taught else ''}.hypr"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        if taught:
            adaptation.train(path, of(givers), seed, adaptation.UPDATES // 4)
        else:
            adaptation.create(path, of(givers), seed)
    return path


def central(left_out, seed, sequences=SEQUENCES, taught=False, rate=OPTIONS["learning_rate"]):
    """A model trained on all nine in one place."""
    path = MODELS / f"central-without-{left_out}-seed-{seed}-rate-{rate:g}-sequences-{sequences}{'-taught' if taught else ''}.hypr"
    if not path.exists():
        updates = sequences // adaptation.BATCH
        first = hypr.Model.load(start(left_out, seed, taught))
        session = hypr.Session(first, schedule="cosine", schedule_updates=updates, **{**OPTIONS, "learning_rate": rate})
        drawn = Sequences(of(others(left_out)), seed)
        for _ in range(updates):
            session.learn_batch(*drawn.draw(adaptation.BATCH))
            session.apply()
        session.save_model(path)
    return hypr.Model.load(path)


def federated(left_out, seed, setting, message="float32", *, strategy=None, taught=False, threads=1, report=None):
    """A model that nine wearers have trained together, and its rounds. What was begun is gone on with."""
    words = message.replace(",", "").replace(" ", "-")
    name = f"federated-without-{left_out}-seed-{seed}-{setting.name}-{words}{'-taught' if taught else ''}"
    path, log = MODELS / f"{name}.hypr", MODELS / f"{name}.rounds"
    stream = unheard(left_out)

    def noted(number, checked):
        accuracy = adaptation.recognised(hypr.Model.load(path), stream)[0].mean()
        record = Round(number, checked.bytes_received, len(checked.dropped), float(accuracy))
        with open(log, "a") as file:
            file.write(json.dumps(vars(record)) + "\n")
        if report is not None:
            report(record)

    wearers = others(left_out)

    def client_of(context):
        return Wearer(context, wearers[context.node_config["partition-id"]], setting.updates, setting.batch, seed)

    first, mod = start(left_out, seed, taught), MESSAGES[message]
    if not path.exists():
        log.unlink(missing_ok=True)
    client = flower.client_app(first, client_of, mods=[] if mod is None else [mod],
                               **{**OPTIONS, "learning_rate": setting.learning_rate})
    server = flower.server_app(first, path, rounds=setting.rounds(len(wearers)), schedule="cosine", report=noted,
                               strategy=strategy or FedAvgM(server_momentum=setting.momentum, fraction_evaluate=0.0))
    logging.getLogger("flwr").setLevel(logging.ERROR)
    flower.LocalGrid(client, len(wearers), threads).run_app(server)
    return hypr.Model.load(path), [Round(**json.loads(line)) for line in log.read_text().splitlines()]
