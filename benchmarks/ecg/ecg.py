"""ECG-QTDB, and nets that learn it: what the scripts of this folder and Tests/accuracy share.

Environment:
    HYPR_TEST_DATA  the folder with QTDB_train.mat and QTDB_test.mat (Yin, Corradi and Bohté 2021,
                    github.com/AdaptiveAILab/brf-neurons)
    HYPR_TOOL       the command line tool, if it is not build/bin/hypr
"""

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
from tabulate import tabulate

ROOT = Path(__file__).resolve().parents[2]
TOOL = os.environ.get("HYPR_TOOL", ROOT / "build" / "bin" / "hypr")
STEPS = 1300  # the last of the 1301 steps of a sequence is padding
INPUTS, NEURONS, OUTPUTS = 4, 36, 6


@dataclass(frozen=True)
class Rate:
    """Of Adam."""

    start: float
    schedule: str = "constant"


@dataclass(frozen=True)
class Settings:
    """What suits a neuron model. Fresh nets of some are silent, unless their inputs are scaled up."""

    offline: Rate
    online: Rate
    input_scale: float = 1


# BRF and SE-adLIF as in the reference implementation, the others by short trials, judged on validation data.
MODELS = {
    "brf": Settings(Rate(0.1, "linear"), Rate(0.01)),
    "se_adlif": Settings(Rate(0.01), Rate(0.003)),
    "alif": Settings(Rate(0.1, "linear"), Rate(0.01, "linear"), input_scale=10),
    "lif": Settings(Rate(0.1, "linear"), Rate(0.01, "linear"), input_scale=40),
    "gru": Settings(Rate(0.01), Rate(0.003)),
}
MODES = {"offline": ["--batch=16"], "online": ["--online"]}
BPTT = "bptt"  # not a credit by itself: "recurrent" with the whole sequence as its window


@dataclass(frozen=True)
class Training:
    """One net and the way it learns."""

    model: str
    credit: str
    mode: str
    epochs: int
    seed: int

    def __str__(self) -> str:
        return f"{self.model}-{self.credit}-{self.mode}-{self.epochs}-epochs-seed-{self.seed}"

    def net(self) -> list[str]:
        """Arguments of `hypr create`."""
        credit, window = ("recurrent", STEPS) if self.credit == BPTT else (self.credit, 100)
        return [f"--layer={self.model}:{NEURONS}", f"--inputs={INPUTS}", f"--outputs={OUTPUTS}", f"--seed={self.seed}",
                f"--input-scale={MODELS[self.model].input_scale}",
                f"--recommend=credit={credit}", f"--recommend=window={window}"]

    def learning(self) -> list[str]:
        """Arguments of `hypr train`."""
        rate: Rate = getattr(MODELS[self.model], self.mode)
        return [*MODES[self.mode], f"--epochs={self.epochs}", f"--shuffle-seed={self.seed}",
                "--optimizer=adam", f"--learning-rate={rate.start}", f"--schedule={rate.schedule}"]

    def create(self, folder: Path) -> Path:
        """The fresh model file."""
        fresh = folder / f"{self}-fresh.hypr"
        hypr("create", "--force", fresh, *self.net())
        return fresh

    def run(self, folder: Path, validation_split: float = 0.1) -> Path:
        """The trained model file; the folder holds the data, see `export`.

        It is that of the best epoch on the validation data, or that of the last epoch if the split is 0.
        """
        trained = folder / f"{self}.hypr"
        validation = [f"--validation-split={validation_split}"] if validation_split else []
        hypr("train", "--force", self.create(folder), f"--out={trained}", *data_arguments(folder, "train"),
             *self.learning(), *validation)
        return trained


def load(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [sequences, STEPS, INPUTS] and labels [sequences, STEPS], int8, of "train" or "test".

    Steps without a label (all-zero one-hot) count as class 0, as they do in published accuracies.
    """
    file = Path(os.environ.get("HYPR_TEST_DATA", "")) / f"QTDB_{part}.mat"
    if not file.exists():
        raise SystemExit(f"There is no file {file}: set HYPR_TEST_DATA to the folder with the QTDB_*.mat files")
    arrays = scipy.io.loadmat(file)
    return (arrays["x"][:, :STEPS].astype(np.int8, order="C"),
            arrays["y"][:, :STEPS].argmax(axis=2).astype(np.int8, order="C"))


def export(folder: Path) -> None:
    """Writes the data as the .npy files that the tool reads."""
    for part in ("train", "test"):
        inputs, labels = load(part)
        np.save(folder / f"{part}_inputs.npy", inputs)
        np.save(folder / f"{part}_labels.npy", labels)


def data_arguments(folder: Path, part: str) -> list[str]:
    return [f"--inputs={folder}/{part}_inputs.npy", f"--labels={folder}/{part}_labels.npy"]


def test_accuracy(model: Path) -> float:
    """The share of test steps that a model file beside the data classifies correctly, in percent."""
    report = json.loads(hypr("eval", model, "--json", *data_arguments(model.parent, "test")))
    return 100 * float(report["stepAccuracy"])


def hypr(*arguments: str | Path) -> str:
    """What the tool prints; if it fails, its message ends the program."""
    try:
        result = subprocess.run([TOOL, *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit(f"There is no tool {TOOL}: `make tool` builds it") from None
    if result.returncode:
        raise SystemExit(f"hypr {' '.join(map(str, arguments))}\n{result.stderr.strip()}")
    return result.stdout


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and, of several values, standard deviation."""
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def table(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> str:
    """In Markdown."""
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)
