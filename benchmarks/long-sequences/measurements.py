"""Memory and time: what one more step of a sequence costs each method, what a second thread brings."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import hypr
import numpy as np
import spiking
from hypr.datasets import Dataset
from hypr.trainer import Trainer
from long_tasks import CUE_LENGTHS, TASKS, cue_recall
from plan import BRF_PIXELS, cue_methods, image_methods


class Measurement(NamedTuple):
    """`how` is what it depends on; `run` gives what a record holds of it."""

    part: str
    name: str
    how: dict[str, Any]
    run: Callable[[], dict[str, Any]]


def best(seconds: Callable[[], float], times: int = 3) -> float:
    """The shortest of several: what else the machine does only makes it longer."""
    return min(seconds() for _ in range(times))


# ---- Memory and time of one sequence

def memory() -> Iterator[Measurement]:
    for steps in CUE_LENGTHS:
        for method, settings in cue_methods(steps).items():
            how = {"part": "memory", "method": method, "steps": steps, "settings": asdict(settings)}
            yield Measurement("memory", f"{method.lower()}-{steps}", how,
                              lambda steps=steps, settings=settings: one_sequence(steps, settings))


def one_sequence(steps: int, settings: Any) -> dict[str, Any]:
    data = cue_recall(steps)
    task, model = TASKS[f"cue-recall-{steps}"], spiking.fresh(data, settings, 0)
    options = spiking.learning(task, settings)
    session = hypr.Session(model, update="sequence", **options)
    sequence, label = data.train.sequences[0], data.train.labels[:1]

    def seconds() -> float:
        start = time.process_time()
        session.learn_labelled([sequence], label)
        return time.process_time() - start

    seconds()  # the first touches the memory
    return {"memory": spiking.memory(model, options), "seconds of a sequence": float(f"{best(seconds):.3g}")}


# ---- Threads

def threads() -> Iterator[Measurement]:
    for name, epoch in (("learn_batch", epoch_of_calls), ("Trainer", epoch_of_trainer)):
        settings = image_methods(BRF_PIXELS)["window"]
        how = {"part": "threads", "call": name, "settings": asdict(settings)}
        yield Measurement("threads", name.lower(), how, lambda epoch=epoch, settings=settings: batches(epoch, settings))


def batches(epoch: Callable[[Dataset, Any, int], float], settings: Any, images: int = 200, times: int = 40) -> dict[str, Any]:
    """Seconds by the clock for an epoch with some images: the shortest of several with one thread and with two, in turn."""
    data = TASKS["fashion"].data(False, images)
    found = [[epoch(data, settings, count) for count in (1, 2)] for _ in range(times)]
    one, two = np.min(found, axis=0)
    return {"images": images, "seconds with one thread": float(f"{one:.4g}"), "seconds with two": float(f"{two:.4g}"),
            "processors": len(os.sched_getaffinity(0))}


def batch_options(settings: Any, threads: int) -> dict[str, Any]:
    return spiking.learning(TASKS["fashion"], settings) | {"threads": threads, "schedule": "constant"}


def epoch_of_calls(data: Dataset, settings: Any, threads: int) -> float:
    """Of a session: the first batch is left out, as threads begin with it."""
    session = hypr.Session(spiking.fresh(data, settings, 0), update="sequence", **batch_options(settings, threads))
    x, labels, size = data.train.sequences, data.train.labels, settings.batch_size
    session.learn_labelled(x[:size], labels[:size])
    start = time.perf_counter()
    for first in range(0, len(x), size):
        session.learn_labelled(x[first:first + size], labels[first:first + size])
    return time.perf_counter() - start


def epoch_of_trainer(data: Dataset, settings: Any, threads: int) -> float:
    """The second epoch of two."""
    trainer = Trainer(spiking.fresh(data, settings, 0), epochs=2, batch_size=settings.batch_size, progress=False,
                      **batch_options(settings, threads))
    first, second = trainer.fit(data.train.sequences, data.train.labels).history
    return second.seconds - first.seconds


PARTS = {"memory": memory, "threads": threads}
