"""Memory and time: what one more step of a sequence costs each method, what a second thread brings."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import hypr
import numpy as np
import spiking
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
    for name, count in (("learn_batch", 1), ("learn_batch", 2), ("Trainer", 1), ("Trainer", 2)):
        settings = image_methods(BRF_PIXELS)["window"]
        how = {"part": "threads", "call": name, "threads": count, "settings": asdict(settings)}
        yield Measurement("threads", f"{name.lower()}-{count}", how,
                          lambda name=name, count=count, settings=settings: batches(name, count, settings))


def batches(call: str, threads: int, settings: Any, images: int = 200) -> dict[str, Any]:
    """Seconds by the clock for some images, as training sees them: an epoch of the Trainer, or the calls that it makes."""
    task = TASKS["fashion"]
    data = task.data(False, images)
    model, options = spiking.fresh(data, settings, 0), spiking.learning(task, settings) | {"threads": threads}
    del options["schedule"]
    x, labels, size = data.train.sequences, data.train.labels, settings.batch_size
    if call == "Trainer":
        history = Trainer(model, epochs=6, batch_size=size, progress=False, **options).fit(x, labels).history
        found = min(np.diff([record.seconds for record in history]))
    else:
        session = hypr.Session(model, update="sequence", **options)

        def seconds() -> float:
            start = time.perf_counter()
            for first in range(0, images, size):
                session.learn_labelled(x[first:first + size], labels[first:first + size])
            return time.perf_counter() - start

        seconds()
        found = best(seconds, 5)
    return {"images": images, "seconds": float(f"{found:.4g}"), "processors": len(os.sched_getaffinity(0))}


PARTS = {"memory": memory, "threads": threads}
