"""A thousand virtual watches, of which in every round one in ten drops out and one in a hundred is hostile or broken.

Each has five seconds or so of the recordings that examples/watch uses, on which it makes one update a round. What the hostile ones
send is not finite, of another shape, or a difference from parameters that the fleet does not have any more; and had it been
averaged, it would show. The same is run again with these watches silent: the two models are equal, bit for bit. With --ray the
clients run in Flower's own simulation engine, in processes of Ray (pip install "flwr[simulation]"); there replies come in any
order, in which sums are rounded.
"""

import argparse
import logging
import os
import random
import time
from collections import Counter

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np
from flwr.app import Array
from flwr.serverapp.strategy import FedAvg

import hypr
from hypr import flower
from training import MODELS, start
from wearers import OPTIONS, everyone

STEPS = 240
WAYS = ("not a number", "another shape", "a stale base")


def watches(count):
    """Pieces of the recordings of all wearers but the second, dealt out in turn: [samples, 6] and the exercise of each watch."""
    pieces = [(recording.values[start:start + STEPS].astype(np.float32), recording.exercise)
              for recording in everyone() if recording.wearer != 2
              for start in range(0, len(recording.values) - STEPS + 1, STEPS)]
    return [pieces[number % len(pieces)] for number in range(count)]


class Watch:
    """One update on its piece."""

    def __init__(self, values, exercise):
        self.values, self.labels = values, np.full(len(values), exercise, np.int32)

    def fit(self, model, options, server_round):
        session = hypr.Session(model, **options)
        loss = session.learn_sequence(self.values, self.labels)
        session.apply()
        return flower.Fitted(session.parameters.flat, len(self.values), {"loss": loss})


def fate(seed, server_round, watch, dropping, hostile):
    """What becomes of a watch in a round: it works (None), drops out, or is hostile in one of the ways."""
    drawn = np.random.default_rng([seed, server_round, watch])
    chance = drawn.random()
    if chance < dropping:
        return "drops out"
    return str(drawn.choice(WAYS)) if chance < dropping + hostile else None


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


def run(arguments, client, server):
    """All rounds, in this process or in Flower's simulation engine."""
    if not arguments.ray:
        return flower.LocalGrid(client, arguments.watches).run_app(server)
    from flwr.simulation import run_simulation  # only here: the rest does without Ray

    processes = {"num_cpus": arguments.ray, "include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    run_simulation(server, client, arguments.watches, backend_config={"init_args": processes, "client_resources": {"num_cpus": 1}})


def train(arguments, name, silent):
    """The model after all rounds; with `silent`, hostile watches say nothing instead. And what the server has logged."""
    path, reasons = MODELS / f"{name}.hypr", []
    path.unlink(missing_ok=True)
    data = watches(arguments.watches)

    def play(message, context, call_next):
        number, server_round = context.node_config["partition-id"], message.content.config_records["config"]["server-round"]
        happens = fate(arguments.seed, server_round, number, arguments.dropping, arguments.hostile)
        if happens == "drops out" or (happens and silent):
            raise ConnectionError("the watch does not answer")
        reply = call_next(message, context)
        return spoil(reply, happens) if happens else reply

    def noted(number, checked):
        reasons.append(checked.dropped)
        if not silent:
            words = Counter(reason.partition(":")[0].removesuffix(" [1000], expected [7]") for reason in checked.dropped.values())
            said = "; ".join(f"{count} × {reason}" for reason, count in words.most_common())
            print(f"round {number}: {arguments.watches - len(checked.dropped)} updates averaged; left out: {said}", flush=True)

    first = start(2, 0)
    client = flower.client_app(first, lambda context: Watch(*data[context.node_config["partition-id"]]), mods=[play], **OPTIONS)
    server = flower.server_app(first, path, rounds=arguments.rounds, strategy=FedAvg(fraction_evaluate=0.0), report=noted)
    random.seed(arguments.seed)  # Flower draws the order of clients, in which sums are rounded
    run(arguments, client, server)
    return hypr.Model.load(path), reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watches", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dropping", type=float, default=0.1, help="share of watches (default: %(default)s)")
    parser.add_argument("--hostile", type=float, default=0.01, help="share of watches (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ray", type=int, default=0, metavar="PROCESSES", help="so many, of Flower's simulation engine")
    arguments = parser.parse_args()
    logging.getLogger("flwr").setLevel(logging.CRITICAL)  # the reasons are printed here
    begun = time.monotonic()
    model, reasons = train(arguments, "thousand", silent=False)
    seconds = time.monotonic() - begun
    expected, _ = train(arguments, "thousand-silent", silent=True)
    off = max(np.abs(values - expected.parameters[name]).max() for name, values in model.parameters.items())
    equal = off <= (1e-5 if arguments.ray else 0)
    print(f"{arguments.watches} watches, {arguments.rounds} rounds in {seconds:.0f} s; {sum(map(len, reasons))} replies left out; "
          f"the model is {'the same as' if equal else 'OTHER THAN'} without the hostile watches")
    if not equal:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
