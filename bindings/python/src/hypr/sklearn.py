"""scikit-learn estimators: networks with fit, partial_fit, predict and score.

>>> classifier = HyprClassifier(hidden_layer_sizes=(64,), epochs=30, random_state=0).fit(X, y)
>>> classifier.score(X_test, y_test)
>>> classifier.model_.save("speakers.hypr")

A call that raises leaves the estimator as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from hypr._optional import require

require("sklearn", "hypr.sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from hypr._arrays import FloatArray, IntArray
from hypr._atomic import all_or_nothing, put_back
from hypr._estimators import fit_input, network
from hypr._scores import Judgement, softmax
from hypr._sequences import Sequences, checked_weights, join, run_all
from hypr._teaching import Teacher
from hypr._warnings import Warner
from hypr.conditioning import Stage
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.run_folder import EpochRecord
from hypr.session import Finding, Session
from hypr.trainer import Trainer

__all__ = ["HyprClassifier", "HyprRegressor"]

Array = npt.NDArray[Any]
Weights = npt.NDArray[np.float64] | None

_PARAMETERS = """Parameters
    ----------
    neuron : str
        The neuron model, as in ``ModelBuilder.layer``.
    hidden_layer_sizes : int or sequence of int
    layer_values : mapping, optional
        Constants and parameters of the neuron model by name, such as ``{{"threshold": 0.5}}``.
    readout_tau : float, optional
        Time constant of the readout in steps.
    input_scale : float, optional
        Offset and scale are fitted to `X` (``ModelBuilder.input(fit=X)``): values have the mean 0, and this deviation. None: the
        network is calibrated to them (``ModelBuilder.calibrate``), so that its layers spike.
    conditioning : iterable of stages, optional
        What is done to the values then, such as ``[hypr.HighPass(0.5)]``: the model has it, and does it on every device.
    dt : float
        Seconds between two samples; 0: not known. Stages with time constants need it.
    flat : {{"constant", "series"}}
        What a feature vector of 2-D `X` is: a constant input on as many channels for `steps` steps, for features that are
        no time series; or a time series of one channel, one feature per step.
    steps : int
        How long a constant input is shown.
    window, credit, loss, loss_steps, optimizer, learning_rate
        Options of hypr.h.
    options : mapping, optional
        Further options by name.
    epochs, batch_size, validation, patience
        As for ``hypr.Trainer``; in `partial_fit` there is one pass over the data, with an update per batch.
    random_state : int, RandomState instance or None
        Of weights, order, and what is held out.
    verbose : bool
        Whether to show a progress bar (with tqdm).

    Attributes
    ----------
    model_ : hypr.Model
        The trained network: to save, to run in a session, to ship. {outputs}
    history_ : tuple of hypr.EpochRecord
        Of the last ``fit``.
    n_features_in_ : int
        Features of 2-D `X`, else channels."""


def _array(values: Any, dtype: type[np.floating[Any]], **options: Any) -> Any:
    # It says no types: what pyright infers of its defaults is too narrow.
    return check_array(values, dtype=dtype, **options)  # pyright: ignore[reportArgumentType]


class _HyprEstimator(BaseEstimator):
    """What both have in common: input, network, training. Targets and their meaning are the subclass's."""

    model_: Model
    history_: tuple[EpochRecord, ...]
    n_features_in_: int
    n_iter_: int
    _teacher: Teacher | None = None  # of partial_fit: kept, as the optimizer's moments are in its session

    def __init__(self, neuron: str = "se_adlif", hidden_layer_sizes: int | Sequence[int] = (32,), *,
                 layer_values: Mapping[str, Any] | None = None, readout_tau: float | None = None,
                 input_scale: float | None = None, conditioning: Iterable[Stage] | None = None, dt: float = 0.0,
                 flat: Literal["constant", "series"] = "constant", steps: int = 20, window: int = 100, credit: str = "window",
                 loss: str = "every_step", loss_steps: int = 10,
                 optimizer: str = "adam", learning_rate: float = 0.01, options: Mapping[str, Any] | None = None,
                 epochs: int = 20, batch_size: int = 16, validation: float = 0.0, patience: int | None = None,
                 random_state: Any = None, verbose: bool = False) -> None:
        self.neuron = neuron
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layer_values = layer_values
        self.readout_tau = readout_tau
        self.input_scale = input_scale
        self.conditioning = conditioning
        self.dt = dt
        self.flat = flat
        self.steps = steps
        self.window = window
        self.credit = credit
        self.loss = loss
        self.loss_steps = loss_steps
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    # ---- Input

    def _sequences(self, X: Any, y: Any = None, *, reset: bool, **y_rules: Any) -> tuple[FloatArray, IntArray, Any]:
        """X as [total, channels] and lengths, and y, checked as scikit-learn does."""
        checked_y = "no_validation" if not y_rules else y
        sequences: FloatArray | list[FloatArray]
        if _is_flat(X):
            result: Any = validate_data(self, X, checked_y, reset=reset, dtype=np.float32, **y_rules)
            rows, y = result if y_rules else (result, None)
            if self.flat == "constant":
                sequences = np.repeat(rows[:, None], self.steps, axis=1)
            elif self.flat == "series":
                sequences = rows[:, :, None]
            else:
                raise ValueError(f"flat is {self.flat!r}, expected 'constant' or 'series'")
        else:
            if not (isinstance(X, np.ndarray) and X.dtype != object):
                sequences = [_array(part, np.float32, input_name=f"X[{index}]") for index, part in enumerate(X)]
            else:
                sequences = _array(X, np.float32, allow_nd=True, input_name="X")
            channels = int(sequences[0].shape[-1])
            if reset:
                self.n_features_in_ = channels
            elif self.n_features_in_ != channels:
                raise ValueError(f"X has {channels} channels, but {type(self).__name__} is expecting {self.n_features_in_}")
            if y_rules:
                if y is None:
                    raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
                check_consistent_length(sequences, y)
        channels = int(sequences[0].shape[-1])
        if not reset and channels != self.model_.input_size:
            raise ValueError(f"X has sequences of {channels} channels, the network was fitted to {self.model_.input_size}")
        return *join(sequences, channels), y

    # ---- Training

    @property
    def _judgement(self) -> Judgement:
        return Judgement(self.loss, self.loss_steps)

    def _options(self) -> SessionOptions:
        named = {name: getattr(self, name)
                 for name in ("window", "credit", "loss", "loss_steps", "optimizer", "learning_rate")}
        return cast(SessionOptions, {**named, **(self.options or {})})

    def _build(self, inputs: FloatArray, lengths: IntArray, outputs: int, labels: Array | None = None,
               validation: float = 0.0) -> int:
        """Makes `model_`, fresh; the seed."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        builder = network(inputs.shape[1], outputs, self.neuron, self.hidden_layer_sizes, self.readout_tau, self.layer_values,
                          self.dt)
        fit_input(builder, inputs, lengths, self.conditioning, self.dt, self.input_scale, seed, validation)
        if labels is not None:
            builder.labels(map(str, labels))
        self.model_ = builder.build(seed)
        return seed

    def _train(self, inputs: FloatArray, lengths: IntArray, targets: Array, seed: int, weights: Weights) -> None:
        trainer = Trainer(self.model_, epochs=self.epochs, batch_size=self.batch_size, validation=self.validation,
                          patience=self.patience, seed=seed, progress=self.verbose, **self._options())
        result = trainer.fit(_split(inputs, lengths), targets, sample_weight=weights)
        if result.stopped == "interrupted":
            warnings.warn("the training was interrupted", ConvergenceWarning, stacklevel=3)
        self.model_, self.history_ = result.model, result.history
        self.n_iter_ = len(result.history)
        self._teacher = None

    def _continue(self, inputs: FloatArray, lengths: IntArray, targets: Array, weights: Weights) -> None:
        """One pass, an update per batch."""
        if self._teacher is None:
            self._teacher = Teacher(self.model_, self._options(), classes=targets.dtype.kind == "i")
            self._warner = Warner()
        data = Sequences(inputs, lengths, targets, per_step=False, weights=weights)
        try:
            with put_back(self._teacher.session):
                for start in range(0, len(data), self.batch_size):
                    self._teacher.teach(data.take(np.arange(start, min(start + self.batch_size, len(data)))))
                # More samples may come: being no better than guessing says nothing yet.
                self._warner.tell(self._teacher.session.diagnose(), but=Finding.CHANCE)
        finally:  # also after Ctrl-C: what was learned until then
            self.model_ = Model(self._teacher.session.model_bytes())

    def _summaries(self, X: Any) -> npt.NDArray[np.float64]:
        """What every sequence is judged by, [sequences, outputs]."""
        check_is_fitted(self)
        inputs, lengths, _ = self._sequences(X, reset=False)
        outputs = run_all(Session(self.model_, learning=False), inputs, lengths)
        return self._judgement.summaries(outputs, lengths)


class HyprClassifier(ClassifierMixin, _HyprEstimator):
    __doc__ = f"""Recurrent spiking network that gives each sequence a class.

    `X` is an array [samples, steps, channels], a list of arrays [steps, channels] of any lengths, or an array
    [samples, features] (see `flat`). `y` has one label of any type per sample.

    {_PARAMETERS.format(outputs="Its outputs are the classes, with their names.")}
    classes_ : ndarray
    """

    classes_: Array

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> HyprClassifier:
        """Trains a fresh network. `sample_weight` [samples], 0 or above: factors on the losses, divided by their mean; those
        below a millionth of it count as 0. What is held out is judged with its weights."""
        inputs, lengths, y = self._sequences(X, y, reset=True, ensure_min_samples=1)
        weights = _weights(sample_weight, len(lengths))
        codes = self._encode(y)
        seed = self._build(inputs, lengths, len(self.classes_), self.classes_, self.validation)
        self._train(inputs, lengths, codes, seed, weights)
        return self

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> HyprClassifier:
        """Goes on with one pass over the samples. The first call needs all `classes`; it makes the network and scales its
        inputs to the samples that it gets. `sample_weight` as in ``fit``."""
        first = not hasattr(self, "model_")
        inputs, lengths, y = self._sequences(X, y, reset=first, ensure_min_samples=1)
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        codes = self._encode(y, unique_labels(classes) if first else self.classes_)
        if not first and classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"classes {classes} are not those of the first call to partial_fit, {self.classes_}")
        if first:
            self._build(inputs, lengths, len(self.classes_), self.classes_)
        self._continue(inputs, lengths, codes, _weights(sample_weight, len(lengths)))
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The probability of each class, [samples, classes]: softmax of the mean output over the steps that `loss` takes
        (of the sum of softmax with the loss `sum_of_softmax`)."""
        return softmax(self._summaries(X))

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample."""
        chosen = self._summaries(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])

    def _encode(self, y: Any, classes: Array | None = None) -> IntArray:
        """Sets `classes_`; the index of each label in it."""
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_ = np.unique(y) if classes is None else classes
        if len(self.classes_) < 2:
            raise ValueError(f"there is one class, {self.classes_[0]!r}, and a classifier needs two: softmax over one is always 1")
        unknown = ~np.isin(y, self.classes_)
        if unknown.any():
            raise ValueError(f"y has the class {y[unknown][0]!r}, which is not among classes")
        return np.asarray(np.searchsorted(self.classes_, y), np.int32)


class HyprRegressor(RegressorMixin, _HyprEstimator):
    __doc__ = f"""Recurrent spiking network that gives each sequence one value or several.

    `X` is as for HyprClassifier, `y` [samples] or [samples, outputs]. The network is taught at the last `loss_steps` steps
    (with the loss `every_step` at all), and the prediction is its mean output there.

    {_PARAMETERS.format(outputs="Value = output * `y_scale_` + `y_mean_`.")}
    y_mean_, y_scale_ : ndarray of float64, [outputs]
        The network is taught values of mean 0 and deviation 1; in `partial_fit` by the samples of the first call.
    """

    y_mean_: npt.NDArray[np.float64]
    y_scale_: npt.NDArray[np.float64]

    def __init__(self, neuron: str = "se_adlif", hidden_layer_sizes: int | Sequence[int] = (32,), *,
                 layer_values: Mapping[str, Any] | None = None, readout_tau: float | None = None,
                 input_scale: float | None = None, conditioning: Iterable[Stage] | None = None, dt: float = 0.0,
                 flat: Literal["constant", "series"] = "constant", steps: int = 20, window: int = 100, credit: str = "window",
                 loss: str = "last_steps", loss_steps: int = 10,
                 optimizer: str = "adam", learning_rate: float = 0.01, options: Mapping[str, Any] | None = None,
                 epochs: int = 20, batch_size: int = 16, validation: float = 0.0, patience: int | None = None,
                 random_state: Any = None, verbose: bool = False) -> None:
        super().__init__(
            neuron, hidden_layer_sizes, layer_values=layer_values, readout_tau=readout_tau, input_scale=input_scale,
            conditioning=conditioning, dt=dt, flat=flat, steps=steps, window=window, credit=credit, loss=loss,
            loss_steps=loss_steps, optimizer=optimizer, learning_rate=learning_rate, options=options, epochs=epochs,
            batch_size=batch_size, validation=validation, patience=patience, random_state=random_state, verbose=verbose)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        return tags

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> HyprRegressor:
        """Trains a fresh network. `sample_weight` is as in ``HyprClassifier.fit``, and counts for `y_mean_` and `y_scale_`."""
        inputs, lengths, values, weights = self._values(X, y, sample_weight, reset=True)
        seed = self._build(inputs, lengths, values.shape[1], validation=self.validation)
        self._train(inputs, lengths, self._scaled(values), seed, weights)
        return self

    @all_or_nothing
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> HyprRegressor:
        """Goes on with one pass over the samples. The first call makes the network, and scales it to the samples it gets."""
        first = not hasattr(self, "model_")
        inputs, lengths, values, weights = self._values(X, y, sample_weight, reset=first)
        if first:
            self._build(inputs, lengths, values.shape[1])
        self._continue(inputs, lengths, self._scaled(values), weights)
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """The values of each sample, shaped as `y` was."""
        values = self._summaries(X) * self.y_scale_ + self.y_mean_
        return np.asarray(values[:, 0] if self._one_output else values)

    def _values(self, X: Any, y: Any, sample_weight: Any,
                reset: bool) -> tuple[FloatArray, IntArray, npt.NDArray[np.float64], Weights]:
        inputs, lengths, y = self._sequences(X, y, reset=reset, y_numeric=True, multi_output=True)
        weights = _weights(sample_weight, len(lengths))
        values = np.asarray(_array(y, np.float64, ensure_2d=False, input_name="y"))
        one_output, values = values.ndim == 1, values.reshape(len(values), -1)
        if reset:
            self._one_output, self.y_mean_ = one_output, np.average(values, axis=0, weights=weights)
            self.y_scale_ = np.sqrt(np.average((values - self.y_mean_) ** 2, axis=0, weights=weights))
            self.y_scale_[self.y_scale_ == 0] = 1
        elif values.shape[1] != len(self.y_mean_):
            raise ValueError(f"y has {values.shape[1]} outputs, the network has {len(self.y_mean_)}")
        return inputs, lengths, values, weights

    def _scaled(self, values: npt.NDArray[np.float64]) -> FloatArray:
        return np.asarray((values - self.y_mean_) / self.y_scale_, np.float32)


def _weights(sample_weight: Any, count: int) -> Weights:
    """Weights of the samples with the mean 1, checked as scikit-learn does."""
    if sample_weight is None:
        return None
    weights = checked_weights(_array(sample_weight, np.float64, ensure_2d=False, input_name="sample_weight"), count)
    assert weights is not None
    relative = weights / weights.mean()
    return np.where(relative < 1e-6, 0, relative)


def _is_flat(X: Any) -> bool:
    """Whether X is [samples, features], or whatever scikit-learn shall say about it; not if it has sequences."""
    if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        return not len(X) or getattr(X[0], "ndim", 2 * isinstance(X[0], (list, tuple)) - 1) != 2
    return getattr(X, "ndim", 2) != 3


def _split(array: FloatArray, lengths: IntArray) -> list[FloatArray]:
    return np.split(array, np.cumsum(lengths)[:-1])
