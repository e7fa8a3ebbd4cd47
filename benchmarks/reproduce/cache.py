"""Runs a learner on a task, unless that was done before: a run that was killed goes on."""

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path

import gru
import hypr
import logistic
import spiking
from result import Result
from settings import Gru, Logistic, Settings, Spiking
from tasks import TASKS

LEARNERS = {Spiking: spiking.run, Gru: gru.run, Logistic: logistic.run}


def measure(task: str, settings: Settings, seed: int, folder: Path, *, validation: bool = False,
            limit: int | None = None) -> Result:
    """Results are kept in the folder by everything that they depend on, but for the code; empty it after a change of that."""
    how = {"task": task, "learner": type(settings).__name__, "settings": asdict(settings), "seed": seed,
           "validation": validation, "limit": limit, "hypr": hypr.__version__}
    digest = hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()
    file = folder / f"{task}-{how['learner'].lower()}-{digest[:12]}.json"
    if file.exists():
        return Result(**json.loads(file.read_text())["result"])
    start = time.monotonic()
    data = TASKS[task].data(validation, limit)
    result = LEARNERS[type(settings)](TASKS[task], data, settings, seed)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"how": how, "all seconds": time.monotonic() - start, "result": asdict(result)}, indent=1))
    unfinished.replace(file)
    return result
