"""A fleet of watches: nine wearers train a network together, and the tenth, who is no client, gets it.

Every recording stays with its wearer. The same training in one place is what it is compared with; then the tenth wearer's watch
adapts online, one exercise after the other, with rehearsal. For example
  fleet.py                                     one wearer is left out (two or three minutes)
  fleet.py --flower                            the same with Flower's messages
  fleet.py --wearers 1 2 3 4 5 6 7 8 9 10      the table, each wearer left out in turn (half an hour)
  fleet.py --messages float32 int8 "int8, a tenth"     small messages compared: accuracy and bytes
What was trained is kept in build/fleet, so that further trials take seconds.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np

import tenth
from settings import CENTRAL_RATE, MESSAGE, MESSAGES, SEQUENCES, Setting
from training import central, federated


def compared(left_out, arguments):
    """Percent of a wearer's test samples [ways][before, after online adaptation], and the rounds of each fleet."""
    setting = Setting(learning_rate=arguments.rate, sequences=arguments.sequences)
    models, histories = [central(left_out, arguments.seed, arguments.sequences, arguments.central_rate)], []
    for message in arguments.messages:
        model, rounds = federated(left_out, arguments.seed, setting, message, messages=arguments.flower,
                                  report=partial(show, message) if arguments.verbose else None)
        models.append(model)
        histories.append(rounds)
    return np.array([tenth.before_and_after(model, left_out, arguments.orders) for model in models]), histories


def show(message, record):
    if record.accuracy is not None:
        print(f"{message}, round {record.number}: {record.bytes_received / 9 / 1000:.1f} kB from each client, accuracy on the "
              f"wearer who is left out {record.accuracy:.1%}", flush=True)


def print_table(wearers, results, names, bytes_up):
    print("\n| | a client's message | without learning | after online adaptation |\n|---|---:|---:|---:|")
    for way, name in enumerate(names):
        before, after = results[:, way, 0], results[:, way, 1]
        size = f"{bytes_up[way - 1]:,.0f} bytes" if way else ""
        print(f"| {name} | {size} | {before.mean():.1f} % ({before.min():.1f}) | {after.mean():.1f} % ({after.min():.1f}) |")
    if len(wearers) > 1:
        print("\n| wearer | " + " | ".join(names) + " |\n|---|" + "---:|" * len(names))
        for wearer, row in zip(wearers, results):
            print(f"| {wearer} | " + " | ".join(f"{before:.1f} → {after:.1f}" for before, after in row) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--wearers", type=int, nargs="+", default=[4], help="who is left out in turn (default: 4)")
    add("--messages", nargs="+", choices=MESSAGES, default=["float32", MESSAGE], metavar="WAY",
        help=f"how clients send what they have learned: {', '.join(map(repr, MESSAGES))}")
    add("--seed", type=int, default=0, help="of the first weights and the training sequences (default: %(default)s)")
    add("--sequences", type=int, default=SEQUENCES, help="that each training sees (default: %(default)s)")
    add("--rate", type=float, default=Setting.learning_rate, help="of a fleet in the first round (default: %(default)s)")
    add("--central-rate", type=float, default=CENTRAL_RATE, help="of the first update in one place (default: %(default)s)")
    add("--flower", action="store_true", help="Flower carries every message, which takes five times as long")
    add("--orders", type=int, default=3, help="of exercises in the adaptation, to average over (default: %(default)s)")
    add("--processes", type=int, default=1, help="that share the wearers (default: %(default)s)")
    add("--picture", type=Path, metavar="FILE", help="draws accuracy over rounds and over bytes (needs matplotlib)")
    arguments = parser.parse_args()
    arguments.verbose = len(arguments.wearers) == 1
    results, histories = [], []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for wearer, (rows, rounds) in zip(arguments.wearers, pool.map(partial(compared, arguments=arguments), arguments.wearers)):
            results.append(rows)
            histories.append(rounds)
            words = "; ".join(f"{name} {row[0]:.1f} %, adapted {row[1]:.1f} %"
                              for name, row in zip(["central", *arguments.messages], rows))
            print(f"without wearer {wearer}: {words}", flush=True)
    clients = 9
    bytes_up = [np.mean([record.bytes_received for rounds in histories for record in rounds[way]]) / clients
                for way in range(len(arguments.messages))]
    names = ["in one place", *(f"fleet, {message}" for message in arguments.messages)]
    print_table(arguments.wearers, np.array(results), names, bytes_up)
    if arguments.picture:
        from picture import draw  # only here: the tables do without matplotlib

        draw(arguments.picture, arguments.messages, histories, np.array(results)[:, 0, 0].mean(), clients)


if __name__ == "__main__":
    main()
