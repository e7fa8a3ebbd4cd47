"""Offline training on labelled sequences: epochs, batches, validation, early stopping, checkpoints."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import ceil, isinf, isnan
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, number
from hypr._exemplars import with_exemplars
from hypr._interruption import Interruption
from hypr._library import library_version
from hypr._scores import Judgement, Scores
from hypr._sequences import run_all
from hypr._teaching import Teacher, rate_falls, updates_per_epoch
from hypr._training_data import TrainingData
from hypr._warnings import Warner
from hypr.adaptation import Adaptation, AdaptationPlan, checked_groups
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError, StoppedError, WrongStateError
from hypr.model import Model, checked_model
from hypr.options import SessionOptions, option_names, unknown_option
from hypr.run_folder import Checkpoint, EpochRecord, RunFolder
from hypr.session import Diagnosis, Finding, Session

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["EpochRecord", "Trainer", "TrainingResult"]


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


class Trainer:
    """Trains a model on sequences, each from a fresh state.

    Parameters
    ----------
    model : Model
        What to begin with; it stays as it is.
    folder : path, optional
        Where the run is kept (``hypr.run_folder`` has the layout): best model, log, checkpoint. Without one nothing is written.
    epochs : int
    batch_size : int
        Sequences per update, or between two looks at Ctrl-C with ``update="window"``.
    shuffle : bool
        Whether every epoch has its own random order.
    seed : int
        Of the order, and of what is held out. Equal seeds, data and options give equal models, bit for bit on one machine.
    validation : float
        The share of sequences that is held out, at random, unless ``fit`` is given validation data.
    patience : int, optional
        Stops after so many epochs without a better validation.
    monitor : {"accuracy", "loss"}, optional
        What says which model is best. The default is accuracy for classes (of equal ones that with the lower loss), loss for
        values.
    class_weights : array_like [outputs], optional
        As ``Session.set_class_weights``.
    exemplars : int, optional
        The bytes of the model file that stretches of the training data may take, which the model then brings along for sessions
        to rehearse: drawn by the seed, and balanced over classes. By default the model has those that it began with.
    exemplar_steps : int
        Steps of such a stretch.
    tune_adaptation : bool or AdaptationPlan
        Whether to measure afterwards, on what is held out, which settings a device should learn with, and to recommend them in the
        model: ``hypr.tune_adaptation``, whose arguments an AdaptationPlan has.
    checkpoint_seconds : float
        There is a checkpoint after every epoch, and within an epoch when the last one is so old.
    progress : bool
        Whether to show a bar, if tqdm is installed.
    **options
        As for ``Session``; `update` is "sequence" (one update per batch) or "window". What is not given is as the model
        recommends, or else the default, but for `update` ("sequence") and `schedule_updates` (to the last epoch).

    Examples
    --------
    >>> trainer = hypr.Trainer(model, "runs/first", epochs=50, validation=0.2, patience=10, learning_rate=0.01)
    >>> result = trainer.fit(x, y)
    >>> result.model.save("best.hypr")
    """

    def __init__(self, model: Model, folder: str | os.PathLike[str] | None = None, *, epochs: int = 10,
                 batch_size: int = 16, shuffle: bool = True, seed: int = 0, validation: float = 0.0,
                 patience: int | None = None, monitor: Literal["accuracy", "loss"] | None = None,
                 class_weights: npt.ArrayLike | None = None, exemplars: int | None = None,
                 exemplar_steps: int = 120, tune_adaptation: bool | AdaptationPlan = False, checkpoint_seconds: float = 60.0,
                 progress: bool = True,
                 **options: Unpack[SessionOptions]) -> None:
        for name in options:
            if name not in option_names():
                raise unknown_option(name, Trainer.arguments)
        for name, count in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience), ("exemplars", exemplars),
                            ("exemplar_steps", exemplar_steps)):
            if count is not None and (not isinstance(count, (int, float, np.number)) or not count >= 1 or count % 1 != 0):
                raise InvalidArgumentError(f"{name} is {count!r}, expected a whole number from 1")
        if not 0 <= number(validation, "validation") < 1:
            raise InvalidArgumentError(f"validation is {validation}, expected a share from 0 to less than 1")
        if monitor not in (None, "accuracy", "loss"):
            raise InvalidArgumentError(f"monitor is {monitor!r}, expected 'accuracy' or 'loss'")
        self.model: Model = checked_model(model)
        self.folder: RunFolder | None = None if folder is None else RunFolder(folder)
        self.epochs: int = epochs
        self.batch_size: int = batch_size
        self.shuffle: bool = shuffle
        self.seed: int = seed
        self.validation: float = validation
        self.patience: int | None = patience
        self.monitor: Literal["accuracy", "loss"] | None = monitor
        self.class_weights: FloatArray | None = None if class_weights is None else np.asarray(class_weights, np.float32)
        self.exemplars: int | None = exemplars
        self.exemplar_steps: int = exemplar_steps
        self.adaptation: AdaptationPlan | None = AdaptationPlan() if tune_adaptation is True else tune_adaptation or None
        self.checkpoint_seconds: float = checkpoint_seconds
        self.progress: bool = progress
        self.options: SessionOptions = options

    arguments: ClassVar[tuple[str, ...]] = tuple(__init__.__kwdefaults__ or ())  # that are no options

    def fit(self, x: Any, y: Any, validation_data: tuple[Any, Any] | tuple[Any, Any, Any] | None = None, *,
            groups: npt.ArrayLike | None = None, sample_weight: npt.ArrayLike | None = None,
            resume: bool = False) -> TrainingResult:
        """Trains. The first Ctrl-C ends it after the batch, with the best model so far as the result; a second one at once.

        Parameters
        ----------
        x : array_like [sequences, steps, channels], or a sequence of arrays [steps, channels] of any lengths
            A list, or anything with a length whose elements are made when they are asked for, such as the sequences of
            ``datasets.load_shd``: only a batch of them is in memory at a time.
        y : array_like, or a list of arrays
            Classes are whole numbers: [sequences], one for each, taught as the option `loss` says, or with the steps of `x`,
            negative: none. Values are floating-point numbers, with one more axis for the outputs, NaN: none.
        validation_data : (x, y) or (x, y, groups), optional
            Groups are of consequence for `tune_adaptation`.
        groups : array_like [sequences], optional
            Whose each sequence of `x` is, such as a person, a machine or a day: with `validation` whole groups are held out, at
            random, so that nothing of whom the network is judged on was trained on.
        sample_weight : array_like [sequences], optional
            Factors on the loss of the sequences, 0 or 1e-6 to 1e6. An update is made on the weighted mean
            of a batch, and what is held out by chance is judged with its weights. Needs the update "sequence".
        resume : bool
            Whether to go on from the folder's checkpoint, if there is one: the result is that of a run that was never
            interrupted, bit for bit. Without it a folder that has a run is refused.

        Raises
        ------
        StateMismatchError
            The run in the folder has other data or settings (more epochs are fine).
        NotFiniteError
            The network's state overflowed. The folder has the best model until then.
        """
        data, held, held_groups = self._data(x, y, validation_data, groups, sample_weight)
        if self.adaptation is not None:
            if held is None:
                raise InvalidArgumentError("tune_adaptation needs data that is held out: set validation, or give fit "
                                           "validation_data")
            self.adaptation.streams(held, held_groups)  # what cannot be tuned is refused before the training, not after it
        return _Run(self, self._start(data), data, held, held_groups).run(resume)

    def _start(self, data: TrainingData) -> Model:
        """What training begins with: every model that comes of it has the range of the inputs, and the exemplars."""
        model = _with_trained_range(self.model, data)
        if self.exemplars is None:
            return model
        session = Session(model, False, **self.options)
        return with_exemplars(model, data, Judgement.of(session), size=self.exemplars, steps=self.exemplar_steps, seed=self.seed)

    def _data(self, x: Any, y: Any, validation_data: tuple[Any, ...] | None, groups: npt.ArrayLike | None,
              sample_weight: npt.ArrayLike | None) -> tuple[TrainingData, TrainingData | None, npt.NDArray[Any] | None]:
        """Training and validation, and the groups of the latter."""
        data = TrainingData.of(x, y, self.model, sample_weight)
        held: TrainingData | None = None
        held_groups: npt.NDArray[Any] | None = None
        if groups is not None and (validation_data is not None or not self.validation):
            raise InvalidArgumentError("groups are for a share that is held out: set validation, and give no validation_data, "
                                       "which brings its own as (x, y, groups)")
        if validation_data is not None:
            held = TrainingData.of(validation_data[0], validation_data[1], self.model)
            if len(validation_data) > 2:
                held_groups = checked_groups(validation_data[2], len(held))
            if (held.classes, held.per_step) != (data.classes, data.per_step):
                raise InvalidArgumentError("validation_data has targets of another kind than y")
        elif groups is not None:
            known = checked_groups(groups, len(data))
            held_out = self._held_groups(known)
            held_groups = known[held_out]
            held, data = data.subset(np.flatnonzero(held_out)), data.subset(np.flatnonzero(~held_out))
        elif self.validation:
            # Its own stream of numbers: what is held out does not change with the order.
            order = np.random.default_rng([self.seed, 1]).permutation(len(data))
            count = max(1, round(self.validation * len(data)))
            if count == len(data):
                raise InvalidArgumentError(f"of {len(data)} sequences none is left to train on")
            held, data = data.subset(np.sort(order[:count])), data.subset(np.sort(order[count:]))
        for part, what in ((data, "y"), (held, "the validation data")):
            if part is not None and not part.has_targets:
                raise InvalidArgumentError(f"{what} has no targets" + ("" if part.weights is None else " with a weight above 0")
                                           + ": every label is negative" * part.classes)
        classes = np.unique(data.targets[data.targets >= 0]) if data.classes else np.empty(0)
        if len(classes) == 1:
            warnings.warn(f"y has one class only, {classes[0]}: the network learns to answer nothing else", stacklevel=3)
        if held is None and self.patience is not None:
            raise InvalidArgumentError("patience needs validation data: set validation, or give fit validation_data")
        if self.monitor == "accuracy" and not data.classes:
            raise InvalidArgumentError("monitor is 'accuracy', but y has values: expected 'loss'")
        return data, held, held_groups

    def _held_groups(self, groups: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which sequences are of groups that are held out."""
        names, places = np.unique(groups, return_inverse=True)
        count = max(1, round(self.validation * len(names)))
        if count == len(names):
            raise InvalidArgumentError(f"of {len(names)} groups none is left to train on")
        return np.isin(places, np.random.default_rng([self.seed, 1]).permutation(len(names))[:count])


class _Run:
    """One training, from its data to its result."""

    def __init__(self, trainer: Trainer, model: Model, data: TrainingData, held: TrainingData | None,
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
                    self.best = self.session.parameters.flat
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
        plan, options = self.trainer.adaptation, self.trainer.options
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
            self.batch += 1
            if self.bar is not None:
                self.bar.update()
            if trainer.folder is not None and time.monotonic() - self.saved >= trainer.checkpoint_seconds:
                self._save()
        self._finish_epoch()
        return True

    def _finish_epoch(self) -> None:
        statistics, held = self.session.statistics, Scores()
        flat = self.session.parameters.flat
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
        loss = self.scores.loss
        if Finding.DIVERGED in self.diagnosis.findings or isinf(loss):
            return True
        # Of values there is no loss of guessing to compare with.
        return not self.data.classes and bool(self.history) and loss > 10 * self.history[0].train_loss

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
        progress = {
            "batch": self.batch, "random": self.random_state, "scores": asdict(self.scores),
            "best_epoch": self.best_epoch, "best_score": self.best_score, "seconds": time.monotonic() - self.started,
            "history": [asdict(record) for record in self.history]}
        self.trainer.folder.save_checkpoint(Checkpoint(self.session.save_state(), self.best, progress))
        self.saved = time.monotonic()

    def _restore(self, checkpoint: Checkpoint) -> None:
        progress = checkpoint.progress
        self.session.load_state(checkpoint.state)
        self.batch, self.scores, self.best = progress["batch"], Scores(**progress["scores"]), checkpoint.best
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
        names = ("epochs", "batch_size", "shuffle", "seed", "validation", "patience", "checkpoint_seconds")
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
        trainer, options = self.trainer, self.trainer.options.copy()
        if "schedule_updates" not in options and rate_falls(self.model, options):
            updates = updates_per_epoch(self.model, options, self.data, trainer.batch_size)
            options["schedule_updates"] = trainer.epochs * updates
        return options

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


def _with_trained_range(model: Model, data: TrainingData) -> Model:
    """The model, which says how far its inputs reach in the data; what it said before is widened. Sequences are read one at a time."""
    builder = ModelBuilder.from_model(model)
    for index in range(len(data)):
        builder.widen_trained_range(data.take(np.array([index])).inputs)
    return builder.build()


def _progress_bar(run: _Run) -> Any:
    """A tqdm bar over all batches; nothing if tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return contextlib.nullcontext()
    done = len(run.history) * run.batches + run.batch
    return tqdm(total=run.trainer.epochs * run.batches, initial=done, unit=" batches", mininterval=0.5)
