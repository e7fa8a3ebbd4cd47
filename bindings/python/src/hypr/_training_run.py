"""One training, from its data to its result: epochs, checkpoints, the best model, and what it says."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import ceil, isinf, isnan
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr._interruption import Interruption
from hypr._library import library_version
from hypr._parameter_average import ParameterAverage
from hypr._scores import Scores
from hypr._sequences import run_all
from hypr._teaching import Teacher, rate_falls, updates_per_epoch
from hypr._training_data import TrainingData
from hypr._warnings import Warner
from hypr.adaptation import Adaptation, AdaptationPlan
from hypr.errors import StoppedError, WrongStateError
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.run_folder import Checkpoint, EpochRecord, RunFolder
from hypr.session import Diagnosis, Finding, Session


@dataclass(frozen=True)
class TrainingResult:
    """What a training gave.

    Attributes
    ----------
    model : Model
        The best model: of the epoch with the best validation, or of the last epoch if nothing is held out. Epochs in which learning
        diverged do not count.
    history : tuple of EpochRecord
    best_epoch : int
        From 1; 0 if the training was interrupted in its first epoch: then `model` is what it had until there; or if learning
        diverged in all epochs: then `model` is as it began.
    stopped : {"epochs", "patience", "interrupted"}
        Why it ended.
    adaptation : Adaptation, optional
        Which profile `model` recommends to devices, and what was measured; None unless it was asked for.
    diagnosis : Diagnosis
        What stood in the way in the last epoch; ``fit`` warns of it (DiagnosisWarning), once of each finding.
    """

    model: Model
    history: tuple[EpochRecord, ...]
    best_epoch: int
    stopped: Literal["epochs", "patience", "interrupted"]
    adaptation: Adaptation | None = None
    diagnosis: Diagnosis = Diagnosis(Finding(0), ())


class TrainingRun:
    """One training, from its data to its result. `trainer`: the hypr.Trainer that it is of."""

    def __init__(self, trainer: Any, model: Model, data: TrainingData, held: TrainingData | None,
                 held_groups: npt.NDArray[Any] | None) -> None:
        self.trainer, self.model, self.data, self.held, self.held_groups = trainer, model, data, held, held_groups
        self.teacher = Teacher(model, self._options(), data.classes, trainer.class_weights)
        self.teacher.check(data.weights)
        self.session, self.judgement = self.teacher.session, self.teacher.judgement
        self.monitor = trainer.monitor or ("accuracy" if data.classes else "loss")
        self.judge = Session(model, learning=False)
        self.random = np.random.default_rng(trainer.seed)
        self.random_state = self.random.bit_generator.state  # at the beginning of the epoch
        self.batches = ceil(len(data) / trainer.batch_size)
        self.batch, self.scores = 0, Scores()
        self.warner, self.diagnosis = Warner(), Diagnosis(Finding(0), ())
        self.history: list[EpochRecord] = []
        self.best = self.session.parameters.flat
        self.average = ParameterAverage(trainer.average_decay, self.best) if trainer.average_decay else None
        self.best_epoch, self.best_score = 0, (-np.inf, -np.inf)
        self.started, self.saved = time.monotonic(), time.monotonic()

    def run(self, resume: bool) -> TrainingResult:
        folder = self.trainer.folder
        if folder is not None:
            self._open(folder, resume)
        with Interruption() as interruption, contextlib.ExitStack() as stack:
            self.bar = stack.enter_context(_progress_bar(self)) if self.trainer.progress else None
            board = folder.tensorboard(len(self.history)) if folder is not None else None
            if board is not None:
                stack.callback(board.close)
            while len(self.history) < self.trainer.epochs and not self._waited():
                if not self._epoch(interruption):
                    break
                self._log(board)
            stopped: Literal["epochs", "patience", "interrupted"] = (
                "epochs" if len(self.history) >= self.trainer.epochs else "patience" if self._waited() else "interrupted")
            if stopped == "interrupted":
                if not self.history:
                    self.best = self._learned()
                self._save()
            model, adaptation = self._best_model(), None
            if folder is not None:
                model.save(folder.model_path)
                self._save_predictions(folder)
            if stopped != "interrupted":
                with contextlib.suppress(StoppedError):
                    adaptation = self._tune(model, interruption)
            if adaptation is not None:
                model = adaptation.model
                if folder is not None:
                    folder.save_adaptation(adaptation)
        self.warner.tell(self.diagnosis)
        return TrainingResult(model, tuple(self.history), self.best_epoch, stopped, adaptation, self.diagnosis)

    def _tune(self, model: Model, interruption: Interruption) -> Adaptation | None:
        """Which profile the model should recommend; StoppedError: Ctrl-C."""
        plan: AdaptationPlan | None = self.trainer.adaptation
        options: SessionOptions = self.trainer.options
        if plan is None or self.held is None:
            return None
        base = {name: value for name, value in options.items() if name in ("loss", "loss_steps") and value is not None}
        return plan.tune(model, self.held, self.held_groups, base, progress=self.trainer.progress,
                         stop=lambda: interruption.requested)

    def _epoch(self, interruption: Interruption) -> bool:
        """Trains until the epoch is over, or Ctrl-C: whether it is over."""
        trainer, count = self.trainer, len(self.data)
        order = self.random.permutation(count) if trainer.shuffle else np.arange(count)
        while self.batch < self.batches:
            if interruption.requested:
                return False
            chosen = order[self.batch * trainer.batch_size:(self.batch + 1) * trainer.batch_size]
            part = self.data.take(chosen)
            self.scores.add(self.teacher.teach(part), part, self.judgement)
            if self.average is not None:
                self.average.add(self.session.parameters.flat)
            self.batch += 1
            if self.bar is not None:
                self.bar.update()
            if trainer.folder is not None and time.monotonic() - self.saved >= trainer.checkpoint_seconds:
                self._save()
        self._finish_epoch()
        return True

    def _finish_epoch(self) -> None:
        statistics, held = self.session.statistics, Scores()
        flat = self._learned()
        if self.held is not None:
            self.judge.parameters.flat = flat
            for part in self.held.batches(self.trainer.batch_size):
                held.add(run_all(self.judge, part.inputs, part.lengths), part, self.judgement)
        score = (held.accuracy if self.monitor == "accuracy" else 0.0, -held.loss)
        self.diagnosis = self.session.diagnose()
        # A network is at chance before it has learned, and need not stay there.
        self.warner.tell(self.diagnosis, but=Finding.CHANCE)
        best = not self._diverged() and (self.held is None or score > self.best_score)
        if best:
            self.best, self.best_epoch, self.best_score = flat, len(self.history) + 1, score
        spiking = statistics.spike_rates > 0
        sizes = np.array([layer.size for layer in self.session.model.layers])
        rate = float(np.average(statistics.spike_rates, weights=sizes * spiking)) if spiking.any() else 0.0
        self.history.append(EpochRecord(
            len(self.history) + 1, statistics.updates, self.scores.loss, self.scores.accuracy, held.loss, held.accuracy,
            statistics.learning_rate, statistics.gradient_norm, rate, best, time.monotonic() - self.started))
        self.session.clear_statistics()
        self.batch, self.scores, self.random_state = 0, Scores(), self.random.bit_generator.state
        if self.trainer.folder is not None:
            if best:
                self._best_model().save(self.trainer.folder.model_path)
            self.trainer.folder.write_diagnosis(self.diagnosis.lines)
            self._save()
            self.trainer.folder.write_history(self.history)

    def _diverged(self) -> bool:
        """Whether what the epoch came to is worth nothing."""
        return Finding.DIVERGED in self.diagnosis.findings or isinf(self.scores.loss)

    def _waited(self) -> bool:
        patience = self.trainer.patience
        return patience is not None and len(self.history) - self.best_epoch >= patience

    # ---- Run folder

    def _open(self, folder: RunFolder, resume: bool) -> None:
        config = self._config()
        if not folder.exists():
            return folder.begin(config)
        if not resume:
            raise WrongStateError(f"there is a run in {folder.path} already: go on with resume=True, or take another folder")
        folder.check(config)
        checkpoint = folder.load_checkpoint()
        if checkpoint is not None:
            self._restore(checkpoint)
            folder.write_history(self.history)

    def _save(self) -> None:
        if self.trainer.folder is None:
            return
        average = self.average
        progress = {
            "batch": self.batch, "random": self.random_state, "scores": asdict(self.scores),
            "averaged_batches": 0 if average is None else average.batches,
            "best_epoch": self.best_epoch, "best_score": self.best_score, "seconds": time.monotonic() - self.started,
            "history": [asdict(record) for record in self.history]}
        self.trainer.folder.save_checkpoint(Checkpoint(
            self.session.save_state(), self.best, self.best[:0] if average is None else average.values, progress))
        self.saved = time.monotonic()

    def _restore(self, checkpoint: Checkpoint) -> None:
        progress = checkpoint.progress
        self.session.load_state(checkpoint.state)
        self.batch, self.scores, self.best = progress["batch"], Scores(**progress["scores"]), checkpoint.best
        if self.average is not None:
            self.average.values, self.average.batches = checkpoint.average, progress["averaged_batches"]
        self.best_epoch, self.best_score = progress["best_epoch"], tuple(progress["best_score"])
        self.history = [EpochRecord(**record) for record in progress["history"]]
        self.random_state = self.random.bit_generator.state = progress["random"]
        self.started = time.monotonic() - progress["seconds"]

    def _save_predictions(self, folder: RunFolder) -> None:
        """What the best model says about the validation data, if that has classes."""
        if self.held is None or not self.held.classes:
            return
        self.judge.parameters.flat = self.best
        chosen = []
        for part in self.held.batches(self.trainer.batch_size):
            outputs = run_all(self.judge, part.inputs, part.lengths)
            chosen.append((outputs if part.per_step else self.judgement.summaries(outputs, part.lengths)).argmax(axis=1))
        first = self.held.take(np.arange(1))
        folder.save_predictions("Validation data", self.held.targets, np.concatenate(chosen).astype(np.int32), first.inputs,
                                first.targets if first.per_step else first.targets[0])

    def _config(self) -> dict[str, Any]:
        trainer, model = self.trainer, self.model
        names = ("epochs", "batch_size", "shuffle", "seed", "validation", "patience", "average_decay", "checkpoint_seconds")
        weights = None if trainer.class_weights is None else trainer.class_weights.tolist()
        held = self.held
        return {
            "hypr": library_version(),
            "model": {"name": model.name, "inputs": model.input_size, "layers": model.layers, "outputs": model.output_size,
                      "class_labels": model.class_labels, "parameters": model.parameter_count,
                      "sha256": sha256(model.data).hexdigest()},
            "trainer": {**{name: getattr(trainer, name) for name in names}, "monitor": self.monitor, "class_weights": weights,
                        "tune_adaptation": None if trainer.adaptation is None else asdict(trainer.adaptation)},
            "options": self.session.options,
            "data": {"sequences": len(self.data), "steps": self.data.steps, "per_step": self.data.per_step,
                     "targets": "classes" if self.data.classes else "values", "sha256": self.data.digest(),
                     "validation_sequences": len(held) if held is not None else 0,
                     "validation_sha256": held.digest() if held is not None else None}}

    # ---- Details

    def _options(self) -> SessionOptions:
        """Those of the trainer; a falling schedule reaches 0 in the last epoch."""
        trainer = self.trainer
        options: SessionOptions = trainer.options.copy()
        if "schedule_updates" not in options and rate_falls(self.model, options):
            updates = updates_per_epoch(self.model, options, self.data, trainer.batch_size)
            options["schedule_updates"] = trainer.epochs * updates
        return options

    def _learned(self) -> FloatArray:
        """What training has come to: the parameters, or their average."""
        return self.session.parameters.flat if self.average is None else self.average.values

    def _best_model(self) -> Model:
        self.judge.parameters.flat = self.best
        return Model(self.judge.model_bytes())

    def _log(self, board: Any) -> None:
        record = self.history[-1]
        shown = {name: value for name, value in asdict(record).items() if isinstance(value, float) and not isnan(value)}
        if self.bar is not None:
            self.bar.set_postfix({"epoch": record.epoch, **{name: f"{value:.3g}" for name, value in shown.items()
                                                           if name.startswith(("train", "validation"))}})
        if board is not None:
            for name, value in shown.items():
                board.add_scalar(name.replace("_", "/", 1) if name.startswith(("train", "validation")) else name, value,
                                 record.epoch)
            board.flush()


def _progress_bar(run: TrainingRun) -> Any:
    """A tqdm bar over all batches; nothing if tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return contextlib.nullcontext()
    done = len(run.history) * run.batches + run.batch
    return tqdm(total=run.trainer.epochs * run.batches, initial=done, unit=" batches", mininterval=0.5)
