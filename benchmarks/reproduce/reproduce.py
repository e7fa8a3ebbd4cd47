"""Prints a table of hypr against a GRU of as many units and a logistic regression, on five data sets.

All learn from the same training data, with settings that were chosen on a part of it held out for validation (search.py).
    accuracy    on the test data: of sequences, or of steps if every step has a label
    training    seconds of one core, tests not included
    memory      that learning takes: hypr, the session, whatever the length of a sequence and the size of a batch; the GRU,
                parameters, gradients, moments of Adam, and what autograd keeps of the largest batch for its way back
    spikes      per neuron and step, on the test data
Results are kept as they come: a run that was killed goes on. With HYPR_TEST_DATA naming the folder with QTDB_train.mat and
QTDB_test.mat, ECG-QTDB is among the data sets.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from cache import measure
from hypr.datasets import MissingDataError
from result import Result
from settings import SETTINGS, brief
from table import results
from tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]
QUICK = 40  # sequences of each part, and one epoch


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--only", nargs="+", choices=TASKS, metavar="DATA", help=f"some of {', '.join(TASKS)}")
    add("--learners", nargs="+", choices=("hypr", "gru", "logistic"), default=["hypr", "gru", "logistic"], metavar="NAME",
        help="some of hypr, gru, logistic")
    add("--seed", type=int, default=0, help="of first weights and order (default: 0)")
    add("--quick", action="store_true",
        help=f"one epoch with {QUICK} sequences: whether everything runs; the figures mean nothing")
    add("--json", action="store_true", help="print JSON instead of the table")
    add("--cache", type=Path, default=ROOT / "build" / "reproduce", metavar="FOLDER",
        help="where results are kept; empty it after a change of the code (default: build/reproduce)")
    add("--table", type=Path, metavar="FILE", help="where the table is written too (default: table.md in the folder of --cache)")
    return parser.parse_args()


def say(text: str) -> None:
    """For whoever waits; results alone go to the standard output."""
    print(text, file=sys.stderr, flush=True)


def chosen(only: list[str] | None) -> list[str]:
    """The data sets: those that were asked for, or all, but for the one that is not part of a package."""
    if only:
        return only
    if os.environ.get("HYPR_TEST_DATA"):
        return list(TASKS)
    say("ECG-QTDB is left out: HYPR_TEST_DATA does not name a folder with QTDB_*.mat files")
    return [name for name in TASKS if name != "ecg"]


def main() -> None:
    arguments = parse()
    found: dict[str, list[Result]] = {}
    complete = True
    for name in chosen(arguments.only):
        task = TASKS[name]
        for learner in arguments.learners:
            settings, limit = SETTINGS[name][learner], None
            if arguments.quick:
                settings, limit = brief(settings), QUICK
            start = time.monotonic()
            try:
                result = measure(name, settings, arguments.seed, arguments.cache, limit=limit)
            except MissingDataError as error:
                say(f"{task.title} is left out: {error}")
                complete = False
                break
            say(f"{task.title}, {result.learner}: {result.accuracy:.1%} ({time.monotonic() - start:.0f} s)")
            found.setdefault(task.title, []).append(result)
    if found:
        table = results(found)
        (arguments.table or arguments.cache / "table.md").write_text(table)
        everything = {title: [asdict(result) for result in those] for title, those in found.items()}
        print(json.dumps(everything, indent=1) if arguments.json else table)
    sys.exit(not complete)


if __name__ == "__main__":
    main()
