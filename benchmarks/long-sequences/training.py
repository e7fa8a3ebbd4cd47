"""One run: a network is trained, and judged at its best epoch. A run that was killed goes on from its last checkpoint."""

import fcntl
import os
import shutil
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypr
import spiking
from hypr.datasets import Dataset
from hypr.trainer import Trainer
from long_tasks import TASKS
from records import Run
from settings import Gru
from tasks import Task


class Elsewhere(Exception):
    """Another process does this run."""


class Interrupted(Exception):
    """Ctrl-C: the run goes on when it is started again."""


def outcome(run: Run, data: Dataset, unfinished: Path, checkpoint_seconds: float) -> dict[str, Any]:
    """What a record holds of a run. `unfinished`: where checkpoints of runs are."""
    task = TASKS[run.task]
    with claimed(unfinished / run.digest) as folder:
        result = by_pytorch(run, task, data) if isinstance(run.settings, Gru) else by_hypr(run, task, data, folder,
                                                                                           checkpoint_seconds)
        shutil.rmtree(folder, ignore_errors=True)
    return result


def by_hypr(run: Run, task: Task, data: Dataset, folder: Path, checkpoint_seconds: float) -> dict[str, Any]:
    settings, model = run.settings, spiking.fresh(data, run.settings, run.seed)
    options = spiking.learning(task, settings)
    trainer = Trainer(model, folder, epochs=settings.epochs, batch_size=settings.batch_size, seed=run.seed,
                      validation=run.validation, average_decay=settings.average_decay, checkpoint_seconds=checkpoint_seconds,
                      **options)
    resumed, start = trainer.folder.exists(), time.process_time()
    with warnings.catch_warnings(action="ignore", category=hypr.DiagnosisWarning):  # accuracies say it
        result = trainer.fit(data.train.sequences, data.train.labels, resume=True)
    seconds = time.process_time() - start
    if result.stopped == "interrupted":
        raise Interrupted
    best = result.history[result.best_epoch - 1]
    found: dict[str, Any] = {
        "steps": len(data.train.sequences[0]),
        "parameters": model.parameter_count,
        "memory": spiking.memory(model, options),
        "processor seconds": None if resumed else round(seconds, 1),
        "seconds": round(result.history[-1].seconds, 1),
        "best epoch": result.best_epoch,
        "validation accuracy": rounded(best.validation_accuracy),
        "epochs": {name: [rounded(getattr(record, name)) for record in result.history]
                   for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "spike_rate")},
    }
    if not run.trial:
        outputs, rates = spiking.judge(result.model, data.test)
        found |= {"test accuracy": rounded(task.accuracy(outputs, data.test)), "spikes": [rounded(rate) for rate in rates]}
    return found


def by_pytorch(run: Run, task: Task, data: Dataset) -> dict[str, Any]:
    """As in ../reproduce: a fixed number of epochs on all of the training data."""
    import gru

    start = time.monotonic()
    result = gru.run(task, data, run.settings, run.seed)
    return {"steps": len(data.train.sequences[0]), "parameters": result.parameters, "memory": result.memory,
            "processor seconds": round(result.seconds, 1), "seconds": round(time.monotonic() - start, 1),
            "test accuracy": rounded(result.accuracy)}


def rounded(number: float) -> float | None:
    """Five digits, which is more than accuracies are worth; None instead of NaN."""
    return None if number != number else float(f"{number:.5g}")


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder of a run, for this process alone: several may go through the same plan side by side."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.with_suffix(".lock"), os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    except BlockingIOError:
        raise Elsewhere from None
    finally:
        os.close(lock)
