"""The same training twice: in one place, and on wrists.

Both begin with the same model file, whose input scale comes from three wearers who have given their recordings away. What was
trained is kept in build/fleet.
"""

import json
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hypr
from hypr import flower
from fleet_numbers import Numbers
from settings import CENTRAL_RATE, MESSAGES, SEQUENCES
from wearers import OPTIONS, Sequences, Wearer, adaptation, of, recordings, unheard

MODELS = Path(__file__).resolve().parents[2] / "build" / "fleet"
SHOWN = 37  # models of a fleet on the way, of which accuracy is shown


@dataclass(frozen=True)
class Round:
    """What a round cost, and every few rounds the accuracy on the wearer who is left out, without learning."""

    number: int
    bytes_received: int
    dropped: int
    accuracy: float | None


def others(left_out):
    """The nine wearers who are clients."""
    return [wearer for wearer in recordings.WEARERS if wearer != left_out]


def start(left_out, seed):
    """The model file that both trainings begin with: fresh weights."""
    path = MODELS / f"start-without-{left_out}-seed-{seed}.hypr"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        adaptation.create(path, of(others(left_out)[:3]), seed)
    return path


def central(left_out, seed, sequences=SEQUENCES, rate=CENTRAL_RATE):
    """A model trained on all nine in one place, 24 sequences an update."""
    path = MODELS / f"central-without-{left_out}-seed-{seed}-rate-{rate:g}-sequences-{sequences}.hypr"
    if not path.exists():
        updates = sequences // adaptation.BATCH
        first = hypr.Model.load(start(left_out, seed))
        session = hypr.Session(first, schedule="cosine", schedule_updates=updates, **{**OPTIONS, "learning_rate": rate})
        drawn = Sequences(of(others(left_out)), seed)
        for _ in range(updates):
            session.learn_batch(*drawn.draw(adaptation.BATCH))
            session.apply()
        session.save_model(path)
    return hypr.Model.load(path)


def wearer_of(wearers, setting, seed, context):
    """The client that a node of Flower's is."""
    return Wearer(context, wearers[context.node_config["partition-id"]], setting.updates, setting.batch, seed)


def federated(left_out, seed, setting, message="float32", *, messages=False, report=None):
    """A model that nine wearers have trained together, and its rounds. What was begun is gone on with. With `messages` Flower
    carries them; without them the same is computed in a fraction of the time (fleet_numbers.py)."""
    words = message.replace(",", "").replace(" ", "-")
    name = f"federated-without-{left_out}-seed-{seed}-{setting.name}-{words}"
    name += "-messages" if messages else ""
    path, log, unfinished = (MODELS / f"{name}.{kind}" for kind in ("hypr", "rounds", "unfinished.npz"))
    stream, wearers, first, mod = unheard(left_out), others(left_out), start(left_out, seed), MESSAGES[message]
    rounds = setting.rounds(len(wearers))
    if messages and not path.exists():
        log.unlink(missing_ok=True)

    def noted(number, bytes_received, dropped, model):
        shown = number % max(rounds // SHOWN, 1) == 0 or number == rounds
        accuracy = float(adaptation.recognised(model(), stream)[0].mean()) if shown else None
        record = Round(number, bytes_received, dropped, accuracy)
        with open(log, "a") as file:
            file.write(json.dumps(vars(record)) + "\n")
        if report is not None:
            report(record)

    if messages:
        client = flower.client_app(first, partial(wearer_of, wearers, setting, seed), mods=[] if mod is None else [mod],
                                   **setting.options)
        server = flower.server_app(
            first, path, rounds=rounds, strategy=setting.strategy(), **setting.schedule,
            report=lambda number, fleet: noted(number, fleet.bytes_received, len(fleet.dropped), lambda: hypr.Model.load(path)))
        logging.getLogger("flwr").setLevel(logging.ERROR)
        flower.LocalGrid(client, len(wearers)).run_app(server)
    elif not path.exists():
        clients = [Wearer(None, wearer, setting.updates, setting.batch, seed) for wearer in wearers]
        fleet = Numbers(hypr.Model.load(first), clients, setting, mod)
        done = fleet.go_on(unfinished) if unfinished.exists() else 0
        log.write_text("".join(log.read_text().splitlines(True)[:done]) if done else "")
        for number in range(done + 1, rounds + 1):
            noted(number, fleet.round(number, rounds), 0, lambda: fleet.model)
            if number % 50 == 0:
                fleet.save(unfinished, number)
        fleet.model.save(path)
        unfinished.unlink(missing_ok=True)
    return hypr.Model.load(path), [Round(**json.loads(line)) for line in log.read_text().splitlines()]
