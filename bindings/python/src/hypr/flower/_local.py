"""What a device learns from: recordings that it keeps, or the stream that it hears."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from flwr.app import Context

from hypr._arrays import FloatArray
from hypr._scores import Judgement, Scores
from hypr._sequences import run_all
from hypr._teaching import Teacher
from hypr._training_data import TrainingData
from hypr.errors import InvalidArgumentError, WrongStateError
from hypr.flower._continuing import go_on, keep
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.session import Session


@dataclass(frozen=True)
class Fitted:
    """What a device has come to.

    Attributes
    ----------
    parameters : ndarray of float32, [parameter_count]
    examples : int
        What it was taught, by which the average is weighted. 0: nothing; the server leaves it out.
    metrics : dict of float
        Averaged over clients, such as the loss. All clients must have the same ones.
    """

    parameters: FloatArray
    examples: int
    metrics: dict[str, float] = field(default_factory=dict)


class Local(Protocol):
    """Who teaches and judges a model on a device. Both calls get options as for ``hypr.Session``."""

    def fit(self, model: Model, options: SessionOptions, server_round: int) -> Fitted:
        """Begins with the model, which is the fleet's with the device's personal tensors."""
        ...

    def evaluate(self, model: Model, options: SessionOptions) -> tuple[int, dict[str, float]]:
        """Examples, and metrics such as accuracy."""
        ...


class DataSet:
    """Labelled sequences, each from a fresh state.

    Parameters
    ----------
    x, y
        As ``Trainer.fit``.
    validation_data : (x, y), optional
        What it is judged on; otherwise on what it was trained on.
    epochs, batch_size : int
        In a round.
    seed : int
        Of the order, which every round has its own of.
    class_weights : array_like [outputs], optional
    context : flwr.app.Context, optional
        The client's: then the optimizer goes on in every round with what it had gathered in the last one. Without it every round
        begins with a fresh one, and the client has no state but its personal tensors.
    """

    def __init__(self, x: Any, y: Any, validation_data: tuple[Any, Any] | None = None, *, epochs: int = 1, batch_size: int = 16,
                 seed: int = 0, class_weights: npt.ArrayLike | None = None, context: Context | None = None) -> None:
        for name, count in (("epochs", epochs), ("batch_size", batch_size)):
            if count < 1 or count % 1:
                raise InvalidArgumentError(f"{name} is {count!r}, expected a whole number from 1")
        self.x, self.y, self.validation_data = x, y, validation_data
        self.epochs, self.batch_size, self.seed, self.context = epochs, batch_size, seed, context
        self.class_weights = None if class_weights is None else np.asarray(class_weights, np.float32)

    def fit(self, model: Model, options: SessionOptions, server_round: int) -> Fitted:
        data = TrainingData.of(self.x, self.y, model)
        teacher = Teacher(model, options, data.classes, self.class_weights)
        if self.context is not None:
            go_on(teacher.session, self.context, options)
        random, scores = np.random.default_rng([self.seed, server_round]), Scores()
        for _ in range(self.epochs):
            order = random.permutation(len(data))
            for start in range(0, len(data), self.batch_size):
                part = data.take(order[start:start + self.batch_size])
                scores.add(teacher.teach(part), part, teacher.judgement)
        if self.context is not None:
            keep(teacher.session, self.context)
        return Fitted(teacher.session.parameters.flat, len(data), {"loss": scores.loss})

    def evaluate(self, model: Model, options: SessionOptions) -> tuple[int, dict[str, float]]:
        x, y = self.validation_data or (self.x, self.y)
        data, scores = TrainingData.of(x, y, model), Scores()
        session = Session(model, False, **options)
        judgement = Judgement.of(session)
        for part in data.batches(self.batch_size):
            scores.add(run_all(session, part.inputs, part.lengths), part, judgement)
        accuracy = {"accuracy": scores.accuracy} if data.classes else {}
        return len(data), {"loss": scores.loss, **accuracy}


class Stream:
    """What a device hears as it comes: every round goes on where the last one ended. State, traces, and the stretches that are
    rehearsed, are kept in the client's state; parameters come from the fleet.

    Parameters
    ----------
    context : flwr.app.Context
        The client's.
    samples : callable
        Gives what follows: (sample, target) one after the other; no target is None. The round ends where there is nothing more,
        before it does.
    windows : int
        Of the option `window` steps that a round lasts.

    Examples
    --------
    >>> def local(context):
    ...     return hypr.flower.Stream(context, lambda: sensor.since_last_time(), windows=500)
    """

    def __init__(self, context: Context, samples: Callable[[], Iterable[tuple[npt.ArrayLike, Any]]], windows: int) -> None:
        if windows < 1:
            raise InvalidArgumentError(f"windows is {windows}, expected 1 or more")
        self.context, self.samples, self.windows = context, samples, windows

    def fit(self, model: Model, options: SessionOptions, server_round: int) -> Fitted:
        session = Session(model, **options)
        go_on(session, self.context, options)
        window, taught = int(str(session.options["window"])), 0
        for step, (sample, target) in enumerate(self.samples(), 1):
            session.step(sample)
            if target is not None:
                session.teach(target)
                taught += 1
            if step == window * self.windows:
                break
        session.flush()  # what the last window was taught counts, too
        fitted = Fitted(session.parameters.flat, taught)
        keep(session, self.context)
        return fitted

    def evaluate(self, model: Model, options: SessionOptions) -> tuple[int, dict[str, float]]:
        raise WrongStateError("a stream has nothing that is held back to judge a model on: set fraction_evaluate to 0")

