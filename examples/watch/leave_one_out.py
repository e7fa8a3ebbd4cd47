"""Leaves out every wearer in turn: a model trained on the others, before and after it learned online.

The trained models are kept in build/watch, so that further trials take seconds. For example
  leave_one_out.py --blocks                   one exercise after the other, instead of sets that alternate
  leave_one_out.py --blocks --option rehearsal_bytes=65536 --rehearse 2000
  leave_one_out.py --taught 4                 only four exercises are in the calibration, the test has all seven
  leave_one_out.py --option window=50         another window; any option of hypr.h, by its name
  leave_one_out.py --option schedule=constant --option learning_rate=0.002
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import adaptation
import hypr
import recordings

MODELS = Path(__file__).resolve().parents[2] / "build" / "watch"


def setting(text):
    """An option such as window=50 or credit=spatial."""
    name, value = text.split("=")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def parser(description):
    """What all experiments with wearers who are left out have in common."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--wearers", type=int, nargs="+", default=list(recordings.WEARERS), help="who is left out in turn")
    add("--seed", type=int, default=0, help="of the first weights and the training sequences (default: 0)")
    add("--updates", type=int, default=adaptation.UPDATES, help="of the training (default: %(default)s)")
    add("--option", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="an option of online learning, if it is not to be what the model file recommends")
    add("--rehearse", type=int, default=0, metavar="WINDOWS",
        help="that are rehearsed by themselves after the calibration (default: %(default)s)")
    add("--exemplars", type=int, default=0, metavar="BYTES",
        help="stretches of the other wearers that the model brings along (default: %(default)s)")
    add("--sets", type=int, default=6, help="pieces of a recording in the calibration session (default: %(default)s)")
    add("--unlabelled", type=int, default=50, help="samples of a set before its labels arrive (default: %(default)s)")
    add("--taught", type=int, default=len(recordings.EXERCISES), help="exercises in the calibration (default: %(default)s)")
    add("--orders", type=int, default=1, help="random orders of sets and exercises to average over (default: %(default)s)")
    add("--processes", type=int, default=1, help="that share the wearers (default: %(default)s)")
    return parser


def model_without(left_out, arguments, exemplars):
    """The model trained on the others; it is trained now, if there is none yet."""
    path = MODELS / f"without-{left_out}-seed-{arguments.seed}-updates-{arguments.updates}.hypr"
    training = [recording for recording in recordings.load() if recording.wearer != left_out]
    if not path.exists():
        adaptation.train(path, training, arguments.seed, arguments.updates)
    model = hypr.Model.load(path)
    return adaptation.with_exemplars(model, training, exemplars) if exemplars else model


def streams(left_out, arguments, blocks):
    """Those of the wearer who was left out, in all orders."""
    wearer = [recording for recording in recordings.load() if recording.wearer == left_out]
    return [recordings.stream(wearer, arguments.sets, arguments.unlabelled, blocks, order, arguments.taught)
            for order in range(arguments.orders)]


def percentages(stream, right):
    """Accuracy in percent in exercises that were taught, and in the others (NaN, if there are none)."""
    label, test = stream["label"], stream["kind"] == recordings.TEST
    known = np.isin(label[test], label[~test])
    return [100 * right[group].mean() if group.any() else np.nan for group in (known, ~known)]


def before_and_after(left_out, arguments):
    """Samples, updates, and the accuracies [before, after][taught, not taught], means over the orders."""
    model, results = model_without(left_out, arguments, arguments.exemplars), []
    for stream in streams(left_out, arguments, arguments.blocks):
        before, _ = adaptation.recognised(model, stream)
        after, updates = adaptation.recognised(model, stream, True, arguments.rehearse, **dict(arguments.option))
        results.append([percentages(stream, right) for right in (before, after)])
    return len(stream), updates, np.mean(results, axis=0)


def print_row(name, samples, updates, accuracies):
    row = f"{name:>6}  {samples:>7}  {updates:>7}"
    for before, after in accuracies.T[~np.isnan(accuracies[0])]:
        row += f"  {before:5.1f} %  {after:5.1f} %  {after - before:+5.1f}"
    print(row, flush=True)


def main():
    options = parser(__doc__)
    options.add_argument("--blocks", action="store_true", help="do not alternate: all sets of an exercise in a row")
    arguments = options.parse_args()
    some = arguments.taught < len(recordings.EXERCISES)
    print("wearer  samples  updates" + (2 if some else 1) * "  before   after    gain" +
          ("  (exercises taught, exercises never taught)" if some else ""))
    results = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for left_out, (samples, updates, accuracies) in zip(
                arguments.wearers, pool.map(partial(before_and_after, arguments=arguments), arguments.wearers)):
            print_row(left_out, samples, updates, accuracies)
            results.append(accuracies)
    print_row("mean", "", "", np.mean(results, axis=0))
    worst = np.nanargmin(np.array(results)[:, 1, 0])
    print_row("worst", f"({arguments.wearers[worst]})", "", results[worst])


if __name__ == "__main__":
    main()
