"""Trains networks on long sequences with every kind of credit and with backpropagation through time.

One file for each run goes into the folder of results: settings, seed, commit, seconds, accuracies and what every epoch brought. A
run whose file is there with the same settings is not done again; one that was killed goes on from its last checkpoint, and ends as
if it had never been. Several processes may go through the same plan side by side: none does what another one does.

Parts whose data is not there are left out, and it is said why:
    HYPR_TEST_DATA   the folder with QTDB_train.mat and QTDB_test.mat, for ecg
    HYPR_SHD_DATA    the folder with shd_train.h5 and shd_test.h5, for shd
    HYPR_SSC_DATA    the folder with ssc_train.h5 and ssc_test.h5, for ssc
Fashion-MNIST is Debian's package dataset-fashion-mnist; MNIST-5k is part of a Python package, and cue recall is made up.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import measurements
import plan
import records
import trials
from hypr.datasets import Dataset, MissingDataError
from long_tasks import TASKS
from records import ROOT, Run
from training import Elsewhere, Interrupted, outcome

PARTS = (*measurements.PARTS, *plan.PARTS, *trials.PARTS)
RESULTS = ROOT / "build" / "long-sequences"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--only", nargs="+", choices=PARTS, metavar="PART", help=f"some of {', '.join(PARTS)}")
    add("--networks", nargs="+", metavar="NAME", help="only these, such as BRF, as they are called in the results")
    add("--methods", nargs="+", metavar="NAME", help="only these, such as BPTT, as they are called in the results")
    add("--seeds", type=int, default=3, metavar="N", help="how many (default: 3; ecg: 5 at least)")
    add("--seed", type=int, nargs="+", metavar="N", help="only these")
    add("--epochs", type=int, metavar="N", help="another budget than the plan's: a result of its own")
    add("--list", action="store_true", help="print the names of the runs, and which are done, instead of doing them")
    add("--quick", action="store_true", help="one epoch with few sequences: whether it works; the figures mean nothing")
    add("--results", type=Path, default=RESULTS, metavar="FOLDER", help="(default: build/long-sequences)")
    add("--unfinished", type=Path, default=RESULTS / "unfinished", metavar="FOLDER",
        help="where checkpoints are (default: build/long-sequences/unfinished)")
    add("--checkpoint-seconds", type=float, default=30, metavar="N", help="(default: 30)")
    return parser.parse_args()


def say(text: str) -> None:
    """For whoever waits."""
    print(text, file=sys.stderr, flush=True)


def chosen(arguments: argparse.Namespace) -> Iterator[Run]:
    """The trainings that were asked for."""
    for part, runs in (plan.PARTS | trials.PARTS).items():
        if arguments.only is None and part in trials.PARTS or arguments.only is not None and part not in arguments.only:
            continue
        for run in runs(arguments.seeds):
            if arguments.networks and run.network not in arguments.networks:
                continue
            if arguments.methods and run.method not in arguments.methods:
                continue
            if arguments.seed is not None and run.seed not in arguments.seed:
                continue
            if arguments.epochs:
                run = replace(run, part=f"{run.part}-{arguments.epochs}-epochs",
                              settings=replace(run.settings, epochs=arguments.epochs))
            yield plan.brief(run) if arguments.quick else run


@cache
def data_of(task: str, limit: int | None) -> Dataset:
    return TASKS[task].data(False, limit)


def measure(arguments: argparse.Namespace) -> None:
    """The parts that are no trainings."""
    for part, those in measurements.PARTS.items():
        if arguments.only is not None and part not in arguments.only or arguments.networks or arguments.methods:
            continue
        for measurement in those():
            path = records.path_of(arguments.results, part, measurement.name)
            if records.stored(path, measurement.how):
                continue
            if arguments.list:
                print(f"{part}/{measurement.name}")
                continue
            try:
                records.keep(path, measurement.how, measurement.run())
            except MissingDataError as error:
                say(f"{part} is left out: {error}")
                break
            say(f"{part}/{measurement.name}")


def train(arguments: argparse.Namespace) -> None:
    runs, missing, before = list(chosen(arguments)), set(), ""
    for number, run in enumerate(runs, 1):
        record = records.found(arguments.results, run)
        if arguments.list:
            print(f"{run.part}/{run.name}" + " done" * (record is not None))
        if record is not None or arguments.list or run.task in missing:
            continue
        if run.task != before:
            data_of.cache_clear()  # one data set at a time is in memory
            before = run.task
        name = f"{number} of {len(runs)}, {run.part}/{run.name}"
        say(name)
        start = time.monotonic()
        try:
            record = records.keep(records.path_of(arguments.results, run.part, run.name), run.how,
                                  outcome(run, data_of(run.task, run.limit), arguments.unfinished,
                                          arguments.checkpoint_seconds))
        except MissingDataError as error:
            say(f"{run.task} is left out: {error}")
            missing.add(run.task)
        except ModuleNotFoundError as error:
            say(f"{name} is left out: {error}")
        except Elsewhere:
            say(f"{name} is done by another process")
        else:
            say(f"{name}: " + ", ".join(f"{kind} {record[kind]:.1%}" for kind in ("validation accuracy", "test accuracy")
                                        if record.get(kind) is not None) + f" ({time.monotonic() - start:.0f} s)")


def main() -> None:
    arguments = parse()
    records.commit()  # of the code that runs, whatever is edited meanwhile
    try:
        measure(arguments)
        train(arguments)
    except Interrupted:
        say("interrupted: the same command goes on from here")
        sys.exit(130)


if __name__ == "__main__":
    main()
