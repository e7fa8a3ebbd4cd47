"""One file for each run: what was done, with which settings, seed and commit, and what came out."""

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hypr
from settings import Gru, Spiking

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One training, and where its result stands in the tables.

    `validation`: the share of the training sequences that is held out, by the seed, to choose the best epoch by.
    `trial`: whether settings are tried, so that the test data is not looked at.
    """

    part: str
    network: str
    method: str
    task: str
    settings: Spiking | Gru
    seed: int = 0
    validation: float = 0.1
    trial: bool = False
    limit: int | None = None  # sequences of the training and of the test part

    @property
    def name(self) -> str:
        """Of its file, without the ending."""
        return f"{slug(self.network)}-{slug(self.method)}-seed-{self.seed}"

    @property
    def how(self) -> dict[str, Any]:
        """Everything that its result depends on, but for the code, as JSON gives it back."""
        return dict(json.loads(json.dumps({**asdict(self), "learner": type(self.settings).__name__})))

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.how, sort_keys=True).encode()).hexdigest()[:16]


def slug(text: str) -> str:
    """For a file name: ω becomes omega, what else is not a letter or a number becomes a hyphen."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower().replace("ω", "omega").replace("τ", "tau")).strip("-")


def path_of(results: Path, part: str, name: str) -> Path:
    return results / part / f"{name}.json"


def found(results: Path, run: Run) -> dict[str, Any] | None:
    """The record of a run, unless there is none of these settings."""
    return stored(path_of(results, run.part, run.name), run.how)


def stored(path: Path, how: dict[str, Any]) -> dict[str, Any] | None:
    if not path.exists():
        return None
    record = json.loads(path.read_text())
    return record if record["run"] == how else None


def keep(path: Path, how: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    """Writes a record, as a whole or not at all."""
    record = {"run": how, "made by": {"hypr": hypr.__version__, "commit": commit(), "processor": processor()}, **outcome}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(path)
    return record


def every(results: Path, part: str) -> Iterator[dict[str, Any]]:
    """The records of a part, by name."""
    for path in sorted((results / part).glob("*.json")):
        yield json.loads(path.read_text())


@cache
def commit() -> str:
    """Of the sources; with a + if they were changed since."""
    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)

    head = git("rev-parse", "--short=12", "HEAD")
    if head.returncode:
        return "unknown"
    changed = git("diff", "--quiet", "HEAD", "--", "Sources", "include", "bindings", "benchmarks").returncode
    return head.stdout.strip() + "+" * (changed != 0)


@cache
def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
