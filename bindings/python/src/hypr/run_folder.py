"""The folder of a training run or of a stream, and the only code of the package that reads and writes it.

    config.json      what was trained, on what and how: written once, at the beginning
    log.csv          one line per epoch, the columns of EpochRecord
    model.hypr       the best model so far
    diagnosis.txt    what stood in the way in the last epoch: a line for each finding, the worst first; empty if nothing did
    predictions.npz  what it says about validation data, at the end; or about test data, see ``hypr.report.save_predictions``
    stream.csv       how a session did on a stream: a line per step, see ``hypr.StreamLog.save``; hypr stream --log writes it, too
    spike_rates.csv  its spike rates, a line for each reading
    gauge.csv        what it still knew, a line for each reading
    adaptation.csv   how each adaptation profile did, if that was measured: the table of hypr.adaptation.Adaptation
    checkpoint       what the run continues from: a .npz archive without pickles
    tensorboard/     event files, if tensorboardX or torch with tensorboard is installed

Every file is replaced as a whole: whenever the process ends, they are readable.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._files import replace_file
from hypr.errors import FileError, SizeMismatchError, StateMismatchError
from hypr.model import Model

Column: TypeAlias = npt.NDArray[np.float64]

if TYPE_CHECKING:
    from hypr.adaptation import Adaptation


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch brought. NaN: there is no such number.

    Attributes
    ----------
    epoch : int
        From 1.
    updates : int
        Optimizer steps until now.
    train_loss, train_accuracy : float
        Of the outputs that the training saw, made with the parameters before each update.
    validation_loss, validation_accuracy : float
        With the parameters after the epoch.
    learning_rate, gradient_norm : float
        The rate of the next update; the norm of the last gradient, before clipping.
    spike_rate : float
        Spikes per neuron and step, over all layers that spike.
    best : bool
        Whether this was the best model until now.
    seconds : float
        Since the beginning of the training, interruptions not counted.
    """

    epoch: int
    updates: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    gradient_norm: float
    spike_rate: float
    best: bool
    seconds: float


@dataclass
class Checkpoint:
    """Everything that a run continues from. `average` is empty if there is none. `progress` is JSON: epoch, batch, random state,
    history and scores."""

    state: bytes
    best: npt.NDArray[np.float32]
    average: npt.NDArray[np.float32]
    progress: dict[str, Any]


class RunFolder:
    """The files of a run.

    Parameters
    ----------
    path : path
        Need not exist.

    Examples
    --------
    >>> run = hypr.run_folder.RunFolder("runs/first")
    >>> [record.validation_accuracy for record in run.history()]
    >>> run.model(), run.config()["options"]["window"]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)
        self.config_path: Path = self.path / "config.json"
        self.log_path: Path = self.path / "log.csv"
        self.model_path: Path = self.path / "model.hypr"
        self.checkpoint_path: Path = self.path / "checkpoint"
        self.diagnosis_path: Path = self.path / "diagnosis.txt"
        self.predictions_path: Path = self.path / "predictions.npz"
        self.adaptation_path: Path = self.path / "adaptation.csv"
        self.stream_path: Path = self.path / "stream.csv"
        self.spike_rates_path: Path = self.path / "spike_rates.csv"
        self.gauge_path: Path = self.path / "gauge.csv"

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.config_path.exists()

    def model(self) -> Model:
        """The best model so far."""
        return Model.load(self.model_path)

    def config(self) -> dict[str, Any]:
        """What was trained, on what and how: `hypr` (version), `model`, `trainer`, `options`, `data`."""
        return dict(json.loads(self._read(self.config_path)))

    def history(self) -> tuple[EpochRecord, ...]:
        """The epochs that are done."""
        kinds = {field.name: str(field.type) for field in fields(EpochRecord)}
        rows = csv.DictReader(io.StringIO(self._read(self.log_path).decode()))
        return tuple(EpochRecord(**{name: _parsed(row[name], kind) for name, kind in kinds.items()}) for row in rows)

    def begin(self, config: Mapping[str, Any]) -> None:
        """Makes the folder and writes its configuration."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_history(())
        replace_file(self.config_path, json.dumps(config, indent=2).encode() + b"\n")

    def check(self, config: Mapping[str, Any]) -> None:
        """Raises StateMismatchError if a run of this configuration cannot go on here; more epochs and patience are fine, and so is
        what comes after the training."""
        before, now = _flat(self.config()), _flat(config)
        free = {"hypr", "trainer.epochs", "trainer.patience", "trainer.checkpoint_seconds"}
        for name in sorted({*before, *now} - free):
            if name.startswith("trainer.tune_adaptation"):
                continue
            if before.get(name) != now.get(name):
                raise StateMismatchError(f"{self.path} was begun with {name} {before.get(name)!r}, not {now.get(name)!r}")

    def diagnosis(self) -> tuple[str, ...]:
        """What stood in the way in the last epoch; empty if nothing did, or no epoch is done."""
        return tuple(self._read(self.diagnosis_path).decode().splitlines()) if self.diagnosis_path.exists() else ()

    def write_diagnosis(self, lines: Iterable[str]) -> None:
        """Replaces diagnosis.txt."""
        replace_file(self.diagnosis_path, "".join(f"{line}\n" for line in lines).encode())

    def write_history(self, history: Iterable[EpochRecord]) -> None:
        """Writes log.csv; empty cells for NaN."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(EpochRecord))
        writer.writerows([_cell(value) for value in asdict(record).values()] for record in history)
        replace_file(self.log_path, text.getvalue().encode())

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Replaces the checkpoint."""
        file = io.BytesIO()
        np.savez(file, state=np.frombuffer(checkpoint.state, np.uint8), best=checkpoint.best, average=checkpoint.average,
                 progress=np.frombuffer(json.dumps(checkpoint.progress).encode(), np.uint8))
        replace_file(self.checkpoint_path, file.getvalue())

    def load_checkpoint(self) -> Checkpoint | None:
        """The checkpoint; None if the run ended before its first."""
        if not self.checkpoint_path.exists():
            return None
        try:
            with np.load(self.checkpoint_path, allow_pickle=False) as arrays:
                return Checkpoint(arrays["state"].tobytes(), arrays["best"], arrays["average"],
                                  json.loads(arrays["progress"].tobytes()))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise FileError(f"the checkpoint {str(self.checkpoint_path)!r} cannot be read: {error}") from error

    def save_predictions(self, data: str, labels: npt.NDArray[np.int32], predictions: npt.NDArray[np.int32],
                         example: npt.ArrayLike | None = None, example_labels: npt.ArrayLike | None = None) -> None:
        """Replaces predictions.npz.

        Parameters
        ----------
        data : str
            What they are of, such as "Test data".
        labels, predictions : ndarray of int32, [any]
            Right and predicted classes; a negative label is none.
        example : array_like [steps, channels], optional
            A sequence to show.
        example_labels : int, or array_like of int [steps], optional
            Its right class.
        """
        if labels.shape != predictions.shape:
            raise SizeMismatchError(f"there are {labels.size} labels, but {predictions.size} predictions")
        arrays: dict[str, npt.NDArray[Any]] = {"data": np.array(data), "labels": labels, "predictions": predictions}
        if example is not None:
            arrays["example"] = np.asarray(example, np.float32)
        if example_labels is not None:
            arrays["example_labels"] = np.asarray(example_labels)
        self._write_arrays(self.predictions_path, arrays)

    def predictions(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of ``save_predictions`` by name; empty if there are none."""
        return self._arrays(self.predictions_path)

    def save_stream(self, steps: Mapping[str, npt.NDArray[Any]], spike_rates: Mapping[str, npt.NDArray[Any]],
                    gauge: Mapping[str, npt.NDArray[Any]]) -> None:
        """Replaces stream.csv, spike_rates.csv and gauge.csv: tables of columns by name."""
        for path, table in ((self.spike_rates_path, spike_rates), (self.gauge_path, gauge), (self.stream_path, steps)):
            self._write_table(path, table)

    def stream(self) -> tuple[dict[str, Column], dict[str, Column], dict[str, Column]] | None:
        """The tables of ``save_stream``, with all columns as float64; None if there is no stream.csv."""
        if not self.stream_path.exists():
            return None
        return self._table(self.stream_path), self._table(self.spike_rates_path), self._table(self.gauge_path)

    def save_adaptation(self, adaptation: Adaptation) -> None:
        """Replaces adaptation.csv, and the model by the one that recommends the profile."""
        replace_file(self.adaptation_path, adaptation.csv().encode())
        adaptation.model.save(self.model_path)

    def adaptation(self) -> list[dict[str, str]]:
        """The rows of adaptation.csv; none if there is no such file."""
        if not self.adaptation_path.exists():
            return []
        return list(csv.DictReader(io.StringIO(self._read(self.adaptation_path).decode())))

    def tensorboard(self, epochs: int) -> Any | None:
        """A SummaryWriter that continues after so many epochs; None if no package for it is installed."""
        # PyTorch takes seconds to import: only if its writer can work.
        for package, needs in (("tensorboardX", "tensorboardX"), ("torch.utils.tensorboard", "tensorboard")):
            if importlib.util.find_spec(package.split(".")[0]) and importlib.util.find_spec(needs):
                writer = importlib.import_module(package).SummaryWriter
                return writer(str(self.path / "tensorboard"), purge_step=epochs + 1 if epochs else None)
        return None

    @staticmethod
    def _write_table(path: Path, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        # As text the shortest that is read as the same number.
        writer.writerows(zip(*(map(str, values) for values in columns.values()), strict=True))
        replace_file(path, text.getvalue().encode())

    @classmethod
    def _table(cls, path: Path) -> dict[str, Column]:
        header, *lines = cls._read(path).decode().splitlines() or [""]
        names = header.split(",")
        try:
            values = np.loadtxt(lines, delimiter=",", ndmin=2) if lines else np.empty((0, len(names)))
            return dict(zip(names, values.T, strict=True))
        except ValueError as error:
            raise FileError(f"{str(path)!r} cannot be read: {error}") from error

    @staticmethod
    def _write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        replace_file(path, file.getvalue())

    @staticmethod
    def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
        if not path.exists():
            return {}
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise FileError(f"{str(path)!r} cannot be read: {error}") from error

    @staticmethod
    def _read(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise FileError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if isinstance(value, float) and isnan(value) else repr(value)


def _parsed(text: str, kind: str) -> Any:
    if kind == "bool":
        return text == "1"
    return int(text) if kind == "int" else float(text) if text else nan


def _flat(config: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """The leaves by their paths, such as ``options.window``, as JSON gives them back."""
    leaves: dict[str, Any] = {}
    for name, value in config.items():
        leaves |= _flat(value, f"{place}{name}.") if isinstance(value, Mapping) else {
            place + name: json.loads(json.dumps(value))}
    return leaves
