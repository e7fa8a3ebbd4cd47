"""Prints the test accuracy on ECG-QTDB of several neuron models, trained with several kinds of credit.

Accuracy is that of single steps, at the epoch that is best on the validation data (a tenth of the training data).
    offline  an update after every 16 sequences; windows of 100 steps
    online   one sequence at a time, an update after every window of 100 steps
    bptt     offline: credit `recurrent` with the whole sequence as its window
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm.contrib.concurrent import thread_map

import ecg


@dataclass
class Result:
    """Of one training: test accuracy in percent, duration in seconds."""

    accuracy: float
    seconds: float


def measure(training: ecg.Training, work: Path, cache: Path | None) -> Result:
    """Trains a net, unless the cache has the result."""
    how = training.net() + training.learning()
    file = cache / f"{training}.json" if cache else None
    if file and file.exists():
        kept = json.loads(file.read_text())
        if kept.pop("how") == how:
            return Result(**kept)
    start = time.monotonic()
    trained = training.run(work)
    result = Result(seconds=time.monotonic() - start, accuracy=ecg.test_accuracy(trained))
    if file:
        file.write_text(json.dumps({"how": how} | vars(result)))
    return result


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--models", nargs="+", choices=ecg.MODELS, default=list(ecg.MODELS), metavar="NAME",
        help=f"neuron models (default: {' '.join(ecg.MODELS)})")
    add("--credits", nargs="+", default=["spatial", "window", "recurrent", ecg.BPTT], metavar="NAME",
        help="kinds of credit that the tool knows, and bptt (default: spatial window recurrent bptt)")
    add("--modes", nargs="+", choices=ecg.MODES, default=list(ecg.MODES), help="(default: both)")
    add("--epochs-offline", type=int, default=40, metavar="N", help="(default: %(default)s)")
    add("--epochs-online", type=int, default=6, metavar="N", help="(default: %(default)s)")
    add("--seeds", type=int, nargs="+", default=[0, 1], metavar="N",
        help="of weights, order of the sequences and choice for validation (default: 0 1)")
    add("--jobs", type=int, default=os.cpu_count(), metavar="N", help="trainings at a time (default: one per core)")
    add("--cache", type=Path, metavar="FOLDER",
        help="keep results here, and do not repeat those that are there; empty it after a change of the library")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    if arguments.cache:
        arguments.cache.mkdir(parents=True, exist_ok=True)
    epochs = {"offline": arguments.epochs_offline, "online": arguments.epochs_online}
    columns = [(mode, credit) for mode, credit in product(arguments.modes, arguments.credits)
               if (mode, credit) != ("online", ecg.BPTT)]

    def seeds(model: str, mode: str, credit: str) -> list[ecg.Training]:
        return [ecg.Training(model, credit, mode, epochs[mode], seed) for seed in arguments.seeds]

    trainings = [training for model in arguments.models for column in columns for training in seeds(model, *column)]
    with TemporaryDirectory() as folder:
        work = Path(folder)
        ecg.export(work)
        for training in trainings:
            training.create(work)  # fails now, not in an hour, if the tool does not know a model or a credit
        run: Callable[[ecg.Training], Result] = lambda training: measure(training, work, arguments.cache)
        results = dict(zip(trainings, thread_map(run, trainings, max_workers=arguments.jobs, unit="training")))

    def table(cell: Callable[[list[Result]], str]) -> str:
        rows = [[model, *(cell([results[training] for training in seeds(model, *column)]) for column in columns)]
                for model in arguments.models]
        return ecg.table(rows, ["", *map(" ".join, columns)])

    print(f"Test accuracy in percent (seeds: {len(arguments.seeds)}, epochs: {epochs['offline']} offline, "
          f"{epochs['online']} online)\n")
    print(table(lambda cell: ecg.spread([result.accuracy for result in cell], digits=1)))
    print("\nSeconds per training\n")
    print(table(lambda cell: ecg.spread([result.seconds for result in cell], digits=0)))


if __name__ == "__main__":
    main()
