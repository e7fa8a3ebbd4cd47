"""River estimators: networks that learn from a stream of samples with named features.

>>> model = preprocessing.StandardScaler() | HyprClassifier(n_classes=2, seed=1)
>>> evaluate.progressive_val_score(datasets.Phishing(), model, metrics.Accuracy())

A sample is one step of time: ``learn_one`` makes the step and teaches it, and the network remembers the samples before.
The ``predict_...`` methods say what a step would give, and change nothing: a sample that comes without a label is passed by
``learn_one(x, None)``, so that the network hears it.

A call that is refused, say because a sensor gave NaN, changes nothing either: the stream goes on with the next sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, TypeAlias, cast

import numpy as np

from hypr._optional import require

require("river", "hypr.river")

from river import base

from hypr._arrays import LARGEST, FloatArray, number
from hypr._atomic import all_or_nothing
from hypr._estimators import network
from hypr._scores import softmax
from hypr._warnings import Warner
from hypr.builder import ModelBuilder
from hypr.conditioning import Stage
from hypr.errors import InvalidArgumentError, WrongStateError
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.session import Finding, Session

__all__ = ["HyprClassifier", "HyprRegressor"]

_STEPS_PER_LOOK = 1000  # between two looks at what stands in the way

Features: TypeAlias = "dict[base.typing.FeatureName, Any]"

_PARAMETERS = """neuron : str
        The neuron model, as in ``ModelBuilder.layer``.
    hidden_layer_sizes : int or tuple of int
    features : tuple, optional
        The names of the features, in the order of the input channels. By default those of the first sample, sorted by their
        text. A feature that is absent is 0; one that is not known is left out.
    layer_values : mapping, optional
        Constants and parameters of the neuron model by name, such as ``{"threshold": 0.5}``.
    readout_tau : float, optional
        Time constant of the readout in steps: how fast outputs follow; small for samples that have little to do with each
        other.
    input_scale : float
        Factor on all features. They should be of the same size, as after ``preprocessing.StandardScaler``; fresh networks
        need inputs that are large enough to make them spike.
    window, credit, optimizer, learning_rate
        Options of hypr.h; there is an update after each window.
    options : mapping, optional
        Further options by name.
    model : hypr.Model, optional
        A trained network to go on with, instead of a fresh one: then `neuron`, `hidden_layer_sizes`, `layer_values`,
        `readout_tau`, `input_scale`, `seed`, `conditioning` and `dt` have no meaning, and its channel names, if it has them, are
        the features.
    seed : int
        Of the fresh network.
    conditioning : iterable of stages, optional
        What is done to the scaled values, such as ``[hypr.RunningNormalization(30)]``: the model has it, and does it on every
        device.
    dt : float
        Seconds between two samples; 0: not known. Stages with time constants need it."""


class _Stream:
    """A network on a stream, with a look ahead that leaves it as it was."""

    def __init__(self, model: Model, options: SessionOptions) -> None:
        self.session = Session(model, **options)
        self.window = int(str(self.session.options["window"]))
        self.steps = 0  # in the open window
        self.samples, self.warner = 0, Warner()

    def look(self, sample: FloatArray) -> FloatArray:
        """What the next step would give."""
        return self.session.look_ahead(sample)

    def learn(self, sample: FloatArray, target: Any | None) -> None:
        """Makes a step and teaches it, if there is a target: one that was checked, as the step is not taken back."""
        self.session.step(sample)
        if target is not None:
            self.session.teach(target)
        self.steps += 1
        if self.steps == self.window:
            # Otherwise the next step would close the window, and a look before it would not have the new parameters.
            self.session.flush()
            self.steps = 0
        self.samples += 1
        if self.samples % _STEPS_PER_LOOK == 0:
            # Early in a stream being no better than guessing says nothing yet.
            self.warner.tell(self.session.diagnose(), but=Finding.CHANCE)

    def reset(self) -> None:
        """The beginning of a sequence."""
        self.session.reset()
        self.steps = 0

    def with_outputs(self, outputs: int, label: str, seed: int) -> _Stream:
        """Another one that goes on with more outputs; `label` is the name of the last, if they have names."""
        # From a copy, as the transfer closes its window: a call that is refused after it leaves this one as it was.
        former = copy(self.session)
        builder = ModelBuilder.from_model(former.model).grow_readout(outputs, seed)
        if former.model.class_labels:
            builder.labels([*former.model.class_labels, label])
        stream = _Stream(builder.build(seed), cast(SessionOptions, former._option_numbers()))
        stream.session.transfer(former)
        stream.samples, stream.warner = self.samples, self.warner
        return stream


class _HyprEstimator(base.Estimator):
    """What both have in common: features to channels, and a network that is made when they are known."""

    _outputs: int

    def __init__(self, neuron: str, hidden_layer_sizes: int | tuple[int, ...], features: tuple[Any, ...] | None,
                 layer_values: Mapping[str, Any] | None, readout_tau: float | None, input_scale: float, window: int,
                 credit: str, optimizer: str, learning_rate: float, options: Mapping[str, Any] | None, model: Model | None,
                 seed: int, conditioning: Iterable[Stage] | None, dt: float) -> None:
        self.neuron: str = neuron
        self.hidden_layer_sizes: int | tuple[int, ...] = hidden_layer_sizes
        self.features: tuple[Any, ...] | None = features
        self.layer_values: Mapping[str, Any] | None = layer_values
        self.readout_tau: float | None = readout_tau
        self.input_scale: float = input_scale
        self.window: int = window
        self.credit: str = credit
        self.optimizer: str = optimizer
        self.learning_rate: float = learning_rate
        self.options: Mapping[str, Any] | None = options
        self.model: Model | None = model
        self.seed: int = seed
        self.conditioning: Iterable[Stage] | None = conditioning
        self.dt: float = dt
        names = features or (model.input_names if model is not None else ())
        # Replaced, not changed, when they grow: a call that is refused puts back what was there.
        self._channels: Mapping[Any, int] = {name: channel for channel, name in enumerate(names)}
        self._stream: _Stream | None = None

    @property
    def session(self) -> Session | None:
        """The session; None before the first sample. Its steps are the stream's: look, but make none."""
        return None if self._stream is None else self._stream.session

    def learned_model(self) -> Model:
        """The network as it is now: to save, or to ship. WrongStateError before the first sample."""
        if self._stream is None:
            raise WrongStateError("there is no network before the first sample")
        return Model(self._stream.session.model_bytes())

    def reset(self) -> None:
        """Ends a sequence: the samples that come next have nothing to do with those before. What was learned stays."""
        if self._stream is not None:
            self._stream.reset()

    def _started(self, x: Features) -> tuple[_Stream, FloatArray]:
        """The stream, and a sample as its network takes it; the first sample makes the network."""
        try:
            features = x.items()
        except AttributeError:
            raise TypeError(f"x is a {type(x).__name__}, expected features by name") from None
        if self._stream is None:
            if not self._channels:
                if not x:
                    raise InvalidArgumentError("the first sample has no features: give them, or their names as `features`")
                self._channels = {name: channel for channel, name in enumerate(sorted(x, key=str))}
            model = self.model
            if model is None:
                builder = network(len(self._channels), self._outputs, self.neuron, self.hidden_layer_sizes,
                                  self.readout_tau, self.layer_values, self.dt)
                model = builder.input(scale=self.input_scale, names=map(str, self._channels),
                                      conditioning=self.conditioning).build(self.seed)
            elif len(self._channels) != model.input_size:
                raise InvalidArgumentError(f"there are {len(self._channels)} features, the model has {model.input_size} channels")
            if model.output_size != self._outputs:
                raise InvalidArgumentError(f"the model has {model.output_size} outputs, expected {self._outputs}")
            settings: dict[str, Any] = {name: getattr(self, name)
                                        for name in ("window", "credit", "optimizer", "learning_rate")}
            settings |= {**(self.options or {}), "update": "window"}
            self._stream = _Stream(model, cast(SessionOptions, settings))
        sample = np.zeros(len(self._channels), np.float32)
        for name, value in features:
            channel = self._channels.get(name)
            if channel is not None:
                # The text is made for what needs a closer look only.
                plain = type(value) is float and -LARGEST <= value <= LARGEST
                sample[channel] = value if plain else number(value, f"feature {name!r}")
        return self._stream, sample


class HyprClassifier(_HyprEstimator, base.Classifier):
    __doc__ = f"""Recurrent spiking network that gives every sample of a stream a class.

    Parameters
    ----------
    n_classes : int
        Outputs to begin with, at least two: classes get theirs as they appear. One class more adds an output, and what was learned
        stays.
    classes : tuple, optional
        The classes, if they are known: one output each, instead of `n_classes`. A model's class labels are its classes.
    {_PARAMETERS}

    Examples
    --------
    >>> model = HyprClassifier(classes=("walk", "run"), features=("ax", "ay", "az"), input_scale=2)
    >>> for x, y in stream:
    ...     guess = model.predict_one(x)
    ...     model.learn_one(x, y)
    """

    def __init__(self, n_classes: int = 10, classes: tuple[Any, ...] | None = None, neuron: str = "se_adlif",
                 hidden_layer_sizes: int | tuple[int, ...] = (32,), features: tuple[Any, ...] | None = None,
                 layer_values: Mapping[str, Any] | None = None, readout_tau: float | None = None, input_scale: float = 3.0,
                 window: int = 10, credit: str = "window", optimizer: str = "adam", learning_rate: float = 0.01,
                 options: Mapping[str, Any] | None = None, model: Model | None = None, seed: int = 0,
                 conditioning: Iterable[Stage] | None = None, dt: float = 0.0) -> None:
        super().__init__(neuron, hidden_layer_sizes, features, layer_values, readout_tau, input_scale, window, credit,
                         optimizer, learning_rate, options, model, seed, conditioning, dt)
        self.n_classes: int = n_classes
        self.classes: tuple[Any, ...] | None = classes
        known = classes or (model.class_labels if model is not None else ())
        self._classes: Mapping[Any, int] = {label: output for output, label in enumerate(known)}
        self._outputs = model.output_size if model is not None else len(known) or n_classes
        if self._outputs < 2:
            raise InvalidArgumentError(f"there is {self._outputs} output, and a classifier needs two: softmax over one is always 1")
        if len(self._classes) != len(known):
            raise InvalidArgumentError(f"a class is there twice: {', '.join(map(repr, known))}")

    @property
    def _multiclass(self) -> bool:
        return True

    @all_or_nothing
    def learn_one(self, x: Features, y: base.typing.ClfTarget | None) -> None:
        """One step, taught the class `y`; None: the network only hears the sample.

        Raises
        ------
        InvalidArgumentError
            The class is NaN.
        NotFiniteError, TypeError
            A feature is no finite number.
        """
        stream, sample = self._started(x)
        if y is None:
            return stream.learn(sample, None)
        if y not in self._classes:
            stream = self._with_class(y, stream)
        stream.learn(sample, self._classes[y])

    @all_or_nothing
    def predict_proba_one(self, x: Features, **kwargs: Any) -> dict[base.typing.ClfTarget, float]:
        """The probability of every class that is known; {} if none is."""
        if not self._classes:
            return {}
        # Outputs without a class are left out.
        stream, sample = self._started(x)
        probabilities = softmax(stream.look(sample)[:len(self._classes)])
        return dict(zip(self._classes, probabilities.tolist()))

    def predict_one(self, x: Features, **kwargs: Any) -> base.typing.ClfTarget | None:
        """The most probable class; None if no class is known."""
        probabilities = self.predict_proba_one(x)
        return max(probabilities, key=probabilities.__getitem__) if probabilities else None

    def _with_class(self, label: Any, stream: _Stream) -> _Stream:
        """Gives a class that is new its output, and the network one more if all have classes."""
        if label != label:
            raise InvalidArgumentError(f"the label is {label!r}, which is no class: None is for a sample without one")
        if len(self._classes) == self._outputs:
            stream = stream.with_outputs(self._outputs + 1, str(label), self.seed)
            self._stream, self._outputs = stream, self._outputs + 1
        self._classes = {**self._classes, label: len(self._classes)}
        return stream


class HyprRegressor(_HyprEstimator, base.Regressor):
    __doc__ = f"""Recurrent spiking network that gives every sample of a stream a value.

    The network is taught values of mean 0 and deviation 1: mean and deviation of the targets are followed as they come.

    Parameters
    ----------
    {_PARAMETERS}
    """

    _outputs = 1

    def __init__(self, neuron: str = "se_adlif", hidden_layer_sizes: int | tuple[int, ...] = (32,),
                 features: tuple[Any, ...] | None = None, layer_values: Mapping[str, Any] | None = None,
                 readout_tau: float | None = None, input_scale: float = 3.0, window: int = 10, credit: str = "window",
                 optimizer: str = "adam", learning_rate: float = 0.01, options: Mapping[str, Any] | None = None,
                 model: Model | None = None, seed: int = 0,
                 conditioning: Iterable[Stage] | None = None, dt: float = 0.0) -> None:
        super().__init__(neuron, hidden_layer_sizes, features, layer_values, readout_tau, input_scale, window, credit,
                         optimizer, learning_rate, options, model, seed, conditioning, dt)
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    @all_or_nothing
    def learn_one(self, x: Features, y: base.typing.RegTarget | None) -> None:
        """One step, taught the value `y`; None: the network only hears the sample.

        Raises
        ------
        NotFiniteError, TypeError
            The value or a feature is no finite number.
        """
        target = None if y is None else [self._followed(number(y, "y"))]
        stream, sample = self._started(x)
        stream.learn(sample, target)

    @all_or_nothing
    def predict_one(self, x: Features, **kwargs: Any) -> base.typing.RegTarget:
        """The value of a sample."""
        stream, sample = self._started(x)
        return float(stream.look(sample)[0]) * self._deviation + self._mean

    def _followed(self, y: float) -> float:
        """Takes a value into mean and deviation; how many deviations it is from the mean, at most the root of their number."""
        # Welford's sums: they stay exact over long streams.
        self._count += 1
        before = y - self._mean
        self._mean += before / self._count
        self._squares += before * (y - self._mean)
        return (y - self._mean) / self._deviation

    @property
    def _deviation(self) -> float:
        return (self._squares / self._count) ** 0.5 if self._squares > 0 else 1.0
