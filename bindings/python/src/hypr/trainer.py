"""Offline training on labelled sequences: epochs, batches, validation, early stopping, checkpoints."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, number
from hypr._exemplars import with_exemplars
from hypr._scores import Judgement
from hypr._training_data import TrainingData
from hypr._training_options import training_options
from hypr._training_run import TrainingResult, TrainingRun
from hypr._words import counted
from hypr.adaptation import AdaptationPlan, checked_groups
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError
from hypr.model import Model, checked_model
from hypr.options import SessionOptions, option_names, unknown_option
from hypr.run_folder import EpochRecord, RunFolder
from hypr.session import Session

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["EpochRecord", "Trainer", "TrainingResult"]


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
    average_decay : float
        Slow weights: what is validated, and given as the best model, are not the parameters that learn, but their exponential
        moving average over batches, of which so much stays at each batch. 0, the default: no average. 0.999 is a mean over about
        1000 batches, which takes out most of the noise of single updates.
    tune_adaptation : bool or AdaptationPlan
        Whether to measure afterwards, on what is held out, which settings a device should learn with, and to recommend them in the
        model: ``hypr.tune_adaptation``, whose arguments an AdaptationPlan has.
    checkpoint_seconds : float
        There is a checkpoint after every epoch, and within an epoch when the last one is so old.
    progress : bool
        Whether to show a bar, if tqdm is installed.
    **options
        As for ``Session``; `update` is "sequence" (one update per batch) or "window". What is not given is as the model
        recommends, or else the default, but for `update` ("sequence") and `schedule_updates` (to the last epoch). What it recommends
        to devices, by `tune_adaptation`, does not count: what it recommended before does.

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
                 exemplar_steps: int = 120, average_decay: float = 0.0, tune_adaptation: bool | AdaptationPlan = False,
                 checkpoint_seconds: float = 60.0, progress: bool = True,
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
        if not 0 <= number(average_decay, "average_decay") < 1:
            raise InvalidArgumentError(f"average_decay is {average_decay}, expected a share from 0 to less than 1")
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
        self.average_decay: float = average_decay
        self.adaptation: AdaptationPlan | None = AdaptationPlan() if tune_adaptation is True else tune_adaptation or None
        self.checkpoint_seconds: float = checkpoint_seconds
        self.progress: bool = progress
        self.options: SessionOptions = cast(SessionOptions, {**training_options(self.model), **options})

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
        return TrainingRun(self, self._start(data), data, held, held_groups).run(resume)

    def _start(self, data: TrainingData) -> Model:
        """What training begins with: every model that comes of it has the range of the inputs, and the exemplars."""
        model = _with_trained_range(self.model, data, self.batch_size)
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
            held_out = drawn(len(data), self.validation, self.seed)
            if held_out.all():
                raise InvalidArgumentError(f"of {counted(len(data), 'sequence')} none is left to train on")
            held, data = data.subset(np.flatnonzero(held_out)), data.subset(np.flatnonzero(~held_out))
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
        chosen = drawn(len(names), self.validation, self.seed)
        if chosen.all():
            raise InvalidArgumentError(f"of {counted(len(names), 'group')} none is left to train on")
        return np.asarray(chosen[places])


def drawn(count: int, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which of so many are held out: a share of them, but one at least."""
    # Its own stream of numbers: what is held out does not change with the order.
    order = np.random.default_rng([seed, 1]).permutation(count)
    held_out = np.zeros(count, bool)
    held_out[order[:max(1, round(share * count))]] = True
    return held_out


def _with_trained_range(model: Model, data: TrainingData, batch_size: int) -> Model:
    """The model, which says how far its inputs reach in the data; what it said before is widened. A batch is read at a time."""
    builder = ModelBuilder.from_model(model)
    for part in data.batches(batch_size):
        builder.widen_trained_range(part.inputs)
    return builder.build()
