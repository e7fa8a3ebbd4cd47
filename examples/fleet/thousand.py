"""A thousand virtual watches, of which in every round one in ten drops out and one in a hundred is hostile or broken.

Each has five seconds or so of the recordings that examples/watch uses, on which it makes one update a round. What the hostile ones
send is not finite, of another shape, or a difference from parameters that the fleet does not have any more; and had it been
averaged, it would show. The same is run again with these watches silent: the two models are equal, bit for bit. With --ray the
first run is by Flower's own simulation engine, in processes of Ray (pip install "flwr[simulation]"); there replies come in any
order, in which sums are rounded.
"""

import argparse
import logging
import os
import random
import time
from collections import Counter
from dataclasses import replace

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np
from flwr.serverapp.strategy import FedAvg

import hypr
from hypr import flower
from training import MODELS, start
from virtual import Fleet


def engine(processes):
    """What runs clients and a server: this process (0), or Flower's simulation engine in so many of Ray's."""
    if not processes:
        return lambda client, server, watches: flower.LocalGrid(client, watches).run_app(server)
    from flwr.simulation import run_simulation  # only here: the rest does without Ray

    ray = {"num_cpus": processes, "include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    backend = {"init_args": ray, "client_resources": {"num_cpus": 1}}
    return lambda client, server, watches: run_simulation(server, client, watches, backend_config=backend)


def train(fleet, rounds, run, name):
    """The model after all rounds, and how many replies were left out."""
    path, left_out = MODELS / f"{name}.hypr", []
    path.unlink(missing_ok=True)

    def noted(number, checked):
        left_out.append(len(checked.dropped))
        if not fleet.silent:
            words = Counter(reason_of(text) for text in checked.dropped.values())
            said = "; ".join(f"{count} × {reason}" for reason, count in words.most_common())
            print(f"round {number}: {fleet.watches - len(checked.dropped)} updates averaged; left out: {said}", flush=True)

    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=fleet.watches, min_available_nodes=fleet.watches)
    server = flower.server_app(fleet.model, path, rounds=rounds, strategy=strategy, report=noted)
    random.seed(fleet.seed)  # Flower draws the order of clients, in which sums are rounded
    run(fleet.client, server, fleet.watches)
    return hypr.Model.load(path), sum(left_out)


def reason_of(text):
    """Without what differs from watch to watch, and without the names that an engine puts around it."""
    if "does not answer" in text:
        return "ConnectionError"
    return text.partition(":")[0].removesuffix(" [1000], expected [7]")


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
    fleet = Fleet(str(start(2, 0)), arguments.watches, arguments.dropping, arguments.hostile, arguments.seed)
    begun = time.monotonic()
    model, left_out = train(fleet, arguments.rounds, engine(arguments.ray), "thousand")
    seconds = time.monotonic() - begun
    expected, _ = train(replace(fleet, silent=True), arguments.rounds, engine(0), "thousand-silent")
    off = max(np.abs(values - expected.parameters[name]).max() for name, values in model.parameters.items())
    equal = off <= (1e-5 if arguments.ray else 0)
    print(f"{arguments.watches} watches, {arguments.rounds} rounds in {seconds:.0f} s; {left_out} replies left out; "
          f"the model is {'the same as' if equal else 'OTHER THAN'} without the hostile watches")
    if not equal:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
