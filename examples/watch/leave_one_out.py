"""Leaves out every wearer in turn: a model trained on the others, before and after it learned online.

The trained models are kept in build/watch, so that further trials take seconds. For example
  leave_one_out.py --blocks                   one long block per exercise, instead of sets that alternate
  leave_one_out.py --option window=50         another window; any option of hypr.h, by its name
  leave_one_out.py --option schedule=constant --option learning_rate=0.002
"""

import argparse
from pathlib import Path

import numpy as np

import adaptation
import recordings

MODELS = Path(__file__).resolve().parents[2] / "build" / "watch"


def setting(text):
    """An option such as window=50 or credit=spatial."""
    name, value = text.split("=")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--wearers", type=int, nargs="+", default=list(recordings.WEARERS), help="who is left out in turn")
    add("--seed", type=int, default=0, help="of the first weights and the training sequences (default: 0)")
    add("--updates", type=int, default=adaptation.UPDATES, help="of the training (default: %(default)s)")
    add("--option", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="an option of online learning, if it is not to be what the model file recommends")
    add("--sets", type=int, default=6, help="pieces of a recording in the calibration session (default: 6)")
    add("--unlabelled", type=int, default=50, help="samples of a set before its labels arrive (default: 50)")
    add("--blocks", action="store_true", help="do not alternate: all sets of a recording in a row")
    add("--orders", type=int, default=1, help="random orders of the sets to average over (default: 1)")
    return parser.parse_args()


def print_row(wearer, samples, updates, before, after):
    gain = after - before
    print(f"{wearer:>6}  {samples:>7}  {updates:>7}  {before:5.1f} %  {after:5.1f} %  {gain:+5.1f}", flush=True)


def main():
    arguments = parse()
    everyone = recordings.load()
    print("wearer  samples  updates  before   after    gain")
    results = []
    for left_out in arguments.wearers:
        training = [recording for recording in everyone if recording.wearer != left_out]
        wearer = [recording for recording in everyone if recording.wearer == left_out]
        path = MODELS / f"without-{left_out}-seed-{arguments.seed}-updates-{arguments.updates}.hypr"
        if not path.exists():
            adaptation.train(path, training, arguments.seed, arguments.updates)
        runs = []
        for order in range(arguments.orders):
            stream = recordings.stream(wearer, arguments.sets, arguments.unlabelled, arguments.blocks, order)
            before, _ = adaptation.accuracy(path, stream)
            after, updates = adaptation.accuracy(path, stream, learning=True, **dict(arguments.option))
            runs.append((100 * before, 100 * after))
        before, after = np.mean(runs, axis=0)
        results.append((before, after))
        print_row(left_out, len(stream), updates, before, after)
    print_row("mean", "", "", *np.mean(results, axis=0))


if __name__ == "__main__":
    main()
